"""Given facts, when judged, then these deadlines and violations stand."""

from typing import Any

import pytest

from contracts.policy import PolicyPack
from services.deadlines.domain import satisfaction
from services.deadlines.domain.records import Judged
from tests.unit.deadlines.story import CALENDAR, NEW_MEDIA, NEWSPAPER, PACK, WEBSITE, Story, at, day


def pack_with(rule: str | None = None, /, **changes: Any) -> PolicyPack:
    """The shipped pack with other values, in one rule or in the pack itself."""
    document = PACK.model_dump(mode="json")
    target = document if rule is None else next(entry for entry in document["rules"] if entry["id"] == rule)
    target.update(changes)
    return PolicyPack.model_validate(document)


def _outcome(judged: Judged) -> tuple[str, str | None]:
    return judged.deadline.state, judged.violation.state if judged.violation else None


# 报送、退回


def test_a_return_leaves_the_filing_met_while_it_may_come_back() -> None:
    story = Story().submitted("08-19 10:00").returned("08-20 10:00")
    entry = story.judged("08-22 10:00")["filing", 1]
    assert _outcome(entry) == ("met", None)
    assert entry.deadline.restore_by == at("08-24")  # three working days: 21, 22, 23


def test_a_returned_plan_that_does_not_come_back_lapses_at_the_end_of_its_period() -> None:
    entry = Story().submitted("08-19 10:00").returned("08-20 10:00").judged("08-24 00:00")["filing", 1]
    assert _outcome(entry) == ("lapsed", "standing")
    assert entry.violation is not None
    assert (entry.violation.occurred_at, entry.violation.due_date) == (at("08-24"), day("08-23"))


def test_a_plan_returned_early_lapses_no_sooner_than_it_was_due() -> None:
    story = Story().submitted("08-14 10:00").returned("08-14 11:00")
    assert _outcome(story.judged("08-20 23:59")["filing", 1]) == ("met", None)
    entry = story.judged("08-21 00:00")["filing", 1]
    assert entry.violation is not None
    assert entry.violation.occurred_at == at("08-21")


def test_a_plan_resubmitted_too_late_for_its_return_is_cured_and_counts_from_that_period() -> None:
    story = Story().submitted("08-19 10:00").returned("08-20 10:00").submitted("08-26 10:00", 2)
    entry = story.judged("08-27 00:00")["filing", 1]
    assert _outcome(entry) == ("cured", "cured")
    assert entry.violation is not None
    assert entry.violation.days_late == 3


def test_a_plan_resubmitted_before_it_was_due_at_all_is_in_time() -> None:
    story = Story().submitted("08-14 10:00").returned("08-14 11:00").submitted("08-20 23:59", 2)
    entry = story.judged("08-30 00:00")["filing", 1]
    assert (_outcome(entry), entry.deadline.met_at) == (("met", None), at("08-20 23:59"))


@pytest.mark.parametrize(("when", "state"), [("08-20 23:59", "met"), ("08-21 00:00", "cured")])
def test_the_due_instant_itself_is_late(when: str, state: str) -> None:
    assert Story().submitted(when).judged("09-01")["filing", 1].deadline.state == state


def test_what_was_filed_had_been_submitted_also_while_that_event_is_under_way() -> None:
    story = Story().filed("08-22 10:00", "08-20 10:00", "09-27 14:00")
    assert story.judged("08-23")["filing", 1].deadline.met_at == at("08-20 10:00")


# 宣传


def test_publicity_waits_for_filed_plan_and_date() -> None:
    story = Story().announced("08-26 10:00", WEBSITE, NEW_MEDIA).scheduled("09-02 10:00", "09-23 09:00")
    assert ("publicity", 1) not in story.judged("09-03")
    filed = story.filed("08-20 10:00", "08-19 10:00", None).judged("09-03")
    assert filed["publicity", 1].deadline.state == "met"


def test_publicity_counts_from_the_moment_the_minimum_was_reached() -> None:
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-27 14:00").announced("09-01 10:00", NEW_MEDIA, NEWSPAPER)
    assert story.judged("09-02")["publicity", 1].deadline.state == "open"  # two channels, not the required one
    story.announced("09-05 10:00", (NEW_MEDIA, "09-01 10:00"), (NEWSPAPER, "09-01 10:00"), (WEBSITE, "09-05 10:00"))
    assert story.judged("09-06")["publicity", 1].deadline.met_at == at("09-05 10:00")


def test_a_channel_in_the_wrong_column_does_not_count() -> None:
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-27 14:00").announced("09-01 10:00", NEW_MEDIA)
    story.proved("09-03 10:00", "09-02 10:00", WEBSITE, column="consultation")
    assert story.judged("09-04")["publicity", 1].deadline.state == "open"
    story.proved("09-03 10:00", "09-02 11:00", WEBSITE, column="plans_and_announcements")
    assert story.judged("09-04")["publicity", 1].deadline.met_at == at("09-02 11:00")


def test_what_was_public_before_the_filing_counts_from_the_filing() -> None:
    story = Story().filed("08-22 10:00", "08-19 10:00", "09-27 14:00")
    story.proved("08-23 10:00", "08-18 08:00", WEBSITE).proved("08-23 10:00", "08-18 08:00", NEWSPAPER)
    assert story.judged("08-24")["publicity", 1].deadline.met_at == at("08-22 10:00")


def test_an_announcement_counts_no_sooner_than_the_filing() -> None:
    story = Story().filed("08-22 10:00", "08-19 10:00", "09-27 14:00").announced("08-21 10:00", WEBSITE, NEW_MEDIA)
    assert story.judged("08-24")["publicity", 1].deadline.met_at == at("08-22 10:00")


def test_a_proof_of_something_else_proves_no_publicity() -> None:
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-27 14:00").announced("09-01 10:00", WEBSITE)
    story.proved("09-03 10:00", "09-02 10:00", NEW_MEDIA, "activity_report")
    assert story.judged("09-04")["publicity", 1].deadline.state == "open"


def test_publicity_that_comes_once_the_activity_has_started_cures_nothing() -> None:
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-27 14:00").announced("09-27 14:00", WEBSITE, NEW_MEDIA)
    assert _outcome(story.judged("10-01")["publicity", 1]) == ("lapsed", "standing")
    before = Story().filed("08-19 10:00", "08-16 10:00", "09-27 14:00").announced("09-27 13:59", WEBSITE, NEW_MEDIA)
    assert _outcome(before.judged("10-01")["publicity", 1]) == ("cured", "cured")


def test_a_withdrawn_announcement_lapses_unless_publicity_is_restored() -> None:
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-27 14:00").announced("08-26 10:00", WEBSITE, NEW_MEDIA)
    story.withdrawn("09-01 10:00")
    entry = story.judged("09-02")["publicity", 1]
    assert (entry.deadline.state, entry.deadline.restore_by) == ("met", at("09-13"))
    assert _outcome(story.judged("09-13")["publicity", 1]) == ("lapsed", "standing")
    story.announced("09-10 10:00", WEBSITE, NEW_MEDIA)
    entry = story.judged("09-20")["publicity", 1]
    assert (_outcome(entry), entry.deadline.met_at) == (("met", None), at("09-10 10:00"))


def test_publicity_withdrawn_after_it_was_due_lapses_at_that_moment() -> None:
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-27 14:00").announced("08-26 10:00", WEBSITE, NEW_MEDIA)
    story.withdrawn("09-20 10:00")
    entry = story.judged("09-21")["publicity", 1]
    assert entry.violation is not None
    assert (entry.violation.occurred_at, entry.violation.due_date) == (at("09-20 10:00"), day("09-20"))


def test_publicity_withdrawn_once_the_activity_has_started_is_no_matter() -> None:
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-27 14:00").announced("08-26 10:00", WEBSITE, NEW_MEDIA)
    assert _outcome(story.withdrawn("09-27 14:00").judged("10-01")["publicity", 1]) == ("met", None)


def test_where_publicity_is_a_point_in_time_a_withdrawal_undoes_nothing() -> None:
    story = Story(pack_with("publicity", continuous="point", assumptions={}))
    story.filed("08-19 10:00", "08-16 10:00", "09-27 14:00").announced("08-26 10:00", WEBSITE, NEW_MEDIA)
    assert _outcome(story.withdrawn("09-01 10:00").judged("10-01")["publicity", 1]) == ("met", None)


# 改期、取消、结束


def test_a_postponement_supersedes_an_open_deadline() -> None:
    story = (
        Story()
        .filed("08-19 10:00", "08-16 10:00", "09-20 09:00")
        .postponed("09-04 10:00", "09-20 09:00", "09-26 09:00")
    )
    judged = story.judged("10-01")
    first = judged["publicity", 1].deadline
    assert (first.state, first.cancelled_cause, first.cancelled_at) == ("cancelled", "superseded", at("09-04 10:00"))
    assert judged["publicity", 2].deadline.due_date == day("09-11")


def test_a_postponement_leaves_a_lapsed_deadline_and_its_violation() -> None:
    story = (
        Story()
        .filed("08-19 10:00", "08-16 10:00", "09-05 09:00")
        .postponed("09-04 18:00", "09-05 09:00", "09-20 09:00")
    )
    story.announced("09-04 19:00", WEBSITE, NEW_MEDIA, occurrence=2)
    judged = story.judged("10-01")
    assert _outcome(judged["publicity", 1]) == ("lapsed", "standing")
    assert _outcome(judged["publicity", 2]) == ("met", None)


@pytest.mark.parametrize(("on_postpone", "state"), [("count_again", "lapsed"), ("keep", "met")])
def test_whether_earlier_publicity_counts_for_the_new_date_is_the_packs_choice(on_postpone: str, state: str) -> None:
    story = Story(pack_with(on_postpone=on_postpone))
    story.filed("08-19 10:00", "08-16 10:00", "09-05 09:00").announced("08-20 10:00", WEBSITE, NEW_MEDIA)
    story.postponed("09-04 18:00", "09-05 09:00", "09-20 09:00")
    assert story.judged("09-19")["publicity", 2].deadline.state == state


def test_a_cancelled_activity_owes_nothing_that_is_open() -> None:
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-20 09:00").cancelled("09-01 10:00")
    publicity = story.judged("10-01")["publicity", 1].deadline
    assert (publicity.state, publicity.cancelled_cause) == ("cancelled", "activity_cancelled")
    late = Story().filed("08-19 10:00", "08-16 10:00", "09-20 09:00").cancelled("09-06 10:00")
    assert _outcome(late.judged("10-01")["publicity", 1]) == ("lapsed", "standing")


def test_a_cancelled_activity_is_not_held() -> None:
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-20 09:00").cancelled("09-20 09:30").ended("09-20 11:30")
    assert story.judged("09-21")["held", 1].deadline.state == "open"
    assert story.judged("09-21")["activity_report", 1].deadline.state == "cancelled"


def test_a_cancelled_plan_takes_its_activities_along() -> None:
    story = Story().filed("08-19 10:00", "08-16 10:00", "09-20 09:00").plan_cancelled("09-01 10:00")
    assert story.judged("10-01")["publicity", 1].deadline.cancelled_cause == "activity_cancelled"


def test_a_corrected_end_moves_what_is_open() -> None:
    story = Story().ended("09-27 00:30")
    assert story.judged("09-28")["activity_report", 1].deadline.due_date == day("09-30")
    judged = story.end_corrected("09-27 10:00", "09-27 00:30", "09-26 23:00").judged("09-28")
    assert judged["activity_report", 1].deadline.due_date == day("09-29")
    assert judged["evaluation", 1].deadline.due_date == day("10-11")


def test_a_corrected_end_does_not_move_what_was_met_before_it() -> None:
    story = (
        Story().ended("09-27 00:30").reported("09-27 09:00").end_corrected("09-27 10:00", "09-27 00:30", "09-26 23:00")
    )
    judged = story.judged("09-28")
    assert judged["activity_report", 1].deadline.due_date == day("09-30")


def test_a_corrected_end_does_not_move_what_was_due_before_it() -> None:
    story = Story().ended("09-27 00:30").end_corrected("10-05 10:00", "09-27 00:30", "09-26 23:00")
    judged = story.judged("10-06")
    assert judged["activity_report", 1].deadline.due_date == day("09-30")
    assert judged["activity_report", 1].deadline.state == "lapsed"


def test_a_correction_heard_before_the_end_it_corrects_tells_both() -> None:
    correction_only = (
        Story().headcount("09-27 00:30", 30).end_corrected("09-27 10:00", "09-27 00:30", "09-26 23:00").judged("09-28")
    )
    both = Story().end_corrected("09-27 10:00", "09-27 00:30", "09-26 23:00").ended("09-27 00:30").judged("09-28")
    assert correction_only == both


def test_a_closed_campaign_cancels_what_is_open_and_nothing_else() -> None:
    story = Story(closed="09-01 10:00").submitted("08-22 10:00").ended("08-30 11:00").reported("09-01 12:00")
    states = {rule: entry.deadline.state for (rule, _), entry in story.judged("11-01").items()}
    assert states == {
        "filing": "cured",
        "held": "met",
        "activity_report": "cancelled",
        "evaluation": "cancelled",
        "adoption": "cancelled",
        "district_report": "cancelled",
    }


# 规则的其他取值


def test_a_warning_rule_lapses_without_a_violation() -> None:
    entry = Story(pack_with("filing", severity="warn")).judged("09-01")["filing", 1]
    assert _outcome(entry) == ("lapsed", None)


def test_a_rule_that_allows_no_cure_stands() -> None:
    entry = Story(pack_with("filing", cures_until="never")).submitted("08-22 10:00").judged("09-01")["filing", 1]
    assert _outcome(entry) == ("lapsed", "standing")


def test_an_act_after_the_cut_off_hour_of_the_last_day_is_one_day_late() -> None:
    entry = Story(pack_with("filing", cut_off="18:00")).submitted("08-20 20:00").judged("09-01")["filing", 1]
    assert entry.violation is not None
    assert (entry.violation.occurred_at, entry.violation.days_late) == (at("08-20 18:00"), 1)


def test_a_rule_nobody_can_tell_about_is_not_supervised(monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story().ended("09-27 11:30")
    assert any(rule == "adoption" for rule, _ in story.judged("12-01"))
    monkeypatch.delitem(satisfaction._SATISFIED, "adoption_table_complete")
    assert not any(rule == "adoption" for rule, _ in story.judged("12-01"))


def test_an_activity_nobody_came_to_is_not_held() -> None:
    assert Story().ended("09-27 11:30", counted=0).judged("10-05")["held", 1].deadline.state == "lapsed"


def test_a_headcount_that_comes_late_shows_that_it_was_held_in_time() -> None:
    story = Story().ended("09-27 11:30", counted=None)
    assert _outcome(story.judged("10-05")["held", 1]) == ("lapsed", "standing")
    held = story.headcount("10-06 10:00", 30).judged("10-06 10:00")["held", 1].deadline
    assert (held.state, held.met_at) == ("met", at("09-27 11:30"))


def test_an_adoption_table_counts_only_when_every_suggestion_is_decided() -> None:
    story = Story().ended("09-27 11:30").table("10-08 10:00", received=5, decided=4)
    assert _outcome(story.judged("10-13")["adoption", 1]) == ("lapsed", "standing")
    cured = story.table("10-14 10:00", received=5, version=2).judged("10-15")["adoption", 1]
    assert _outcome(cured) == ("cured", "cured")
    assert cured.violation is not None and cured.violation.days_late == 2


def test_a_table_of_nothing_counts() -> None:
    assert Story().ended("09-27 11:30").table("10-12 16:00").judged("10-15")["adoption", 1].deadline.state == "met"


def test_proofs_of_every_channel_prove_a_report() -> None:
    story = Story().ended("09-27 11:30").proved("10-03 10:00", "09-29 10:00", WEBSITE, "activity_report")
    assert story.judged("10-04")["activity_report", 1].deadline.state == "lapsed"
    story.proved("10-03 11:00", "09-30 10:00", NEW_MEDIA, "activity_report")
    assert story.judged("10-04")["activity_report", 1].deadline.met_at == at("09-30 10:00")


# 决定


def test_an_extended_deadline_lapses_at_the_end_of_its_new_day() -> None:
    story = Story().extended("09-29 10:00", "held", "10-11")
    assert story.judged("10-11 23:59")["held", 1].deadline.state == "open"
    entry = story.judged("10-12 00:00")["held", 1]
    assert entry.violation is not None
    assert entry.violation.occurred_at == at("10-12")


def test_a_waived_deadline_stays_waived_whatever_is_learnt_later() -> None:
    story = Story().waived("09-10 10:00", "held").ended("09-09 11:30")
    assert _outcome(story.judged("11-01")["held", 1]) == ("waived", None)


def test_a_waived_violation_is_not_cured_later() -> None:
    story = Story().violation_waived("08-25 10:00", "filing").submitted("08-26 10:00")
    assert _outcome(story.judged("09-01")["filing", 1]) == ("cured", "waived")


def test_an_act_in_time_annuls_even_a_waived_violation() -> None:
    story = Story().violation_waived("08-25 10:00", "filing").submitted("08-20 10:00")
    assert _outcome(story.judged("09-01")["filing", 1]) == ("met", None)


def test_an_upheld_objection_withdraws_the_violation_for_good() -> None:
    story = Story().objection_upheld("08-25 10:00", "filing").submitted("08-26 10:00")
    entry = story.judged("09-01")["filing", 1]
    assert entry.violation is not None
    assert (entry.violation.state, entry.violation.withdrawn_cause) == ("withdrawn", "objection_upheld")


def test_the_calendar_is_the_real_one() -> None:
    assert CALENDAR.is_working(day("09-14")) and CALENDAR.is_working(day("10-12")) and CALENDAR.is_rest(day("09-17"))
