"""What deadlines hears: a campaign opening and closing, and every fact a judgement is made from, whoever tells it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from contracts.envelope import CloudEvent, EventData, owner_of
from contracts.plans.events import CampaignClosed, CampaignOpened
from servicekit.delivery import Handler
from servicekit.service import Transaction
from services.deadlines.domain.history import FACTS
from services.deadlines.gateways import Calendars
from services.deadlines.use_cases import keep_fact


def hears(calendars: Calendars) -> Mapping[str, Mapping[type[EventData], Handler]]:
    """Owner -> event class -> handler. What changes no judgement is not listed, and acknowledged unread."""
    heard: dict[str, dict[type[EventData], Handler]] = {}
    for event in FACTS:
        heard.setdefault(owner_of(event.TYPE), {})[event] = _with(calendars, keep_fact.keep_fact)
    for event, handle in ((CampaignOpened, keep_fact.open_campaign), (CampaignClosed, keep_fact.close_campaign)):
        heard.setdefault(owner_of(event.TYPE), {})[event] = _with(calendars, handle)
    return heard


def _with(calendars: Calendars, handle: Callable[..., Awaitable[None]]) -> Handler:
    async def handler(tx: Transaction, event: CloudEvent[Any]) -> None:
        await handle(tx, calendars, event)

    return handler
