"""The HTTP doors: decisions, what they refuse, and who sees what."""

import secrets
from typing import Any
from uuid import uuid4

import pytest

from tests.integration.deadlines.conftest import OTHER, Deadlines, opened
from tests.unit.deadlines.story import CAMPAIGN_ID, DEPARTMENT, Story

LONG = "因天气原因无法按期完成"


@pytest.fixture
async def season(deadlines: Deadlines) -> Deadlines:
    """Two departments; neither filed by 08-20; it is 08-22."""
    await deadlines.hear(opened(DEPARTMENT, OTHER))
    await deadlines.clock("08-22 10:00")
    return deadlines


def _code(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


async def test_an_open_deadline_is_extended_and_met(season: Deadlines) -> None:
    held = await season.deadline("held")
    answer = await season.post(f"/deadlines/{held['deadline_id']}/extend", {"until": "2024-10-11", "reason": LONG})
    assert answer.status_code == 200, answer.text
    view = answer.json()
    assert (view["due_date"], view["ruled_due_date"], view["due_at"]) == (
        "2024-10-11",
        "2024-09-30",
        "2024-10-11T16:00:00Z",
    )
    assert (view["state"], view["extended"], view["extension"]["reason"]) == ("open", True, LONG)
    assert answer.headers["etag"] == f'"{view["version"]}"'
    await season.settled()
    [extended] = await season.bus.said("deadline-extended")
    assert (extended["data"]["old_due_date"], extended["data"]["due_date"]) == ("2024-09-30", "2024-10-11")
    assert LONG not in str(extended)
    await season.clock("10-01 10:00")
    await season.hear(*Story().filed("08-23 10:00", "08-22 10:00", "10-10 09:00").ended("10-10 11:30").facts)
    assert (await season.deadline("held"))["state"] == "met"


async def test_an_extension_is_bounded(season: Deadlines) -> None:
    held = await season.deadline("held")
    before = await season.contents()
    path = f"/deadlines/{held['deadline_id']}/extend"
    beyond = await season.post(path, {"until": "2024-10-16", "reason": LONG})
    assert _code(beyond) == (409, "extension-beyond-maximum")
    assert beyond.json()["clause"] == "1" and "2024-10-15" in beyond.json()["fix"]
    assert _code(await season.post(path, {"until": "2024-09-30", "reason": LONG})) == (409, "extension-not-later")
    lapsed = await season.deadline("filing")
    late = await season.post(f"/deadlines/{lapsed['deadline_id']}/extend", {"until": "2024-08-30", "reason": LONG})
    assert _code(late) == (409, "wrong-state")
    assert await season.contents() == before


async def test_a_waived_deadline_does_not_lapse_and_is_not_waived_twice(season: Deadlines) -> None:
    held = await season.deadline("held")
    path = f"/deadlines/{held['deadline_id']}/waive"
    waived = await season.post(path, {"reason": LONG})
    assert (waived.status_code, waived.json()["state"], waived.json()["waiver"]["by"]) == (200, "waived", "office")
    assert _code(await season.post(path, {"reason": LONG})) == (409, "wrong-state")
    await season.clock("10-02 00:00")
    assert (await season.board())["counts"] == {"standing": 3, "cured": 0, "withdrawn": 0, "waived": 1}
    assert len(await season.bus.said("deadline-waived")) == 1


async def test_the_same_key_waives_once_and_answers_alike(season: Deadlines) -> None:
    violation = await season.violation("filing")
    path, key = f"/violations/{violation['violation_id']}/waive", secrets.token_hex(8)
    first = await season.post(path, {"reason": LONG}, **{"idempotency-key": key})
    again = await season.post(path, {"reason": LONG}, **{"idempotency-key": key})
    assert first.status_code == 200 and again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = await season.post(path, {"reason": "另一个理由"}, **{"idempotency-key": key})
    assert _code(other) == (422, "idempotency-key-reused")
    await season.settled()
    assert len(await season.bus.said("violation-waived")) == 1


async def test_a_waived_violation_stays_waived_when_it_is_done_late(season: Deadlines) -> None:
    violation = await season.violation("filing")
    answer = await season.post(f"/violations/{violation['violation_id']}/waive", {"reason": LONG})
    assert answer.json()["state"] == "waived"
    await season.hear(*Story().submitted("08-22 09:00").facts)
    assert (await season.violation("filing"))["state"] == "waived"
    assert await season.bus.said("violation-cured") == []


async def test_an_objection_is_upheld(season: Deadlines) -> None:
    violation = await season.violation("filing")
    path = f"/violations/{violation['violation_id']}/objection"
    assert _code(await season.post(f"{path}/decide", {"outcome": "upheld", "reason": LONG})) == (
        409,
        "nothing-to-decide",
    )
    objected = await season.post(path, {"explanation": LONG}, DEPARTMENT)
    assert (objected.status_code, objected.json()["objection"]["outcome"]) == (201, None)
    assert objected.json()["version"] > violation["version"]
    assert _code(await season.post(path, {"explanation": "再说一次"}, DEPARTMENT)) == (409, "already-objected")
    upheld = await season.post(f"{path}/decide", {"outcome": "upheld", "reason": LONG})
    assert (upheld.json()["state"], upheld.json()["withdrawn_cause"]) == ("withdrawn", "objection_upheld")
    assert _code(await season.post(f"{path}/decide", {"outcome": "rejected", "reason": LONG})) == (
        409,
        "nothing-to-decide",
    )
    await season.hear(*Story().returned("08-22 09:30").facts)  # judged again: it stays withdrawn
    assert (await season.violation("filing"))["state"] == "withdrawn"
    kinds = [e["type"].split(".")[2] for e in await season.bus.said() if e["department"] == DEPARTMENT][-2:]
    assert kinds == ["objection-decided", "violation-withdrawn"]


async def test_a_rejected_objection_leaves_the_violation(season: Deadlines) -> None:
    violation = await season.violation("filing")
    path = f"/violations/{violation['violation_id']}/objection"
    await season.post(path, {"explanation": LONG}, DEPARTMENT)
    rejected = await season.post(f"{path}/decide", {"outcome": "rejected", "reason": LONG})
    assert (rejected.json()["state"], rejected.json()["objection"]["outcome"]) == ("standing", "rejected")
    await season.settled()
    assert [e["data"]["outcome"] for e in await season.bus.said("objection-decided")] == ["rejected"]


async def test_who_may_decide(season: Deadlines) -> None:
    held, violation = await season.deadline("held"), await season.violation("filing")
    before = await season.contents()
    extend, waive = f"/deadlines/{held['deadline_id']}/extend", f"/violations/{violation['violation_id']}/waive"
    for who in (DEPARTMENT, "auditor", "frontend", "ops"):
        assert _code(await season.post(extend, {"until": "2024-10-11", "reason": LONG}, who)) == (403, "forbidden")
        assert _code(await season.post(waive, {"reason": LONG}, who)) == (403, "forbidden")
    objection = f"/violations/{violation['violation_id']}/objection"
    for who in ("office", OTHER):
        assert _code(await season.post(objection, {"explanation": LONG}, who)) == (403, "forbidden")
    elsewhere = season.tokens.mint("office", jurisdiction="640403")
    foreign = await season.post(waive, {"reason": LONG}, authorization=f"Bearer {elsewhere}")
    assert _code(foreign) == (403, "forbidden")
    nobody = await season.http.post(waive, json={"reason": LONG}, headers={"idempotency-key": secrets.token_hex(8)})
    assert _code(nobody) == (401, "unauthenticated")
    forged = await season.post(waive, {"reason": LONG}, authorization="Bearer abc.def.ghi")
    assert _code(forged) == (401, "unauthenticated")
    assert await season.contents() == before


async def test_bad_input_changes_nothing(season: Deadlines) -> None:
    held = await season.deadline("held")
    before = await season.contents()
    path = f"/deadlines/{held['deadline_id']}"
    for body in (
        {"until": "2024-10-11", "reason": LONG, "note": "?"},
        {"until": "2024-13-11", "reason": LONG},
        {"until": 1728576000, "reason": LONG},
        {"until": "2024-10-11"},
        {"until": "2024-10-11", "reason": "   "},
        {"until": "2024-10-11", "reason": "长" * 1001},
    ):
        assert _code(await season.post(f"{path}/extend", body)) == (422, "request-invalid")
    assert _code(await season.post(f"/deadlines/{uuid4()}/waive", {"reason": LONG})) == (404, "not-found")
    assert _code(await season.post(f"/violations/{uuid4()}/waive", {"reason": LONG})) == (404, "not-found")
    assert _code(await season.get(f"/violations/{uuid4()}")) == (404, "not-found")
    assert _code(await season.get("/deadlines/not-an-id")) == (422, "request-invalid")
    assert _code(await season.get("/board", campaign=str(uuid4()))) == (404, "not-found")
    assert _code(await season.get("/deadlines", state="late")) == (422, "request-invalid")
    stale = await season.post(f"{path}/waive", {"reason": LONG}, **{"if-match": '"99"'})
    assert _code(stale) == (412, "etag-stale")
    keyless = await season.http.post(f"{path}/waive", json={"reason": LONG}, headers=season.as_("office"))
    assert _code(keyless) == (400, "idempotency-key-missing")
    headers = {**season.as_("office"), "idempotency-key": secrets.token_hex(8), "content-type": "application/json"}
    malformed = await season.http.post(f"{path}/waive", content=b"{", headers=headers)
    assert _code(malformed) == (400, "body-malformed")
    assert await season.contents() == before


async def test_a_department_sees_its_own_only(season: Deadlines) -> None:
    mine, theirs = await season.violation("filing"), await season.violation("filing", OTHER)
    assert {row["department"] for row in (await season.board(DEPARTMENT))["departments"]} == {DEPARTMENT}
    assert (await season.board(DEPARTMENT))["counts"]["standing"] == 1
    for listed in ("/violations", "/deadlines"):
        items = (await season.get(listed, DEPARTMENT)).json()["items"]
        assert {line["department"] for line in items} == {DEPARTMENT}
        assert _code(await season.get(listed, DEPARTMENT, department=OTHER)) == (403, "forbidden")
    assert (await season.get(f"/violations/{mine['violation_id']}", DEPARTMENT)).status_code == 200
    assert _code(await season.get(f"/violations/{theirs['violation_id']}", DEPARTMENT)) == (403, "forbidden")
    assert _code(await season.get(f"/deadlines/{theirs['deadline_id']}", DEPARTMENT)) == (403, "forbidden")
    for who in ("auditor", "frontend"):
        assert len((await season.board(who))["departments"]) == 2
    assert _code(await season.get("/board", "ops", campaign=str(CAMPAIGN_ID))) == (403, "forbidden")


async def test_a_deadline_shows_how_its_date_came_about(season: Deadlines) -> None:
    listed = await season.deadline("held")
    view = (await season.get(f"/deadlines/{listed['deadline_id']}")).json()
    assert view["derivation"]["steps"][0]["date"] == "2024-09-30"
    assert "chinesecalendar" in view["derivation"]["calendar_version"]
    assert (view["latest_extension"], view["provisional"]) == ("2024-10-15", False)
    [opening] = [e for e in await season.bus.said("deadline-opened") if e["data"]["deadline_id"] == view["deadline_id"]]
    assert opening["data"]["derivation_digest"] == view["derivation_digest"]


async def test_lists_come_in_pages_and_states(season: Deadlines) -> None:
    seen: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await season.get("/deadlines", campaign=str(CAMPAIGN_ID), limit=4, **after)).json()
        seen += [line["deadline_id"] for line in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert len(seen) == len(set(seen)) == 6
    lapsed = (await season.get("/deadlines", state="lapsed")).json()["items"]
    assert [line["rule"] for line in lapsed] == ["filing", "filing"]
    assert (await season.get("/violations", state="cured")).json()["items"] == []


async def test_the_board_says_what_is_not_supervised(season: Deadlines) -> None:
    board = await season.board()
    assert board["unsupervised"] == []
    assert len(board["digest"]) == 64 and board["digest"] == (await season.board())["digest"]
    await season.hear(*Story().submitted("08-22 10:00").facts)
    assert (await season.board())["digest"] != board["digest"]


async def test_a_headcount_that_is_too_low_is_a_violation_one_can_read_and_waive(season: Deadlines) -> None:
    await season.clock("09-23 12:00")
    await season.hear(
        *Story().filed("08-23 10:00", "08-22 10:00", "09-23 09:00").ended("09-23 11:30", counted=22).facts
    )
    standing = await season.violation("headcount")
    assert (standing["kind"], standing["clause"], standing["state"]) == ("requirement", "2.2", "standing")
    assert standing["deadline_id"] is None and standing["title"]
    path = f"/violations/{standing['violation_id']}"
    assert (await season.get(path)).json()["title"] == standing["title"]
    waived = await season.post(f"{path}/waive", {"reason": LONG})
    assert (waived.status_code, waived.json()["state"]) == (200, "waived")
    await season.hear(*Story().headcount("09-23 18:00", 24, revision=2).facts)
    assert (await season.violation("headcount"))["state"] == "waived"
