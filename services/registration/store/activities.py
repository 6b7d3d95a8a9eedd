"""活动, their campaigns' packs."""

from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.plans.events import CampaignOpened
from contracts.policy import PolicyPack
from servicekit.database import Connection
from servicekit.problems import NotFound
from services.registration.domain.activity import Activity

_FIELDS = tuple(field.name for field in fields(Activity))
_COLUMNS = ", ".join(_FIELDS)
_CHANGING = tuple(name for name in _FIELDS if name not in ("id", "campaign_id", "jurisdiction", "department"))
_SET = ", ".join(f"{name} = ${number}" for number, name in enumerate(_CHANGING, start=2))
_packs: dict[str, PolicyPack] = {}
"""By digest, so an entry can never go stale; one a campaign and pack version."""


async def hold_campaign(connection: Connection, campaign_id: UUID, *, alone: bool = False) -> None:
    """Facts share a campaign; its opening has it alone, so that neither misses the other."""
    kind = "" if alone else "_shared"
    await connection.execute(
        f"select pg_advisory_xact_lock{kind}(hashtextextended('campaign/' || $1, 0))",
        str(campaign_id),
    )


async def keep_campaign(connection: Connection, fact: CampaignOpened) -> None:
    await connection.execute(
        "insert into campaigns (id, pack_digest, pack) values ($1, $2, $3) on conflict do nothing",
        fact.campaign_id,
        fact.pack_digest,
        fact.pack,
    )


async def pack(connection: Connection, campaign_id: UUID) -> PolicyPack | None:
    """The pack the campaign opened with; None until its opening was heard."""
    digest = await connection.fetchval("select pack_digest from campaigns where id = $1", campaign_id)
    if digest is None:
        return None
    if digest not in _packs:
        document = await connection.fetchval("select pack from campaigns where id = $1", campaign_id)
        _packs[digest] = PolicyPack.model_validate(document)
    return _packs[digest]


async def of_campaign(connection: Connection, campaign_id: UUID) -> list[UUID]:
    """In the order in which they are locked."""
    rows = await connection.fetch("select id from activities where campaign_id = $1 order by id", campaign_id)
    return [row["id"] for row in rows]


async def load(connection: Connection, identity: UUID, *, lock: bool = False) -> Activity:
    """Raises NotFound."""
    ending = " for update" if lock else ""
    row = await connection.fetchrow(f"select {_COLUMNS} from activities where id = $1{ending}", identity)  # noqa: S608
    if row is None:
        raise NotFound("没有这场活动")
    return _activity(row)


async def load_or_begin(connection: Connection, begun: Activity) -> Activity:
    """The activity, locked; begun when this is the first fact about it."""
    await connection.execute(
        "insert into activities (id, campaign_id, jurisdiction, department) values ($1, $2, $3, $4)"
        " on conflict do nothing",
        begun.id,
        begun.campaign_id,
        begun.jurisdiction,
        begun.department,
    )
    return await load(connection, begun.id, lock=True)


async def save(connection: Connection, activity: Activity) -> None:
    """The caller holds the row's lock."""
    values = [_plain(getattr(activity, name)) for name in _CHANGING]
    await connection.execute(f"update activities set {_SET} where id = $1", activity.id, *values)  # noqa: S608


async def next_forecast_at(connection: Connection) -> datetime | None:
    """When the next forecast is due."""
    at: datetime | None = await connection.fetchval("select min(next_forecast_at) from activities")
    return at


async def claim_forecast(connection: Connection, now: datetime) -> Activity | None:
    """One activity whose forecast is due, locked; None when nobody else's is left."""
    row = await connection.fetchrow(
        f"select {_COLUMNS} from activities where next_forecast_at <= $1"  # noqa: S608
        " order by next_forecast_at, id limit 1 for update skip locked",
        now,
    )
    return None if row is None else _activity(row)


def _activity(row: Any) -> Activity:
    values = dict(row)
    return Activity(**values | {name: frozenset(values[name]) for name in ("announced", "withdrawn")})


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value
