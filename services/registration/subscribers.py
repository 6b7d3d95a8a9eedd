"""What registration hears from plans. What changes nothing here is not listed, and acknowledged unread."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from contracts.envelope import CloudEvent, EventData
from contracts.plans.events import (
    ActivityCancelled,
    ActivityEndCorrected,
    ActivityEnded,
    ActivityRescheduled,
    ActivityScheduled,
    AnnouncementIssued,
    AnnouncementWithdrawn,
    CampaignOpened,
    PlanFiled,
)
from servicekit.delivery import Handler
from servicekit.service import Transaction
from services.registration.gateways import KeyFile
from services.registration.use_cases import keep_fact

_FACTS: tuple[type[EventData], ...] = (
    ActivityScheduled, ActivityRescheduled, ActivityCancelled, ActivityEnded, ActivityEndCorrected,
    AnnouncementIssued, AnnouncementWithdrawn,
)  # fmt: skip


def from_plans(keys: KeyFile) -> Mapping[type[EventData], Handler]:
    """Event class -> handler."""
    handlers: dict[type[EventData], Handler] = {event: _with(keys, keep_fact.keep_fact) for event in _FACTS}
    handlers[CampaignOpened] = _with(keys, keep_fact.open_campaign)
    handlers[PlanFiled] = _with(keys, keep_fact.file_plan)
    return handlers


def _with(keys: KeyFile, handle: Callable[..., Awaitable[None]]) -> Handler:
    async def handler(tx: Transaction, event: CloudEvent[Any]) -> None:
        await handle(tx, keys.sealer, event)

    return handler
