"""What an activity's facts ask of its registrations, whenever one of them was heard."""

from dataclasses import replace

from servicekit.crypto import Sealer
from servicekit.service import Transaction
from services.registration.domain import headcount
from services.registration.domain.activity import Activity
from services.registration.store import activities, registrations
from services.registration.use_cases.cancel import promote_waiting, release
from services.registration.use_cases.tell import tell


async def settle(tx: Transaction, sealer: Sealer, activity: Activity) -> None:
    """Cancel, promote, set the next forecast, record the headcount; then save. The caller holds the row's lock."""
    pack = await activities.pack(tx.connection, activity.campaign_id)
    if activity.cancelled_at is not None:
        activity = replace(await _cancel_all(tx, activity), next_forecast_at=None)
    elif pack is not None and activity.capacity is not None:
        activity = await promote_waiting(tx, activity)
        if activity.starts_at is not None:
            # Who checked in before a postponement was there for nothing; they keep their place.
            opens = pack.registration.check_in_from(activity.starts_at)
            await registrations.undo_check_ins_before(tx.connection, activity.id, opens)
        activity = headcount.with_forecast(activity, pack, tx.now)
        if activity.ended is not None and activity.headcount_revision == 0:
            await registrations.mark_absent(tx.connection, activity.id)
            activity = replace(await record_headcount(tx, sealer, activity), next_forecast_at=None)
    await activities.save(tx.connection, activity)


async def record_headcount(tx: Transaction, sealer: Sealer, activity: Activity) -> Activity:
    """到场人数, one revision more than the last."""
    pack = await activities.pack(tx.connection, activity.campaign_id)
    assert pack is not None and activity.ended is not None
    # Told of the end by a service whose clock is a moment ahead, this one still counts nothing before the end.
    at = max(tx.now, activity.ended)
    present = await registrations.present(tx.connection, sealer, activity.id)
    event = headcount.count(activity, pack, present, at)
    await tell(replace(tx, now=at), activity, event, activity.id)
    return replace(activity, headcount_revision=event.revision)


async def _cancel_all(tx: Transaction, activity: Activity) -> Activity:
    for registration in await registrations.standing(tx.connection, activity.id):
        activity, _ = await release(tx, activity, registration, "activity_cancelled")
    return activity
