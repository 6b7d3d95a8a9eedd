"""A small story over the real bus: what is said comes out once, whatever happens on the way."""

import json
import random
from pathlib import Path

import pytest

from contracts.plans.events import CampaignClosed
from contracts.policy import CalendarInvalid
from servicekit import audit
from tests.integration.deadlines.conftest import OTHER, Deadlines, Start, document, opened, until
from tests.unit.deadlines.story import CAMPAIGN_ID, DEPARTMENT, NEW_MEDIA, NEWSPAPER, WEBSITE, Story, at


async def test_a_missed_filing_becomes_a_violation_event(deadlines: Deadlines) -> None:
    await deadlines.hear(opened(DEPARTMENT, OTHER))
    await deadlines.hear(*Story().submitted("08-19 10:00").facts, department=OTHER)
    await deadlines.clock("08-21 00:00")
    [raised] = await deadlines.bus.said("violation-raised")
    assert (raised["department"], raised["data"]["rule"], raised["data"]["clause"]) == (DEPARTMENT, "filing", "3.1")
    assert raised["data"]["occurred_at"] == raised["data"]["detected_at"] == "2024-08-20T16:00:00Z"
    assert raised["jurisdiction"] == "640402"
    assert (await deadlines.board())["counts"] == {"standing": 1, "cured": 0, "withdrawn": 0, "waived": 0}
    chain = (await deadlines.get(f"/audit/{raised['aggregateid']}")).json()
    assert chain["verified"] and len(chain["events"]) == 1


async def test_what_comes_twice_has_one_effect(deadlines: Deadlines) -> None:
    late = document(Story().submitted("08-22 11:00").facts[0])
    await deadlines.hear(opened())
    await deadlines.clock("08-22 12:00")
    await deadlines.bus.publish(late)
    await deadlines.settled()
    before, said = await deadlines.contents(), len(await deadlines.bus.said())
    await deadlines.bus.publish(late, late)
    # A campaign opens once, with one pack and one roster; what says otherwise later changes nothing.
    await deadlines.hear(opened(DEPARTMENT, OTHER).model_copy(update={"opened_at": at("08-15 09:00")}))
    assert len(await deadlines.bus.said()) == said
    assert await deadlines.contents() == before
    assert [event["data"]["days_late"] for event in await deadlines.bus.said("violation-cured")] == [2]


async def test_facts_wait_until_what_they_are_about_is_known(deadlines: Deadlines) -> None:
    story = Story().announced("08-26 10:00", WEBSITE, NEW_MEDIA).filed("08-19 15:00", "08-16 10:00", "09-12 09:00")
    await deadlines.hear(*story.facts)
    assert await deadlines.bus.said() == []
    await deadlines.clock("08-28 10:00")
    await deadlines.hear(opened())
    assert (await deadlines.board())["counts"]["standing"] == 0
    met = {event["data"]["rule"]: event["data"]["met_at"] for event in await deadlines.bus.said("deadline-met")}
    assert met == {"filing": "2024-08-16T02:00:00Z", "publicity": "2024-08-26T02:00:00Z"}


async def test_an_act_that_was_in_time_withdraws_what_was_raised_meanwhile(deadlines: Deadlines) -> None:
    await deadlines.hear(opened())
    await deadlines.clock("08-22 10:00")
    await deadlines.hear(*Story().submitted("08-20 23:59").facts)
    [withdrawn] = await deadlines.bus.said("violation-withdrawn")
    assert withdrawn["data"]["cause"] == "in_time"
    assert withdrawn["aggregateversion"] == 2


async def test_an_accepted_proof_withdraws_the_violation(deadlines: Deadlines) -> None:
    await deadlines.hear(opened())
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-26 09:00").announced("09-09 10:00", WEBSITE)
    await deadlines.hear(*story.facts)
    await deadlines.clock("09-14 10:00")
    assert (await deadlines.violation("publicity"))["state"] == "standing"
    await deadlines.hear(*Story().proved("09-14 10:00", "09-10 08:00", NEWSPAPER).facts)
    assert [e["data"]["cause"] for e in await deadlines.bus.said("violation-withdrawn")] == ["proof_accepted"]
    assert (await deadlines.deadline("publicity"))["met_at"] == "2024-09-10T00:00:00Z"


async def test_broken_and_unknown_events_are_kept_as_dead_letters_and_change_nothing(deadlines: Deadlines) -> None:
    await deadlines.hear(opened())
    before = await deadlines.contents()
    submitted = document(Story().submitted("08-19 10:00").facts[0])
    await deadlines.bus.raw("events.plans.plan-submitted.v1", b"{not json")
    await deadlines.bus.raw(
        "events.plans.plan-praised.v1", json.dumps({**submitted, "type": "events.plans.plan-praised.v1"}).encode()
    )
    await deadlines.bus.raw(
        "events.plans.plan-submitted.v1", json.dumps({**submitted, "data": {"version": "one"}}).encode()
    )
    nobody = {key: value for key, value in submitted.items() if key != "department"}
    await deadlines.bus.publish(nobody)

    async def all_dead() -> bool:
        return len(await deadlines.bus.messages("DEAD")) == 4

    await until(all_dead, "four dead letters")
    dead = [message.headers or {} for message in await deadlines.bus.messages("DEAD")]
    assert sorted(headers["Openday-Dead-Cause"] for headers in dead) == ["broken", "broken", "broken", "exhausted"]
    assert {headers["Openday-Dead-Consumer"] for headers in dead} == {"deadlines-plans"}
    assert await deadlines.contents() == before


async def test_a_restart_in_between_loses_nothing(start: Start) -> None:
    story = Story().submitted("08-22 11:00").filed("08-23 10:00", "08-22 11:00", "09-24 09:00")
    async with start() as deadlines:
        await deadlines.hear(opened())
        await deadlines.clock("08-20 20:00")
        bus = deadlines.bus
    await bus.say(*story.facts)
    async with start() as deadlines:
        await deadlines.settled()
        assert await bus.said("violation-raised") == []
        await deadlines.clock("08-23 10:00")
        assert [event["data"]["rule"] for event in await bus.said("violation-raised")] == ["filing"]
        assert [event["data"]["days_late"] for event in await bus.said("violation-cured")] == [2]
        assert (await deadlines.deadline("publicity"))["due_date"] == "2024-09-09"


async def test_a_burst_in_any_order_ends_in_the_same_board(start: Start) -> None:
    """Sixteen at a time, on one and on several departments: every judgement sees what was committed before it."""
    story = (
        Story().submitted("08-15 10:00").returned("08-19 10:00").submitted("08-21 16:00", 2)
        .filed("08-22 10:00", "08-21 16:00", "09-05 09:00").announced("08-23 10:00", WEBSITE)
        .postponed("09-04 18:00", "09-05 09:00", "09-20 09:00")
        .announced("09-04 18:00", WEBSITE, NEW_MEDIA, occurrence=2, corrects=True)
        .ended("09-20 11:30", occurrence=2).reported("09-24 10:00").evaluated("10-08 10:00").table("10-08 10:00")
    )  # fmt: skip
    async with start() as deadlines:
        await deadlines.clock("10-20 00:00")
        documents = [document(opened(DEPARTMENT, OTHER))]
        documents += [document(fact, department) for fact in story.facts for department in (DEPARTMENT, OTHER)]
        documents += documents[3:9]
        random.Random(20240814).shuffle(documents)
        await deadlines.bus.publish(*documents)
        await deadlines.settled()
        board = await deadlines.board()
        for row in board["departments"]:
            assert {line["rule"]: line["state"] for line in row["violations"] if line["state"] != "withdrawn"} == {
                "activity_report": "cured",
                "publicity": "standing",
                "district_report": "standing",
            }
            assert [line["state"] for line in row["deadlines"] if line["rule"] == "publicity"] == ["lapsed", "met"]
        for event in await deadlines.bus.said():
            entries = (await deadlines.get(f"/audit/{event['aggregateid']}")).json()
            assert entries["verified"], entries["faults"]
            assert audit.broken_links(entries["events"]) == []


async def test_reminders_are_sent_once_at_the_packs_offsets(deadlines: Deadlines) -> None:
    await deadlines.hear(opened())
    await deadlines.clock("08-17 08:59")
    assert await deadlines.bus.said("deadline-approached") == []
    await deadlines.clock("08-17 09:00")
    await deadlines.hear(*Story().submitted("08-18 10:00").facts)
    await deadlines.clock("08-20 00:00")
    approached = await deadlines.bus.said("deadline-approached")
    assert [(e["data"]["rule"], e["data"]["reminder"]) for e in approached] == [("filing", "3 calendar_day 09:00")]


async def test_a_closed_campaign_owes_nothing_more(deadlines: Deadlines) -> None:
    await deadlines.hear(opened())
    await deadlines.clock("08-21 00:00")
    await deadlines.hear(CampaignClosed(campaign_id=CAMPAIGN_ID, closed_at=at("08-22 10:00")))
    await deadlines.clock("10-20 00:00")
    board = await deadlines.board()
    assert board["counts"]["standing"] == 1
    assert [line["state"] for line in board["departments"][0]["deadlines"]] == ["lapsed", "cancelled", "cancelled"]


LAYER = """
id = "drill"
level = "local"
jurisdiction = "640402"
version = "1"
years = []
[[sources]]
title = "演练"
issuer = "演练"
[[days]]
date = {day}
kind = "rest"
name = "演练"
"""


async def test_a_new_calendar_file_moves_what_is_open(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start() as deadlines:
        await deadlines.hear(opened())
        await deadlines.clock("09-24 12:00")
        await deadlines.hear(*Story().ended("09-24 11:30").facts)
        bus = deadlines.bus
    (tmp_path / "drill.toml").write_text(LAYER.format(day="2024-10-09"), encoding="utf-8")
    monkeypatch.setenv("DEADLINES_CALENDARS_DIR", str(tmp_path))
    async with start() as deadlines:
        await deadlines.settled()
        moved, also = await bus.said("deadline-moved")
        assert (also["data"]["rule"], also["data"]["due_date"]) == ("adoption", "2024-10-10")
        assert (moved["data"]["rule"], moved["data"]["cause"]) == ("evaluation", "calendar")
        assert (moved["data"]["old_due_date"], moved["data"]["due_date"]) == ("2024-10-09", "2024-10-10")
        view = (await deadlines.get(f"/deadlines/{moved['data']['deadline_id']}")).json()
        assert "drill@1" in view["derivation"]["calendar_version"]
    async with start() as deadlines:
        await deadlines.settled()
        assert len(await bus.said("deadline-moved")) == 2


async def test_a_wrong_calendar_file_stops_the_start(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "drill.toml").write_text(LAYER.format(day="2024-02-30"), encoding="utf-8")
    monkeypatch.setenv("DEADLINES_CALENDARS_DIR", str(tmp_path))
    with pytest.raises(CalendarInvalid, match=r"drill\.toml"):
        async with start():
            pass
