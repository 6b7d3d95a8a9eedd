"""Each unit, direction and roll, one at a time: expectations counted by hand on the 2024 calendar.

2024: 09-14, 09-29 and 10-12 are make-up working days; 09-15 to 09-17 and 10-01 to 10-07 are rest days.
"""

from typing import Any

import pytest

from contracts.policy import Calendar, LongHoliday, PeriodError, compute, compute_within, earliest_start
from contracts.policy.counting import run
from tests.unit.policy.samples import day, district_calendar, end_of, layer, moment, rule, window

ROLLS = ("none", "next_after_rest", "next_working_day", "previous_working_day")


def last_day(anchor: str | None, year: int | None = None, **changes: Any) -> str:
    anchored = None if anchor is None else day(anchor)
    outcome = run(window(**changes), anchored, district_calendar(), year)
    assert outcome.due_at == end_of(outcome.due_date)
    return outcome.due_date.isoformat()


# direction, unit, n, anchor -> the due date under each of ROLLS
ROLLED = [
    # after: 09-13 + 2 days is 09-15, the first of three rest days after a working Saturday
    ("after", "calendar_day", 2, "2024-09-13", ("2024-09-15", "2024-09-18", "2024-09-18", "2024-09-14")),
    # not a rest day: nothing moves
    ("after", "calendar_day", 15, "2024-09-27", ("2024-10-12",) * 4),
    # 09-13 + 2 working days: 09-14 (make-up), 09-18
    ("after", "working_day", 2, "2024-09-13", ("2024-09-18",) * 4),
    # 08-31 + 1 month: September has no 31st, its last day is 09-30
    ("after", "month", 1, "2024-08-31", ("2024-09-30",) * 4),
    # 09-05 + 1 month is 10-05, in the long holiday that follows the working Monday 09-30
    ("after", "month", 1, "2024-09-05", ("2024-10-05", "2024-10-08", "2024-10-08", "2024-09-30")),
    # before: 10-09 - 3 days is 10-06
    ("before", "calendar_day", 3, "2024-10-09", ("2024-10-06", "2024-10-08", "2024-10-08", "2024-09-30")),
    # 10-09 - 2 working days: 10-08, 09-30
    ("before", "working_day", 2, "2024-10-09", ("2024-09-30",) * 4),
    # 11-07 - 1 month is 10-07
    ("before", "month", 1, "2024-11-07", ("2024-10-07", "2024-10-08", "2024-10-08", "2024-09-30")),
    # 03-31 - 1 month: 02-29 of a leap year, a Thursday
    ("before", "month", 1, "2024-03-31", ("2024-02-29",) * 4),
]


@pytest.mark.parametrize(("direction", "unit", "n", "anchor", "expected"), ROLLED)
def test_unit_and_direction_under_each_roll(
    direction: str, unit: str, n: int, anchor: str, expected: tuple[str, ...]
) -> None:
    inclusive = direction == "after"
    found = tuple(
        last_day(anchor, direction=direction, unit=unit, n=n, roll=roll, inclusive=inclusive) for roll in ROLLS
    )
    assert found == expected


def test_fixed_day_under_each_roll() -> None:
    def on(month_day: str, **changes: Any) -> tuple[str, ...]:
        return tuple(last_day(None, 2024, direction="on", month_day=month_day, roll=roll, **changes) for roll in ROLLS)

    assert on("08-20") == ("2024-08-20",) * 4
    assert on("08-20", inclusive=False) == ("2024-08-19",) * 4
    assert on("10-01") == ("2024-10-01", "2024-10-08", "2024-10-08", "2024-09-30")
    assert on("10-01", inclusive=False) == ("2024-09-30",) * 4
    assert on("10-12") == ("2024-10-12",) * 4


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "2024-09-12"),
        ({"inclusive": True}, "2024-09-13"),
        ({"clear_days": True}, "2024-09-11"),
        ({"unit": "month", "n": 1}, "2024-08-27"),
        ({"unit": "month", "n": 1, "inclusive": True}, "2024-08-28"),
        ({"unit": "month", "n": 1, "clear_days": True}, "2024-08-26"),
        ({"unit": "working_day", "n": 2}, "2024-09-25"),
        ({"unit": "working_day", "n": 2, "inclusive": True}, "2024-09-26"),
        ({"unit": "working_day", "n": 2, "clear_days": True}, "2024-09-24"),
    ],
)
def test_whether_the_day_before_counts(changes: dict[str, Any], expected: str) -> None:
    """2024-09-27 is a Friday: 15 days before with and without it, and with 15 clear days between."""
    given = {"direction": "before", "n": 15, "inclusive": False, **changes}
    assert last_day("2024-09-27", **given) == expected


def test_a_rest_day_is_not_among_the_working_days_counted_back_from_it() -> None:
    back: dict[str, Any] = {"direction": "before", "unit": "working_day", "n": 1, "inclusive": True}
    assert last_day("2024-10-08", **back) == "2024-10-08"
    assert last_day("2024-10-07", **back) == "2024-09-30"


def test_less_than_a_number_excludes_it() -> None:
    """民法典 1259: 不满 excludes the number, 以内 includes it."""
    assert last_day("2024-09-10", n=3) == "2024-09-13"
    assert last_day("2024-09-10", n=3, inclusive=False) == "2024-09-12"
    assert last_day("2024-09-12", n=2, unit="working_day", inclusive=False) == "2024-09-13"


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        ("2024-01-31", 1, "2024-02-29"),
        ("2025-01-31", 1, "2025-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-08-15", 1, "2024-09-15"),
        ("2024-10-31", 4, "2025-02-28"),
        ("2024-12-15", 1, "2025-01-15"),
    ],
)
def test_months_end_on_the_corresponding_day_or_the_last(anchor: str, months: int, expected: str) -> None:
    assert last_day(anchor, unit="month", n=months) == expected


def test_hours_run_from_the_hour_given() -> None:
    due = compute(rule(unit="hour", n=24), moment("2024-09-12T11:30"), district_calendar())
    assert (due.due_date, due.due_at) == (day("2024-09-13"), moment("2024-09-13T11:30"))
    before = rule(direction="before", unit="hour", n=24, inclusive=True)
    back = compute(before, moment("2024-09-12T11:30"), district_calendar())
    assert back.due_at == moment("2024-09-11T11:30")


def test_hours_that_end_at_midnight_belong_to_the_day_before() -> None:
    due = compute(rule(unit="hour", n=24), moment("2024-09-12T00:00"), district_calendar())
    assert (due.due_date, due.due_at) == (day("2024-09-12"), moment("2024-09-13T00:00"))


def test_hours_that_end_on_a_rest_day_roll_to_the_end_of_the_day_after() -> None:
    due = compute(rule(unit="hour", n=24, roll="next_after_rest"), moment("2024-09-14T10:00"), district_calendar())
    assert (due.due_date, due.due_at) == (day("2024-09-18"), moment("2024-09-19T00:00"))
    stays = compute(rule(unit="hour", n=24, roll="next_after_rest"), moment("2024-09-12T10:00"), district_calendar())
    assert stays.due_at == moment("2024-09-13T10:00")
    earlier = compute(
        rule(unit="hour", n=24, roll="previous_working_day"), moment("2024-09-14T10:00"), district_calendar()
    )
    assert earlier.due_at == moment("2024-09-15T00:00")


def test_cut_off_ends_the_last_day_early() -> None:
    due = compute(rule(cut_off="17:30"), day("2024-09-10"), district_calendar())
    assert (due.due_date, due.due_at) == (day("2024-09-13"), moment("2024-09-13T17:30"))
    publicity = rule(direction="before", n=15, cut_off="17:30")
    assert earliest_start(publicity, moment("2024-09-12T17:29"), district_calendar()) == day("2024-09-27")
    assert earliest_start(publicity, moment("2024-09-12T17:30"), district_calendar()) == day("2024-09-28")


@pytest.mark.parametrize(
    ("anchor", "n", "changes", "expected"),
    [
        # National Day's seven days are skipped: 09-28, 09-29, 09-30, then 10-08 and 10-09
        ("2024-09-27", 5, {"minimum_run": 7}, "2024-10-09"),
        # Mid-autumn's three days are not long enough
        ("2024-09-14", 5, {"minimum_run": 7}, "2024-09-19"),
        ("2024-09-14", 5, {"minimum_run": 3}, "2024-09-22"),
        # at most two of the seven
        ("2024-09-27", 5, {"minimum_run": 7, "at_most": 2}, "2024-10-04"),
        # ends before the holiday
        ("2024-09-27", 3, {"minimum_run": 7}, "2024-09-30"),
    ],
)
def test_long_holidays_are_not_counted(anchor: str, n: int, changes: dict[str, int], expected: str) -> None:
    assert last_day(anchor, n=n, long_holiday=LongHoliday(**changes)) == expected


def test_long_holidays_are_not_counted_backwards_or_in_months_either() -> None:
    holiday = LongHoliday(minimum_run=7)
    back: dict[str, Any] = {"direction": "before", "inclusive": False, "n": 3, "long_holiday": holiday}
    assert last_day("2024-10-09", **back) == "2024-09-29"
    assert last_day("2024-09-20", unit="month", n=1, long_holiday=holiday) == "2024-10-27"


def test_a_longer_period_skips_the_long_holiday_it_only_reaches_by_growing() -> None:
    """Two holidays: skipping the first one's days makes the period reach the second."""
    days = {f"2030-05-{number:02}": "rest" for number in (6, 7, 8, 13, 14, 15)}
    calendar = Calendar([layer("national", days, years=[2030])])
    outcome = run(window(n=8, long_holiday=LongHoliday(minimum_run=5)), day("2030-05-03"), calendar, None)
    # 05-04 to 05-08 and 05-11 to 05-15 are long; eight other days after 05-03 are 9, 10, 16..21
    assert outcome.due_date == day("2030-05-21")


def test_within_takes_spans_in_any_unit() -> None:
    calendar = district_calendar()
    assert compute_within(3, "calendar_day", day("2024-09-12"), calendar).due_date == day("2024-09-15")
    rolled = compute_within(3, "calendar_day", day("2024-09-12"), calendar, roll="next_after_rest")
    assert rolled.due_date == day("2024-09-18")
    assert compute_within(48, "hour", moment("2024-09-12T11:30"), calendar).due_at == moment("2024-09-14T11:30")


@pytest.mark.parametrize(
    ("changes", "anchor", "year", "reason"),
    [
        ({}, None, 2024, "须给出起算日"),
        ({"unit": "hour"}, "2024-09-12", None, "须给出时刻"),
        ({"direction": "on", "month_day": "08-20"}, None, None, "须给出年份"),
        ({"direction": "on", "month_day": "02-29"}, None, 2025, "2025 年没有 02-29"),
        ({"n": 3650}, "9999-12-01", None, "超出"),
        ({"n": 3650, "unit": "month"}, "9999-12-01", None, "超出"),
        ({"n": 3650, "unit": "month", "direction": "before"}, "0100-12-01", None, "超出"),
    ],
)
def test_what_cannot_be_computed_says_why(
    changes: dict[str, Any], anchor: str | None, year: int | None, reason: str
) -> None:
    with pytest.raises(PeriodError, match=reason):
        run(window(**changes), None if anchor is None else day(anchor), district_calendar(), year)


def test_an_instant_without_offset_is_refused() -> None:
    naive = moment("2024-09-12T11:30").replace(tzinfo=None)
    for unit in ("hour", "calendar_day"):
        with pytest.raises(PeriodError, match="须带时区"):
            compute(rule(unit=unit), naive, district_calendar())


def test_earliest_start_is_only_for_rules_that_count_back() -> None:
    with pytest.raises(PeriodError, match="不是向前计算的期限"):
        earliest_start(rule(), day("2024-09-12"), district_calendar())
    hours = rule(direction="before", unit="hour", n=48, inclusive=True)
    assert earliest_start(hours, moment("2024-09-12T10:00"), district_calendar()) == moment("2024-09-14T10:00")
    with pytest.raises(PeriodError, match="须给出时刻"):
        earliest_start(hours, day("2024-09-12"), district_calendar())
