"""Exactly one effect: an event is handled in the transaction that remembers it was handled."""

from uuid import UUID

from servicekit.database import Connection


async def is_fresh(connection: Connection, consumer: str, event_id: UUID) -> bool:
    """Remember the event; False when this consumer had handled it before."""
    row = await connection.fetchrow(
        "insert into inbox (consumer, event_id) values ($1, $2) on conflict do nothing returning 1",
        consumer,
        event_id,
    )
    return row is not None
