"""season-2024.md by hand: every due date and violation that needs neither registration nor feedback."""

import pytest

from services.deadlines.domain.records import Judged
from tests.unit.deadlines.story import NEW_MEDIA, NEWSPAPER, WEBSITE, Story, at, day

END = "10-20"


def _education() -> Story:
    return (
        Story().submitted("08-16 10:00").filed("08-19 15:00", "08-16 10:00", "09-12 09:00")
        .announced("08-26 10:00", WEBSITE, NEW_MEDIA).ended("09-12 11:30").reported("09-14 10:00")
        .evaluated_with_table("09-25 10:00").district_report("10-10 10:00")
    )  # fmt: skip


def _civil_affairs() -> Story:
    return (
        Story().submitted("08-20 23:50").filed("08-22 10:00", "08-20 23:50", "09-27 14:00")
        .announced("09-10 10:00", WEBSITE)
        .announced("09-12 23:30", (WEBSITE, "09-10 10:00"), (NEWSPAPER, "09-12 23:30"))
        .ended("09-27 16:30").reported("09-30 23:59").evaluated_with_table("10-12 16:00").district_report("10-15 23:00")
    )  # fmt: skip


def _water() -> Story:
    return (
        Story().submitted("08-22 11:00").filed("08-23 10:00", "08-22 11:00", "09-24 09:00")
        .announced("09-06 10:00", WEBSITE, NEW_MEDIA).ended("09-24 11:30").reported("09-26 10:00")
        .evaluated_with_table("10-09 10:00").district_report("10-15 09:00")
    )  # fmt: skip


def _agriculture() -> Story:
    return (
        Story().submitted("08-15 10:00").returned("08-19 10:00").submitted("08-21 16:00", 2)
        .filed("08-22 10:00", "08-21 16:00", "09-18 09:00").announced("09-02 10:00", WEBSITE, NEW_MEDIA)
        .ended("09-18 11:30").reported("09-23 10:00").evaluated_with_table("10-08 10:00").district_report("10-10 10:00")
    )  # fmt: skip


def _housing() -> Story:
    return (
        Story().submitted("08-19 10:00").filed("08-20 10:00", "08-19 10:00", "09-25 09:00")
        .announced("09-21 10:00", WEBSITE, NEW_MEDIA).ended("09-25 11:30").reported("09-29 10:00")
        .evaluated_with_table("10-10 10:00").district_report("10-10 10:00")
    )  # fmt: skip


def _culture() -> Story:
    return (
        Story().submitted("08-16 10:00").filed("08-19 10:00", "08-16 10:00", "09-05 09:00")
        .announced("08-20 10:00", WEBSITE, NEW_MEDIA).postponed("09-04 18:00", "09-05 09:00", "09-20 09:00")
        .announced("09-04 18:00", WEBSITE, NEW_MEDIA, occurrence=2, corrects=True)
        .ended("09-20 11:30", occurrence=2).reported("09-23 10:00").evaluated_with_table("10-08 10:00")
        .district_report("10-10 10:00")
    )  # fmt: skip


def _health() -> Story:
    return (
        Story().submitted("08-19 10:00").filed("08-20 10:00", "08-19 10:00", "09-11 09:00")
        .announced("08-26 10:00", WEBSITE, NEW_MEDIA).cancelled("09-06 10:00").waived("09-10 10:00", "held")
        .district_report("10-10 10:00")
    )  # fmt: skip


def _emergency() -> Story:
    return (
        Story().submitted("08-19 10:00").filed("08-20 10:00", "08-19 10:00", "09-27 09:00")
        .announced("09-10 10:00", WEBSITE, NEW_MEDIA).ended("09-27 11:30").reported("10-01 10:00")
        .evaluated("10-12 10:00").table("10-12 10:00", 5, 4).table("10-14 10:00", 5, version=2)
        .district_report("10-10 10:00")
    )  # fmt: skip


def _market() -> Story:
    return (
        Story().submitted("08-19 10:00").filed("08-20 10:00", "08-19 10:00", None)
        .scheduled("09-02 10:00", "09-23 09:00").announced("09-07 10:00", WEBSITE, NEW_MEDIA).ended("09-23 11:30")
        .reported("09-26 10:00").evaluated_with_table("10-08 10:00").district_report("10-10 10:00")
    )  # fmt: skip


def _approval() -> Story:
    return (
        Story().submitted("08-19 10:00").filed("08-20 10:00", "08-19 10:00", "09-19 09:00")
        .announced("09-04 20:00", WEBSITE, NEW_MEDIA).ended("09-19 11:30").reported("09-23 10:00")
        .extended("10-07 10:00", "evaluation", "10-11").evaluated("10-10 10:00").table("10-08 10:00", 3)
    )  # fmt: skip


def _justice() -> Story:
    return (
        Story().submitted("08-16 10:00").filed("08-19 10:00", "08-16 10:00", "09-26 09:00")
        .announced("09-09 10:00", WEBSITE).proved("09-14 10:00", "09-10 08:00", NEWSPAPER)
        .ended("09-26 11:30").reported("09-29 10:00").evaluated_with_table("10-11 10:00").district_report("10-10 10:00")
    )  # fmt: skip


DUE_DATES = [
    (_education, {"filing": "08-20", "publicity": "08-28", "activity_report": "09-18", "evaluation": "09-27"}),
    (_civil_affairs, {"publicity": "09-12", "activity_report": "09-30", "evaluation": "10-12"}),
    (_water, {"filing": "08-20", "publicity": "09-09", "activity_report": "09-27", "evaluation": "10-09"}),
    (_agriculture, {"publicity": "09-03", "activity_report": "09-23", "evaluation": "10-08"}),
    (Story, {"filing": "08-20", "held": "09-30", "district_report": "10-15"}),
    (_housing, {"publicity": "09-10", "activity_report": "09-29", "evaluation": "10-10"}),
    (_culture, {"publicity": "08-21", "activity_report": "09-23", "evaluation": "10-08"}),
    (_health, {"publicity": "08-27", "held": "09-30"}),
    (_emergency, {"activity_report": "09-30", "evaluation": "10-12"}),
    (_market, {"publicity": "09-08", "activity_report": "09-26", "evaluation": "10-08"}),
    (_approval, {"publicity": "09-04", "activity_report": "09-23", "evaluation": "10-11", "district_report": "10-15"}),
    (_justice, {"publicity": "09-11", "activity_report": "09-29", "evaluation": "10-11"}),
]  # fmt: skip


@pytest.mark.parametrize(("story", "expected"), DUE_DATES, ids=lambda value: getattr(value, "__name__", ""))
def test_due_dates(story: type[Story], expected: dict[str, str]) -> None:
    judged = story().judged(END)
    due = {rule: entry.deadline.due_date for (rule, _), entry in reversed(judged.items())}
    assert {rule: due[rule] for rule in expected} == {rule: day(text) for rule, text in expected.items()}


@pytest.mark.parametrize("story", [_education, _civil_affairs, _agriculture, _culture, _market])
def test_all_met(story: type[Story]) -> None:
    judged = story().judged(END)
    # filing, held, publicity, report, evaluation, adoption, district report; one publicity more for the postponed one
    assert len(judged) == (8 if story is _culture else 7)
    assert {entry.deadline.state for entry in judged.values()} == {"met"}


def _violations(story: Story) -> dict[str, tuple[str, str]]:
    return {
        rule: (f"{entry.violation.occurred_at.astimezone(at('01-01').tzinfo):%m-%d %H:%M}", entry.violation.state)
        for (rule, _), entry in story.judged(END).items()
        if entry.violation is not None
    }


def test_filed_two_days_late_is_cured() -> None:
    assert _violations(_water()) == {"filing": ("08-21 00:00", "cured")}
    assert _late(_water().judged(END)["filing", 1]) == (at("08-22 11:00"), 2)


def _late(entry: Judged) -> tuple[object, object]:
    assert entry.violation is not None
    return entry.violation.cured_at, entry.violation.days_late


def test_nothing_at_all_leaves_three_standing() -> None:
    assert _violations(Story()) == {
        "filing": ("08-21 00:00", "standing"),
        "held": ("10-01 00:00", "standing"),
        "district_report": ("10-16 00:00", "standing"),
    }


def test_announced_four_days_ahead_is_cured_eleven_days_late() -> None:
    assert _violations(_housing()) == {"publicity": ("09-11 00:00", "cured")}
    assert _late(_housing().judged(END)["publicity", 1]) == (at("09-21 10:00"), 11)


def test_postponed_activity_is_publicised_anew() -> None:
    judged = _culture().judged(END)
    assert judged["publicity", 1].deadline.met_at == at("08-20 10:00")
    assert judged["publicity", 2].deadline.due_date == day("09-05")
    assert judged["publicity", 2].deadline.met_at == at("09-04 18:00")


def test_cancelled_activity_owes_nothing_more_and_held_is_waived() -> None:
    judged = _health().judged(END)
    assert _violations(_health()) == {}
    assert {rule: entry.deadline.state for (rule, _), entry in judged.items()} == {
        "filing": "met",
        "held": "waived",
        "publicity": "met",
        "district_report": "met",
    }


def test_report_one_day_late_and_table_two_days_late_are_cured() -> None:
    assert _violations(_emergency()) == {
        "activity_report": ("10-01 00:00", "cured"),
        "adoption": ("10-13 00:00", "cured"),
    }
    assert _late(_emergency().judged(END)["activity_report", 1]) == (at("10-01 10:00"), 1)
    assert _late(_emergency().judged(END)["adoption", 1]) == (at("10-14 10:00"), 2)


def test_extended_evaluation_is_met_and_the_missing_district_report_stands() -> None:
    assert _violations(_approval()) == {"district_report": ("10-16 00:00", "standing")}
    evaluation = _approval().judged(END)["evaluation", 1].deadline
    assert (evaluation.state, evaluation.extended, evaluation.ruled.due_date) == ("met", True, day("10-08"))


def test_accepted_proof_counts_at_its_claimed_time() -> None:
    assert _violations(_justice()) == {}
    assert _justice().judged(END)["publicity", 1].deadline.met_at == at("09-10 08:00")
