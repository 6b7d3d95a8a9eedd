"""Events about a registration, or about an activity's headcount."""

from uuid import UUID

from contracts.envelope import EventData
from servicekit.service import Transaction
from services.registration.domain.activity import Activity


async def tell(tx: Transaction, activity: Activity, event: EventData, aggregate: UUID) -> None:
    """The aggregate is a registration, or the activity for its headcount; its row is locked."""
    await tx.announce(
        event,
        aggregate=aggregate,
        jurisdiction=activity.jurisdiction,
        campaign=activity.campaign_id,
        department=activity.department,
        activity=activity.id,
    )
