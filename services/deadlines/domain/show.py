"""What callers see of one deadline or violation."""

from collections.abc import Sequence
from uuid import UUID

from contracts.deadlines.api import (
    DeadlineView,
    ExtensionView,
    ObjectionView,
    ViolationView,
    WaiverView,
)
from contracts.policy import Due, Rule
from services.deadlines.domain.records import DecisionKind, KeptDeadline, KeptDecision, KeptViolation


def deadline(
    campaign_id: UUID,
    department: str,
    rule: Rule,
    kept: KeptDeadline,
    limit: Due | None,
    decisions: Sequence[KeptDecision],
    violation_id: UUID | None,
) -> DeadlineView:
    """期限 with its derivation; `limit` is how far it may be extended, None without a maximum."""
    shown = kept.deadline
    return DeadlineView(
        deadline_id=shown.id,
        campaign_id=campaign_id,
        department=department,
        rule=shown.rule,
        title=rule.title,
        clause=shown.clause,
        activity_id=shown.activity_id,
        occurrence=shown.occurrence,
        due_date=shown.due_date,
        due_at=shown.due_at,
        provisional=shown.ruled.provisional,
        extended=shown.extended,
        state=shown.state,
        opened_at=kept.opened_at,
        met_at=shown.met_at,
        restore_by=shown.restore_by,
        version=kept.version,
        ruled_due_date=shown.ruled.due_date,
        latest_extension=limit.due_date if limit is not None and shown.state == "open" else None,
        derivation=shown.ruled.derivation,
        derivation_digest=shown.ruled.derivation.digest,
        lapsed_at=shown.lapsed_at,
        cancelled_at=shown.cancelled_at,
        cancelled_cause=shown.cancelled_cause,
        extension=_extension(_last(decisions, "extend_deadline")),
        waiver=_waiver(_last(decisions, "waive_deadline")),
        reminders_sent=list(kept.reminded),
        violation_id=violation_id,
    )


def violation(
    campaign_id: UUID, department: str, title: str, kept: KeptViolation, decisions: Sequence[KeptDecision]
) -> ViolationView:
    """违规, with the objection to it and what was decided."""
    shown = kept.violation
    return ViolationView(
        violation_id=shown.id,
        campaign_id=campaign_id,
        department=department,
        kind=shown.kind,
        rule=shown.rule,
        title=title,
        clause=shown.clause,
        deadline_id=shown.deadline_id,
        activity_id=shown.activity_id,
        occurrence=shown.occurrence,
        due_date=shown.due_date,
        occurred_at=shown.occurred_at,
        detected_at=kept.detected_at,
        state=shown.state,
        cured_at=shown.cured_at,
        days_late=shown.days_late,
        withdrawn_at=shown.withdrawn_at,
        withdrawn_cause=shown.withdrawn_cause,
        waived_at=shown.waived_at,
        version=kept.version,
        objection=_objection(_last(decisions, "object"), _last(decisions, "decide_objection")),
        waiver=_waiver(_last(decisions, "waive_violation")),
    )


def _last(decisions: Sequence[KeptDecision], kind: DecisionKind) -> KeptDecision | None:
    found = [kept for kept in decisions if kept.decision.kind == kind]
    return max(found, key=lambda kept: kept.decision.at, default=None)


def _extension(kept: KeptDecision | None) -> ExtensionView | None:
    if kept is None or kept.decision.until is None:
        return None
    return ExtensionView(until=kept.decision.until, reason=kept.words, by=kept.by, at=kept.decision.at)


def _waiver(kept: KeptDecision | None) -> WaiverView | None:
    return None if kept is None else WaiverView(reason=kept.words, by=kept.by, at=kept.decision.at)


def _objection(made: KeptDecision | None, decided: KeptDecision | None) -> ObjectionView | None:
    if made is None:
        return None
    return ObjectionView(
        explanation=made.words,
        by=made.by,
        at=made.decision.at,
        outcome=None if decided is None else decided.decision.outcome,
        reason=None if decided is None else decided.words,
        decided_by=None if decided is None else decided.by,
        decided_at=None if decided is None else decided.decision.at,
    )
