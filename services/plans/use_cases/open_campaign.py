"""年度活动: drafted with its roster, opened, closed."""

from uuid import UUID, uuid4

from contracts.plans.api import CampaignIn, CampaignView, ContactIn
from contracts.plans.events import CampaignClosed, CampaignOpened, RosterEntry
from servicekit.crypto import Sealer
from servicekit.service import Transaction
from servicekit.writes import check_version
from services.plans.domain import open_campaign as domain
from services.plans.domain import permit, show
from services.plans.domain.aggregates import Campaign
from services.plans.domain.aggregates import RosterEntry as Entry
from services.plans.gateways import PolicyFiles
from services.plans.store import campaigns as store


async def create_campaign(
    tx: Transaction, asker: permit.Asker, sealer: Sealer, policy: PolicyFiles, body: CampaignIn
) -> CampaignView:
    """A draft. Raises Forbidden, PackRefused, RosterRefused."""
    asker.require("office")
    pack = await policy.pack(body.pack_id)
    permit.as_office(asker, pack.jurisdiction.code)
    domain.check_roster(body.roster)
    campaign = Campaign(
        id=uuid4(),
        version=1,
        state="draft",
        jurisdiction=pack.jurisdiction.code,
        title=body.title or pack.basis.title,
        pack_id=body.pack_id,
        pack_version=None,
        pack_digest=None,
        roster=tuple(Entry(entry.department, entry.name) for entry in body.roster),
        created_at=tx.now,
    )
    await store.add(tx.connection, campaign)
    rows = [
        _sealed(sealer, campaign.id, department, position, contact)
        for department, contacts in [
            (None, body.office_contacts),
            *((entry.department, entry.contacts) for entry in body.roster),
        ]
        for position, contact in enumerate(contacts, start=1)
    ]
    await store.add_contacts(tx.connection, rows)
    return show.campaign(campaign)


async def open_campaign(
    tx: Transaction, asker: permit.Asker, policy: PolicyFiles, identity: UUID, expected: int | None
) -> CampaignView:
    """年度活动开始: resolves and fixes the pack, and says so. Raises Forbidden, WrongState, PackRefused."""
    campaign = await store.load(tx.connection, identity, lock=True)
    permit.as_office(asker, campaign.jurisdiction)
    check_version(expected, campaign.version)
    pack = await policy.pack(campaign.pack_id)
    opened = domain.open_campaign(campaign, pack, tx.now)
    document = pack.model_dump(mode="json")
    await store.keep_pack(tx.connection, pack.digest, document)
    await store.save(tx.connection, opened)
    await tx.announce(
        CampaignOpened(
            campaign_id=opened.id,
            year=pack.year,
            pack_id=pack.id,
            pack_version=pack.version,
            pack_digest=pack.digest,
            pack=document,
            roster=[RosterEntry(department=entry.department, name=entry.name) for entry in opened.roster],
            opened_at=tx.now,
        ),
        aggregate=opened.id,
        jurisdiction=opened.jurisdiction,
        campaign=opened.id,
    )
    return show.campaign(opened)


async def close_campaign(tx: Transaction, asker: permit.Asker, identity: UUID, expected: int | None) -> CampaignView:
    """年度活动结束. Raises Forbidden, WrongState."""
    campaign = await store.load(tx.connection, identity, lock=True)
    permit.as_office(asker, campaign.jurisdiction)
    check_version(expected, campaign.version)
    closed = domain.close_campaign(campaign, tx.now)
    await store.save(tx.connection, closed)
    await tx.announce(
        CampaignClosed(campaign_id=closed.id, closed_at=tx.now),
        aggregate=closed.id,
        jurisdiction=closed.jurisdiction,
        campaign=closed.id,
    )
    return show.campaign(closed)


def _sealed(
    sealer: Sealer, campaign_id: UUID, department: str | None, position: int, contact: ContactIn
) -> tuple[UUID, UUID, str | None, int, str, str, str | None]:
    identity = uuid4()

    def seal(value: str, column: str) -> str:
        return sealer.seal(value, place=f"contacts/{identity}/{column}")

    return (
        identity,
        campaign_id,
        department,
        position,
        seal(contact.name, "name"),
        seal(contact.email, "email"),
        seal(contact.phone, "phone") if contact.phone is not None else None,
    )
