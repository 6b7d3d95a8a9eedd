"""Loads and events that every use case of an activity shares."""

from uuid import UUID

from contracts.envelope import EventData
from contracts.plans.events import AnnouncementCorrected
from contracts.policy import PolicyPack
from servicekit.service import Transaction
from servicekit.writes import check_version
from services.plans.domain import permit, show
from services.plans.domain.aggregates import Activity, Announcement
from services.plans.store import activities, campaigns


async def own_activity(
    tx: Transaction, asker: permit.Asker, identity: UUID, expected: int | None = None
) -> tuple[Activity, PolicyPack]:
    """The department's own activity, locked, and its campaign's pack. Raises NotFound, Forbidden."""
    activity = await activities.load(tx.connection, identity, lock=True)
    permit.as_owner(asker, activity.department, activity.jurisdiction)
    check_version(expected, activity.version)
    return activity, await pack_of(tx, activity)


async def pack_of(tx: Transaction, activity: Activity) -> PolicyPack:
    """The pack the activity's campaign opened with."""
    campaign = await campaigns.load(tx.connection, activity.campaign_id)
    return await campaigns.pack(tx.connection, campaign.pack_digest)


async def tell(tx: Transaction, activity: Activity, event: EventData, aggregate: UUID | None = None) -> None:
    """Announce an event about an activity; the aggregate is the activity unless another is named."""
    await tx.announce(
        event,
        aggregate=aggregate or activity.id,
        jurisdiction=activity.jurisdiction,
        campaign=activity.campaign_id,
        department=activity.department,
        activity=activity.id,
    )


async def tell_corrected(tx: Transaction, activity: Activity, corrected: Announcement) -> None:
    """更正公告."""
    await tell(
        tx,
        activity,
        AnnouncementCorrected(
            announcement_id=corrected.id,
            activity_id=activity.id,
            plan_id=activity.plan_id,
            occurrence=corrected.occurrence,
            channels=show.announced(corrected.current_channels()),
            at=tx.now,
        ),
    )
