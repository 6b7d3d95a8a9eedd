"""Reads: pages in the order of creation, and the contacts another service asks for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from contracts.plans.api import (
    ActivityPage,
    ActivityView,
    AnnouncementView,
    CampaignPage,
    CampaignView,
    Check,
    CheckView,
    ContactAnswer,
    ContactIn,
    ContactsAnswer,
    ContactsQuestion,
    PlanContactView,
    PlanLine,
    PlanPage,
    PlanView,
    ProofPage,
    ProofView,
    PublicationView,
    ReceiptView,
    SubmissionsView,
    SubmissionView,
)
from servicekit.crypto import Sealer
from servicekit.database import Connection
from servicekit.problems import BadRequest, NotFound
from servicekit.service import Service
from services.plans.domain import permit, show
from services.plans.domain.aggregates import Campaign, Plan
from services.plans.domain.check_plan import check_plan
from services.plans.domain.review_plan import titled
from services.plans.gateways import PolicyFiles
from services.plans.store import activities, campaigns, plans, publicity


def _cursor(after: str | None) -> int:
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit()) or len(after) > 18:
        raise BadRequest("after 不是本服务给出的游标", fix="用上一页的 next")
    return int(after)


def _next(rows: list[Any], limit: int) -> str | None:
    return str(rows[-1]["sequence"]) if len(rows) == limit else None


async def campaign(connection: Connection, identity: UUID) -> CampaignView:
    """Raises NotFound."""
    return show.campaign(await campaigns.load(connection, identity))


async def campaign_page(connection: Connection, after: str | None, limit: int) -> CampaignPage:
    rows = await connection.fetch(
        f"select sequence, {campaigns.COLUMNS} from campaigns where sequence > $1 order by sequence limit $2",  # noqa: S608
        _cursor(after),
        limit,
    )
    items = []
    for row in rows:
        fields = {name: value for name, value in row.items() if name != "sequence"}
        items.append(show.campaign(Campaign(**fields, roster=await campaigns.roster(connection, row["id"]))))
    return CampaignPage(items=items, next=_next(rows, limit))


async def plan(
    connection: Connection, asker: permit.Asker, policy: PolicyFiles, identity: UUID, now: datetime
) -> PlanView:
    """Raises NotFound, Forbidden."""
    found = await _readable(connection, asker, identity)
    drafted = await activities.of_plan(connection, identity)
    reviews = [(one.submission, one.returned_at, one.comments) for one in await plans.reviews(connection, identity)]
    findings = await _findings(connection, policy, found, now) if found.filed_at is None else []
    return show.plan(found, drafted, reviews, [one for one in findings if one.severity == "warn"])


async def check(
    connection: Connection, asker: permit.Asker, policy: PolicyFiles, identity: UUID, now: datetime
) -> CheckView:
    """核对结果, before submitting. Raises NotFound, Forbidden."""
    found = await _readable(connection, asker, identity)
    findings = await _findings(connection, policy, found, now)
    complete = not any(finding.severity == "refuse" for finding in findings)
    return CheckView(plan_id=identity, complete=complete, findings=findings)


async def plan_page(
    connection: Connection,
    asker: permit.Asker,
    campaign_id: UUID | None,
    department: str | None,
    state: str | None,
    after: str | None,
    limit: int,
) -> PlanPage:
    """A department sees its own only. Raises Forbidden."""
    rows = await connection.fetch(
        f"{plans.SELECT} where plans.sequence > $1 and ($2::uuid is null or plans.campaign_id = $2)"
        " and ($3::text is null or plans.department = $3) and ($4::text is null or plans.state = $4)"
        " and ($5::text is null or campaigns.jurisdiction = $5) order by plans.sequence limit $6",
        _cursor(after),
        campaign_id,
        _restricted(asker, department),
        state,
        asker.jurisdiction,
        limit,
    )
    items = [PlanLine(**{name: row[name] for name in PlanLine.model_fields}) for row in rows]
    return PlanPage(items=items, next=_next(rows, limit))


async def submissions(connection: Connection, asker: permit.Asker, identity: UUID) -> SubmissionsView:
    """Every submitted text with its digest. Raises NotFound, Forbidden."""
    await _readable(connection, asker, identity)
    rows = await plans.submissions(connection, identity)
    return SubmissionsView(plan_id=identity, submissions=[SubmissionView(**row) for row in rows])


async def receipt(connection: Connection, asker: permit.Asker, identity: UUID) -> ReceiptView:
    """备案回执. Raises NotFound, Forbidden."""
    found = await _readable(connection, asker, identity)
    if found.filing_number is None:
        raise NotFound("方案尚未备案,没有回执")
    return show.receipt(found)


async def plan_contact(connection: Connection, asker: permit.Asker, sealer: Sealer, identity: UUID) -> PlanContactView:
    """方案联系人, for the office and the department itself. Raises NotFound, Forbidden."""
    await _readable(connection, asker, identity)
    sealed = await plans.sealed_contact(connection, identity)
    opened = sealer.open(sealed, place=f"plans/{identity}/contact") if sealed is not None else None
    contact = ContactIn.model_validate_json(opened) if opened is not None else None
    return PlanContactView(plan_id=identity, contact=contact)


async def activity(connection: Connection, asker: permit.Asker, identity: UUID) -> ActivityView:
    """Filed ones are public; a draft is its department's. Raises NotFound, Forbidden."""
    found = await activities.load(connection, identity)
    permit.as_reader(asker, found.department, found.jurisdiction, public=found.state != "draft")
    return show.activity(found)


async def activity_page(
    connection: Connection,
    asker: permit.Asker,
    campaign_id: UUID | None,
    department: str | None,
    state: str | None,
    after: str | None,
    limit: int,
) -> ActivityPage:
    """A department sees its own, a front-end none that is a draft. Raises Forbidden."""
    public = asker.may("frontend") and not asker.may("office", "auditor")
    rows = await connection.fetch(
        f"{activities.SELECT} where activities.sequence > $1 and ($2::uuid is null or plans.campaign_id = $2)"
        " and ($3::text is null or plans.department = $3) and ($4::text is null or activities.state = $4)"
        " and ($5::text is null or campaigns.jurisdiction = $5) and not ($6 and activities.state = 'draft')"
        " order by activities.sequence limit $7",
        _cursor(after),
        campaign_id,
        department if public else _restricted(asker, department),
        state,
        asker.jurisdiction,
        public,
        limit,
    )
    items = [show.activity(activities.of_row(row)) for row in rows]
    return ActivityPage(items=items, next=_next(rows, limit))


async def announcement(connection: Connection, asker: permit.Asker, activity_id: UUID) -> AnnouncementView:
    """The announcement that stands. Raises NotFound, Forbidden."""
    found = await activities.load(connection, activity_id)
    permit.as_reader(asker, found.department, found.jurisdiction, public=True)
    return show.announcement(await publicity.standing_announcement(connection, activity_id))


async def publication(connection: Connection, asker: permit.Asker, activity_id: UUID, act: str) -> PublicationView:
    """活动开展情况 or 总结评估. Raises NotFound, Forbidden."""
    found = await activities.load(connection, activity_id)
    permit.as_reader(asker, found.department, found.jurisdiction, public=True)
    row = await publicity.publication(connection, activity_id, act)
    if row is None:
        raise NotFound("还没有发布")
    return PublicationView(**row)


async def proof(connection: Connection, asker: permit.Asker, identity: UUID) -> ProofView:
    """Raises NotFound, Forbidden."""
    found = await publicity.load_proof(connection, identity)
    about = await activities.load(connection, found.activity_id)
    permit.as_reader(asker, about.department, about.jurisdiction)
    return show.proof(found)


async def proof_page(
    connection: Connection,
    asker: permit.Asker,
    campaign_id: UUID | None,
    activity_id: UUID | None,
    state: str | None,
    after: str | None,
    limit: int,
) -> ProofPage:
    """What the office still has to decide, and what it decided. Raises Forbidden."""
    columns = ", ".join(f"proofs.{name}" for name in publicity.PROOF.split(", "))
    rows = await connection.fetch(
        f"select proofs.sequence, {columns} from proofs join activities on activities.id = proofs.activity_id"  # noqa: S608
        " join plans on plans.id = activities.plan_id join campaigns on campaigns.id = plans.campaign_id"
        " where proofs.sequence > $1 and ($2::uuid is null or plans.campaign_id = $2)"
        " and ($3::uuid is null or proofs.activity_id = $3) and ($4::text is null or proofs.state = $4)"
        " and ($5::text is null or plans.department = $5) and ($6::text is null or campaigns.jurisdiction = $6)"
        " order by proofs.sequence limit $7",
        _cursor(after),
        campaign_id,
        activity_id,
        state,
        _restricted(asker, None),
        asker.jurisdiction,
        limit,
    )
    items = [show.proof(publicity.proof_of_row(row)) for row in rows]
    return ProofPage(items=items, next=_next(rows, limit))


async def contacts(service: Service, question: dict[str, Any]) -> dict[str, Any]:
    """queries.plans.contacts.v1: whom to write to; opened only for this answer, which nobody stores."""
    try:
        asked = ContactsQuestion.model_validate(question)
    except ValidationError as wrong:
        return {"contacts": [], "error": f"{wrong.error_count()} fields do not fit"}
    department = asked.department if asked.audience == "department" else None
    if asked.audience == "department" and department is None:
        return {"contacts": [], "error": "audience department needs a department"}
    sealer = service.seal_key()
    async with service.reading() as connection:
        rows = await connection.fetch(
            "select id, sealed_name, sealed_email from contacts"
            " where campaign_id = $1 and department is not distinct from $2 order by position",
            asked.campaign,
            department,
        )
    answer = ContactsAnswer(
        contacts=[
            ContactAnswer(
                name=sealer.open(row["sealed_name"], place=f"contacts/{row['id']}/name"),
                email=sealer.open(row["sealed_email"], place=f"contacts/{row['id']}/email"),
            )
            for row in rows
        ]
    )
    return answer.model_dump(mode="json")


def _restricted(asker: permit.Asker, department: str | None) -> str | None:
    """The department a list is limited to: whatever office and auditor ask for, a department's own else."""
    if asker.may("office", "auditor"):
        return department
    own = permit.own_department(asker)
    if department is not None:
        permit.as_owner(asker, department, asker.jurisdiction or "")
    return own


async def _readable(connection: Connection, asker: permit.Asker, identity: UUID) -> Plan:
    found = await plans.load(connection, identity)
    permit.as_reader(asker, found.department, found.jurisdiction)
    return found


async def _findings(connection: Connection, policy: PolicyFiles, found: Plan, now: datetime) -> list[Check]:
    campaign = await campaigns.load(connection, found.campaign_id)
    pack = await campaigns.pack(connection, campaign.pack_digest)
    proper = pack.activity_name(titled(campaign, found.department, found.content))
    return check_plan(pack, found.content, found.name, proper, policy.calendar(found.jurisdiction), now)
