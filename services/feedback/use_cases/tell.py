"""Saying something about an activity's suggestions."""

from uuid import UUID

from contracts.envelope import EventData
from servicekit.service import Transaction
from services.feedback.domain.suggestion import Activity


async def tell(tx: Transaction, activity: Activity, event: EventData, aggregate: UUID) -> None:
    await tx.announce(
        event,
        aggregate=aggregate,
        jurisdiction=activity.jurisdiction,
        campaign=activity.campaign_id,
        department=activity.department,
        activity=activity.id,
    )
