"""数日子: one window run over a calendar, step by step. Pure: no clock, no I/O."""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from contracts.policy.calendar import Calendar
from contracts.policy.derivation import Step
from contracts.policy.primitives import SHANGHAI, Direction, Roll, Unit, day_of, time_of
from contracts.policy.rule import LongHoliday

FIRST_DAY_NOT_COUNTED = "民法典第二百零一条"
CORRESPONDING_DAY = "民法典第二百零二条"
LAST_DAY = "民法典第二百零三条"
NUMBER_INCLUDED = "民法典第一千二百五十九条"

_ONE_DAY = timedelta(days=1)
_UNITS = {"calendar_day": "个自然日", "working_day": "个工作日", "month": "个月", "hour": "小时"}


class PeriodError(ValueError):
    """期间无法计算: the anchor does not fit the rule, or lies outside any calendar."""


@dataclass(frozen=True, slots=True)
class Window:
    """期间: what a rule says about counting, without whom it binds."""

    direction: Direction
    roll: Roll
    n: int = 0
    unit: Unit = "calendar_day"
    month_day: str = ""
    inclusive: bool = True
    clear_days: bool = False
    long_holiday: LongHoliday | None = None
    cut_off: str | None = None


class Outcome(NamedTuple):
    """推算结果: last day, exclusive end, how it came about, and the days that had to be guessed."""

    due_date: date
    due_at: datetime
    steps: tuple[Step, ...]
    uncovered: tuple[date, ...]


@dataclass(slots=True)
class _Trace:
    """Notes the steps taken and every day the calendar was asked about but does not know."""

    calendar: Calendar
    steps: list[Step] = field(default_factory=list)
    uncovered: set[date] = field(default_factory=set)
    silent: set[tuple[str, int]] = field(default_factory=set)

    def is_rest(self, day: date) -> bool:
        if not self.calendar.covers(day):
            self.uncovered.add(day)
        self.silent.update((layer, day.year) for layer in self.calendar.silent_layers(day))
        return self.calendar.is_rest(day)

    def step(self, text: str, article: str | None = None, day: date | None = None) -> None:
        self.steps.append(Step(number=len(self.steps) + 1, text=text, article=article, date=day))


def civil_date(anchor: date) -> date:
    """The civil date in Asia/Shanghai; PeriodError for an instant without an offset."""
    if isinstance(anchor, datetime):
        if anchor.tzinfo is None:
            raise PeriodError("时刻须带时区")
        return anchor.astimezone(SHANGHAI).date()
    return anchor


def in_chinese(day: date) -> str:
    """2024-09-27（星期五）."""
    return f"{day.isoformat()}（星期{'一二三四五六日'[day.weekday()]}）"


def run(window: Window, anchor: date | None, calendar: Calendar, year: int | None) -> Outcome:
    """Run ``window`` from ``anchor`` (``on``: in ``year``); PeriodError when either is missing or out of range."""
    trace = _Trace(calendar)
    try:
        due_date, due_at = _run(window, anchor, trace, year)
    except OverflowError:
        raise PeriodError("日期超出可计算的范围") from None
    if trace.uncovered:
        first = min(trace.uncovered)
        trace.step(f"{in_chinese(first)}所在年度的放假安排尚未公布，暂按周末推算；公布后再确认或调整", day=first)
    for layer, silent_year in sorted(trace.silent):
        trace.step(f"日历层 {layer} 没有收录 {silent_year} 年，未计入它的放假日")
    return Outcome(due_date, due_at, tuple(trace.steps), tuple(sorted(trace.uncovered)))


def _run(window: Window, anchor: date | None, trace: _Trace, year: int | None) -> tuple[date, datetime]:
    if window.direction == "on":
        if year is None:
            raise PeriodError("固定日期的期限须给出年份")
        last = _fixed_day(window, trace, year)
    elif anchor is None:
        raise PeriodError("须给出起算日")
    elif window.unit == "hour":
        return _run_hours(window, anchor, trace)
    else:
        start = civil_date(anchor)
        trace.step(f"起算日 {in_chinese(start)}", day=start)
        last = _count(window, start, trace)
        last = _extend_over_long_holidays(window, start, last, trace)
    last = _rolled(window.roll, last, trace)
    return last, _end_of(window, last, trace)


def _fixed_day(window: Window, trace: _Trace, year: int) -> date:
    try:
        day = day_of(window.month_day, year)
    except ValueError:
        raise PeriodError(f"{year} 年没有 {window.month_day}") from None
    trace.step(f"写明的日期 {in_chinese(day)}", day=day)
    if window.inclusive:
        trace.step("包括写明的当日", day=day)
        return day
    trace.step("不包括写明的当日，止于前一日", day=day - _ONE_DAY)
    return day - _ONE_DAY


def _count(window: Window, start: date, trace: _Trace) -> date:
    if window.direction == "after":
        trace.step("开始的当日不计入，自次日起算", FIRST_DAY_NOT_COUNTED, start + _ONE_DAY)
        words, article = ("包括本数", NUMBER_INCLUDED) if window.inclusive else ("不包括本数", NUMBER_INCLUDED)
        way, sign, adjust = "向后", 1, 0 if window.inclusive else -1
    else:
        words, article = "不含起算日当天", None
        way, sign, adjust = "向前", -1, 0
        if window.inclusive:
            words, adjust = "含起算日当天", -1
        if window.clear_days:
            words, adjust = "中间须有整数天", 1
    if window.unit == "month":
        last = _months_from(start, sign * window.n) + sign * adjust * _ONE_DAY
        article = CORRESPONDING_DAY
        words += "，到期月的对应日；没有对应日的，到月末日"
    elif window.unit == "working_day":
        if window.direction == "before" and window.inclusive and trace.is_rest(start):
            adjust = 0  # a rest day cannot be one of the working days counted
        last = _working_days_from(start, window.n + adjust, sign, trace)
    else:
        last = start + sign * (window.n + adjust) * _ONE_DAY
    trace.step(f"{way}数 {window.n} {_UNITS[window.unit]}（{words}），到 {in_chinese(last)}", article, last)
    return last


def _months_from(start: date, months: int) -> date:
    index = start.year * 12 + start.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not 1 <= year <= 9999:
        raise OverflowError
    return date(year, month, min(start.day, monthrange(year, month)[1]))


def _working_days_from(start: date, n: int, sign: int, trace: _Trace) -> date:
    day = start
    for _ in range(n):
        day += sign * _ONE_DAY
        while trace.is_rest(day):
            day += sign * _ONE_DAY
    return day


def _extend_over_long_holidays(window: Window, start: date, last: date, trace: _Trace) -> date:
    """Lengthen the period by the days of long holidays in it, and by those the longer period reaches."""
    if window.long_holiday is None:
        return last
    sign = 1 if last >= start else -1
    limit = window.long_holiday.at_most
    extended = last
    while True:
        length = abs((extended - start).days)
        days = [start + sign * offset * _ONE_DAY for offset in range(1, length + 1)]
        added = sum(_in_long_holiday(day, window.long_holiday.minimum_run, trace) for day in days)
        added = added if limit is None else min(added, limit)
        longer = last + sign * added * _ONE_DAY
        if longer == extended:
            break
        extended = longer
    if extended != last:
        trace.step(f"期间内的长假 {abs((extended - last).days)} 天不计入，到 {in_chinese(extended)}", day=extended)
    return extended


def _in_long_holiday(day: date, minimum_run: int, trace: _Trace) -> bool:
    if not trace.is_rest(day):
        return False
    first = last = day
    while trace.is_rest(first - _ONE_DAY):
        first -= _ONE_DAY
    while trace.is_rest(last + _ONE_DAY):
        last += _ONE_DAY
    return (last - first).days + 1 >= minimum_run


def _rolled(roll: Roll, last: date, trace: _Trace) -> date:
    if roll == "none":
        return last
    if not trace.is_rest(last):
        name = trace.calendar.name_of(last)
        why = f"是调休上班日（{name}）" if last.weekday() >= 5 and name else "是工作日"
        trace.step(f"{in_chinese(last)}{why}，不移动", LAST_DAY if roll == "next_after_rest" else None, last)
        return last
    sign = -1 if roll == "previous_working_day" else 1
    day = last
    while trace.is_rest(day):
        day += sign * _ONE_DAY
    where = {
        "next_after_rest": "以休息日结束的次日为最后一日",
        "next_working_day": "顺延至下一个工作日",
        "previous_working_day": "提前至上一个工作日",
    }[roll]
    name = trace.calendar.name_of(last)
    rest = f"是休息日（{name}）" if name else "是休息日"
    trace.step(
        f"{in_chinese(last)}{rest}，{where} {in_chinese(day)}", LAST_DAY if roll == "next_after_rest" else None, day
    )
    return day


def _end_of(window: Window, last: date, trace: _Trace) -> datetime:
    if window.cut_off is not None:
        trace.step(f"最后一日 {window.cut_off} 停止受理，期间于此时届满", LAST_DAY, last)
        return datetime.combine(last, time_of(window.cut_off), SHANGHAI)
    trace.step(f"期间于最后一日 {in_chinese(last)} 24:00 届满", LAST_DAY, last)
    return datetime.combine(last + _ONE_DAY, time(), SHANGHAI)


def _run_hours(window: Window, anchor: date, trace: _Trace) -> tuple[date, datetime]:
    """Hours run from the hour given (民法典 201); a rolled end is the 24:00 of the day it moves to."""
    if not isinstance(anchor, datetime):
        raise PeriodError("按小时计算的期限须给出时刻")
    civil_date(anchor)
    start = anchor.astimezone(SHANGHAI)
    sign = 1 if window.direction == "after" else -1
    end = start + sign * timedelta(hours=window.n)
    last = (end - timedelta.resolution).date()
    trace.step(f"自 {start.isoformat(timespec='minutes')} 起算", FIRST_DAY_NOT_COUNTED, start.date())
    trace.step(
        f"{'向后' if sign > 0 else '向前'}数 {window.n} 小时，到 {end.isoformat(timespec='minutes')}", None, last
    )
    rolled = _rolled(window.roll, last, trace)
    if rolled == last:
        return last, end
    return rolled, _end_of(window, rolled, trace)
