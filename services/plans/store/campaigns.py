"""年度活动, roster, contacts, the packs they opened with."""

from typing import Any
from uuid import UUID

from contracts.policy import PolicyPack
from servicekit.database import Connection
from servicekit.problems import NotFound
from services.plans.domain.aggregates import Campaign, RosterEntry

COLUMNS = (
    "id, version, state, jurisdiction, title, pack_id, pack_version, pack_digest, created_at, opened_at, closed_at"
)
_packs: dict[str, PolicyPack] = {}
"""By digest, so an entry can never go stale; one a campaign and pack version."""


async def load(connection: Connection, identity: UUID, *, lock: bool = False) -> Campaign:
    """Raises NotFound."""
    ending = " for update" if lock else ""
    row = await connection.fetchrow(f"select {COLUMNS} from campaigns where id = $1{ending}", identity)  # noqa: S608
    if row is None:
        raise NotFound("没有这个年度活动")
    return Campaign(**row, roster=await roster(connection, identity))


async def roster(connection: Connection, identity: UUID) -> tuple[RosterEntry, ...]:
    rows = await connection.fetch(
        "select department, name from roster_entries where campaign_id = $1 order by position", identity
    )
    return tuple(RosterEntry(**row) for row in rows)


async def add(connection: Connection, campaign: Campaign) -> None:
    await connection.execute(
        "insert into campaigns (id, version, state, jurisdiction, title, pack_id, created_at)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        campaign.id,
        campaign.version,
        campaign.state,
        campaign.jurisdiction,
        campaign.title,
        campaign.pack_id,
        campaign.created_at,
    )
    await connection.executemany(
        "insert into roster_entries (campaign_id, department, position, name) values ($1, $2, $3, $4)",
        [
            (campaign.id, entry.department, position, entry.name)
            for position, entry in enumerate(campaign.roster, start=1)
        ],
    )


async def add_contacts(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
    """Rows of (id, campaign, department or None, position, sealed name, sealed email, sealed phone or None)."""
    await connection.executemany(
        "insert into contacts (id, campaign_id, department, position, sealed_name, sealed_email, sealed_phone)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        rows,
    )


async def save(connection: Connection, campaign: Campaign) -> None:
    await connection.execute(
        "update campaigns set version = $2, state = $3, pack_version = $4, pack_digest = $5, opened_at = $6,"
        " closed_at = $7 where id = $1",
        campaign.id,
        campaign.version,
        campaign.state,
        campaign.pack_version,
        campaign.pack_digest,
        campaign.opened_at,
        campaign.closed_at,
    )


async def keep_pack(connection: Connection, digest: str, document: dict[str, Any]) -> None:
    """The resolved pack, once for each digest."""
    await connection.execute(
        "insert into campaign_packs (digest, document) values ($1, $2) on conflict do nothing", digest, document
    )


async def pack(connection: Connection, digest: str | None) -> PolicyPack:
    """The pack a campaign opened with. Raises NotFound for a campaign that has not opened."""
    if digest is None:
        raise NotFound("年度活动尚未开始,还没有政策包")
    if digest not in _packs:
        document = await connection.fetchval("select document from campaign_packs where digest = $1", digest)
        _packs[digest] = PolicyPack.model_validate(document)
    return _packs[digest]
