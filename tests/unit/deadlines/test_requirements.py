"""要求: the headcount, judged once the activity has ended and somebody has told how many came [2.2]."""

from contracts.deadlines import events
from contracts.envelope import EventData
from tests.unit.deadlines.story import ACTIVITY_ID, PACK, Desk, Story, at

MINIMUM = PACK.requirement("headcount").minimum


def _kinds(told: list[EventData]) -> list[str]:
    return [type(event).__name__ for event in told if getattr(event, "kind", None) == "requirement"]


def _ended(counted: int | None) -> Story:
    return Story().submitted("08-19 10:00").ended("09-23 11:30", counted=counted)


def test_too_few_is_a_violation_at_the_end_of_the_activity() -> None:
    desk = Desk()
    told = desk.hear(at("09-23 11:31"), *_ended(MINIMUM - 3).facts)
    [raised] = [event for event in told if isinstance(event, events.ViolationRaised)]
    assert (raised.kind, raised.rule, raised.clause) == ("requirement", "headcount", "2.2")
    assert (raised.occurred_at, raised.detected_at) == (at("09-23 11:30"), at("09-23 11:31"))
    assert (raised.activity_id, raised.deadline_id, raised.due_date) == (ACTIVITY_ID, None, None)
    assert desk.settle(at("09-24")) == []


def test_enough_is_none() -> None:
    assert _kinds(Desk().hear(at("09-23 11:31"), *_ended(MINIMUM).facts)) == []


def test_nothing_is_held_against_anybody_while_nobody_has_told() -> None:
    assert _kinds(Desk().hear(at("09-23 11:31"), *_ended(None).facts)) == []


def test_check_ins_synced_late_withdraw_it_whichever_revision_comes_first() -> None:
    desk = Desk()
    desk.hear(at("09-23 11:31"), *_ended(MINIMUM - 3).facts)
    told = desk.hear(at("09-23 18:00"), *Story().headcount("09-23 18:00", MINIMUM, revision=2).facts)
    assert _kinds(told) == ["ViolationWithdrawn"]
    turned = Desk()
    turned.hear(at("09-23 18:00"), *Story().headcount("09-23 18:00", MINIMUM, revision=2).facts)
    assert _kinds(turned.hear(at("09-23 18:01"), *_ended(MINIMUM - 3).facts)) == []


def test_a_cancelled_activity_owes_no_headcount() -> None:
    story = _ended(0).cancelled("09-20 10:00")
    assert _kinds(Desk().hear(at("09-23 11:31"), *story.facts)) == []
