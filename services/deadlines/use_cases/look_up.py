"""查看一项: one deadline or violation, as callers see it."""

from uuid import UUID

from contracts.deadlines.api import DeadlineView, ViolationView
from contracts.policy import extension_limit
from servicekit.database import Connection
from servicekit.problems import NotFound
from services.deadlines import store
from services.deadlines.domain import permit, show
from services.deadlines.domain.permit import Asker
from services.deadlines.domain.records import Campaign
from services.deadlines.gateways import Calendars
from services.deadlines.store import Scope


async def deadline(connection: Connection, calendars: Calendars, asker: Asker, identity: UUID) -> DeadlineView:
    """期限 with its derivation. Raises NotFound, Forbidden."""
    scope = await store.scope_of_deadline(connection, identity)
    if scope is None:
        raise NotFound("没有这项期限")
    campaign = await _readable(connection, scope, asker)
    kept = (await store.deadlines(connection, scope))[identity]
    rule = campaign.pack.rule(kept.deadline.rule)
    decisions = await store.decisions(connection, scope)
    violations = await store.violations(connection, scope)
    return show.deadline(
        scope.campaign_id,
        scope.department,
        rule,
        kept,
        extension_limit(rule, kept.deadline.ruled, calendars.of(campaign.jurisdiction)),
        [entry for entry in decisions if entry.decision.deadline_id == identity],
        next((key for key, entry in violations.items() if entry.violation.deadline_id == identity), None),
    )


async def violation(connection: Connection, asker: Asker, identity: UUID) -> ViolationView:
    """违规, with the objection to it. Raises NotFound, Forbidden."""
    scope = await store.scope_of_violation(connection, identity)
    if scope is None:
        raise NotFound("没有这项违规")
    campaign = await _readable(connection, scope, asker)
    kept = (await store.violations(connection, scope))[identity]
    decisions = await store.decisions(connection, scope)
    return show.violation(
        scope.campaign_id,
        scope.department,
        campaign.pack.duty(kept.violation.rule).title,
        kept,
        [entry for entry in decisions if entry.decision.violation_id == identity],
    )


async def _readable(connection: Connection, scope: Scope, asker: Asker) -> Campaign:
    campaign = await store.campaign(connection, scope.campaign_id)
    assert campaign is not None, "a deadline is only ever opened in a known campaign"
    permit.as_reader(asker, scope.department, campaign.jurisdiction)
    return campaign
