"""处理决定: extension, waiver, objection and its outcome, each kept for good and judged at once."""

from dataclasses import dataclass
from uuid import UUID

from contracts.deadlines.api import (
    DeadlineView,
    DecideObjection,
    ExtendDeadline,
    RaiseObjection,
    ViolationView,
    WaiveDeadline,
    WaiveViolation,
)
from contracts.deadlines.events import ObjectionDecided
from contracts.policy import extension_limit
from servicekit.problems import NotFound
from servicekit.service import Transaction
from servicekit.writes import check_version
from services.deadlines import store
from services.deadlines.domain import decide as domain
from services.deadlines.domain import permit
from services.deadlines.domain.permit import Asker
from services.deadlines.domain.records import Campaign, Deadline, Decision, KeptDecision, Violation
from services.deadlines.domain.settle import Announcement
from services.deadlines.gateways import Calendars
from services.deadlines.store import Scope
from services.deadlines.use_cases import look_up
from services.deadlines.use_cases.judge_scope import judge_scope, tell


@dataclass(frozen=True)
class Deciding:
    """Who decides about what, against which version (None: any)."""

    asker: Asker
    subject: str
    identity: UUID
    expected: int | None


async def extend(tx: Transaction, calendars: Calendars, who: Deciding, body: ExtendDeadline) -> DeadlineView:
    """延期. Raises NotFound, Forbidden, WrongState, ExtensionNotLater, ExtensionBeyondMaximum."""
    scope, campaign, deadline = await _deadline(tx, calendars, who)
    rule = campaign.pack.rule(deadline.rule)
    permit.to_decide(who.asker, rule.extend.by, rule, campaign.jurisdiction, scope.department)
    limit = extension_limit(rule, deadline.ruled, calendars.of(campaign.jurisdiction))
    domain.may_extend(deadline, rule, body.until, limit)
    decision = Decision("extend_deadline", tx.now, deadline_id=deadline.id, until=body.until)
    return await _settle_deadline(tx, calendars, scope, decision, body.reason, who)


async def waive_deadline(tx: Transaction, calendars: Calendars, who: Deciding, body: WaiveDeadline) -> DeadlineView:
    """豁免期限. Raises NotFound, Forbidden, WrongState."""
    scope, campaign, deadline = await _deadline(tx, calendars, who)
    rule = campaign.pack.rule(deadline.rule)
    permit.to_decide(who.asker, rule.waive.by, rule, campaign.jurisdiction, scope.department)
    domain.may_waive_deadline(deadline, rule)
    decision = Decision("waive_deadline", tx.now, deadline_id=deadline.id)
    return await _settle_deadline(tx, calendars, scope, decision, body.reason, who)


async def waive_violation(tx: Transaction, calendars: Calendars, who: Deciding, body: WaiveViolation) -> ViolationView:
    """豁免违规. Raises NotFound, Forbidden, WrongState."""
    scope, campaign, violation, _ = await _violation(tx, calendars, who)
    duty = campaign.pack.duty(violation.rule)
    permit.to_decide(who.asker, duty.waive.by, duty, campaign.jurisdiction, scope.department)
    domain.may_waive_violation(violation)
    decision = Decision("waive_violation", tx.now, violation_id=violation.id)
    return await _settle_violation(tx, calendars, scope, decision, body.reason, who)


async def object_to(tx: Transaction, calendars: Calendars, who: Deciding, body: RaiseObjection) -> ViolationView:
    """申诉说明 by the department concerned. Raises NotFound, Forbidden, WrongState, AlreadyObjected."""
    scope, campaign, violation, made = await _violation(tx, calendars, who)
    permit.as_department(who.asker, scope.department, campaign.jurisdiction)
    domain.may_object(violation, made)
    decision = Decision("object", tx.now, violation_id=violation.id)
    return await _settle_violation(tx, calendars, scope, decision, body.explanation, who)


async def decide_objection(
    tx: Transaction, calendars: Calendars, who: Deciding, body: DecideObjection
) -> ViolationView:
    """申诉处理. Raises NotFound, Forbidden, WrongState, NothingToDecide."""
    scope, campaign, violation, made = await _violation(tx, calendars, who)
    permit.as_office(who.asker, campaign.jurisdiction)
    domain.may_decide(violation, made)
    decision = Decision("decide_objection", tx.now, violation_id=violation.id, outcome=body.outcome)
    event = ObjectionDecided(
        violation_id=violation.id,
        rule=violation.rule,
        clause=violation.clause,
        outcome=body.outcome,
        decided_at=tx.now,
    )
    await tell(tx, campaign, scope, Announcement(violation.id, event))
    return await _settle_violation(tx, calendars, scope, decision, body.reason, who)


async def _deadline(tx: Transaction, calendars: Calendars, who: Deciding) -> tuple[Scope, Campaign, Deadline]:
    """The deadline as it stands now, its department's lock held: what is due by time has lapsed first."""
    scope = await store.scope_of_deadline(tx.connection, who.identity)
    if scope is None:
        raise NotFound("没有这项期限")
    campaign = await _judged(tx, calendars, scope, who)
    kept = (await store.deadlines(tx.connection, scope))[who.identity]
    check_version(who.expected, kept.version)
    return scope, campaign, kept.deadline


async def _violation(
    tx: Transaction, calendars: Calendars, who: Deciding
) -> tuple[Scope, Campaign, Violation, list[Decision]]:
    """The violation as it stands now, and what was decided about it."""
    scope = await store.scope_of_violation(tx.connection, who.identity)
    if scope is None:
        raise NotFound("没有这项违规")
    campaign = await _judged(tx, calendars, scope, who)
    kept = (await store.violations(tx.connection, scope))[who.identity]
    check_version(who.expected, kept.version)
    made = [k.decision for k in await store.decisions(tx.connection, scope)]
    return scope, campaign, kept.violation, [d for d in made if d.violation_id == who.identity]


async def _judged(tx: Transaction, calendars: Calendars, scope: Scope, who: Deciding) -> Campaign:
    campaign = await store.campaign(tx.connection, scope.campaign_id)
    assert campaign is not None, "a deadline is only ever opened in a known campaign"
    permit.as_reader(who.asker, scope.department, campaign.jurisdiction)
    await judge_scope(tx, calendars, scope)
    return campaign


async def _settle_deadline(
    tx: Transaction, calendars: Calendars, scope: Scope, decision: Decision, words: str, who: Deciding
) -> DeadlineView:
    await store.add_decision(tx.connection, scope, KeptDecision(decision, words, who.subject))
    await judge_scope(tx, calendars, scope)
    return await look_up.deadline(tx.connection, calendars, who.asker, who.identity)


async def _settle_violation(
    tx: Transaction, calendars: Calendars, scope: Scope, decision: Decision, words: str, who: Deciding
) -> ViolationView:
    await store.add_decision(tx.connection, scope, KeptDecision(decision, words, who.subject))
    await judge_scope(tx, calendars, scope)
    return await look_up.violation(tx.connection, who.asker, who.identity)
