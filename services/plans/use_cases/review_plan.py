"""实施方案: draft, revise, submit, return, file, cancel."""

from uuid import UUID

from contracts.plans.api import Check, ContactIn, PlanIn, PlanRevisionIn, PlanView, ReasonIn, ReceiptView, ReturnIn
from contracts.plans.events import PlanCancelled, PlanFiled, PlanReturned, PlanSubmitted
from servicekit.crypto import Sealer
from servicekit.service import Transaction
from servicekit.writes import check_version
from services.plans.domain import permit, show
from services.plans.domain import review_plan as domain
from services.plans.domain.aggregates import Activity, Campaign, Plan
from services.plans.domain.check_plan import check_plan
from services.plans.domain.date_activity import cancel_draft, file_activity
from services.plans.domain.open_campaign import department_name, require_open
from services.plans.gateways import PolicyFiles
from services.plans.store import activities, campaigns
from services.plans.store import plans as store


async def draft_plan(
    tx: Transaction, asker: permit.Asker, sealer: Sealer, policy: PolicyFiles, body: PlanIn
) -> PlanView:
    """起草, by a department on the roster. Raises Forbidden, NotOnRoster, WrongState, NameForbidden."""
    department = permit.own_department(asker)
    campaign = await campaigns.load(tx.connection, body.campaign_id)
    permit.as_owner(asker, department, campaign.jurisdiction)
    require_open(campaign)
    department_name(campaign, department)
    pack = await campaigns.pack(tx.connection, campaign.pack_digest)
    plan = domain.draft_plan(campaign, pack, department, body.content, body.name)
    return await _save_draft(tx, sealer, policy, campaign, plan, [], body.contact)


async def revise_plan(
    tx: Transaction,
    asker: permit.Asker,
    sealer: Sealer,
    policy: PolicyFiles,
    identity: UUID,
    expected: int,
    body: PlanRevisionIn,
) -> PlanView:
    """修改草稿 or a returned plan. Raises Forbidden, PreconditionFailed, WrongState, NameForbidden."""
    plan, campaign = await _own(tx, asker, identity, expected)
    require_open(campaign)
    pack = await campaigns.pack(tx.connection, campaign.pack_digest)
    before = await activities.of_plan(tx.connection, plan.id, lock=True)
    revised = domain.revise_plan(plan, campaign, pack, body.content, body.name)
    return await _save_draft(tx, sealer, policy, campaign, revised, before, body.contact)


async def submit_plan(
    tx: Transaction, asker: permit.Asker, policy: PolicyFiles, identity: UUID, expected: int | None
) -> PlanView:
    """报送: refused with every finding, never for being late. Raises Forbidden, WrongState, PlanIncomplete."""
    plan, campaign = await _own(tx, asker, identity, expected)
    require_open(campaign)
    drafted = await activities.of_plan(tx.connection, plan.id)
    findings = await _findings(tx, policy, campaign, plan)
    submitted, document = domain.submit_plan(plan, findings, {one.key: one.id for one in drafted}, tx.now)
    assert submitted.digest is not None
    await store.save(tx.connection, submitted)
    await store.add_submission(tx.connection, submitted, document)
    event = PlanSubmitted(plan_id=plan.id, version=submitted.submission, digest=submitted.digest, submitted_at=tx.now)
    await _announce(tx, submitted, event)
    return await _shown(tx, submitted, drafted, [finding for finding in findings if finding.severity == "warn"])


async def return_plan(
    tx: Transaction, asker: permit.Asker, identity: UUID, expected: int | None, body: ReturnIn
) -> PlanView:
    """退回 with comments. Raises Forbidden, WrongState."""
    plan = await _for_office(tx, asker, identity, expected)
    returned = domain.return_plan(plan)
    assert plan.digest is not None
    comments = [comment.model_dump() for comment in body.comments]
    await store.save(tx.connection, returned)
    await store.add_review(tx.connection, returned, store.Review(plan.submission, tx.now, comments))
    event = PlanReturned(plan_id=plan.id, version=plan.submission, digest=plan.digest, returned_at=tx.now)
    await _announce(tx, returned, event)
    return await _shown(tx, returned, await activities.of_plan(tx.connection, plan.id), [])


async def file_plan(tx: Transaction, asker: permit.Asker, identity: UUID, expected: int | None) -> ReceiptView:
    """备案: number and receipt; from here on its activities are real. Raises Forbidden, WrongState."""
    plan = await _for_office(tx, asker, identity, expected)
    domain.require_submitted(plan)
    campaign = await campaigns.load(tx.connection, plan.campaign_id)
    pack = await campaigns.pack(tx.connection, campaign.pack_digest)
    number = domain.filing_number(campaign.pack_id, await store.next_filing(tx.connection, campaign.pack_id))
    filed = domain.file_plan(plan, number, tx.now)
    real = [file_activity(one) for one in await activities.of_plan(tx.connection, plan.id, lock=True)]
    await store.save(tx.connection, filed)
    await store.add_filing(tx.connection, filed)
    await activities.save(tx.connection, real)
    receipt = show.receipt(filed)
    event = PlanFiled(
        plan_id=filed.id,
        filing_number=number,
        version=filed.submission,
        digest=receipt.digest,
        title=filed.title,
        submitted_at=receipt.submitted_at,
        filed_at=tx.now,
        activities=show.filed(real, filed, pack),
    )
    await _announce(tx, filed, event)
    return receipt


async def cancel_plan(
    tx: Transaction, asker: permit.Asker, identity: UUID, expected: int | None, body: ReasonIn
) -> PlanView:
    """方案撤销, before filing. Nobody has heard of a plan that was never submitted. Raises Forbidden, WrongState."""
    plan, _ = await _own(tx, asker, identity, expected)
    cancelled = domain.cancel_plan(plan, tx.now)
    dropped = [cancel_draft(one) for one in await activities.of_plan(tx.connection, plan.id, lock=True)]
    await store.save(tx.connection, cancelled)
    await activities.save(tx.connection, dropped)
    if plan.submission:
        await _announce(tx, cancelled, PlanCancelled(plan_id=plan.id, cancelled_at=tx.now, reason=body.reason))
    return await _shown(tx, cancelled, dropped, [])


async def _own(tx: Transaction, asker: permit.Asker, identity: UUID, expected: int | None) -> tuple[Plan, Campaign]:
    plan = await store.load(tx.connection, identity, lock=True)
    permit.as_owner(asker, plan.department, plan.jurisdiction)
    check_version(expected, plan.version)
    return plan, await campaigns.load(tx.connection, plan.campaign_id)


async def _for_office(tx: Transaction, asker: permit.Asker, identity: UUID, expected: int | None) -> Plan:
    plan = await store.load(tx.connection, identity, lock=True)
    permit.as_office(asker, plan.jurisdiction)
    check_version(expected, plan.version)
    return plan


async def _findings(tx: Transaction, policy: PolicyFiles, campaign: Campaign, plan: Plan) -> list[Check]:
    pack = await campaigns.pack(tx.connection, campaign.pack_digest)
    proper = pack.activity_name(domain.titled(campaign, plan.department, plan.content))
    return check_plan(pack, plan.content, plan.name, proper, policy.calendar(plan.jurisdiction), tx.now)


async def _save_draft(
    tx: Transaction,
    sealer: Sealer,
    policy: PolicyFiles,
    campaign: Campaign,
    plan: Plan,
    before: list[Activity],
    contact: ContactIn | None,
) -> PlanView:
    pack = await campaigns.pack(tx.connection, campaign.pack_digest)
    name = pack.activity_name(domain.titled(campaign, plan.department, plan.content))
    drafted = domain.draft_activities(plan, name, {activity.key: activity for activity in before})
    await store.save(tx.connection, plan)
    sealed = sealer.seal(contact.model_dump_json(), place=f"plans/{plan.id}/contact") if contact else None
    await store.set_contact(tx.connection, plan.id, sealed)
    await activities.save(tx.connection, drafted)
    await activities.keep_only(tx.connection, plan.id, [activity.id for activity in drafted])
    findings = await _findings(tx, policy, campaign, plan)
    return await _shown(tx, plan, drafted, [finding for finding in findings if finding.severity == "warn"])


async def _shown(tx: Transaction, plan: Plan, drafted: list[Activity], warnings: list[Check]) -> PlanView:
    reviews = await store.reviews(tx.connection, plan.id)
    return show.plan(plan, drafted, [(one.submission, one.returned_at, one.comments) for one in reviews], warnings)


async def _announce(
    tx: Transaction, plan: Plan, event: PlanSubmitted | PlanReturned | PlanFiled | PlanCancelled
) -> None:
    await tx.announce(
        event,
        aggregate=plan.id,
        jurisdiction=plan.jurisdiction,
        campaign=plan.campaign_id,
        department=plan.department,
    )
