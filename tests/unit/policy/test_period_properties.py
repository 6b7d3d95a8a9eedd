"""What must hold of any period, whatever the dates."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.policy import Rule, compute, compute_within, earliest_start
from contracts.policy.counting import Window, run
from tests.unit.policy.samples import district_calendar, end_of, rule, window

CALENDAR = district_calendar()
DAYS = st.dates(date(2005, 1, 1), date(2026, 6, 30))
UNITS = st.sampled_from(["calendar_day", "working_day", "month"])
ROLLS = st.sampled_from(["none", "next_after_rest", "next_working_day", "previous_working_day"])
MOVING = st.sampled_from(["next_after_rest", "next_working_day", "previous_working_day"])
NUMBERS = st.integers(1, 40)
PREVIOUS_WORKING_DAY = window(direction="before", inclusive=False, unit="working_day", n=1)
# One rolled period asks about some hundred days; the time limit of a single example says nothing about the code.
unhurried = settings(deadline=None)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    direction = draw(st.sampled_from(["after", "before"]))
    inclusive = draw(st.booleans())
    clear_days = direction == "before" and not inclusive and draw(st.booleans())
    return window(
        direction=direction,
        unit=draw(UNITS),
        n=draw(st.integers(1, 30)),
        roll=draw(ROLLS),
        inclusive=inclusive,
        clear_days=clear_days,
    )


@st.composite
def before_rules(draw: st.DrawFn) -> Rule:
    return rule(
        direction="before",
        unit=draw(UNITS),
        n=draw(st.integers(1, 20)),
        inclusive=draw(st.booleans()),
        roll=draw(st.sampled_from(["none", "previous_working_day"])),
    )


def due_date(of: Window, anchor: date) -> date:
    return run(of, anchor, CALENDAR, None).due_date


@unhurried
@given(windows(), DAYS)
def test_the_end_is_midnight_after_the_due_date(of: Window, anchor: date) -> None:
    outcome = run(of, anchor, CALENDAR, None)
    assert outcome.due_at == end_of(outcome.due_date)


@unhurried
@given(windows(), DAYS, MOVING)
def test_a_rolled_due_date_is_never_a_rest_day(of: Window, anchor: date, roll: str) -> None:
    rolled = window(
        direction=of.direction, unit=of.unit, n=of.n, roll=roll, inclusive=of.inclusive, clear_days=of.clear_days
    )
    assert CALENDAR.is_working(due_date(rolled, anchor))


@unhurried
@given(windows(), DAYS, MOVING)
def test_a_roll_passes_over_rest_days_only(of: Window, anchor: date, roll: str) -> None:
    shape = {
        "direction": of.direction,
        "unit": of.unit,
        "n": of.n,
        "inclusive": of.inclusive,
        "clear_days": of.clear_days,
    }
    still, moved = due_date(window(**shape, roll="none"), anchor), due_date(window(**shape, roll=roll), anchor)
    assert (moved <= still) if roll == "previous_working_day" else (moved >= still)
    first, last = min(still, moved), max(still, moved)
    passed = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    assert all(CALENDAR.is_rest(day) for day in passed if day != moved)


@unhurried
@given(windows(), DAYS, st.integers(0, 60))
def test_a_later_anchor_never_gives_an_earlier_due_date(of: Window, anchor: date, later: int) -> None:
    assert due_date(of, anchor) <= due_date(of, anchor + timedelta(days=later))


@unhurried
@given(UNITS, NUMBERS, DAYS)
def test_a_longer_period_never_ends_earlier(unit: str, n: int, anchor: date) -> None:
    assert due_date(window(unit=unit, n=n), anchor) < due_date(window(unit=unit, n=n + 1), anchor)
    back = {"direction": "before", "inclusive": False, "unit": unit}
    assert due_date(window(n=n, **back), anchor) > due_date(window(n=n + 1, **back), anchor)


@unhurried
@given(NUMBERS, DAYS)
def test_before_undoes_after_in_calendar_days(n: int, anchor: date) -> None:
    back = window(direction="before", inclusive=False, n=n)
    assert due_date(back, due_date(window(n=n), anchor)) == anchor


@unhurried
@given(NUMBERS, DAYS)
def test_before_undoes_after_in_working_days(n: int, anchor: date) -> None:
    """Only from a working day: nothing counts back to a rest day."""
    back = window(direction="before", inclusive=False, unit="working_day", n=n)
    there = due_date(back, due_date(window(unit="working_day", n=n), anchor))
    assert there == (anchor if CALENDAR.is_working(anchor) else due_date(PREVIOUS_WORKING_DAY, anchor))


@unhurried
@given(NUMBERS, DAYS)
def test_n_working_days_contain_n_working_days(n: int, anchor: date) -> None:
    last = due_date(window(unit="working_day", n=n), anchor)
    days = [anchor + timedelta(days=offset) for offset in range(1, (last - anchor).days + 1)]
    assert sum(CALENDAR.is_working(day) for day in days) == n


@unhurried
@given(before_rules(), DAYS)
def test_the_earliest_start_is_in_time_and_the_day_before_is_not(of: Rule, announced: date) -> None:
    earliest = earliest_start(of, announced, CALENDAR)
    assert compute(of, earliest, CALENDAR).due_date >= announced
    if earliest > announced:
        assert compute(of, earliest - timedelta(days=1), CALENDAR).due_date < announced


@unhurried
@given(st.integers(1, 200), DAYS)
def test_hours_add_up(hours: int, anchor: date) -> None:
    start = end_of(anchor)
    first = compute_within(hours, "hour", start, CALENDAR).due_at
    assert first - start == timedelta(hours=hours)
    assert compute_within(hours, "hour", first, CALENDAR).due_at - start == timedelta(hours=2 * hours)


@unhurried
@given(before_rules(), DAYS)
def test_the_safe_date_is_no_later_than_any_reading(of: Rule, start: date) -> None:
    due = compute(of.model_copy(update={"open_to": ("unit", "bound", "roll")}), start, CALENDAR)
    assert due.derivation.safe_date == min([due.due_date, *(entry.due_date for entry in due.derivation.readings)])
