"""期间计算: from a rule and the day it counts from to the due date, with its derivation. Pure: no I/O, no clock.

民法典 201: the first day is not counted, hours run from the hour given. 202: months end on the corresponding day, or
the month's last. 203: a period ends at 24:00 of its last day; if that is a rest day, of the first day after the rest
days. 1259: 以内 includes the number. What 前 includes is not defined by law: the rule says it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product

from contracts.policy.calendar import Calendar
from contracts.policy.counting import Outcome, PeriodError, Window, civil_date, run
from contracts.policy.derivation import Derivation, Due, Reading
from contracts.policy.primitives import SHANGHAI, Roll, Span, Unit, time_of
from contracts.policy.rule import Reminder, Rule

_Change = tuple[str, dict[str, object]]


def compute(rule: Rule, anchor: date | None, calendar: Calendar, year: int | None = None) -> Due:
    """到期 of ``rule``, counted from ``anchor``: the activity's end (``after``) or start (``before``).

    ``on`` needs the pack's ``year`` instead. An instant counts as its civil date in Asia/Shanghai, except for hours.
    PeriodError (a ValueError) when what the rule needs is missing, an instant has no offset, or the date is out of
    range.
    """
    window = window_of(rule)
    main = run(window, anchor, calendar, year)
    readings = tuple(_readings(rule, window, main, anchor, calendar, year))
    return _due(
        rule.id, rule.clause, rule.sentence, None if rule.direction == "on" else anchor, calendar, main, readings
    )


def compute_within(
    n: int, unit: Unit, anchor: date, calendar: Calendar, *, roll: Roll = "none", name: str = "within"
) -> Due:
    """以内: ``n`` units after ``anchor``, for periods that are not rules (``review.resubmit_within``).

    Returned Mon 2024-08-19, 3 working days: due 2024-08-22, ``due_at`` 2024-08-23T00:00+08:00.
    """
    window = Window(direction="after", n=n, unit=unit, roll=roll)
    return _due(name, None, None, anchor, calendar, run(window, anchor, calendar, None), ())


def earliest_start(rule: Rule, announced: date, calendar: Calendar) -> date:
    """最早活动日: the first day an activity may start when ``announced`` is when the publicity began.

    For a ``before`` rule only; PeriodError otherwise. A rule in hours needs an instant and gives the instant.
    """
    if rule.direction != "before":
        raise PeriodError(f"{rule.id} 不是向前计算的期限")
    window = window_of(rule)
    if window.unit == "hour" and window.roll == "none":
        if not isinstance(announced, datetime):
            raise PeriodError("按小时计算的期限须给出时刻")
        civil_date(announced)
        return announced.astimezone(SHANGHAI) + timedelta(hours=window.n)
    first = civil_date(announced)

    def in_time(days: int) -> bool:
        outcome = run(window, _at(first + timedelta(days=days), announced), calendar, None)
        if isinstance(announced, datetime):
            return announced < outcome.due_at
        return announced <= outcome.due_date

    # The due date never moves back when the start moves on, so the first start in time can be bisected.
    too_early, enough = -1, 1
    while not in_time(enough):
        too_early, enough = enough, enough * 2
    while enough - too_early > 1:
        middle = (too_early + enough) // 2
        too_early, enough = (too_early, middle) if in_time(middle) else (middle, enough)
    return _at(first + timedelta(days=enough), announced if window.unit == "hour" else first)


def extension_limit(rule: Rule, due: Due, calendar: Calendar) -> Due | None:
    """延期上限: the latest due date ``rule.extend.maximum`` allows, counted from ``due``; None: no maximum is set."""
    if rule.extend.maximum is None:
        return None
    anchor = due.due_at if rule.extend.maximum.unit == "hour" else due.due_date
    return within(rule.extend.maximum, anchor, calendar, name=f"{rule.id}.extend")


def within(span: Span, anchor: date, calendar: Calendar, *, roll: Roll = "none", name: str = "within") -> Due:
    """以内 for a ``Span`` of the pack; see ``compute_within``."""
    return compute_within(span.n, span.unit, anchor, calendar, roll=roll, name=name)


def reminder_times(reminders: Sequence[Reminder], due: Due, calendar: Calendar) -> tuple[datetime, ...]:
    """提醒时刻: the distinct instants (+08:00) at which ``due`` is announced as approaching, earliest first."""
    times = set()
    for reminder in reminders:
        if reminder.at is None:
            times.add(due.due_at - timedelta(hours=reminder.n))
            continue
        window = Window(direction="before", n=reminder.n, unit=reminder.unit, roll="none", inclusive=False)
        day = run(window, due.due_date, calendar, None).due_date
        times.add(datetime.combine(day, time_of(reminder.at), SHANGHAI))
    return tuple(sorted(times))


def window_of(rule: Rule) -> Window:
    """The counting part of a rule."""
    return Window(
        direction=rule.direction,
        roll=rule.roll,
        n=rule.n or 0,
        unit=rule.unit or "calendar_day",
        month_day=rule.date or "",
        inclusive=rule.inclusive,
        clear_days=rule.clear_days,
        long_holiday=rule.long_holiday,
        cut_off=rule.cut_off,
    )


def _at(day: date, like: date) -> date:
    """``day`` at the time of day of ``like``, when it has one."""
    if isinstance(like, datetime):
        return datetime.combine(day, like.astimezone(SHANGHAI).timetz())
    return day


def _written(anchor: date | None) -> str | None:
    """The anchor in +08:00, so that the same instant always gives the same digest."""
    if isinstance(anchor, datetime):
        return anchor.astimezone(SHANGHAI).isoformat()
    return None if anchor is None else anchor.isoformat()


def _readings(
    rule: Rule, window: Window, main: Outcome, anchor: date | None, calendar: Calendar, year: int | None
) -> Iterator[Reading]:
    """Each open word taken the other way, then combinations that lead to yet another date."""
    known = {main.due_at}
    options: list[list[_Change | None]] = [[None, *_other_ways(aspect, window)] for aspect in rule.open_to]
    combinations = [[change for change in choice if change is not None] for choice in product(*options)]
    for changes in sorted(filter(None, combinations), key=len):
        fields = {name: value for _, change in changes for name, value in change.items()}
        outcome = run(replace(window, **fields), anchor, calendar, year)  # type: ignore[arg-type]
        if len(changes) > 1 and outcome.due_at in known:
            continue
        known.add(outcome.due_at)
        yield Reading(
            reading="，".join(words for words, _ in changes),
            due_date=outcome.due_date,
            due_at=outcome.due_at,
            provisional=bool(outcome.uncovered),
        )


def _other_ways(aspect: str, window: Window) -> list[_Change]:
    if aspect == "unit":
        if window.unit == "calendar_day":
            return [("按工作日计算", {"unit": "working_day", "long_holiday": None})]
        return [("按自然日计算", {"unit": "calendar_day"})] if window.unit == "working_day" else []
    if aspect == "bound":
        if window.clear_days:
            return [("不须间隔整数天", {"clear_days": False})]
        if window.inclusive:
            return [("不含当日", {"inclusive": False})]
        return [("含当日", {"inclusive": True})]
    if window.roll != "none":
        return [("不因休息日移动", {"roll": "none"})]
    if window.direction == "before":
        return [("最后一日是休息日的，提前至上一个工作日", {"roll": "previous_working_day"})]
    return [("最后一日是休息日的，顺延至休息日结束的次日", {"roll": "next_after_rest"})]


def _due(
    rule: str,
    clause: str | None,
    sentence: str | None,
    anchor: date | None,
    calendar: Calendar,
    main: Outcome,
    readings: tuple[Reading, ...],
) -> Due:
    derivation = Derivation(
        rule=rule,
        clause=clause,
        sentence=sentence,
        anchor=_written(anchor),
        steps=main.steps,
        articles=tuple(dict.fromkeys(step.article for step in main.steps if step.article is not None)),
        calendar_version=calendar.version,
        provisional_days=main.uncovered,
        readings=readings,
        safe_date=min([main.due_date, *(reading.due_date for reading in readings)]),
    )
    return Due(
        rule=rule,
        due_date=main.due_date,
        due_at=main.due_at,
        provisional=bool(main.uncovered),
        derivation=derivation,
    )
