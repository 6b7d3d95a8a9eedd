"""Check-ins and the headcount: once each, late ones too, whatever order things are heard in."""

from uuid import uuid4

from tests.integration.registration.conftest import Start
from tests.integration.registration.stage import (
    CAMPAIGN,
    ENDS,
    STARTS,
    announced,
    ended,
    filed,
    opened,
    person,
    rescheduled,
)


async def test_absent_late_and_counted_again(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        people = [(await stage.registered(number))["registration_id"] for number in range(3)]
        expert = (await stage.registered(3, category="expert"))["registration_id"]
        await stage.clock("2024-09-19T09:30:00+08:00")
        first = await stage.check_in(people[0], people[0], expert)
        assert first.json() == {"checked_in": 2, "already": 0, "present": 2, "headcount_revision": 0}
        assert (await stage.check_in(people[0])).json()["already"] == 1

        await stage.clock(ENDS)
        over = ended(stage.activity)
        await stage.say(over, over, ended(stage.activity))
        await stage.heard()
        [recorded] = await stage.said("headcount-recorded")
        assert recorded["subject"] == f"headcount/{stage.activity}"
        assert recorded["data"] == {
            "activity_id": str(stage.activity), "occurrence": 1, "revision": 1, "present": 2, "counted": 2,
            "by_category": {"expert": 1, "worker": 1}, "at": "2024-09-19T03:30:00Z",
        }  # fmt: skip
        absent = await stage.http.get(
            f"/activities/{stage.activity}/registrations", params={"state": "absent"}, headers=stage.headers("office")
        )
        assert [one["registration_id"] for one in absent.json()["items"]] == people[1:]

        await stage.clock("2024-09-20T10:00:00+08:00")
        late = await stage.check_in(people[1], at="2024-09-19T10:00:00+08:00")
        assert late.json() == {"checked_in": 1, "already": 0, "present": 3, "headcount_revision": 2}
        await stage.check_in(people[1], at="2024-09-19T09:59:00+08:00")
        await stage.heard()
        assert [
            (one["data"]["revision"], one["data"]["present"]) for one in await stage.said("headcount-recorded")
        ] == [
            (1, 2),
            (2, 3),
        ]
        await stage.clock("2024-09-22T11:30:00+08:00")
        refused = await stage.check_in(people[2])
        assert (refused.status_code, refused.json()["code"]) == (409, "check-in-too-late")


async def test_a_check_in_for_elsewhere_is_refused_whole(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        mine = (await stage.registered(1))["registration_id"]
        gone = await stage.registered(2)
        await stage.post(f"/registrations/{gone['registration_id']}/cancel", secret=gone["secret"])
        other = uuid4()
        await stage.say(filed(other), announced(other))
        await stage.heard()
        theirs = (await stage.register(person(3), other)).json()["registration_id"]
        await stage.clock("2024-09-19T09:30:00+08:00")
        for bad, at, code in (
            (theirs, "2024-09-19T09:05:00+08:00", "other-activity"),
            (str(uuid4()), "2024-09-19T09:05:00+08:00", "other-activity"),
            (gone["registration_id"], "2024-09-19T09:05:00+08:00", "not-confirmed"),
            (mine, "2024-09-19T06:59:59+08:00", "outside-activity"),
            (mine, "2024-09-19T11:30:01+08:00", "outside-activity"),
            (mine, "2024-09-19T09:30:01+08:00", "in-the-future"),
        ):
            refused = await stage.check_in(mine, bad, at=at)
            problem = refused.json()
            assert (refused.status_code, problem["code"], problem["clause"]) == (422, "check-in-refused", "2.2")
            assert code in {one["code"] for one in problem["errors"]}
        assert await stage.fetch("select id from registrations where state = 'checked_in'") == []


async def test_a_postponement_keeps_registrations_and_counts_by_the_new_day(start: Start) -> None:
    """One who was of age for the first date but is not for an earlier one is present and not counted."""
    async with start() as stage:
        await stage.open()
        young = (await stage.registered(1, birth_date="2006-09-19"))["registration_id"]
        older = (await stage.registered(2))["registration_id"]
        moved = rescheduled(stage.activity, "2024-09-12T09:00:00+08:00", "2024-09-12T11:30:00+08:00")
        await stage.say(moved)
        await stage.clock("2024-09-12T09:10:00+08:00")
        assert (await stage.shown())["confirmed"] == 2
        assert (await stage.check_in(young, older, at="2024-09-12T09:01:00+08:00")).status_code == 200
        over = ended(stage.activity)
        over["data"] |= {"occurrence": 2, "at": "2024-09-12T03:30:00Z"}
        await stage.clock("2024-09-12T11:30:00+08:00")
        await stage.say(over)
        await stage.heard()
        [recorded] = await stage.said("headcount-recorded")
        counts = {key: recorded["data"][key] for key in ("occurrence", "present", "counted")}
        assert counts == {"occurrence": 2, "present": 2, "counted": 1}


async def test_who_checked_in_before_a_postponement_was_there_for_nothing(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        early = (await stage.registered(1))["registration_id"]
        await stage.clock("2024-09-19T08:30:00+08:00")
        assert (await stage.check_in(early, at="2024-09-19T08:20:00+08:00")).json()["present"] == 1
        await stage.say(rescheduled(stage.activity, "2024-09-26T09:00:00+08:00", "2024-09-26T11:30:00+08:00"))
        await stage.heard()
        await stage.clock("2024-09-26T11:30:00+08:00")
        over = ended(stage.activity)
        over["data"] |= {"occurrence": 2, "at": "2024-09-26T03:30:00Z"}
        await stage.say(over)
        await stage.heard()
        [recorded] = await stage.said("headcount-recorded")
        assert (recorded["data"]["occurrence"], recorded["data"]["present"]) == (2, 0)


async def test_the_end_of_a_date_that_was_moved_marks_nobody_absent(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        mine = await stage.registered(1)
        await stage.say(rescheduled(stage.activity, "2024-09-26T09:00:00+08:00", "2024-09-26T11:30:00+08:00"))
        await stage.clock(ENDS)
        await stage.say(ended(stage.activity))
        await stage.heard()
        assert await stage.said("headcount-recorded") == []
        shown = await stage.http.get(
            f"/registrations/{mine['registration_id']}", headers={"x-registration-secret": mine["secret"]}
        )
        assert shown.json()["state"] == "confirmed"


async def test_any_order_records_the_same(start: Start) -> None:
    """The end first, the campaign last: what nobody knows yet is kept until it is."""
    async with start() as stage:
        await stage.clock(ENDS)
        for document in (ended(stage.activity), announced(stage.activity), filed(stage.activity)):
            await stage.say(document)
            await stage.heard()
        assert await stage.said() == []
        await stage.say(opened())
        await stage.heard()
        [recorded] = await stage.said("headcount-recorded")
        assert recorded["data"]["present"] == 0
        assert recorded["campaign"] == str(CAMPAIGN)


async def test_a_shortage_is_foretold_at_the_packs_offsets(start: Start) -> None:
    async with start() as stage:
        await stage.open(capacity=40)
        for number in range(24):
            await stage.registered(number)
        where = await stage.http.get("/simulation", headers=stage.headers("ops"))
        assert where.json()["next_timer_at"] == "2024-09-16T01:00:00Z"
        await stage.clock("2024-09-16T09:00:00+08:00")
        [told] = await stage.said("headcount-forecast-short")
        assert told["data"] == {
            "activity_id": str(stage.activity), "occurrence": 1, "confirmed": 24, "minimum": 25,
            "starts_at": "2024-09-19T01:00:00Z", "at": "2024-09-16T01:00:00Z",
        }  # fmt: skip
        await stage.registered(24)
        where = await stage.http.get("/simulation", headers=stage.headers("ops"))
        assert where.json()["next_timer_at"] == "2024-09-18T01:00:00Z"
        await stage.clock("2024-09-18T09:00:00+08:00")
        await stage.clock(STARTS)
        assert len(await stage.said("headcount-forecast-short")) == 1
