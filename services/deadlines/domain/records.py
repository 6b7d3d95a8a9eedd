"""期限、违规、处理决定: what is judged, what is kept, and by which ids."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from contracts.deadlines.api import DeadlineState, ViolationState
from contracts.deadlines.events import ViolationKind
from contracts.envelope import EventData
from contracts.policy import Due, PolicyPack

CancelCause = Literal["activity_cancelled", "superseded", "campaign_closed"]
WithdrawCause = Literal["in_time", "proof_accepted", "objection_upheld", "trigger_void"]
DecisionKind = Literal["extend_deadline", "waive_deadline", "waive_violation", "object", "decide_objection"]

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:openday:deadlines")


def deadline_id(campaign: UUID, department: str, activity: UUID | None, rule: str, occurrence: int) -> UUID:
    """The same deadline always has the same id, so that judging twice opens nothing twice."""
    return uuid5(_NAMESPACE, f"{campaign}/{department}/{activity or '-'}/{rule}/{occurrence}")


def violation_id(deadline: UUID) -> UUID:
    return uuid5(deadline, "violation")


@dataclass(frozen=True)
class Campaign:
    """年度活动, as campaign-opened fixed it."""

    id: UUID
    jurisdiction: str
    pack: PolicyPack
    opened_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """处理决定 of the office, or 申诉说明 of the department; `at` is when it was made."""

    kind: DecisionKind
    at: datetime
    deadline_id: UUID | None = None
    violation_id: UUID | None = None
    until: date | None = None
    outcome: Literal["upheld", "rejected"] | None = None


@dataclass(frozen=True)
class Case:
    """一个部门在一个活动季: everything a judgement is made from.

    `known` holds what the rule gave for each deadline on record, so that it is not computed again. A new calendar
    is computed anew, but not for those in `settled`: what is no longer open is never rewritten.
    """

    campaign: Campaign
    department: str
    facts: tuple[EventData, ...] = ()
    decisions: tuple[Decision, ...] = ()
    known: Mapping[UUID, Due] = field(default_factory=dict)
    settled: frozenset[UUID] = frozenset()


@dataclass(frozen=True)
class Deadline:
    """期限. `ruled` is what the rule alone gives; `due_date` and `due_at` include an extension."""

    id: UUID
    rule: str
    clause: str
    activity_id: UUID | None
    occurrence: int
    ruled: Due
    due_date: date
    due_at: datetime
    extended: bool = False
    state: DeadlineState = "open"
    met_at: datetime | None = None
    lapsed_at: datetime | None = None
    waived_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancelled_cause: CancelCause | None = None
    restore_by: datetime | None = None


@dataclass(frozen=True)
class Violation:
    """违规. `due_date` is the last day that was in time, `occurred_at` the instant it was past."""

    id: UUID
    kind: ViolationKind
    rule: str
    clause: str
    deadline_id: UUID | None
    activity_id: UUID | None
    occurrence: int
    due_date: date | None
    occurred_at: datetime
    derivation_digest: str | None
    state: ViolationState = "standing"
    cured_at: datetime | None = None
    days_late: int | None = None
    waived_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_cause: WithdrawCause | None = None


@dataclass(frozen=True)
class Reminder:
    """提醒: an instant before the due instant, and the pack's words for it."""

    at: datetime
    words: str


@dataclass(frozen=True)
class Judged:
    """One deadline as it must stand, its violation if there is one, and the reminders while it is open."""

    deadline: Deadline
    violation: Violation | None = None
    met_by_proof: bool = False
    reminders: tuple[Reminder, ...] = ()


@dataclass(frozen=True)
class KeptDeadline:
    """A deadline on record: when it was opened, and which reminders were sent."""

    deadline: Deadline
    opened_at: datetime
    reminded: tuple[datetime, ...] = ()
    version: int = 0


def known(deadlines: Iterable[KeptDeadline]) -> tuple[dict[UUID, Due], frozenset[UUID]]:
    """`known` and `settled` of a case, from the deadlines on record."""
    kept = list(deadlines)
    ruled = {entry.deadline.id: entry.deadline.ruled for entry in kept}
    return ruled, frozenset(entry.deadline.id for entry in kept if entry.deadline.state != "open")


@dataclass(frozen=True)
class KeptViolation:
    """A violation on record: when the system noticed it."""

    violation: Violation
    detected_at: datetime
    version: int = 0


@dataclass(frozen=True)
class KeptDecision:
    """A decision on record: its reason or explanation, and the subject of the token that made it."""

    decision: Decision
    words: str
    by: str
