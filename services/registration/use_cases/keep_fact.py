"""事实: what plans says, kept whatever came before it, and acted on at once."""

from typing import Any
from uuid import UUID

from contracts.envelope import CloudEvent
from contracts.plans.events import CampaignOpened, PlanFiled
from servicekit.crypto import Sealer
from servicekit.service import Transaction
from services.registration.domain.activity import Activity, filed, hear
from services.registration.store import activities
from services.registration.use_cases.settle import settle


class FactOfNobody(ValueError):
    """A fact about a plan or an activity that names no department: it can't be kept anywhere."""


async def open_campaign(tx: Transaction, sealer: Sealer, event: CloudEvent[CampaignOpened]) -> None:
    """年度活动开始: its pack decides from now on, also for what was heard before."""
    await activities.hold_campaign(tx.connection, event.data.campaign_id, alone=True)
    await activities.keep_campaign(tx.connection, event.data)
    for identity in await activities.of_campaign(tx.connection, event.data.campaign_id):
        await settle(tx, sealer, await activities.load(tx.connection, identity, lock=True))


async def file_plan(tx: Transaction, sealer: Sealer, event: CloudEvent[PlanFiled]) -> None:
    """备案. Raises FactOfNobody."""
    await activities.hold_campaign(tx.connection, event.campaign)
    for given in sorted(event.data.activities, key=lambda one: one.activity_id):  # one order for all: no deadlock
        activity = await activities.load_or_begin(tx.connection, _begin(event, given.activity_id))
        await settle(tx, sealer, filed(activity, given, event.data.version))


async def keep_fact(tx: Transaction, sealer: Sealer, event: CloudEvent[Any]) -> None:
    """Raises FactOfNobody."""
    await activities.hold_campaign(tx.connection, event.campaign)
    activity = await activities.load_or_begin(tx.connection, _begin(event, event.data.activity_id))
    await settle(tx, sealer, hear(activity, event.data))


def _begin(event: CloudEvent[Any], identity: UUID) -> Activity:
    if event.department is None:
        raise FactOfNobody(f"{event.type} {event.id} names no department")
    return Activity(identity, event.campaign, event.jurisdiction, event.department)
