"""意见建议的动作: residents suggest, the department decides and publishes the adoption table."""

from deploy.rehearsal.doors import Json
from deploy.rehearsal.scene import Scene, StepWrong

_SCRIPT = "<script>alert(1)</script>"
_DECISIONS = ("adopted", "partly", "not_adopted", "noted")


def suggester(department: int, number: int) -> str:
    """The made-up address of an activity's nth suggester."""
    return f"suggester-{department}-{number}@resident.example"


async def suggest(scene: Scene) -> str:
    """网上提交 of `people` suggestions, one of them with a script in it, and `notes` written down on the day."""
    step, department = scene.step, scene.department.number
    for number in range(1, step.people + 1):
        body = {
            "text": f"建议增加预约渠道（第 {number} 条）" + (_SCRIPT if number == 1 else ""),
            "name": f"演练群众{number}",
            "email": suggester(department, number),
        }
        told = await scene.as_public("feedback", f"/activities/{scene.activity}/suggestions", body, f"/{number}")
        identity = scene.made("suggestion", told["suggestion_id"], "feedback")
        scene.stage.addresses[f"suggestion/{identity}"] = body["email"]
    if step.notes:
        notes = [{"text": f"座谈中提出的意见（第 {number} 条）"} for number in range(1, step.notes + 1)]
        path = f"/activities/{scene.activity}/on-site-notes"
        told = await scene.as_department(path, {"notes": notes}, service="feedback", more="/notes")
        for note in told["suggestions"]:
            scene.made("suggestion", note["suggestion_id"], "feedback")
    return f"网上 {step.people} 条，现场记录 {step.notes} 条"


async def _suggestions(scene: Scene) -> list[Json]:
    path, code = f"/activities/{scene.activity}/suggestions", scene.department.code
    pages = scene.stage.doors.pages("feedback", path, "department", code)
    return [suggestion async for suggestion in pages]


async def decide_suggestions(scene: Scene) -> str:
    """处理, in the order they came in; the last `leave` stay undecided."""
    received = await _suggestions(scene)
    for suggestion in received:
        scene.made("suggestion", suggestion["id"], "feedback")  # live questions, too
    if scene.past:
        return "先前已处理"
    waiting = [(place, one) for place, one in enumerate(received) if one["decision"] is None]
    deciding = waiting[: len(waiting) - scene.step.leave]
    for place, suggestion in deciding:
        body = {
            "decision": _DECISIONS[place % len(_DECISIONS)],
            "reason": "已研究，处理情况如上。",
            "version": suggestion["version"],
        }
        path = f"/suggestions/{suggestion['id']}/decide"
        await scene.as_department(path, body, service="feedback", more=f"/{suggestion['id']}")
    return f"共 {len(received)} 条，处理 {len(deciding)} 条，未处理 {len(waiting) - len(deciding)} 条"


async def publish_adoption_table(scene: Scene) -> str:
    """公布采纳表, and look at it as the public does: no script comes through."""
    path = f"/activities/{scene.activity}/adoption-table"
    table = await scene.as_department(path, {}, service="feedback")
    scene.made("adoption_table", scene.activity, "feedback")
    doors = scene.stage.doors
    page = await doors.text(doors.services["feedback"] + path, accept="text/html")
    if "<script" in page or not page.lstrip().startswith("<!"):
        raise StepWrong(f"{scene.department.name} 的采纳表网页带有脚本，或不是网页")
    return f"收到 {table['received']} 条，有处理结果 {table['decided']} 条"
