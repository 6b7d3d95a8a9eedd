"""落实: what stood before against what must stand now; the difference is what to save and to announce."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.deadlines import events
from contracts.envelope import EventData
from services.deadlines.domain.records import (
    Deadline,
    Judged,
    KeptDeadline,
    KeptViolation,
    Violation,
    WithdrawCause,
)


@dataclass(frozen=True)
class Announcement:
    """One event and the aggregate (deadline or violation) it belongs to."""

    aggregate: UUID
    event: EventData


@dataclass(frozen=True)
class Settlement:
    """What changed, in the order it is announced, and when the next change by time alone is due."""

    deadlines: tuple[KeptDeadline, ...]
    violations: tuple[KeptViolation, ...]
    announcements: tuple[Announcement, ...]
    next_at: datetime | None


def settle(
    deadlines: Mapping[UUID, KeptDeadline],
    violations: Mapping[UUID, KeptViolation],
    judgement: Sequence[Judged],
    now: datetime,
    unmet: Sequence[Violation] = (),
) -> Settlement:
    """落实 a judgement. Judging and settling again at the same `now` changes nothing."""
    changed_deadlines, changed_violations, announcements, wake = [], [], [], []
    by_deadline = {kept.violation.deadline_id: kept for kept in violations.values()}
    for judged in judgement:
        before = deadlines.get(judged.deadline.id)
        after = before or KeptDeadline(judged.deadline, now)
        after = replace(after, deadline=judged.deadline)
        told = list(_deadline_events(before, judged.deadline, now))
        after, approached = _remind(after, judged, now)
        violated = _violation(by_deadline.get(judged.deadline.id), judged.violation, _why_withdrawn(judged), now)
        if before != after:
            changed_deadlines.append(after)
        announcements += [Announcement(judged.deadline.id, event) for event in [*told, *approached]]
        if violated is not None:
            kept, told = violated
            changed_violations.append(kept)
            announcements += [Announcement(kept.violation.id, event) for event in told]
        wake += _wakes(judged, now)
    for kept, told in _requirements(violations, unmet, now):
        changed_violations.append(kept)
        announcements += [Announcement(kept.violation.id, event) for event in told]
    return Settlement(
        tuple(changed_deadlines), tuple(changed_violations), tuple(announcements), min(wake, default=None)
    )


def _deadline_events(before: KeptDeadline | None, after: Deadline, now: datetime) -> Iterator[EventData]:
    common = _deadline_fields(after)
    if before is None:
        yield events.DeadlineOpened(
            **common,
            opened_at=now,
            provisional=after.ruled.provisional,
            occurred_at=after.due_at if after.due_at <= now else None,
        )
        known = replace(after, state="open", met_at=None, restore_by=None)
    else:
        known = before.deadline
    if known.due_at != after.due_at:
        old = {"old_due_date": known.due_date, "old_due_at": known.due_at}
        if after.extended and known.ruled.due_at == after.ruled.due_at:
            yield events.DeadlineExtended(**common, **old, extended_at=now)
        else:
            recounted = known.ruled.derivation.anchor == after.ruled.derivation.anchor
            cause = "calendar" if recounted else "date_corrected"
            yield events.DeadlineMoved(**common, **old, cause=cause, moved_at=now)
    if after.state == "met" and (known.state, known.met_at) != ("met", after.met_at):
        yield events.DeadlineMet(**common, met_at=after.met_at)
    elif after.state == "waived" and known.state != "waived":
        yield events.DeadlineWaived(**common, waived_at=after.waived_at)
    elif after.state == "cancelled" and known.state != "cancelled":
        yield events.DeadlineCancelled(**common, cause=after.cancelled_cause, cancelled_at=after.cancelled_at)


def _remind(kept: KeptDeadline, judged: Judged, now: datetime) -> tuple[KeptDeadline, Iterable[EventData]]:
    """提醒: each of the rule's offsets once; those already past when the deadline opened are not sent."""
    due = [r for r in judged.reminders if kept.opened_at < r.at <= now and r.at not in kept.reminded]
    told = [
        events.DeadlineApproached(**_deadline_fields(judged.deadline), reminder=reminder.words, approached_at=now)
        for reminder in due
    ]
    return replace(kept, reminded=(*kept.reminded, *(reminder.at for reminder in due))), told


def _wakes(judged: Judged, now: datetime) -> list[datetime]:
    """When this deadline changes by time alone: a reminder, the due instant, the end of a period to do it again."""
    if judged.deadline.state == "open":
        return [judged.deadline.due_at, *(r.at for r in judged.reminders if r.at > now)]
    return [] if judged.deadline.restore_by is None else [judged.deadline.restore_by]


def _requirements(
    violations: Mapping[UUID, KeptViolation], unmet: Sequence[Violation], now: datetime
) -> Iterator[tuple[KeptViolation, list[EventData]]]:
    """要求: those not met, and those on record that turned out to be met (check-ins synced late)."""
    desired = {violation.id: violation for violation in unmet}
    on_record = {identity: kept for identity, kept in violations.items() if kept.violation.kind == "requirement"}
    for identity in [*desired, *(identity for identity in on_record if identity not in desired)]:
        changed = _violation(on_record.get(identity), desired.get(identity), "in_time", now)
        if changed is not None:
            yield changed


def _violation(
    before: KeptViolation | None, desired: Violation | None, why_withdrawn: WithdrawCause, now: datetime
) -> tuple[KeptViolation, list[EventData]] | None:
    """The violation on record as it must be now, with its events; None when there is none, or nothing changed."""
    if desired is None:
        if before is None or before.violation.state == "withdrawn":
            return None
        withdrawn = replace(before.violation, state="withdrawn", withdrawn_at=now, withdrawn_cause=why_withdrawn)
        return replace(before, violation=withdrawn), [_withdrawn(withdrawn, before.detected_at)]
    if before is not None and before.violation == desired:
        return None
    anew = before is None or (before.violation.state == "withdrawn" and desired.state != "withdrawn")
    after = KeptViolation(desired, now) if before is None or anew else before
    return replace(after, violation=desired), list(_violation_events(before, desired, after.detected_at))


def _violation_events(before: KeptViolation | None, after: Violation, detected_at: datetime) -> Iterator[EventData]:
    known = None if before is None else before.violation
    common = _violation_fields(after)
    revived = known is not None and known.state == "withdrawn" != after.state
    # Standing again: a fact heard late voids the act that had cured it.
    undone = known is not None and after.state == "standing" != known.state
    if known is None or revived or undone or known.occurred_at != after.occurred_at:
        yield events.ViolationRaised(**common, detected_at=detected_at)
        known = None
    if known is not None and (known.state, known.cured_at) == (after.state, after.cured_at):
        return
    if after.state == "cured":
        yield events.ViolationCured(
            **common, detected_at=detected_at, cured_at=after.cured_at, days_late=after.days_late
        )
    elif after.state == "waived":
        yield events.ViolationWaived(**common, detected_at=detected_at, waived_at=after.waived_at)
    elif after.state == "withdrawn":
        yield _withdrawn(after, detected_at)


def _withdrawn(violation: Violation, detected_at: datetime) -> EventData:
    return events.ViolationWithdrawn(
        **_violation_fields(violation),
        detected_at=detected_at,
        withdrawn_at=violation.withdrawn_at,
        cause=violation.withdrawn_cause,
    )


def _why_withdrawn(judged: Judged) -> WithdrawCause:
    if judged.deadline.state == "met":
        return "proof_accepted" if judged.met_by_proof else "in_time"
    return "trigger_void"


def _deadline_fields(deadline: Deadline) -> dict[str, Any]:
    return {
        "deadline_id": deadline.id,
        "rule": deadline.rule,
        "clause": deadline.clause,
        "activity_id": deadline.activity_id,
        "occurrence": deadline.occurrence,
        "due_date": deadline.due_date,
        "due_at": deadline.due_at,
        "derivation_digest": deadline.ruled.derivation.digest,
    }


def _violation_fields(violation: Violation) -> dict[str, Any]:
    return {
        "violation_id": violation.id,
        "kind": violation.kind,
        "rule": violation.rule,
        "clause": violation.clause,
        "deadline_id": violation.deadline_id,
        "activity_id": violation.activity_id,
        "occurrence": violation.occurrence,
        "due_date": violation.due_date,
        "occurred_at": violation.occurred_at,
        "derivation_digest": violation.derivation_digest,
    }
