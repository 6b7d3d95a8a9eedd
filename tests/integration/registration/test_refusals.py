"""Bad input: nothing changes, and the problem says why, by which clause, and what to do."""

from typing import Any
from uuid import uuid4

import pytest

from tests.integration.registration.conftest import Start
from tests.integration.registration.stage import (
    ENDS,
    OTHER_DEPARTMENT,
    PACK,
    STARTS,
    announced,
    event,
    filed,
    opened,
    person,
)

BAD_DIGIT = "110105194912310021"


@pytest.mark.parametrize(
    ("changes", "code", "clause"),
    [
        ({"birth_date": "2006-09-20"}, "too-young", "2.2"),
        ({"birth_date": None, "id_number": "110105200609200029"}, "too-young", "2.2"),
        ({"birth_date": None, "id_number": BAD_DIGIT}, "id-number-invalid", "2.2"),
        ({"birth_date": None, "id_number": "11010519491331002X"}, "id-number-invalid", "2.2"),
        ({"category": "emperor"}, "category-unknown", "2.2"),
        ({"tie": "visits"}, "tie-unknown", "2.2"),
        ({"consent": False}, "consent-required", "2.2"),
        ({"needs": "轮椅"}, "data-not-collected", "2.2"),
        ({"birth_date": None}, "request-invalid", None),
        ({"id_number": "11010519491231002X"}, "request-invalid", None),
        ({"name": "张三\r\nBcc: everybody@example.org"}, "request-invalid", None),
        ({"name": "   "}, "request-invalid", None),
        ({"email": "two words@example.org"}, "request-invalid", None),
        ({"phone": "-----"}, "request-invalid", None),
        ({"passport": "E1"}, "request-invalid", None),
    ],
)
async def test_a_wrong_participant_is_refused(
    start: Start, changes: dict[str, Any], code: str, clause: str | None
) -> None:
    async with start() as stage:
        await stage.open()
        before = await stage.fetch("select * from activities")
        body = {key: value for key, value in person(1, **changes).items() if value is not None}
        refused = await stage.register(body)
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (422, code), refused.text
        assert problem.get("clause") == clause
        assert problem["fix"]
        assert BAD_DIGIT not in refused.text
        assert await stage.fetch("select * from activities") == before
        assert await stage.fetch("select id from registrations") == []
        assert await stage.said() == []


async def test_eighteen_on_the_day_is_old_enough(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        assert (await stage.registered(1, birth_date="2006-09-19"))["state"] == "confirmed"


async def test_outside_the_window(start: Start) -> None:
    async with start() as stage:
        unknown = await stage.register(person(1))
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not-found")

        await stage.say(filed(stage.activity))
        await stage.heard()
        early = await stage.register(person(1))
        assert (early.status_code, early.json()["code"]) == (409, "sign-up-not-open")

        announcement = uuid4()
        await stage.say(opened(), announced(stage.activity, announcement))
        await stage.heard()
        assert (await stage.register(person(1))).status_code == 201

        withdrawn = event(
            "announcement-withdrawn", announcement_id=announcement, activity_id=stage.activity, plan_id=uuid4(),
            occurrence=1, at="2024-08-26T02:00:00Z", reason="有误",
        )  # fmt: skip
        await stage.say(withdrawn)
        await stage.heard()
        closed = await stage.register(person(2))
        assert (closed.status_code, closed.json()["code"], closed.json()["clause"]) == (409, "sign-up-not-open", "3.1")

        await stage.say(announced(stage.activity))
        await stage.clock("2024-09-19T08:59:59+08:00")
        assert (await stage.register(person(2))).status_code == 201
        await stage.clock(STARTS)
        late = await stage.register(person(3))
        assert (late.status_code, late.json()["code"], late.json()["clause"]) == (409, "sign-up-closed", "3.1")
        assert late.json()["fix"]
        assert len(await stage.fetch("select id from registrations")) == 2
        shown = await stage.shown()
        assert (shown["open"], shown["closed_because"]) == (False, "sign-up-closed")


async def test_no_date_no_sign_up(start: Start) -> None:
    async with start() as stage:
        await stage.say(opened(), filed(stage.activity, dated=False), announced(stage.activity))
        await stage.heard()
        assert (await stage.register(person(1))).json()["code"] == "sign-up-not-open"
        scheduled = event(
            "activity-scheduled", activity_id=stage.activity, plan_id=uuid4(), occurrence=1, starts_at=STARTS,
            ends_at=ENDS, scheduled_at="2024-09-02T01:00:00Z",
        )  # fmt: skip
        await stage.say(scheduled)
        await stage.heard()
        assert (await stage.register(person(1))).status_code == 201


async def test_the_same_person_twice(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        number = "11010519491231002X"
        first = {key: value for key, value in person(1).items() if key != "birth_date"} | {"id_number": number}
        assert (await stage.register(first)).status_code == 201
        for again in (
            person(1),  # the same name and phone, without the number
            person(1, name="演练 群众1", phone="+86 138-0000-0001"),
            {**first, "name": "另一个名字", "phone": "13900000000", "id_number": number.lower()},
        ):
            refused = await stage.register(again)
            assert (refused.status_code, refused.json()["code"]) == (409, "already-registered"), again
            assert (refused.json()["clause"], bool(refused.json()["fix"])) == ("3.1", True)
        assert (await stage.register(person(2, phone=first["phone"]))).status_code == 201
        assert (await stage.shown())["confirmed"] == 2


async def test_only_the_secret_or_the_department_cancels(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        mine, other = await stage.registered(1), await stage.registered(2)
        path = f"/registrations/{mine['registration_id']}"
        for who, status, code in (
            ({"secret": other["secret"]}, 403, "secret-wrong"),
            ({"secret": "ünknown"[1:]}, 403, "secret-wrong"),
            ({}, 403, "forbidden"),
            ({"role": "office"}, 403, "forbidden"),
            ({"role": "department", "department": OTHER_DEPARTMENT}, 403, "forbidden"),
        ):
            refused = await stage.post(f"{path}/cancel", **who)
            assert (refused.status_code, refused.json()["code"]) == (status, code), who
        assert (await stage.http.get(path)).status_code == 403
        assert (await stage.shown())["confirmed"] == 2
        assert (await stage.post(f"{path}/cancel", role="department")).json()["state"] == "cancelled"
        await stage.clock(STARTS)
        late = await stage.post(f"/registrations/{other['registration_id']}/cancel", secret=other["secret"])
        assert (late.status_code, late.json()["code"]) == (409, "activity-started")


async def test_who_may_see_and_enter_the_list(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        await stage.registered(1)
        path = f"/activities/{stage.activity}"
        other = {"role": "department", "department": OTHER_DEPARTMENT}
        assert (await stage.http.get(f"{path}/registrations")).status_code == 401
        for who in (other, {"role": "frontend"}):
            listed = await stage.http.get(f"{path}/registrations", headers=stage.headers(**who))
            assert listed.status_code == 403
        for door, body in (("recommendations", {"participants": [person(7)]}), ("check-ins", _check_in())):
            assert (await stage.post(f"{path}/{door}", body)).status_code == 401
            assert (await stage.post(f"{path}/{door}", body, role="office")).status_code == 403
            assert (await stage.post(f"{path}/{door}", body, **other)).status_code == 403
        assert len(await stage.fetch("select id from registrations")) == 1


async def test_a_pack_that_asks_for_other_data(start: Start) -> None:
    pack = PACK.model_dump(mode="json")
    fields = [field for field in pack["personal_data"]["fields"] if field["key"] != "email"]
    pack["personal_data"]["fields"] = [{**field, "required": True} for field in fields]
    pack["participants"]["sources"] = [{"key": "online", "label": "线上报名"}]
    pack["participants"]["not_invited"] = [{"key": "delegate", "label": "两代表一委员"}]
    async with start() as stage:
        await stage.say(opened(pack))
        await stage.say(filed(stage.activity), announced(stage.activity))
        await stage.heard()
        codes = [
            (await stage.register(body)).json()["code"]
            for body in (person(1), {k: v for k, v in person(1).items() if k != "email"})
        ]
        assert codes == ["data-not-collected", "data-required"]
        path = f"/activities/{stage.activity}/recommendations"
        refused = await stage.post(path, {"participants": [person(1)]}, role="department")
        assert (refused.json()["code"], refused.json()["fix"]) == ("source-refused", "可选: 线上报名")


def _check_in() -> dict[str, Any]:
    return {"check_ins": [{"registration_id": str(uuid4()), "at": "2024-09-19T09:05:00+08:00"}]}
