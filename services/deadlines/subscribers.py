"""What deadlines hears from plans: the campaign's opening and closing, and every fact a judgement is made from."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from contracts.envelope import CloudEvent, EventData
from contracts.plans.events import CampaignClosed, CampaignOpened
from servicekit.delivery import Handler
from servicekit.service import Transaction
from services.deadlines.domain.history import FACTS
from services.deadlines.gateways import Calendars
from services.deadlines.use_cases import keep_fact


def from_plans(calendars: Calendars) -> Mapping[type[EventData], Handler]:
    """Event class -> handler. What changes no judgement is not listed, and acknowledged unread."""
    handlers: dict[type[EventData], Handler] = {event: _with(calendars, keep_fact.keep_fact) for event in FACTS}
    handlers[CampaignOpened] = _with(calendars, keep_fact.open_campaign)
    handlers[CampaignClosed] = _with(calendars, keep_fact.close_campaign)
    return handlers


def _with(calendars: Calendars, handle: Callable[..., Awaitable[None]]) -> Handler:
    async def handler(tx: Transaction, event: CloudEvent[Any]) -> None:
        await handle(tx, calendars, event)

    return handler
