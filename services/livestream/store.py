"""SQL of activities, sessions, venues, keys and questions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from servicekit.database import Connection
from servicekit.problems import NotFound
from services.livestream.domain.keys import HeldKey
from services.livestream.domain.session import Activity, Session, Venue

SESSIONS = """
select sessions.id, sessions.version, sessions.activity_id, activities.jurisdiction, activities.campaign_id,
    activities.department, sessions.state, sessions.epoch, sessions.intent, sessions.source, sessions.cut,
    sessions.started_at, sessions.ended_at, sessions.viewers_peak, sessions.viewers_total
from sessions join activities on activities.id = sessions.activity_id
"""
HAPPENINGS = """
select aggregate_version, type, occurred_at, event->'data' as data from event_log
where aggregate_id = $1 and aggregate_version > $2 order by aggregate_version limit $3
"""


async def keep_activity(
    connection: Connection,
    identity: UUID,
    jurisdiction: str,
    campaign: UUID,
    department: str,
    *,
    filed: dict[str, Any] | None = None,
    cancelled_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> None:
    """What is new of an activity; what is known already stays, so that events may come in any order."""
    await connection.execute(
        "insert into activities (id, jurisdiction, campaign_id, department, filed, cancelled_at, ended_at)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do update set"
        " filed = coalesce(excluded.filed, activities.filed),"
        " cancelled_at = coalesce(excluded.cancelled_at, activities.cancelled_at),"
        " ended_at = coalesce(excluded.ended_at, activities.ended_at)",
        identity,
        jurisdiction,
        campaign,
        department,
        filed,
        cancelled_at,
        ended_at,
    )


async def lock_activity(connection: Connection, identity: UUID) -> Activity:
    """Raises NotFound."""
    row = await connection.fetchrow(
        "select id, jurisdiction, campaign_id, department, filed, cancelled_at, ended_at from activities"
        " where id = $1 for update",
        identity,
    )
    if row is None:
        raise NotFound("没有这场活动,或它的方案尚未备案")
    return Activity(**row)


async def venues_of(connection: Connection, session_id: UUID) -> tuple[Venue, ...]:
    rows = await connection.fetch(
        "select key, name, main, link, client_id from venues where session_id = $1 order by position", session_id
    )
    return tuple(Venue(**row) for row in rows)


async def session(connection: Connection, identity: UUID, *, lock: bool = False) -> Session:
    """Raises NotFound."""
    ending = " for update of sessions" if lock else ""
    row = await connection.fetchrow(f"{SESSIONS} where sessions.id = $1{ending}", identity)
    if row is None:
        raise NotFound("没有这个直播场次")
    return Session(**row, venues=await venues_of(connection, identity))


async def session_of_activity(connection: Connection, activity_id: UUID) -> UUID | None:
    identity: UUID | None = await connection.fetchval("select id from sessions where activity_id = $1", activity_id)
    return identity


async def save(connection: Connection, session: Session) -> None:
    """The session and its venues; the caller holds the session's lock."""
    await connection.execute(
        "insert into sessions (id, version, activity_id, state, epoch, intent, source, cut, started_at, ended_at,"
        " viewers_peak, viewers_total) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        " on conflict (id) do update set version = excluded.version, state = excluded.state, epoch = excluded.epoch,"
        " intent = excluded.intent, source = excluded.source, cut = excluded.cut, started_at = excluded.started_at,"
        " ended_at = excluded.ended_at, viewers_peak = excluded.viewers_peak,"
        " viewers_total = excluded.viewers_total",
        session.id,
        session.version,
        session.activity_id,
        session.state,
        session.epoch,
        session.intent,
        session.source,
        session.cut,
        session.started_at,
        session.ended_at,
        session.viewers_peak,
        session.viewers_total,
    )
    await connection.executemany(
        "insert into venues (session_id, key, position, name, main, link, client_id)"
        " values ($1, $2, $3, $4, $5, $6, $7)"
        " on conflict (session_id, key) do update set link = excluded.link, client_id = excluded.client_id",
        [
            (session.id, venue.key, position, venue.name, venue.main, venue.link, venue.client_id)
            for position, venue in enumerate(session.venues)
        ],
    )


async def key(connection: Connection, digest: str) -> HeldKey | None:
    row = await connection.fetchrow("select session_id, venue, revoked_at from ingest_keys where digest = $1", digest)
    return HeldKey(**row) if row is not None else None


async def revoke_keys(connection: Connection, session_id: UUID, venue: str, now: datetime) -> bool:
    """Whether there was one to revoke."""
    done = await connection.execute(
        "update ingest_keys set revoked_at = $3 where session_id = $1 and venue = $2 and revoked_at is null",
        session_id,
        venue,
        now,
    )
    return done != "UPDATE 0"


async def add_key(connection: Connection, digest: str, session_id: UUID, venue: str) -> None:
    await connection.execute(
        "insert into ingest_keys (digest, session_id, venue) values ($1, $2, $3)", digest, session_id, venue
    )


async def since_epoch(connection: Connection, session_id: UUID, epoch: int, limit: int) -> list[dict[str, Any]]:
    """What was said of a session after it stood at this epoch, first to last."""
    rows = await connection.fetch(
        "select type, event->'data' as data from event_log where aggregate_id = $1"
        " and (event->'data'->>'epoch')::integer > $2 order by aggregate_version limit $3",
        f"session/{session_id}",
        epoch,
        limit,
    )
    return [dict(row) for row in rows]


async def add_question(
    connection: Connection, identity: UUID, session_id: UUID, text: str, nickname: str | None, now: datetime
) -> None:
    """`text` and `nickname` come sealed."""
    await connection.execute(
        "insert into questions (id, session_id, sealed_text, sealed_nickname, asked_at) values ($1, $2, $3, $4, $5)",
        identity,
        session_id,
        text,
        nickname,
        now,
    )
