"""The season's two files are whole, agree with each other, and name nobody real."""

from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError
from stdnum.cn import uscc

from deploy.rehearsal.acts import ACTS
from deploy.rehearsal.acts_people import resident
from deploy.rehearsal.expectation import end_of, expected_record, read_expectation
from deploy.rehearsal.record import SHANGHAI, Counts
from deploy.rehearsal.script import SEASON, read_season

SEASON_FILE = SEASON / "season.toml"


def test_departments_are_marked_and_their_codes_are_valid() -> None:
    departments = read_season().departments
    assert [department.number for department in departments] == list(range(1, 13))
    for department in departments:
        assert uscc.is_valid(department.code)
        assert department.name.endswith("（演练）")
        assert department.email.endswith(".example")
    assert len({department.code for department in departments}) == 12
    assert len({department.email for department in departments}) == 12


def test_every_act_is_played_and_every_play_is_acted() -> None:
    assert {step.act for step in read_season().steps} == set(ACTS)


def test_at_least_25_sign_up_for_every_activity() -> None:
    steps = [step for step in read_season().steps if step.act == "sign_up"]
    assert sorted(step.department or 0 for step in steps) == [1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12]
    assert {step.department: step.people + step.recommended for step in steps} == {
        number: 60 if number == 11 else 30 for number in (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12)
    }
    (rush,) = [step for step in steps if step.department == 11]
    assert rush.at_once == rush.people  # nobody waits for anybody else


def test_every_participant_of_the_postponed_activity_is_to_be_told_once() -> None:
    messages = expected_record(read_expectation(), read_season()).messages
    told = [message.to for message in messages if message.about.event == "activity-rescheduled"]
    assert sorted(told) == sorted(["frontend", *(resident(7, number) for number in range(1, 31))])


def test_who_left_an_address_is_to_be_answered() -> None:
    """Suggestions from the form, three of row 1's six, both of row 2's, two of row 9's four."""
    messages = expected_record(read_expectation(), read_season()).messages
    answered = Counter(message.about.department for message in messages if message.to == "suggester")
    assert answered == {1: 3, 2: 2, 9: 2}


def test_every_refusal_meant_is_expected_and_no_other() -> None:
    meant = [(step.department, step.act, step.at) for step in read_season().steps if step.refused]
    record = expected_record(read_expectation(), read_season())
    assert sorted(meant, key=str) == sorted(((row.department, row.act, row.at) for row in record.refusals), key=str)
    assert len(meant) == 12


def test_everybody_owes_filing_held_and_district_report_once() -> None:
    expectation = read_expectation()
    assert sorted(expectation.departments) == list(range(1, 13))
    for owed in expectation.departments.values():
        rules = Counter(deadline.rule for deadline in owed.deadlines)
        assert rules["filing"] == rules["held"] == rules["district_report"] == 1
        assert rules["activity_report"] == rules["evaluation"] == rules["adoption"] <= 1


def test_the_counts_are_those_of_the_season() -> None:
    season, expectation = read_season(), read_expectation()
    full = expected_record(expectation, season)
    assert full.counts == Counts(standing=5, cured=4, withdrawn=1, waived=1) == expectation.counts


def test_written_moments_agree_with_each_other() -> None:
    """A lapse is at 24:00 of its due date; what is met was met before, what is cured after, as many days late."""
    for owed in read_expectation().departments.values():
        lapsed = {(d.rule, d.occurrence): d for d in owed.deadlines if d.state in ("lapsed", "cured")}
        for deadline in owed.deadlines:
            if deadline.state == "met":
                assert deadline.at is not None
                assert deadline.opened <= deadline.at < end_of(deadline.due)
        for violation in owed.violations:
            if violation.kind == "requirement":
                continue
            assert violation.due is not None
            assert violation.occurred == end_of(violation.due)
            if violation.state == "withdrawn":
                continue
            deadline = lapsed.pop((violation.rule, violation.occurrence))
            assert deadline.due == violation.due
            assert deadline.at == violation.at
            if violation.at is not None:
                assert violation.days_late == (violation.at.date() - violation.due).days
        assert not lapsed


def test_reminders_come_only_while_a_deadline_is_open() -> None:
    facts = expected_record(read_expectation(), read_season()).facts

    def reminders(department: int, rule: str) -> list[datetime]:
        found = [f for f in facts if f.event == "deadline-approached" and (f.department, f.rule) == (department, rule)]
        return sorted(fact.at for fact in found)

    def at(month: int, day: int) -> datetime:
        return datetime(2024, month, day, 9, tzinfo=SHANGHAI)

    assert reminders(5, "filing") == [at(8, 17), at(8, 19)]  # never done
    assert reminders(1, "filing") == []  # done on 08-16, before the first
    assert reminders(7, "publicity") == [at(8, 20)]  # opened on 08-19, after the first one's day
    assert reminders(11, "evaluation") == [at(10, 8), at(10, 10)]  # only before the extended date
    assert reminders(12, "publicity") == [at(9, 8), at(9, 10)]  # the newspaper counted only from 09-14 on
    assert reminders(8, "held") == []  # waived on 09-10


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('code = "11640402YL0000012B"', 'code = "11640402YL00000123"', "check digit is invalid"),
        ('email = "water@department.example"', 'email = "water@department.gov.cn"', "email"),
        ('name = "原州区水务局（演练）"', 'name = "原州区水务局"', "name"),
        ('act = "open_campaign"', 'act = "open_campaign"\nwhen = "now"', "when"),
        ("at = 2024-09-13T10:00:00+08:00", "at = 2024-10-13T10:00:00+08:00", "排在更晚的步骤之后"),
    ],
)
def test_a_script_with_a_mistake_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = SEASON_FILE.read_text(encoding="utf-8")
    assert old in text
    planted = tmp_path / "season.toml"
    planted.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValidationError, match=said):
        read_season(planted)


def test_due_dates_are_civil_dates_of_the_season() -> None:
    record = expected_record(read_expectation(), read_season())
    assert all(date(2024, 8, 20) <= row.due <= date(2024, 10, 15) for row in record.deadlines)
