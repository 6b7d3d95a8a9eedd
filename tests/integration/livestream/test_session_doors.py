"""A session from the filed plan to its end, through HTTP."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.infra import NatsServer
from tests.integration.livestream.conftest import heard
from tests.integration.livestream.stage import (
    OTHER_DEPARTMENT,
    Door,
    event,
    plan_filed,
    refused,
    said,
    say,
    until,
)


class Show:
    """A session and its keys."""

    def __init__(self, door: Door, created: dict[str, Any]) -> None:
        self.door = door
        self.id: str = created["session"]["id"]
        self.keys = {one["venue"]: one["key"] for one in created["ingest_keys"]}

    async def publish(self, venue: str, **more: str) -> dict[str, Any]:
        return await self.door.done("/hooks/publish", {"key": self.keys[venue], **more})

    async def command(self, command: str, body: Any = None) -> dict[str, Any]:
        return await self.door.done(f"/sessions/{self.id}/{command}", body, role="operator")

    async def state(self) -> dict[str, Any]:
        state: dict[str, Any] = (await self.door.get(f"/sessions/{self.id}", role="operator")).json()
        return state

    async def links(self) -> dict[str, str]:
        return {venue["key"]: venue["link"] for venue in (await self.state())["venues"]}


async def opened(door: Door, activity: str) -> Show:
    return Show(door, await door.done(f"/activities/{activity}/session", {}, role="operator"))


async def live(door: Door, activity: str, *venues: str) -> Show:
    show = await opened(door, activity)
    for venue in venues:
        await show.publish(venue)
    await show.command("start")
    return show


async def test_a_whole_session_with_a_fall_back(door: Door, activity: str, bus: NatsServer) -> None:
    show = await opened(door, activity)
    assert await show.links() == {"main": "absent", "branch1": "absent", "branch2": "absent"}
    for venue in ("main", "branch1", "branch2"):
        assert (await show.publish(venue))["link"] == "connected"
        await show.command(f"venues/{venue}/ready")
    assert (await show.state())["state"] == "rehearsing"
    started = await show.command("start")
    assert (started["state"], started["epoch"], started["source"]) == ("live", 1, "main")
    switched = await show.command("on-air", {"venue": "branch2", "epoch": 1})
    assert (switched["epoch"], switched["source"]) == (2, "branch2")
    assert await show.links() == {"main": "ready", "branch1": "ready", "branch2": "on_air"}

    await door.done("/hooks/done", {"key": show.keys["branch2"]})

    fallen = await show.state()
    assert (fallen["epoch"], fallen["source"], fallen["intent"]) == (3, "main", "branch2")
    assert await show.links() == {"main": "on_air", "branch1": "ready", "branch2": "lost"}
    assert (await show.publish("branch2"))["link"] == "connected"
    assert (await show.state())["source"] == "main"
    ended = await show.command("end", {"viewers_peak": 120, "viewers_total": 600})
    assert (ended["state"], ended["viewers_peak"], ended["source"]) == ("ended", 120, None)

    async def told() -> bool:
        return bool(await said(bus, "livestream", "session-ended"))

    await until(told, "the end is said")
    spoken = [(one["type"].split(".")[2], one["data"]) for one in await said(bus, "livestream")]
    assert [kind for kind, _ in spoken] == [
        "venue-connected", "venue-connected", "venue-connected", "session-started", "on-air-switched",
        "on-air-switched", "venue-lost", "on-air-switched", "venue-connected", "session-ended",
    ]  # fmt: skip
    fallback = spoken[7][1]
    assert (fallback["cause"], fallback["previous"], fallback["venue"]) == ("fallback", "branch2", "main")
    audit = await door.get(f"/audit/session/{show.id}", role="auditor")
    assert audit.json()["verified"] is True


async def test_without_a_main_venue_the_programme_falls_back_to_the_slate(door: Door, activity: str) -> None:
    show = await live(door, activity, "branch1")
    assert (await show.state())["source"] is None
    await show.command("on-air", {"venue": "branch1", "epoch": 1})
    await door.done("/hooks/done", {"key": show.keys["branch1"]})
    state = await show.state()
    assert (state["source"], state["intent"], state["epoch"]) == (None, "branch1", 3)


async def test_wrong_revoked_and_reused_keys_are_refused(door: Door, activity: str) -> None:
    show = await opened(door, activity)
    refused(await door.post("/hooks/publish", {"key": "ik_guessed"}), 403, "ingest-key-wrong")
    await show.publish("branch1", client_id="7")
    refused(await door.post("/hooks/publish", {"key": show.keys["branch1"]}), 409, "already-publishing")
    second = {"key": show.keys["branch1"], "client_id": "8"}
    refused(await door.post("/hooks/publish", second), 409, "already-publishing")
    refused(await door.post("/hooks/done", second), 409, "not-publishing")
    assert (await show.links())["branch1"] == "connected"

    rotated = await show.command("venues/branch1/key")
    assert rotated["key"] != show.keys["branch1"]
    assert (await show.links())["branch1"] == "lost"
    refused(await door.post("/hooks/publish", {"key": show.keys["branch1"]}), 403, "ingest-key-revoked")
    await door.done("/hooks/publish", {"key": rotated["key"]})

    answer = await door.http.delete(f"/sessions/{show.id}/venues/branch1/key", headers=door.as_role("operator"))
    assert answer.status_code == 200, answer.text
    refused(await door.post("/hooks/publish", {"key": rotated["key"]}), 403, "ingest-key-revoked")
    assert (await show.links())["branch1"] == "lost"


async def test_only_digests_of_keys_are_kept_and_a_repeat_shows_none(door: Door, activity: str) -> None:
    path, headers = f"/activities/{activity}/session", door.as_role("operator", key="one-and-the-same")
    first = (await door.http.post(path, headers=headers)).json()
    again = await door.http.post(path, headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first | {"ingest_keys": []}
    keys = [one["key"] for one in first["ingest_keys"]]
    assert len(set(keys)) == 3
    for table in ("ingest_keys", "idempotency_keys", "event_log"):
        for row in await door.fetch(f"select to_jsonb(t)::text as whole from {table} t"):
            assert not any(key in row["whole"] for key in keys)


async def test_of_many_publishers_with_one_key_one_gets_in(door: Door, activity: str, bus: NatsServer) -> None:
    show = await opened(door, activity)
    calls = (door.post("/hooks/publish", {"key": show.keys["main"], "client_id": str(one)}) for one in range(8))
    answers = await asyncio.gather(*calls)
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 7]

    async def told() -> bool:
        return len(await said(bus, "livestream", "venue-connected")) == 1

    await until(told, "one venue-connected")


async def test_the_same_publisher_asked_about_twice_is_one(door: Door, activity: str) -> None:
    show = await opened(door, activity)
    await show.publish("main", client_id="7")
    version = (await show.state())["version"]
    await show.publish("main", client_id="7")
    assert (await show.state())["version"] == version


async def test_a_switch_with_a_stale_epoch_is_refused_with_what_happened(door: Door, activity: str) -> None:
    show = await live(door, activity, "main", "branch1", "branch2")
    await show.command("on-air", {"venue": "branch1", "epoch": 1})
    await door.done("/hooks/done", {"key": show.keys["branch1"]})
    before = await show.state()

    answer = await door.post(f"/sessions/{show.id}/on-air", {"venue": "branch2", "epoch": 1}, role="operator")

    problem = refused(answer, 409, "epoch-stale")
    assert [one["code"] for one in problem["errors"]] == ["on-air-switched", "venue-lost", "on-air-switched"]
    assert "fallback" in problem["errors"][2]["detail"]
    assert await show.state() == before


async def test_a_switch_to_a_lost_absent_or_unknown_venue_is_refused(door: Door, activity: str) -> None:
    show = await live(door, activity, "main", "branch1")
    await door.done("/hooks/done", {"key": show.keys["branch1"]})
    before = await show.state()
    for venue, status, code in (
        ("branch1", 409, "venue-not-linked"),
        ("branch2", 409, "venue-not-linked"),
        ("elsewhere", 404, "venue-unknown"),
    ):
        answer = await door.post(f"/sessions/{show.id}/on-air", {"venue": venue, "epoch": 1}, role="operator")
        refused(answer, status, code)
    assert await show.state() == before


async def test_an_emergency_cut_is_never_too_late_and_holds(door: Door, activity: str, bus: NatsServer) -> None:
    show = await live(door, activity, "main", "branch1")
    await show.command("on-air", {"venue": "branch1", "epoch": 1})
    cut = await show.command("emergency-cut", {"epoch": 1})
    assert (cut["cut"], cut["source"], cut["epoch"]) == (True, None, 3)
    await door.done("/hooks/done", {"key": show.keys["branch1"]})
    assert (await show.state())["source"] is None  # nothing falls back into a cut
    again = await show.command("emergency-cut", {})
    assert again["epoch"] == 3
    back = await show.command("on-air", {"venue": "main", "epoch": 3})
    assert (back["cut"], back["source"]) == (False, "main")

    async def told() -> bool:
        return len(await said(bus, "livestream", "on-air-switched")) == 3

    await until(told, "the switch back is said")
    assert len(await said(bus, "livestream", "emergency-cut")) == 1


async def test_who_may_do_what(door: Door, activity: str) -> None:
    other = await door.http.post(
        f"/activities/{activity}/session", headers=door.as_role("department", department=OTHER_DEPARTMENT)
    )
    refused(other, 403, "forbidden")
    refused(await door.post(f"/activities/{activity}/session", role="frontend"), 403, "forbidden")
    refused(await door.post(f"/activities/{activity}/session"), 401, "unauthenticated")
    created = await door.done(f"/activities/{activity}/session", role="department")
    identity = created["session"]["id"]
    for command in ("on-air", "emergency-cut"):
        body = {"venue": "main", "epoch": 0} if command == "on-air" else {}
        refused(await door.post(f"/sessions/{identity}/{command}", body, role="department"), 403, "forbidden")
    refused(await door.post(f"/activities/{activity}/session", role="operator"), 409, "session-exists")
    listed = (await door.get("/sessions", role="office", activity=activity)).json()
    assert [one["id"] for one in listed["items"]] == [identity]


async def test_no_session_without_an_online_plan_or_for_a_cancelled_activity(door: Door, bus: NatsServer) -> None:
    offline, cancelled = str(uuid4()), str(uuid4())
    refused(await door.post(f"/activities/{offline}/session", role="operator"), 404, "not-found")
    # The cancellation overtakes the filing.
    await say(bus, event("events.plans.activity-cancelled.v1", activity_id=cancelled))
    await heard(door, cancelled)
    await say(bus, plan_filed(cancelled), plan_filed(offline, online=False))
    await heard(door, offline)
    refused(await door.post(f"/activities/{offline}/session", role="operator"), 409, "activity-not-online")
    refused(await door.post(f"/activities/{cancelled}/session", role="operator"), 409, "activity-over")


async def test_a_cancelled_activity_ends_its_session_once(door: Door, activity: str, bus: NatsServer) -> None:
    show = await opened(door, activity)
    document = event("events.plans.activity-cancelled.v1", activity_id=activity)
    await say(bus, document, document)

    async def over() -> bool:
        return bool((await show.state())["state"] == "ended")

    await until(over, "the session is over")
    refused(await door.post("/hooks/publish", {"key": show.keys["main"]}), 409, "session-over")
    assert (await show.state())["version"] == 2


async def test_questions_keep_their_text_here(door: Door, activity: str, bus: NatsServer) -> None:
    show = await opened(door, activity)
    path = f"/sessions/{show.id}/questions"
    asked = {"text": "消防通道什么时候修好?我的电话13812345678", "nickname": "小明"}
    refused(await door.post(path, asked), 409, "session-not-live")
    await show.publish("main")
    await show.command("start")
    accepted = await door.done(path, asked, key="the-same-question")
    assert await door.done(path, asked, key="the-same-question") == accepted

    async def told() -> bool:
        return bool(await said(bus, "livestream", "question-asked"))

    await until(told, "the question is said")
    spoken = await said(bus, "livestream", "question-asked")
    assert len(spoken) == 1
    assert spoken[0]["data"]["question_id"] == accepted["question_id"]
    for table in ("questions", "idempotency_keys", "event_log"):
        for row in await door.fetch(f"select to_jsonb(t)::text as whole from {table} t"):
            assert "消防" not in row["whole"]
            assert "13812345678" not in row["whole"]
    listed = (await door.get(path, role="department")).json()["items"]
    assert [(one["text"], one["nickname"]) for one in listed] == [(asked["text"], "小明")]
    refused(await door.get(path), 401, "unauthenticated")

    client = await bus.connect("feedback")
    try:
        answer = await client.request(
            "queries.livestream.question.v1", f'{{"question": "{accepted["question_id"]}"}}'.encode(), timeout=5
        )
        unknown = await client.request("queries.livestream.question.v1", b'{"question": "nonsense"}', timeout=5)
    finally:
        await client.close()
    assert "消防通道" in answer.data.decode()
    assert unknown.data == b'{"text":null}'
