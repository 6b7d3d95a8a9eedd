"""Every due date that the domain page and the season page fix by hand."""

import pytest

from contracts.policy import PACKS_DIRECTORY, compute, earliest_start, extension_limit, within
from tests.unit.policy.samples import day, district_calendar, district_pack, end_of, moment

# (rule, counts from, due date): the domain page's vectors.
VECTORS = [
    ("activity_report", "2024-09-12", "2024-09-18"),
    ("evaluation", "2024-09-12", "2024-09-27"),
    ("adoption", "2024-09-12", "2024-09-27"),
    ("activity_report", "2024-09-27", "2024-09-30"),
    ("evaluation", "2024-09-27", "2024-10-12"),
    ("adoption", "2024-09-27", "2024-10-12"),
    ("activity_report", "2024-09-30", "2024-10-08"),
    ("evaluation", "2025-09-26", "2025-10-11"),
    ("activity_report", "2026-09-24", "2026-09-28"),
    ("publicity", "2024-09-27", "2024-09-12"),
]

# (department, day of the activity, publicity, report, evaluation and adoption): the twelve of the season.
SEASON = [
    ("1 教育局", "09-12", "08-28", "09-18", "09-27"),
    ("2 民政局", "09-27", "09-12", "09-30", "10-12"),
    ("3 水务局", "09-24", "09-09", "09-27", "10-09"),
    ("4 农业农村局", "09-18", "09-03", "09-23", "10-08"),
    ("6 住房和城乡建设局", "09-25", "09-10", "09-29", "10-10"),
    ("7 文化旅游局，原定", "09-05", "08-21", None, None),
    ("7 文化旅游局，改期", "09-20", "09-05", "09-23", "10-08"),
    ("8 卫生健康局", "09-11", "08-27", None, None),
    ("9 应急管理局", "09-27", "09-12", "09-30", "10-12"),
    ("10 市场监督管理局", "09-23", "09-08", "09-26", "10-08"),
    ("11 审批服务管理局", "09-19", "09-04", "09-23", "10-08"),
    ("12 司法局", "09-26", "09-11", "09-29", "10-11"),
]


def due_date(rule_id: str, counts_from: str) -> str:
    pack = district_pack()
    due = compute(pack.rule(rule_id), day(counts_from), district_calendar(), pack.year)
    assert due.due_at == end_of(due.due_date)
    assert not due.provisional
    return due.due_date.isoformat()


@pytest.mark.parametrize(("rule_id", "counts_from", "expected"), VECTORS)
def test_domain_vector(rule_id: str, counts_from: str, expected: str) -> None:
    assert due_date(rule_id, counts_from) == expected


@pytest.mark.parametrize(("department", "held", "publicity", "report", "rest"), SEASON, ids=[row[0] for row in SEASON])
def test_season(department: str, held: str, publicity: str, report: str | None, rest: str | None) -> None:
    assert due_date("publicity", f"2024-{held}") == f"2024-{publicity}"
    if report is not None:
        assert due_date("activity_report", f"2024-{held}") == f"2024-{report}"
        assert due_date("evaluation", f"2024-{held}") == due_date("adoption", f"2024-{held}") == f"2024-{rest}"


@pytest.mark.parametrize(("rule_id", "due_at"), [("filing", "08-21"), ("held", "10-01"), ("district_report", "10-16")])
def test_fixed_dates_lapse_at_the_next_midnight(rule_id: str, due_at: str) -> None:
    """Department 5 submits nothing: its violations are timed 08-21, 10-01 and 10-16, all 00:00."""
    pack = district_pack()
    due = compute(pack.rule(rule_id), None, district_calendar(), pack.year)
    assert due.due_at == moment(f"2024-{due_at}T00:00")


@pytest.mark.parametrize(
    ("announced", "earliest"),
    [("2024-08-20", "2024-09-04"), ("2024-08-26", "2024-09-10"), ("2024-09-12", "2024-09-27")],
)
def test_earliest_start(announced: str, earliest: str) -> None:
    publicity = district_pack().rule("publicity")
    assert earliest_start(publicity, day(announced), district_calendar()) == day(earliest)


def test_earliest_start_of_an_announcement_late_in_the_evening_is_that_of_its_day() -> None:
    publicity = district_pack().rule("publicity")
    assert earliest_start(publicity, moment("2024-09-12T23:30"), district_calendar()) == day("2024-09-27")
    assert earliest_start(publicity, moment("2024-09-13T00:00"), district_calendar()) == day("2024-09-28")


def test_resubmission_of_a_plan_returned_on_a_monday_ends_on_thursday() -> None:
    review = district_pack().review
    due = within(review.resubmit_within, day("2024-08-19"), district_calendar(), roll=review.resubmit_roll)
    assert (due.due_date, due.due_at) == (day("2024-08-22"), moment("2024-08-23T00:00"))


def test_the_office_may_extend_the_evaluation_of_department_11_to_its_new_date() -> None:
    pack, calendar = district_pack(), district_calendar()
    rule = pack.rule("evaluation")
    due = compute(rule, day("2024-09-19"), calendar, pack.year)
    limit = extension_limit(rule, due, calendar)
    assert limit is not None
    assert due.due_date < day("2024-10-11") <= limit.due_date


def test_an_end_given_as_an_instant_counts_as_its_day_in_shanghai() -> None:
    pack, calendar = district_pack(), district_calendar()
    rule = pack.rule("activity_report")
    by_instant = compute(rule, moment("2024-09-27T16:30"), calendar, pack.year)
    just_after_midnight = compute(rule, moment("2024-09-28T00:10"), calendar, pack.year)
    assert by_instant.due_date == day("2024-09-30")
    assert just_after_midnight.due_date == day("2024-10-08")


def test_rules_carry_clause_and_sentence_of_the_notice() -> None:
    pack = district_pack()
    clauses = {rule.id: rule.clause for rule in pack.rules}
    assert clauses | {entry.id: entry.clause for entry in pack.requirements} == {
        "filing": "3.1",
        "held": "1",
        "publicity": "3.1",
        "activity_report": "3.3.1",
        "evaluation": "3.3.2",
        "adoption": "4.1",
        "district_report": "4.4",
        "headcount": "2.2",
    }
    assert {entry.id: entry.clause for entry in pack.checks} == {
        "season": "1",
        "forbidden_name": "4.2",
        "announced_before_filed": "2.1",
        "places": "2.2",
        "minimum_age": "2.2",
        "forms": "3.2",
        "segments": "3.2",
        "announcement_items": "3.1",
        "weekday": "3.1",
        "report_parts": "3.3.1",
        "publicity_unreachable": "3.1",
    }


def test_the_built_in_directory_is_the_default() -> None:
    assert (PACKS_DIRECTORY / "640402-2024.toml").is_file()
