"""What is announced when a judgement differs from what stood before, and that nothing is announced twice."""

from datetime import timedelta

from contracts.deadlines import events
from contracts.envelope import EventData
from contracts.policy import Calendar, Layer, LayerDay, LayerSource
from services.deadlines.domain.records import Decision
from tests.unit.deadlines.story import NEW_MEDIA, NEWSPAPER, WEBSITE, Desk, Story, at, day


def _kinds(told: list[EventData]) -> list[str]:
    return [f"{type(event).__name__} {getattr(event, 'rule', '')}" for event in told]


def test_an_opened_campaign_opens_what_every_department_owes() -> None:
    assert _kinds(Desk().hear(at("08-14 09:00"))) == [
        "DeadlineOpened filing",
        "DeadlineOpened held",
        "DeadlineOpened district_report",
    ]


def test_judging_again_says_and_saves_nothing() -> None:
    desk = Desk()
    desk.hear(at("08-22 10:00"), *Story().submitted("08-22 09:00").facts)
    before = (dict(desk.deadlines), dict(desk.violations), desk.saved)
    assert desk.settle(at("08-22 10:00")) == []
    assert (desk.deadlines, desk.violations, desk.saved) == before


def test_the_timer_wakes_at_reminders_and_due_instants() -> None:
    desk = Desk()
    desk.hear(at("08-14 09:00"))
    woken = []
    while desk.next_at is not None and desk.next_at < at("09-01"):
        woken.append(desk.next_at)
        desk.settle(desk.next_at)
    assert woken == [at("08-17 09:00"), at("08-19 09:00"), at("08-21")]
    assert _kinds(desk.told)[3:] == ["DeadlineApproached filing", "DeadlineApproached filing", "ViolationRaised filing"]


def test_one_already_past_opens_lapsed_and_says_when_it_occurred() -> None:
    told = Desk().hear(at("08-25 10:00"))
    opened = next(event for event in told if isinstance(event, events.DeadlineOpened))
    raised = next(event for event in told if isinstance(event, events.ViolationRaised))
    assert (opened.opened_at, opened.occurred_at) == (at("08-25 10:00"), at("08-21"))
    assert (raised.occurred_at, raised.detected_at) == (at("08-21"), at("08-25 10:00"))


def test_offsets_already_past_when_it_opened_are_not_sent() -> None:
    desk = Desk()
    desk.hear(at("08-18 10:00"))
    desk.run_until(at("08-20"))
    assert [event.reminder for event in desk.told if isinstance(event, events.DeadlineApproached)] == [
        "1 calendar_day 09:00"
    ]


def test_a_met_deadline_is_not_reminded_of() -> None:
    desk = Desk()
    desk.hear(at("08-14 09:00"), *Story().submitted("08-14 10:00").facts)
    desk.run_until(at("08-21"))
    assert not any(isinstance(event, events.DeadlineApproached) for event in desk.told)


def test_an_extension_is_announced_with_both_dates_and_reminded_of_anew() -> None:
    desk, story = Desk(), Story()
    desk.hear(at("08-14 09:00"))
    desk.run_until(at("09-30 10:00"))
    told = desk.decide(Decision("extend_deadline", at("09-30 10:00"), story.id_of("held"), until=day("10-11")))
    [extended] = told
    assert isinstance(extended, events.DeadlineExtended)
    assert (extended.old_due_date, extended.due_date) == (day("09-30"), day("10-11"))
    later = [e for e in desk.run_until(at("10-12")) if getattr(e, "rule", "") == "held"]
    assert _kinds(later) == ["DeadlineApproached held", "DeadlineApproached held", "ViolationRaised held"]


def test_late_delivery_withdraws_and_says_that_it_was_met() -> None:
    desk = Desk()
    desk.hear(at("08-21"))
    told = desk.hear(at("08-21 00:01"), *Story().submitted("08-20 23:59").facts)
    assert _kinds(told) == ["DeadlineMet filing", "ViolationWithdrawn filing"]
    [withdrawn] = [event for event in told if isinstance(event, events.ViolationWithdrawn)]
    assert (withdrawn.cause, withdrawn.detected_at, withdrawn.withdrawn_at) == (
        "in_time",
        at("08-21"),
        at("08-21 00:01"),
    )


def test_what_was_withdrawn_is_withdrawn_once() -> None:
    desk = Desk()
    desk.hear(at("08-21"))
    desk.hear(at("08-21 00:01"), *Story().submitted("08-20 23:59").facts)
    assert desk.settle(at("08-22")) == []


def test_what_was_withdrawn_and_then_turns_out_cured_is_raised_first() -> None:
    desk = Desk()
    desk.hear(at("08-21"))
    desk.hear(at("08-25 10:00"), *Story().submitted("08-14 10:00").facts)
    told = desk.hear(at("08-25 11:00"), *Story().returned("08-14 11:00").submitted("08-25 10:30", 2).facts)
    assert _kinds(told) == ["ViolationRaised filing", "ViolationCured filing"]


def test_a_cured_violation_is_withdrawn_when_a_proof_shows_it_was_in_time() -> None:
    desk = Desk()
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-26 09:00").announced("09-15 10:00", WEBSITE, NEWSPAPER)
    assert "ViolationCured publicity" in _kinds(desk.hear(at("09-15 10:00"), *story.facts))
    proof = Story().proved("09-16 10:00", "09-10 08:00", WEBSITE).proved("09-16 10:00", "09-11 08:00", NEW_MEDIA)
    desk.hear(at("09-16 10:00"), proof.facts[0])
    told = desk.hear(at("09-16 10:00"), proof.facts[1])
    assert [event.cause for event in told if isinstance(event, events.ViolationWithdrawn)] == ["proof_accepted"]


def test_a_supersession_heard_late_withdraws_what_was_raised_for_nothing() -> None:
    desk = Desk()
    desk.hear(at("09-06"), *Story().filed("08-19 10:00", "08-16 10:00", "09-20 09:00").facts)
    told = desk.hear(at("09-06 10:00"), *Story().postponed("09-04 10:00", "09-20 09:00", "09-26 09:00").facts)
    assert _kinds(told) == ["DeadlineCancelled publicity", "ViolationWithdrawn publicity", "DeadlineOpened publicity"]
    assert [event.cause for event in told if isinstance(event, events.ViolationWithdrawn)] == ["trigger_void"]


def test_what_was_withdrawn_is_raised_again_when_the_plan_turns_out_to_have_been_returned() -> None:
    desk = Desk()
    desk.hear(at("08-30"))
    assert "ViolationWithdrawn filing" in _kinds(desk.hear(at("08-30 01:00"), *Story().submitted("08-19 10:00").facts))
    told = desk.hear(at("08-30 02:00"), *Story().returned("08-20 10:00").facts)
    [raised] = [event for event in told if isinstance(event, events.ViolationRaised)]
    assert (raised.occurred_at, raised.detected_at) == (at("08-24"), at("08-30 02:00"))


def test_a_corrected_end_moves_the_deadline() -> None:
    desk = Desk()
    desk.hear(at("09-27 01:00"), *Story().submitted("08-19 10:00").ended("09-27 00:30").facts)
    told = desk.hear(at("09-27 10:00"), *Story().end_corrected("09-27 10:00", "09-27 00:30", "09-26 23:00").facts)
    moved = {event.rule: event for event in told if isinstance(event, events.DeadlineMoved)}
    assert (moved["activity_report"].old_due_date, moved["activity_report"].due_date) == (day("09-30"), day("09-29"))
    assert {event.cause for event in moved.values()} == {"date_corrected"}


def _calendar_with_rest_on(text: str) -> Calendar:
    source = LayerSource(title="演练", issuer="演练")
    closed = LayerDay(date=day(text), kind="rest", name="演练")
    return Calendar(
        [Layer(id="drill", level="local", jurisdiction="640402", version="1", sources=(source,), days=(closed,))]
    )


def test_a_new_calendar_moves_what_is_open_and_rewrites_nothing_settled() -> None:
    desk = Desk()
    story = Story().submitted("08-19 10:00").ended("09-24 11:30").reported("09-25 10:00")
    desk.hear(at("09-25 10:00"), *story.facts)
    report = desk.deadlines[story.id_of("activity_report")]
    told = desk.settle(at("09-26 10:00"), _calendar_with_rest_on("10-09"))
    assert _kinds(told) == ["DeadlineMoved evaluation", "DeadlineMoved adoption"]
    moved = told[0]
    assert isinstance(moved, events.DeadlineMoved)
    assert (moved.cause, moved.old_due_date, moved.due_date) == ("calendar", day("10-09"), day("10-10"))
    assert desk.settle(at("09-26 10:00"), _calendar_with_rest_on("09-27")) != []
    assert desk.deadlines[story.id_of("activity_report")] == report


def test_every_event_of_a_violation_names_the_same_due_date() -> None:
    desk = Desk()
    desk.hear(at("08-21"))
    desk.hear(at("08-22 11:00"), *Story().submitted("08-22 11:00").facts)
    told = [event for event in desk.told if isinstance(event, events.ViolationRaised | events.ViolationCured)]
    assert [(event.due_date, event.occurred_at) for event in told] == [(day("08-20"), at("08-21"))] * 2
    assert told[0].occurred_at - timedelta(days=1) == at("08-20")


def test_a_cure_that_turns_out_void_leaves_the_violation_standing_and_says_so() -> None:
    desk = Desk()
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-26 09:00").announced("09-15 10:00", WEBSITE)
    story.announced("09-16 10:00", (WEBSITE, "09-15 10:00"), (NEW_MEDIA, "09-16 10:00"))
    assert "ViolationCured publicity" in _kinds(desk.hear(at("09-16 10:00"), *story.facts))
    told = desk.hear(at("09-16 11:00"), *Story().withdrawn("09-15 12:00").facts)
    assert _kinds(told) == ["ViolationRaised publicity"]
    assert [kept.violation.state for kept in desk.violations.values()][-1:] == ["standing"]
