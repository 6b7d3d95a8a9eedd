"""演练结果: what was expected and what was observed, both as the same plain rows, so that they can be compared.

No row carries an id: two rehearsals of one season give equal records.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

SHANGHAI = ZoneInfo("Asia/Shanghai")


def _to_shanghai(value: datetime) -> datetime:
    return value.astimezone(SHANGHAI)


Moment = Annotated[AwareDatetime, AfterValidator(_to_shanghai)]
"""An instant, written at +08:00, as people read it."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeadlineRow(_Row):
    """期限. `at`: when it was done, in time or late."""

    department: int
    rule: str
    occurrence: int
    clause: str
    due: date
    state: str
    opened: Moment
    at: Moment | None = None
    extended: bool = False


class ViolationRow(_Row):
    """违规. `at`: when it was cured, withdrawn or waived."""

    department: int
    rule: str
    occurrence: int
    kind: str
    clause: str
    due: date | None
    occurred: Moment
    state: str
    at: Moment | None = None
    days_late: int | None = None
    cause: str | None = None


class RefusalRow(_Row):
    """拒绝. `findings` are the codes inside the problem."""

    department: int | None
    act: str
    at: Moment
    code: str
    clause: str | None
    finding: str | None = None


class Fact(_Row):
    """事件: one thing a service said, by its short name (`violation-raised`)."""

    event: str
    department: int | None
    rule: str | None
    occurrence: int | None
    at: Moment
    detail: str | None = Field(default=None, description="Numbers, a decision, a venue: what else it must say")


class Message(_Row):
    """消息: one fact told to one recipient.

    `to` is `participant` or `suggester` where the fact is that person's own: that it went to their own address, once,
    was looked at when it was read.
    """

    channel: str
    to: str
    about: Fact


class Counts(_Row):
    """看板计数."""

    standing: int
    cured: int
    withdrawn: int
    waived: int


class Record(_Row):
    """One rehearsal's outcome; `facts` and `messages` are in no order, and the same row twice means twice."""

    counts: Counts
    deadlines: list[DeadlineRow]
    violations: list[ViolationRow]
    refusals: list[RefusalRow]
    facts: list[Fact]
    messages: list[Message]
    unsupervised: list[str] = Field(description="Rules and requirements nobody supervises yet")
    faults: list[str] = Field(default_factory=list, description="Broken chains, bad signatures, dead letters")


def in_order(rows: Iterable[DeadlineRow]) -> list[DeadlineRow]:
    return sorted(rows, key=lambda row: (row.department, row.due, row.rule, row.occurrence))
