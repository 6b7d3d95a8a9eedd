"""The append-only event log and its outbox. An event is written in the transaction of the change it tells of."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from contracts.envelope import NO_PREVIOUS, CloudEvent, EventData, owner_of
from servicekit import correlation
from servicekit.database import Connection


async def append(
    connection: Connection,
    data: EventData,
    *,
    aggregate: UUID,
    at: datetime,
    jurisdiction: str,
    campaign: UUID,
    department: str | None = None,
    activity: UUID | None = None,
) -> CloudEvent[Any]:
    """Write one event to the log and the outbox.

    The caller holds the aggregate's row lock; two writers of one aggregate that do not are stopped by the
    log's unique (aggregate_id, aggregate_version).
    """
    aggregate_id = f"{data.AGGREGATE}/{aggregate}"
    before = await connection.fetchrow(
        "select aggregate_version, digest from event_log where aggregate_id = $1"
        " order by aggregate_version desc limit 1",
        aggregate_id,
    )
    event = CloudEvent[Any](
        id=uuid4(),
        source=f"/services/{owner_of(data.TYPE)}",
        type=data.TYPE,
        subject=aggregate_id,
        time=at,
        jurisdiction=jurisdiction,
        campaign=campaign,
        department=department,
        activityid=activity,
        aggregateid=aggregate_id,
        aggregateversion=before["aggregate_version"] + 1 if before else 1,
        previousdigest=before["digest"] if before else NO_PREVIOUS,
        correlationid=correlation.correlation_id(),
        traceparent=correlation.traceparent(),
        data=data,
    )
    await connection.execute(
        "with logged as ("
        " insert into event_log (event_id, type, aggregate_id, aggregate_version, digest, occurred_at, event)"
        " values ($1, $2, $3, $4, $5, $6, $7) returning sequence)"
        " insert into outbox (sequence) select sequence from logged",
        event.id,
        event.type,
        aggregate_id,
        event.aggregateversion,
        event.digest(),
        event.time,
        event.document(),
    )
    return event


async def history(connection: Connection, aggregate_id: str) -> list[dict[str, Any]]:
    """Every event of an aggregate, first to last, each with the digest it was logged under."""
    rows = await connection.fetch(
        "select event, digest, recorded_at from event_log where aggregate_id = $1 order by aggregate_version",
        aggregate_id,
    )
    return [dict(row) for row in rows]


async def unpublished(connection: Connection) -> int:
    """How many events wait for their stream, parked ones not counted."""
    count: int = await connection.fetchval("select count(*) from outbox where parked_at is null")
    return count
