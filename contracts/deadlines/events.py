"""What deadlines says: the life of every deadline and every violation."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.envelope import Digest, EventData, Instant

ViolationKind = Literal["deadline", "requirement"]


class _Deadline(EventData):
    deadline_id: UUID
    rule: str
    clause: str
    activity_id: UUID | None
    occurrence: int = Field(ge=1, description="1, and one more with every postponement that opens it anew")
    due_date: date = Field(description="The last day that is in time, a civil date in Asia/Shanghai")
    due_at: Instant = Field(description="Exclusive end: an act at t is in time when t < due_at")
    derivation_digest: Digest


class DeadlineOpened(_Deadline):
    """期限开始计算. `occurred_at` is the due instant when it was already past as its trigger arrived, else None."""

    TYPE: ClassVar[str] = "events.deadlines.deadline-opened.v1"
    AGGREGATE: ClassVar[str] = "deadline"
    opened_at: Instant
    provisional: bool
    occurred_at: Instant | None


class DeadlineApproached(_Deadline):
    """期限临近, at one of the pack's offsets."""

    TYPE: ClassVar[str] = "events.deadlines.deadline-approached.v1"
    AGGREGATE: ClassVar[str] = "deadline"
    reminder: str = Field(description="Which of the rule's offsets, as the pack words it")
    approached_at: Instant


class DeadlineMet(_Deadline):
    """按期完成."""

    TYPE: ClassVar[str] = "events.deadlines.deadline-met.v1"
    AGGREGATE: ClassVar[str] = "deadline"
    met_at: Instant


class DeadlineMoved(_Deadline):
    """期限变动: an open deadline was computed anew (another date, a corrected end, a calendar)."""

    TYPE: ClassVar[str] = "events.deadlines.deadline-moved.v1"
    AGGREGATE: ClassVar[str] = "deadline"
    cause: str
    old_due_date: date
    old_due_at: Instant
    moved_at: Instant


class DeadlineExtended(_Deadline):
    """延期: by the office; `due_date` is the new one."""

    TYPE: ClassVar[str] = "events.deadlines.deadline-extended.v1"
    AGGREGATE: ClassVar[str] = "deadline"
    old_due_date: date
    old_due_at: Instant
    extended_at: Instant


class DeadlineWaived(_Deadline):
    """豁免: by the office, with a reason kept in deadlines."""

    TYPE: ClassVar[str] = "events.deadlines.deadline-waived.v1"
    AGGREGATE: ClassVar[str] = "deadline"
    waived_at: Instant


class DeadlineCancelled(_Deadline):
    """期限取消: its activity was cancelled, or a postponement superseded it."""

    TYPE: ClassVar[str] = "events.deadlines.deadline-cancelled.v1"
    AGGREGATE: ClassVar[str] = "deadline"
    cause: Literal["activity_cancelled", "superseded", "campaign_closed"]
    cancelled_at: Instant


class _Violation(EventData):
    violation_id: UUID
    kind: ViolationKind
    rule: str
    clause: str
    deadline_id: UUID | None
    activity_id: UUID | None
    occurrence: int
    due_date: date | None
    occurred_at: Instant = Field(description="The violation's time: the due instant, or the activity's end")
    detected_at: Instant = Field(description="When the system noticed")
    derivation_digest: Digest | None


class ViolationRaised(_Violation):
    """违规: a filing, publicity, reporting or feedback window lapsed, or a requirement was not met."""

    TYPE: ClassVar[str] = "events.deadlines.violation-raised.v1"
    AGGREGATE: ClassVar[str] = "violation"


class ViolationCured(_Violation):
    """逾期补办: done late; the violation stays on record as cured."""

    TYPE: ClassVar[str] = "events.deadlines.violation-cured.v1"
    AGGREGATE: ClassVar[str] = "violation"
    cured_at: Instant
    days_late: int = Field(ge=1, description="Civil days from the due date to the day of the act")


class ViolationWithdrawn(_Violation):
    """撤销: it turned out to have been in time (late delivery, an accepted proof), or an objection was upheld."""

    TYPE: ClassVar[str] = "events.deadlines.violation-withdrawn.v1"
    AGGREGATE: ClassVar[str] = "violation"
    withdrawn_at: Instant
    cause: Literal["in_time", "proof_accepted", "objection_upheld", "trigger_void"]


class ViolationWaived(_Violation):
    """豁免违规: by the office, with a reason kept in deadlines."""

    TYPE: ClassVar[str] = "events.deadlines.violation-waived.v1"
    AGGREGATE: ClassVar[str] = "violation"
    waived_at: Instant


class ObjectionDecided(EventData):
    """申诉说明处理结果."""

    TYPE: ClassVar[str] = "events.deadlines.objection-decided.v1"
    AGGREGATE: ClassVar[str] = "violation"
    violation_id: UUID
    rule: str
    clause: str
    outcome: Literal["upheld", "rejected"]
    decided_at: Instant


EVENTS: tuple[type[EventData], ...] = (
    DeadlineOpened, DeadlineApproached, DeadlineMet, DeadlineMoved, DeadlineExtended, DeadlineWaived,
    DeadlineCancelled, ViolationRaised, ViolationCured, ViolationWithdrawn, ViolationWaived, ObjectionDecided,
)  # fmt: skip
