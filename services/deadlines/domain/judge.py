"""判定: from all facts of a department, the deadlines and violations that must stand. Pure, `now` passed in.

What happened is ordered by its own time. A deadline that was done, cancelled or waived before it was due does not
lapse; one that was not lapses at its due instant, however late the system learns of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from uuid import UUID

from contracts.policy import SHANGHAI, Calendar, Due, Rule, compute, reminder_times
from contracts.policy import Reminder as PackReminder
from contracts.policy.counting import civil_date
from contracts.policy.primitives import time_of
from services.deadlines.domain.history import History, read
from services.deadlines.domain.openings import Opening, Stop, openings
from services.deadlines.domain.records import (
    Case,
    Deadline,
    Decision,
    Judged,
    Reminder,
    Violation,
    deadline_id,
    violation_id,
)
from services.deadlines.domain.satisfaction import Duty, Spell, can_hear, spells

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class _Course:
    """How a duty went against its due instant: done at `met_at` or not; `lapse_at` None means it is done for good."""

    met_at: datetime | None
    by_proof: bool
    lapse_at: datetime | None


def judge(case: Case, calendar: Calendar, now: datetime) -> tuple[Judged, ...]:
    """判定 one department, rule by rule in the pack's order, then by activity date."""
    history = read(case.facts)
    judged = []
    for rule in case.campaign.pack.rules:
        if can_hear(rule.satisfied_by):
            found = sorted(openings(rule, case.campaign, history), key=_by_date)
            judged += [_judge(case, rule, opening, history, calendar, now) for opening in found]
    return tuple(judged)


def _by_date(opening: Opening) -> tuple[datetime, int, str]:
    return opening.anchor, opening.occurrence, str(opening.activity.id if opening.activity else "")


def _judge(case: Case, rule: Rule, opening: Opening, history: History, calendar: Calendar, now: datetime) -> Judged:
    activity = opening.activity
    identity = deadline_id(
        case.campaign.id, case.department, activity.id if activity else None, rule.id, opening.occurrence
    )
    done = spells(Duty(rule, case.campaign.pack, calendar, history, activity, opening.occurrence))
    ruled = _ruled(case, rule, opening, calendar, done, identity)
    due = _extended(rule, ruled, [d for d in case.decisions if d.deadline_id == identity])
    deadline = Deadline(
        id=identity,
        rule=rule.id,
        clause=rule.clause,
        activity_id=activity.id if activity else None,
        occurrence=opening.occurrence,
        ruled=ruled,
        due_date=due.due_date,
        due_at=due.due_at,
        extended=due.due_at != ruled.due_at,
    )
    keep_until = opening.starts_at if rule.continuous == "throughout" else None
    course = _follow(done, due.due_at, keep_until)
    waived = _first(case.decisions, "waive_deadline", identity)
    deadline = _stand(deadline, course, opening.stop(), waived, now)
    if deadline.lapsed_at is not None:
        return _lapsed(case, rule, opening, replace(deadline, state="lapsed"), done)
    reminders = _reminders(case.campaign.pack.reminders_of(rule), due, calendar) if deadline.state == "open" else ()
    return Judged(deadline, None, course.by_proof, reminders)


def _ruled(case: Case, rule: Rule, opening: Opening, calendar: Calendar, done: Sequence[Spell], identity: UUID) -> Due:
    """到期日 by the rule. A corrected end moves it only while it was open: not yet done, not yet due."""
    known = case.known.get(identity)
    fixed = known is not None and (identity in case.settled or known.derivation.calendar_version == calendar.version)

    def count_from(instant: datetime) -> Due:
        # Days are counted from a civil date; with the instant the same date would get many derivations.
        anchor = instant.astimezone(SHANGHAI) if rule.unit == "hour" else civil_date(instant)
        written = None if rule.direction == "on" else anchor.isoformat()
        if known is not None and fixed and known.derivation.anchor == written:
            return known
        return compute(rule, anchor, calendar, case.campaign.pack.year)

    due = count_from(opening.anchor)
    for corrected_at, anchor in opening.corrections:
        if corrected_at < due.due_at and not any(spell.at <= corrected_at for spell in done):
            due = count_from(anchor)
    return due


def _extended(rule: Rule, ruled: Due, decisions: Sequence[Decision]) -> Due:
    """延期: to the end of the last day granted; never to an earlier instant than the rule gives."""
    granted = [d.until for d in decisions if d.kind == "extend_deadline" and d.until is not None]
    if not granted or (until := max(granted)) <= ruled.due_date:
        return ruled
    end = datetime.combine(until + _ONE_DAY, time(), SHANGHAI)
    if rule.cut_off is not None:
        end = datetime.combine(until, time_of(rule.cut_off), SHANGHAI)
    return ruled.model_copy(update={"due_date": until, "due_at": end})


def _follow(done: Sequence[Spell], due_at: datetime, keep_until: datetime | None) -> _Course:
    """Follow the spells up to the instant at which the duty lapses, if it does.

    What was undone again lapses at the later of the due instant and the moment it was undone, unless it is done anew
    before that (3.1 退回: the period to resubmit; 宣传: kept up until the activity starts).
    """
    lapse_at, met_at, undone, by_proof = due_at, None, None, False
    for spell in done:
        if spell.at >= lapse_at:
            break
        if met_at is None or (undone is not None and spell.at > undone):
            met_at, by_proof = spell.at, spell.by_proof
        else:
            by_proof = by_proof or spell.by_proof
        if spell.until is None or (keep_until is not None and spell.until >= keep_until):
            return _Course(met_at, by_proof, None)
        undone = spell.until if undone is None else max(undone, spell.until)
        lapse_at = max(lapse_at, undone)
    return _Course(met_at, by_proof, lapse_at)


def _stand(deadline: Deadline, course: _Course, stop: Stop | None, waived: Decision | None, now: datetime) -> Deadline:
    """Which came first: done, waived, cancelled, or the instant it lapses."""
    if waived is not None:
        return replace(deadline, state="waived", waived_at=waived.at)
    stopped = stop is not None and (course.lapse_at is None or stop.at < course.lapse_at)
    if course.met_at is not None and (stop is None or course.met_at <= stop.at):
        if course.lapse_at is None or stopped:
            return replace(deadline, state="met", met_at=course.met_at)
        if now < course.lapse_at:
            return replace(deadline, state="met", met_at=course.met_at, restore_by=course.lapse_at)
        return replace(deadline, lapsed_at=course.lapse_at)
    if stop is not None and stopped:
        return replace(deadline, state="cancelled", cancelled_at=stop.at, cancelled_cause=stop.cause)
    if course.lapse_at is not None and now >= course.lapse_at:
        return replace(deadline, lapsed_at=course.lapse_at)
    return deadline


def _lapsed(case: Case, rule: Rule, opening: Opening, deadline: Deadline, done: Sequence[Spell]) -> Judged:
    """逾期: the violation, and whether it was cured, waived or withdrawn on objection."""
    lapsed_at = deadline.lapsed_at
    assert lapsed_at is not None
    cured_at = next((spell.at for spell in done if spell.at >= lapsed_at and _may_cure(rule, opening, spell.at)), None)
    if cured_at is not None:
        deadline = replace(deadline, state="cured", met_at=cured_at)
    if rule.severity == "warn":
        return Judged(deadline)
    last_day = deadline.due_date if lapsed_at == deadline.due_at else civil_date(lapsed_at - timedelta.resolution)
    violation = Violation(
        id=violation_id(deadline.id),
        kind="deadline",
        rule=rule.id,
        clause=rule.clause,
        deadline_id=deadline.id,
        activity_id=deadline.activity_id,
        occurrence=deadline.occurrence,
        due_date=last_day,
        occurred_at=lapsed_at,
        derivation_digest=deadline.ruled.derivation.digest,
    )
    if cured_at is not None:
        # An act on the last day after a cut-off hour is late by less than a day; it counts as one.
        days = max(1, (civil_date(cured_at) - last_day).days)
        violation = replace(violation, state="cured", cured_at=cured_at, days_late=days)
    return Judged(deadline, decided(violation, case.decisions))


def _may_cure(rule: Rule, opening: Opening, at: datetime) -> bool:
    """补办: `cures_until` of the rule; a publicity that comes when the activity has started comes to nothing."""
    if rule.cures_until == "activity_start":
        return opening.starts_at is None or at < opening.starts_at
    return rule.cures_until == "always"


def decided(violation: Violation, decisions: Sequence[Decision]) -> Violation:
    """A decision of the office stands, whatever is learnt later about the act."""
    upheld = [d for d in decisions if d.violation_id == violation.id and d.outcome == "upheld"]
    waived = _first(decisions, "waive_violation", violation.id)
    if upheld:
        at = min(decision.at for decision in upheld)
        return replace(violation, state="withdrawn", withdrawn_at=at, withdrawn_cause="objection_upheld")
    if waived is not None:
        return replace(violation, state="waived", waived_at=waived.at, cured_at=None, days_late=None)
    return violation


def _first(decisions: Sequence[Decision], kind: str, about: object) -> Decision | None:
    found = [d for d in decisions if d.kind == kind and about in (d.deadline_id, d.violation_id)]
    return min(found, key=lambda decision: decision.at, default=None)


def _reminders(asked: Sequence[PackReminder], due: Due, calendar: Calendar) -> tuple[Reminder, ...]:
    return tuple(Reminder(reminder_times((reminder,), due, calendar)[0], _words(reminder)) for reminder in asked)


def _words(reminder: PackReminder) -> str:
    """3 calendar_day 09:00: the pack's own keys, for a template to put into a sentence."""
    return " ".join(part for part in (str(reminder.n), reminder.unit, reminder.at) if part)
