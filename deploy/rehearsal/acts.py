"""演练动作: what a step of the script does at the services' doors. Each answers with a few words on what came of it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import sha256

from deploy.rehearsal import acts_live, acts_opinions, acts_people
from deploy.rehearsal.doors import Json
from deploy.rehearsal.record import SHANGHAI
from deploy.rehearsal.scene import HOOK, Scene, StepWrong
from deploy.rehearsal.script import Step

_WEEKDAYS = "一二三四五六日"
_COLUMNS = {"announcement": "plans_and_announcements", "report": "activity_reports", "evaluation": "consultation"}


def _channels(names: list[str], act: str) -> list[Json]:
    return [{"channel": name} | ({"column": _COLUMNS[act]} if name == "government_website" else {}) for name in names]


def _weekday(moment: datetime) -> str:
    return f"星期{_WEEKDAYS[moment.astimezone(SHANGHAI).weekday()]}"


def _short(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%m-%d %H:%M}"


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


async def register_webhook(scene: Scene) -> str:
    """登记前端, and tell the receiver the secret it verifies signatures with."""
    stage, url = scene.stage, f"{scene.stage.hooks}/{HOOK}"
    # A stack that came up on other ports since: nobody listens any more where the front-end was told before.
    async for hook in stage.doors.pages("notifications", "/webhooks", "frontend"):
        if hook["state"] == "active" and hook["url"] != url and hook["url"].endswith(f"/{HOOK}"):
            await stage.doors.delete("notifications", f"/webhooks/{hook['id']}", "frontend")
    key = f"{scene.key}-{_digest(url)[:12]}"
    hook = await stage.doors.post("notifications", "/webhooks", {"url": url}, "frontend", key=key)
    await stage.doors.outside("PUT", f"{stage.catcher}/hooks/{HOOK}/secret", {"secret": hook["secret"]})
    return "已登记，接收全部事件"


async def open_campaign(scene: Scene) -> str:
    """年度活动开始."""
    season = scene.stage.season
    contacts = [contact.model_dump(exclude_none=True) for contact in season.campaign.office_contacts]
    roster = [
        {
            "department": department.code,
            "name": department.name,
            "contacts": [{"name": f"演练联系人{department.number}", "email": department.email}],
        }
        for department in season.departments
    ]
    draft = await scene.as_office(
        "plans",
        "/campaigns",
        {
            "pack_id": season.campaign.pack_id,
            "title": season.campaign.title,
            "roster": roster,
            "office_contacts": contacts,
        },
    )
    scene.stage.campaign = scene.made("campaign", draft["id"])
    opened = await scene.as_office("plans", f"/campaigns/{draft['id']}/open", more="/open")
    return f"政策包 {opened['pack_id']} 第 {opened['pack_version']} 版，名册 {len(roster)} 个部门"


def _plan_body(scene: Scene, step: Step, agenda: list[str]) -> Json:
    season, department = scene.stage.season, scene.department
    activity: Json = {**season.plan, "key": "day", "organiser": department.name, "agenda": agenda}
    if step.starts_at is not None and step.ends_at is not None:
        activity |= {
            "starts_at": step.starts_at.isoformat(),
            "ends_at": step.ends_at.isoformat(),
            "stated_weekday": _weekday(step.starts_at),
        }
    if step.online:
        activity |= {"online": True, "branch_venues": step.branch_venues}
    body: Json = {"content": {"theme": department.theme, "activities": [activity]}}
    return body | ({"name": step.name} if step.name else {})


async def draft_plan(scene: Scene) -> str:
    """起草实施方案."""
    step, stage = scene.step, scene.stage
    body = _plan_body(scene, step, stage.season.plan["agenda"])
    plan = await scene.as_department("/plans", {"campaign_id": stage.campaign, **body})
    number = scene.department.number
    stage.plans[number] = {"id": scene.made("plan", plan["id"]), "step": step}
    stage.activities[number] = scene.made("activity", plan["activities"][0]["activity_id"])
    if step.starts_at is None:
        return f"“{scene.department.theme}”，日期待定"
    stage.times[number] = step.starts_at
    return f"“{scene.department.theme}”，{_short(step.starts_at)} 举办"


async def revise_plan(scene: Scene) -> str:
    """按退回意见修改."""
    season, code = scene.stage.season, scene.department.code
    agenda = [*season.plan["agenda"], season.texts["revised_agenda"]]
    plan = await scene.stage.doors.get("plans", f"/plans/{scene.plan}", "department", code)
    if plan["state"] == "returned" and not scene.past:
        body = _plan_body(scene, scene.stage.plans[scene.department.number]["step"], agenda)
        etag = f'"{plan["version"]}"'
        await scene.stage.doors.put("plans", f"/plans/{scene.plan}", body, "department", code, etag=etag)
    return "已按退回意见修改"


async def submit_plan(scene: Scene) -> str:
    """报送."""
    plan = await scene.as_department(f"/plans/{scene.plan}/submit")
    return f"已报送，第 {plan['submission']} 稿"


async def return_plan(scene: Scene) -> str:
    """退回."""
    comment = {"field": "content.activities.0.agenda", "text": scene.stage.season.texts["return_comment"]}
    await scene.as_office("plans", f"/plans/{scene.plan}/return", {"comments": [comment]})
    return f"退回：{comment['text']}"


async def file_plan(scene: Scene) -> str:
    """备案."""
    receipt = await scene.as_office("plans", f"/plans/{scene.plan}/file")
    return f"备案号 {receipt['filing_number']}"


def _new_times(scene: Scene) -> Json:
    step = scene.step
    if step.starts_at is None or step.ends_at is None:
        raise StepWrong(f"{step.act} 需要 starts_at 和 ends_at")
    scene.stage.times[scene.department.number] = step.starts_at
    return {"starts_at": step.starts_at.isoformat(), "ends_at": step.ends_at.isoformat()}


async def schedule_activity(scene: Scene) -> str:
    """待定的日期定下."""
    times = _new_times(scene)
    await scene.as_department(f"/activities/{scene.activity}/schedule", times)
    return f"定于 {_short(scene.stage.times[scene.department.number])}"


async def postpone(scene: Scene) -> str:
    """改期, with a correction on the channels it was announced on."""
    body = _new_times(scene) | {"reason": scene.step.reason}
    starts_at = scene.stage.times[scene.department.number]
    correction = {
        "channels": _channels(scene.step.channels, "announcement"),
        "stated_date": f"{starts_at.astimezone(SHANGHAI):%Y-%m-%d}",
        "stated_weekday": _weekday(starts_at),
    }
    await scene.as_department(f"/activities/{scene.activity}/postpone", {**body, "correction": correction})
    return f"改期到 {_short(starts_at)}（{scene.step.reason}），已发更正公告"


async def cancel_activity(scene: Scene) -> str:
    """活动取消."""
    correction = {"channels": _channels(scene.step.channels, "announcement")}
    body = {"reason": scene.step.reason, "correction": correction}
    await scene.as_department(f"/activities/{scene.activity}/cancel", body)
    return f"已取消（{scene.step.reason}），已发更正公告"


async def announce(scene: Scene) -> str:
    """发布公告, with every item of the pack."""
    stage, step = scene.stage, scene.step
    starts_at = stage.times[scene.department.number]
    body = {
        "items": stage.season.announcement | {"theme": scene.department.theme, "organiser": scene.department.name},
        "stated_date": f"{starts_at.astimezone(SHANGHAI):%Y-%m-%d}",
        "stated_weekday": step.stated_weekday or _weekday(starts_at),
        "channels": _channels(step.channels, "announcement"),
    }
    announcement = await scene.as_department(f"/activities/{scene.activity}/announcement", body)
    return f"已发布，{len(announcement['channels'])} 个渠道"


async def add_channels(scene: Scene) -> str:
    """补充渠道."""
    body = {"channels": _channels(scene.step.channels, "announcement")}
    announcement = await scene.as_department(f"/activities/{scene.activity}/announcement/channels", body)
    return f"共 {len(announcement['channels'])} 个渠道"


async def record_proof(scene: Scene) -> str:
    """补录凭证: an act outside the system, claimed now."""
    step = scene.step
    if step.claimed_at is None or step.channel is None:
        raise StepWrong("record_proof 需要 channel 和 claimed_at")
    body = {
        "act": "announcement",
        "channel": step.channel,
        "claimed_at": step.claimed_at.isoformat(),
        "proof_digest": _digest(f"{scene.department.name} {step.channel}"),
    }
    proof = await scene.as_department(f"/activities/{scene.activity}/proofs", body)
    scene.stage.proofs[scene.department.number] = scene.made("proof", proof["id"])
    return f"补录 {step.channel} {_short(step.claimed_at)}，待采信"


async def accept_proof(scene: Scene) -> str:
    """凭证采信."""
    proof = scene.stage.proofs[scene.department.number]
    await scene.as_office("plans", f"/proofs/{proof}/accept", {"reason": scene.step.reason})
    return f"已采信（{scene.step.reason}）"


async def publish_report(scene: Scene) -> str:
    """活动开展情况."""
    photos = [
        {"url": f"https://www.district.example/{scene.department.key}/{number}.jpg", "sha256": _digest(str(number))}
        for number in range(1, scene.step.photos + 1)
    ]
    body = {
        "text": scene.stage.season.texts["activity_report"],
        "photos": photos,
        "channels": _channels(["government_website", "new_media"], "report"),
    }
    await scene.as_department(f"/activities/{scene.activity}/report", body)
    return f"已发布，照片 {len(photos)} 张"


async def publish_evaluation(scene: Scene) -> str:
    """总结评估."""
    text = scene.stage.season.texts["evaluation"]
    body = {"text": text, "channels": _channels(["government_website"], "evaluation")}
    await scene.as_department(f"/activities/{scene.activity}/evaluation", body)
    return "已发布"


async def submit_district_report(scene: Scene) -> str:
    """开展情况报送."""
    body = {"text": scene.stage.season.texts["district_report"]}
    report = await scene.as_department(f"/campaigns/{scene.stage.campaign}/district-report", body)
    scene.made("district_report", report["id"])
    return "已报送"


async def _deadline(scene: Scene) -> str:
    """The id of the department's latest deadline under the step's rule."""
    code = scene.department.code
    lines = scene.stage.doors.pages("deadlines", "/deadlines", "office", campaign=scene.stage.campaign, department=code)
    found = [line async for line in lines if line["rule"] == scene.step.rule]
    if not found:
        raise StepWrong(f"{scene.department.name} 没有 {scene.step.rule} 期限")
    return str(max(found, key=lambda line: line["occurrence"])["deadline_id"])


async def extend_deadline(scene: Scene) -> str:
    """延期."""
    body = {"until": str(scene.step.until), "reason": scene.step.reason}
    deadline = await scene.as_office("deadlines", f"/deadlines/{await _deadline(scene)}/extend", body)
    return f"{deadline['title']} 延至 {deadline['due_date'][5:]}（{scene.step.reason}）"


async def waive_deadline(scene: Scene) -> str:
    """豁免."""
    body = {"reason": scene.step.reason}
    deadline = await scene.as_office("deadlines", f"/deadlines/{await _deadline(scene)}/waive", body)
    return f"{deadline['title']} 豁免（{scene.step.reason}）"


Play = Callable[[Scene], Awaitable[str]]

ACTS: dict[str, tuple[str, Play]] = {
    "register_webhook": ("登记前端", register_webhook),
    "open_campaign": ("活动季开始", open_campaign),
    "draft_plan": ("起草方案", draft_plan),
    "revise_plan": ("修改方案", revise_plan),
    "submit_plan": ("报送方案", submit_plan),
    "return_plan": ("退回方案", return_plan),
    "file_plan": ("备案", file_plan),
    "schedule_activity": ("定下日期", schedule_activity),
    "postpone": ("改期", postpone),
    "cancel_activity": ("取消活动", cancel_activity),
    "announce": ("发布公告", announce),
    "add_channels": ("补充渠道", add_channels),
    "record_proof": ("补录凭证", record_proof),
    "accept_proof": ("采信凭证", accept_proof),
    "publish_report": ("发布开展情况", publish_report),
    "publish_evaluation": ("发布总结评估", publish_evaluation),
    "submit_district_report": ("报送开展情况", submit_district_report),
    "extend_deadline": ("延期", extend_deadline),
    "waive_deadline": ("豁免", waive_deadline),
    "sign_up": ("报名", acts_people.sign_up),
    "sign_up_once_more": ("重复报名", acts_people.sign_up_once_more),
    "cancel_registrations": ("取消报名", acts_people.cancel_registrations),
    "check_in": ("签到", acts_people.check_in),
    "connect_venues": ("会场连线", acts_live.connect_venues),
    "publish_with_wrong_key": ("错误密钥推流", acts_live.publish_with_wrong_key),
    "start_session": ("直播开始", acts_live.start_session),
    "switch": ("切换", acts_live.switch),
    "lose_venue": ("掉线", acts_live.lose_venue),
    "ask_question": ("直播提问", acts_live.ask_question),
    "end_session": ("直播结束", acts_live.end_session),
    "suggest": ("提出意见建议", acts_opinions.suggest),
    "decide_suggestions": ("处理意见建议", acts_opinions.decide_suggestions),
    "publish_adoption_table": ("公布采纳表", acts_opinions.publish_adoption_table),
}
"""Act -> what people call it, and how it is played."""
