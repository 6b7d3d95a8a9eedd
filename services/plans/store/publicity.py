"""公告, proofs, publications and district reports."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from servicekit.database import Connection
from servicekit.problems import NotFound
from services.plans.domain.aggregates import Announcement, Channel, Proof

PROOF = "id, version, activity_id, occurrence, act, channel, column_key, claimed_at, proof_digest, url, state, recorded_at, decided_at, reason"  # noqa: E501


async def standing_announcement(connection: Connection, activity_id: UUID) -> Announcement:
    """The announcement that stands; the caller holds the activity's lock when it means to change it.

    Raises NotFound.
    """
    row = await connection.fetchrow(
        "select id, version, activity_id, occurrence, items, issued_at, withdrawn_at from announcements"
        " where activity_id = $1 and withdrawn_at is null",
        activity_id,
    )
    if row is None:
        raise NotFound("活动还没有公告")
    channels = await connection.fetch(
        "select channel, column_key, occurrence, at, url, proof_digest from announced_channels"
        " where announcement_id = $1 order by position",
        row["id"],
    )
    return Announcement(**row, channels=tuple(Channel(*channel) for channel in channels))


async def save_announcement(connection: Connection, announcement: Announcement) -> None:
    await connection.execute(
        "insert into announcements (id, version, activity_id, occurrence, items, issued_at, withdrawn_at)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do update set version = excluded.version,"
        " occurrence = excluded.occurrence, withdrawn_at = excluded.withdrawn_at",
        announcement.id,
        announcement.version,
        announcement.activity_id,
        announcement.occurrence,
        announcement.items,
        announcement.issued_at,
        announcement.withdrawn_at,
    )
    await connection.executemany(
        "insert into announced_channels (announcement_id, position, channel, column_key, occurrence, at, url,"
        " proof_digest) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
        [
            (announcement.id, position, *asdict(channel).values())
            for position, channel in enumerate(announcement.channels, start=1)
        ],
    )


def proof_of_row(row: asyncpg.Record) -> Proof:
    fields = {("column" if name == "column_key" else name): value for name, value in row.items() if name != "sequence"}
    return Proof(**fields)


async def load_proof(connection: Connection, identity: UUID, *, lock: bool = False) -> Proof:
    """Raises NotFound."""
    ending = " for update" if lock else ""
    row = await connection.fetchrow(f"select {PROOF} from proofs where id = $1{ending}", identity)  # noqa: S608
    if row is None:
        raise NotFound("没有这份凭证")
    return proof_of_row(row)


async def save_proof(connection: Connection, proof: Proof) -> None:
    await connection.execute(
        f"insert into proofs ({PROOF}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"  # noqa: S608
        " on conflict (id) do update set version = excluded.version, state = excluded.state,"
        " decided_at = excluded.decided_at, reason = excluded.reason",
        *asdict(proof).values(),
    )


async def publication(connection: Connection, activity_id: UUID, act: str) -> asyncpg.Record | None:
    return await connection.fetchrow(
        "select id, activity_id, act, text, photos, channels, at from publications where activity_id = $1 and act = $2",
        activity_id,
        act,
    )


async def add_publication(
    connection: Connection,
    identity: UUID,
    activity_id: UUID,
    act: str,
    text: str,
    photos: list[dict[str, Any]],
    channels: list[dict[str, Any]],
    at: datetime,
) -> None:
    await connection.execute(
        "insert into publications (id, activity_id, act, text, photos, channels, at)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        identity,
        activity_id,
        act,
        text,
        photos,
        channels,
        at,
    )


async def has_district_report(connection: Connection, campaign_id: UUID, department: str) -> bool:
    """The caller holds the campaign's lock."""
    found: bool = await connection.fetchval(
        "select exists (select from district_reports where campaign_id = $1 and department = $2)",
        campaign_id,
        department,
    )
    return found


async def add_district_report(
    connection: Connection, identity: UUID, campaign_id: UUID, department: str, text: str, digest: str, at: datetime
) -> None:
    await connection.execute(
        "insert into district_reports (id, campaign_id, department, text, digest, at) values ($1, $2, $3, $4, $5, $6)",
        identity,
        campaign_id,
        department,
        text,
        digest,
        at,
    )
