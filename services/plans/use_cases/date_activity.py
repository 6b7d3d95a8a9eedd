"""活动: schedule, postpone, cancel, correct the end; and the timers that start and end it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from contracts.plans.api import ActivityView, CancelActivityIn, CorrectEndIn, PostponeIn, TimesIn
from contracts.plans.events import (
    ActivityCancelled,
    ActivityEndCorrected,
    ActivityEnded,
    ActivityRescheduled,
    ActivityScheduled,
    ActivityStarted,
)
from servicekit.database import Connection
from servicekit.service import Service, Transaction
from services.plans.domain import announce, permit, show
from services.plans.domain import date_activity as domain
from services.plans.domain.aggregates import Activity
from services.plans.domain.check_plan import unreachable_publicity
from services.plans.gateways import PolicyFiles
from services.plans.store import activities as store
from services.plans.store import publicity
from services.plans.use_cases.tell import own_activity, tell, tell_corrected

_BATCH = 50


async def schedule_activity(
    tx: Transaction,
    asker: permit.Asker,
    policy: PolicyFiles,
    identity: UUID,
    expected: int | None,
    body: TimesIn,
) -> ActivityView:
    """待定 fixed. Raises Forbidden, WrongState, DateRefused."""
    activity, pack = await own_activity(tx, asker, identity, expected)
    dated, warnings = domain.schedule_activity(activity, pack, body.starts_at, body.ends_at, tx.now)
    calendar = policy.calendar(activity.jurisdiction)
    warnings += unreachable_publicity(pack, body.starts_at, "starts_at", calendar, tx.now)
    await store.save(tx.connection, [dated])
    event = ActivityScheduled(
        activity_id=dated.id,
        plan_id=dated.plan_id,
        occurrence=dated.occurrence,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        scheduled_at=tx.now,
    )
    await tell(tx, dated, event)
    return show.activity(dated, warnings)


async def postpone_activity(
    tx: Transaction,
    asker: permit.Asker,
    policy: PolicyFiles,
    identity: UUID,
    expected: int | None,
    body: PostponeIn,
) -> ActivityView:
    """改期, with a correction once announced. Raises Forbidden, WrongState, DateRefused, CorrectionRequired."""
    activity, pack = await own_activity(tx, asker, identity, expected)
    moved, warnings = domain.postpone_activity(activity, pack, body.starts_at, body.ends_at, tx.now)
    calendar = policy.calendar(activity.jurisdiction)
    warnings += unreachable_publicity(pack, body.starts_at, "starts_at", calendar, tx.now)
    assert activity.starts_at is not None and activity.ends_at is not None
    await store.save(tx.connection, [moved])
    event = ActivityRescheduled(
        activity_id=moved.id,
        plan_id=moved.plan_id,
        occurrence=moved.occurrence,
        old_starts_at=activity.starts_at,
        old_ends_at=activity.ends_at,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        rescheduled_at=tx.now,
        reason=body.reason,
    )
    await tell(tx, moved, event)
    if activity.announced:
        before = await publicity.standing_announcement(tx.connection, activity.id)
        corrected = announce.correct(before, moved, pack, body.correction, tx.now, dated=True)
        assert body.correction is not None
        warnings += announce.uncorrected(before, body.correction, pack)
        await publicity.save_announcement(tx.connection, corrected)
        await tell_corrected(tx, moved, corrected)
    return show.activity(moved, warnings)


async def cancel_activity(
    tx: Transaction, asker: permit.Asker, identity: UUID, expected: int | None, body: CancelActivityIn
) -> ActivityView:
    """活动取消, with a correction once announced. Raises Forbidden, WrongState, CorrectionRequired."""
    activity, pack = await own_activity(tx, asker, identity, expected)
    cancelled = domain.cancel_activity(activity)
    await store.save(tx.connection, [cancelled])
    event = ActivityCancelled(
        activity_id=activity.id,
        plan_id=activity.plan_id,
        starts_at=activity.starts_at,
        cancelled_at=tx.now,
        reason=body.reason,
    )
    await tell(tx, cancelled, event)
    warnings = []
    if activity.announced:
        before = await publicity.standing_announcement(tx.connection, activity.id)
        corrected = announce.correct(before, activity, pack, body.correction, tx.now, dated=False)
        assert body.correction is not None
        warnings = announce.uncorrected(before, body.correction, pack)
        await publicity.save_announcement(tx.connection, corrected)
        await tell_corrected(tx, cancelled, corrected)
    return show.activity(cancelled, warnings)


async def correct_end(
    tx: Transaction, asker: permit.Asker, identity: UUID, expected: int | None, body: CorrectEndIn
) -> ActivityView:
    """更正结束时间. Raises Forbidden, WrongState, EndRefused."""
    activity, pack = await own_activity(tx, asker, identity, expected)
    corrected = domain.correct_end(activity, pack, body.ended_at, tx.now)
    assert activity.ended_at is not None
    await store.save(tx.connection, [corrected])
    event = ActivityEndCorrected(
        activity_id=activity.id,
        plan_id=activity.plan_id,
        occurrence=activity.occurrence,
        old_at=activity.ended_at,
        at=body.ended_at,
        corrected_at=tx.now,
        reason=body.reason,
    )
    await tell(tx, corrected, event)
    return show.activity(corrected)


async def next_due(connection: Connection) -> datetime | None:
    """When the next activity starts or ends."""
    return await store.next_due(connection)


async def start_and_end(service: Service) -> int:
    """Start and end what is due, at its scheduled instant even when that is noticed later."""
    async with service.transaction() as tx:
        due = await store.claim_due(tx.connection, tx.now, _BATCH)
        for activity in due:
            await (_start(tx, activity) if activity.state == "filed" else _end(tx, activity))
    return len(due)


async def _start(tx: Transaction, activity: Activity) -> None:
    assert activity.starts_at is not None
    started = domain.start_activity(activity)
    await store.save(tx.connection, [started])
    event = ActivityStarted(
        activity_id=activity.id,
        plan_id=activity.plan_id,
        occurrence=activity.occurrence,
        at=activity.starts_at,
        basis="scheduled",
    )
    await tell(replace(tx, now=activity.starts_at), started, event)


async def _end(tx: Transaction, activity: Activity) -> None:
    assert activity.ends_at is not None
    ended = domain.end_activity(activity)
    await store.save(tx.connection, [ended])
    event = ActivityEnded(
        activity_id=activity.id,
        plan_id=activity.plan_id,
        occurrence=activity.occurrence,
        at=activity.ends_at,
        basis="scheduled",
    )
    await tell(replace(tx, now=activity.ends_at), ended, event)
