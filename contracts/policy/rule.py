"""期限规则: what is owed, by whom, counted from what, and how the period runs."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, StrictBool, model_validator

from contracts.policy.primitives import (
    CheckSeverity,
    Clause,
    ClockTime,
    Count,
    Direction,
    Frozen,
    Key,
    MonthDay,
    Number,
    Role,
    Roll,
    Span,
    Text,
    Unit,
    refuse,
    repeated,
)

Trigger = Literal["campaign_opened", "activity_dated", "activity_ended"]
SatisfiedBy = Literal[
    "plan_submitted",
    "activity_held",
    "announced",
    "activity_report_published",
    "evaluation_published",
    "adoption_table_complete",
    "district_report_submitted",
]
OpenTo = Literal["unit", "bound", "roll"]


class Reminder(Frozen):
    """提醒: ``n`` days before the due date at a time of day, or ``n`` hours before the due instant."""

    n: Count
    unit: Literal["calendar_day", "working_day", "hour"]
    at: ClockTime | None = None

    @model_validator(mode="after")
    def _needs_a_time(self) -> Self:
        if (self.unit == "hour") == (self.at is not None):
            refuse([("at", "按天提醒须有 at，按小时提醒不能有 at")])
        return self


class LongHoliday(Frozen):
    """长假顺延: days of a run of at least ``minimum_run`` consecutive rest days are not counted.

    ``at_most`` caps the days added; without it every such day inside the period is skipped.
    """

    minimum_run: Count
    at_most: Count | None = None


class Extend(Frozen):
    """延期: who may extend, and by how much at most, counted from the due date. No roles: nobody may."""

    by: tuple[Role, ...]
    maximum: Span | None = None


class Waive(Frozen):
    """豁免: who may waive. No roles: nobody may. A reason is always recorded."""

    by: tuple[Role, ...]


class Rule(Frozen):
    """期限规则: one deadline, with the clause and sentence it stands on.

    ``direction`` ``on`` needs ``date`` (MM-DD of the pack's year); ``before`` and ``after`` need ``n`` and ``unit``.
    ``inclusive``: the bound itself counts. For ``on`` that is the named day; for ``after`` the n-th day (民法典 1259
    以内); for ``before`` the day counted from, so the difference is n, or n - 1 when inclusive. ``clear_days``
    (``before`` only): n whole days lie between, so the difference is n + 1. ``open_to`` names what the sentence leaves
    open; the other readings are computed from it.
    """

    id: Key
    title: Text
    clause: Clause
    sentence: Text
    duty_holder: Role
    trigger: Trigger
    satisfied_by: SatisfiedBy
    direction: Direction
    date: MonthDay | None = None
    n: Count | None = None
    unit: Unit | None = None
    inclusive: StrictBool
    clear_days: StrictBool = False
    continuous: Literal["point", "throughout"] = "point"
    roll: Roll
    long_holiday: LongHoliday | None = None
    cut_off: ClockTime | None = None
    open_to: tuple[OpenTo, ...] = ()
    reminders: tuple[Reminder, ...] | None = None
    severity: Literal["violation", "warn"] = "violation"
    cures_until: Literal["always", "activity_start", "never"] = "always"
    extend: Extend
    waive: Waive
    legal_basis: tuple[Text, ...] = ()
    assumptions: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse([*self._window_problems(), *self._detail_problems(), *self._list_problems()])
        return self

    def _window_problems(self) -> Iterator[tuple[str, str]]:
        if self.direction == "on":
            if self.date is None:
                yield "date", "direction 为 on 时须有 date"
            for name in ("n", "unit"):
                if getattr(self, name) is not None:
                    yield name, f"direction 为 on 时不能有 {name}"
            if self.trigger != "campaign_opened":
                yield "trigger", "direction 为 on 时须为 campaign_opened"
            return
        for name in ("n", "unit"):
            if getattr(self, name) is None:
                yield name, f"direction 为 {self.direction} 时须有 {name}"
        if self.date is not None:
            yield "date", f"direction 为 {self.direction} 时不能有 date"
        if self.direction == "before" and self.trigger != "activity_dated":
            yield "trigger", "direction 为 before 时须为 activity_dated"

    def _detail_problems(self) -> Iterator[tuple[str, str]]:
        if self.clear_days and (self.direction != "before" or self.inclusive):
            yield "clear_days", "只用于 before，且与 inclusive 不能并用"
        if self.long_holiday is not None and self.unit not in ("calendar_day", "month"):
            yield "long_holiday", "只用于按自然日、月计算的期限"
        if self.unit == "hour":
            for name in ("cut_off", "clear_days", "open_to"):
                if getattr(self, name):
                    yield name, "unit 为 hour 时不能有此项"
            if not self.inclusive:
                yield "inclusive", "unit 为 hour 时须为 true"

    def _list_problems(self) -> Iterator[tuple[str, str]]:
        for name in ("open_to", "legal_basis"):
            if repeated(getattr(self, name)):
                yield name, "有重复"
        for path in self.assumptions:
            if path.split(".")[0] not in type(self).model_fields or path == "assumptions":
                yield f"assumptions.{path}", "不是规则的项目"


class Requirement(Frozen):
    """要求: a standing requirement judged once, not a period (headcount)."""

    id: Key
    title: Text
    clause: Clause
    sentence: Text
    duty_holder: Role
    trigger: Trigger
    minimum: Number
    counted: Literal["present_and_counted"]
    severity: Literal["violation", "warn"] = "violation"
    waive: Waive
    assumptions: dict[str, Text] = Field(default_factory=dict)


class Check(Frozen):
    """核对事项: judged when a plan or announcement arrives; refused or warned with clause and fix."""

    id: Key
    title: Text
    clause: Clause
    sentence: Text
    severity: CheckSeverity
    fix: Text
    assumptions: dict[str, Text] = Field(default_factory=dict)
