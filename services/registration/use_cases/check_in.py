"""签到: the whole list or nothing, merged without doubles, also when it comes after the end."""

from uuid import UUID

from contracts.registration.api import CheckInReceipt, CheckInsIn
from servicekit.crypto import Sealer
from servicekit.service import Transaction
from services.registration.domain import headcount, permit
from services.registration.domain.window import SignUpNotOpen
from services.registration.store import activities, registrations
from services.registration.use_cases.settle import record_headcount


async def check_in(
    tx: Transaction, sealer: Sealer, asker: permit.Asker, activity_id: UUID, given: CheckInsIn
) -> CheckInReceipt:
    """签到. Raises NotFound, Forbidden, SignUpNotOpen, CheckInRefused, CheckInTooLate."""
    activity = await activities.load(tx.connection, activity_id, lock=True)
    permit.as_owner(asker, activity.department, activity.jurisdiction)
    pack = await activities.pack(tx.connection, activity.campaign_id)
    if pack is None:
        raise SignUpNotOpen("年度活动还没有开始")
    named = {one.registration_id for one in given.check_ins}
    known = await registrations.named(tx.connection, sorted(named))
    times = headcount.check_in(activity, pack, given.check_ins, known, tx.now)
    fresh = await registrations.check_in(tx.connection, times)
    # Before the end nothing was counted yet; after it, somebody more is another revision.
    if activity.headcount_revision and fresh:
        activity = await record_headcount(tx, sealer, activity)
        await activities.save(tx.connection, activity)
    return CheckInReceipt(
        checked_in=fresh,
        already=len(times) - fresh,
        present=await registrations.present_count(tx.connection, activity_id),
        headcount_revision=activity.headcount_revision,
    )
