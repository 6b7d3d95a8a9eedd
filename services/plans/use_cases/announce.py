"""公告: issued, amended with further channels, withdrawn."""

from dataclasses import replace
from uuid import UUID

from contracts.plans.api import AnnouncementIn, AnnouncementView, ChannelsIn, ReasonIn
from contracts.plans.events import AnnouncementAmended, AnnouncementIssued, AnnouncementWithdrawn
from servicekit.service import Transaction
from services.plans.domain import announce as domain
from services.plans.domain import permit, show
from services.plans.domain.aggregates import Activity, Announcement
from services.plans.store import activities
from services.plans.store import publicity as store
from services.plans.use_cases.tell import own_activity, tell


async def announce(tx: Transaction, asker: permit.Asker, identity: UUID, body: AnnouncementIn) -> AnnouncementView:
    """公告发布, counted from now. Raises Forbidden, NotFiled, WrongState, AnnouncementRefused."""
    activity, pack = await own_activity(tx, asker, identity)
    issued = domain.announce(activity, pack, body, tx.now)
    await store.save_announcement(tx.connection, issued)
    await _changed(tx, activity)
    await _say(tx, activity, issued, AnnouncementIssued)
    return show.announcement(issued)


async def amend(tx: Transaction, asker: permit.Asker, identity: UUID, body: ChannelsIn) -> AnnouncementView:
    """公告补充. Raises Forbidden, NotFound, WrongState, AnnouncementRefused."""
    activity, pack = await own_activity(tx, asker, identity)
    before = await store.standing_announcement(tx.connection, activity.id)
    amended = domain.amend(before, activity, pack, body.channels, tx.now)
    await store.save_announcement(tx.connection, amended)
    await _say(tx, activity, amended, AnnouncementAmended)
    return show.announcement(amended)


async def withdraw(tx: Transaction, asker: permit.Asker, identity: UUID, body: ReasonIn) -> AnnouncementView:
    """撤回公告. Raises Forbidden, NotFound."""
    activity, _ = await own_activity(tx, asker, identity)
    before = await store.standing_announcement(tx.connection, activity.id)
    withdrawn = domain.withdraw(before, tx.now)
    await store.save_announcement(tx.connection, withdrawn)
    await _changed(tx, activity)
    event = AnnouncementWithdrawn(
        announcement_id=withdrawn.id,
        activity_id=activity.id,
        plan_id=activity.plan_id,
        occurrence=withdrawn.occurrence,
        at=tx.now,
        reason=body.reason,
    )
    await tell(tx, activity, event)
    return show.announcement(withdrawn)


async def _changed(tx: Transaction, activity: Activity) -> None:
    """Whether it is announced is part of what callers see of an activity, so its ETag moves."""
    await activities.save(tx.connection, [replace(activity, version=activity.version + 1)])


async def _say(
    tx: Transaction,
    activity: Activity,
    said: Announcement,
    kind: type[AnnouncementIssued] | type[AnnouncementAmended],
) -> None:
    event = kind(
        announcement_id=said.id,
        activity_id=activity.id,
        plan_id=activity.plan_id,
        occurrence=said.occurrence,
        channels=show.announced(said.current_channels()),
        at=tx.now,
    )
    await tell(tx, activity, event)
