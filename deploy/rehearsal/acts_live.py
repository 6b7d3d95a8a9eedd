"""直播的动作: the operator's console, and the hooks a media server would call; no media is sent."""

from uuid import uuid4

from deploy.rehearsal.doors import Json
from deploy.rehearsal.scene import Scene, StepWrong

_MAIN = "main"


def _session(scene: Scene) -> Json:
    return scene.stage.sessions[scene.department.number]


async def _hook(scene: Scene, what: str, key: str, more: str = "") -> Json:
    return await scene.as_public("livestream", f"/hooks/{what}", {"key": key}, more)


async def _now(scene: Scene) -> Json:
    return await scene.stage.doors.get("livestream", f"/sessions/{_session(scene)['id']}", "operator")


def _link(session: Json, venue: str | None) -> str:
    return next(str(view["link"]) for view in session["venues"] if view["key"] == venue)


async def _new_key(scene: Scene, venue: str | None) -> str:
    """换密钥: keys are shown once, and an interrupted rehearsal has forgotten them. Drops who publishes."""
    path = f"/sessions/{_session(scene)['id']}/venues/{venue}/key"
    return str((await scene.as_operator(path, more=f"/{uuid4()}"))["key"])


async def connect_venues(scene: Scene) -> str:
    """建立直播场次, and every venue publishes and is ready."""
    made = await scene.as_operator(f"/activities/{scene.activity}/session")
    identity = scene.made("session", made["session"]["id"], "livestream")
    keys = {shown["venue"]: shown["key"] for shown in made["ingest_keys"]}
    scene.stage.sessions[scene.department.number] = {"id": identity, "keys": keys}
    if scene.past:
        return "先前已连线"
    session = await _now(scene)
    for venue in sorted(view["key"] for view in session["venues"]):
        if _link(session, venue) == "absent":
            keys[venue] = keys.get(venue) or await _new_key(scene, venue)
            await _hook(scene, "publish", keys[venue], f"/{venue}")
        session = await scene.as_operator(f"/sessions/{identity}/venues/{venue}/ready", more=f"/{venue}/ready")
    links = [view["link"] for view in session["venues"]]
    return f"会场 {len(links)} 个，就绪 {links.count('ready')} 个"


async def publish_with_wrong_key(scene: Scene) -> str:
    """Somebody's key that is none; meant to be refused."""
    told = await _hook(scene, "publish", "0" * 48)
    return f"{told['venue']} {told['link']}"


async def start_session(scene: Scene) -> str:
    """直播开始."""
    session = await scene.as_operator(f"/sessions/{_session(scene)['id']}/start")
    return f"播出 {session['source']}"


async def switch(scene: Scene) -> str:
    """切换 to a venue, decided on the present epoch, or on `epoch` of the step, an old one."""
    step = scene.step
    session = await _now(scene)
    if scene.past or (session["source"] == step.venue and not step.refused):
        return "先前已切换"
    epoch = session["epoch"] if step.epoch is None else step.epoch
    body = {"venue": step.venue, "epoch": epoch}
    session = await scene.as_operator(f"/sessions/{session['id']}/on-air", body)
    return f"播出 {session['source']}"


async def lose_venue(scene: Scene) -> str:
    """掉线: the media server says the publisher is gone; what was on air falls back to the main venue."""
    venue = scene.step.venue
    if scene.past:
        return "先前已掉线"
    if _link(await _now(scene), venue) == "on_air":
        key = _session(scene)["keys"].get(venue)
        await (_hook(scene, "done", key) if key else _new_key(scene, venue))
    now = await _now(scene)
    if (now["source"], now["intent"]) != (_MAIN, venue):
        raise StepWrong(f"{venue} 掉线后播出的是 {now['source']}，操作员要的是 {now['intent']}")
    return f"{venue} 掉线，节目切回 {now['source']}"


async def ask_question(scene: Scene) -> str:
    """直播提问, by anybody."""
    body = {"text": "加油站的隐患多久检查一次？", "nickname": "演练观众"}
    asked = await scene.as_public("livestream", f"/sessions/{_session(scene)['id']}/questions", body)
    scene.made("question", asked["question_id"], "livestream")
    return "已提问"


async def end_session(scene: Scene) -> str:
    """直播结束."""
    body = {"viewers_peak": 120, "viewers_total": 860}
    session = await scene.as_operator(f"/sessions/{_session(scene)['id']}/end", body)
    return f"最高同时在线 {session['viewers_peak']} 人，累计 {session['viewers_total']} 人次"
