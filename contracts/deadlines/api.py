"""期限服务的 HTTP 接口: what the doors of deadlines take and give. Instants are UTC, dates civil dates in Shanghai."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from contracts.deadlines.events import ViolationKind
from contracts.envelope import Digest, Instant
from contracts.policy import Derivation
from contracts.policy.primitives import Day

DeadlineState = Literal["open", "met", "lapsed", "cured", "waived", "cancelled"]
"""进行中、按期完成、逾期、逾期补办、豁免、取消. An extended deadline is open (or settled) with `extended` true."""

ViolationState = Literal["standing", "cured", "waived", "withdrawn"]
"""成立、逾期补办、豁免、撤销."""


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("不能为空")
    return value.strip()


Words = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_not_blank)]
"""A reason or explanation; kept here, never put into an event."""


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExtendDeadline(_Input):
    """延期: until the end of a later day, no further than the rule allows."""

    until: Day = Field(description="新的最后一日 (the last day that is in time), YYYY-MM-DD")
    reason: Words = Field(description="延期理由")


class WaiveDeadline(_Input):
    """豁免期限."""

    reason: Words = Field(description="豁免理由")


class WaiveViolation(_Input):
    """豁免违规."""

    reason: Words = Field(description="豁免理由")


class RaiseObjection(_Input):
    """申诉说明: what the department has to say about a violation."""

    explanation: Words = Field(description="申诉说明")


class DecideObjection(_Input):
    """申诉处理: `upheld` withdraws the violation, `rejected` leaves it."""

    outcome: Literal["upheld", "rejected"] = Field(description="upheld 采纳 / rejected 不采纳")
    reason: Words = Field(description="处理理由")


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True)


class ExtensionView(_Output):
    until: dt.date
    reason: str
    by: str = Field(description="Subject of the token that decided")
    at: Instant


class WaiverView(_Output):
    reason: str
    by: str
    at: Instant


class ObjectionView(_Output):
    """申诉说明 and, once decided, its outcome."""

    explanation: str
    by: str
    at: Instant
    outcome: Literal["upheld", "rejected"] | None = None
    reason: str | None = None
    decided_by: str | None = None
    decided_at: Instant | None = None


class DeadlineLine(_Output):
    """期限, as lists and the board show it."""

    deadline_id: UUID
    campaign_id: UUID
    department: str = Field(description="USCC")
    rule: str
    title: str
    clause: str
    activity_id: UUID | None
    occurrence: int
    due_date: dt.date = Field(description="The last day that is in time")
    due_at: Instant = Field(description="Exclusive end: in time when t < due_at")
    provisional: bool = Field(description="日历未公布: depends on a day no calendar covers yet")
    extended: bool
    state: DeadlineState
    opened_at: Instant
    met_at: Instant | None = Field(description="When it was done: in time (met) or late (cured)")
    restore_by: Instant | None = Field(
        description="Met, but undone since (plan returned, announcement withdrawn): lapses then unless done again"
    )
    version: int


class DeadlineView(DeadlineLine):
    """期限 with its derivation and what was decided about it."""

    ruled_due_date: dt.date = Field(description="By the rule alone, before any extension")
    latest_extension: dt.date | None = Field(description="延期上限: the furthest day the office may extend to")
    derivation: Derivation
    derivation_digest: Digest
    lapsed_at: Instant | None
    cancelled_at: Instant | None
    cancelled_cause: str | None
    extension: ExtensionView | None
    waiver: WaiverView | None
    reminders_sent: list[Instant]
    violation_id: UUID | None


class ViolationLine(_Output):
    """违规, as lists and the board show it."""

    violation_id: UUID
    campaign_id: UUID
    department: str
    kind: ViolationKind
    rule: str
    title: str
    clause: str
    deadline_id: UUID | None
    activity_id: UUID | None
    occurrence: int
    due_date: dt.date | None
    occurred_at: Instant = Field(description="The due instant")
    detected_at: Instant = Field(description="When the system noticed")
    state: ViolationState
    cured_at: Instant | None
    days_late: int | None
    withdrawn_at: Instant | None
    withdrawn_cause: str | None
    waived_at: Instant | None
    version: int


class ViolationView(ViolationLine):
    objection: ObjectionView | None
    waiver: WaiverView | None


class DeadlinePage(_Output):
    items: list[DeadlineLine]
    next: UUID | None = Field(description="Give it as `after` for the next page; null on the last")


class ViolationPage(_Output):
    items: list[ViolationLine]
    next: UUID | None = Field(description="Give it as `after` for the next page; null on the last")


class BoardCounts(_Output):
    standing: int
    cured: int
    withdrawn: int
    waived: int = Field(description="Waived deadlines and waived violations")


class BoardDepartment(_Output):
    department: str
    name: str
    deadlines: list[DeadlineLine]
    violations: list[ViolationLine]


class Unsupervised(_Output):
    """暂不监督: a rule or requirement of the pack whose facts this service can't hear yet."""

    kind: ViolationKind
    rule: str
    title: str
    clause: str
    waits_for: str = Field(description="The pack's word for what would satisfy it")


class Board(_Output):
    """合规看板 of one campaign; a department's token sees its own row only."""

    campaign_id: UUID
    jurisdiction: str
    pack_id: str
    pack_version: str
    as_of: Instant
    counts: BoardCounts
    departments: list[BoardDepartment]
    unsupervised: list[Unsupervised]
    digest: Digest = Field(
        description="SHA-256 over RFC 8785 of the board without ids, versions and times of detection:"
        " the same season gives the same digest"
    )
