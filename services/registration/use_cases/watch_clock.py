"""人数预警: before an activity, at the pack's offsets, while something can still be done."""

from dataclasses import replace
from datetime import datetime

from contracts.registration.events import HeadcountForecastShort
from servicekit.database import Connection
from servicekit.service import Service, Transaction
from services.registration.domain import headcount
from services.registration.domain.activity import Activity
from services.registration.store import activities
from services.registration.use_cases.tell import tell

_BATCH = 50


async def next_due(connection: Connection) -> datetime | None:
    """When the next forecast is due."""
    return await activities.next_forecast_at(connection)


async def forecast_due(service: Service) -> int:
    """Look at each activity whose forecast is due, each in a transaction of its own. Returns how many."""
    for done in range(_BATCH):
        async with service.transaction() as tx:
            activity = await activities.claim_forecast(tx.connection, tx.now)
            if activity is None:
                return done
            await _forecast(tx, activity)
    return _BATCH


async def _forecast(tx: Transaction, activity: Activity) -> None:
    due = activity.next_forecast_at
    pack = await activities.pack(tx.connection, activity.campaign_id)
    assert due is not None and pack is not None and activity.starts_at is not None and activity.minimum is not None
    # Looked at late, because nothing ran: once, at its own instant, and not at all when the activity has begun.
    if activity.taken < activity.minimum and tx.now < activity.starts_at:
        event = HeadcountForecastShort(
            activity_id=activity.id,
            occurrence=activity.occurrence,
            confirmed=activity.taken,
            minimum=activity.minimum,
            starts_at=activity.starts_at,
            at=due,
        )
        await tell(replace(tx, now=due), activity, event, activity.id)
    later = headcount.next_forecast(activity, pack, max(due, tx.now))
    await activities.save(tx.connection, replace(activity, next_forecast_at=later))
