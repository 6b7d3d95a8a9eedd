"""What notifications hears: campaigns, for names and rules, and whatever the rules file tells somebody about."""

from collections import defaultdict
from typing import Any

from contracts.envelope import CloudEvent, EventData, owner_of
from contracts.plans.events import CampaignOpened
from contracts.registry import EVENTS
from servicekit.delivery import Handler
from servicekit.service import Transaction
from services.notifications.domain.rules import Rules
from services.notifications.use_cases.accept import accept, learn_campaign


def hears(rules: Rules) -> dict[str, dict[type[EventData], Handler]]:
    """Owner -> event -> handler. A new line in the rules file is heard without code."""

    async def tell(tx: Transaction, event: CloudEvent[Any]) -> None:
        await accept(tx, event, rules)

    async def open_campaign(tx: Transaction, event: CloudEvent[Any]) -> None:
        await learn_campaign(tx, event)
        await accept(tx, event, rules)

    handlers: dict[str, dict[type[EventData], Handler]] = defaultdict(dict)
    for kind in rules.tellings:
        handlers[owner_of(kind)][EVENTS[kind]] = tell
    handlers[owner_of(CampaignOpened.TYPE)][CampaignOpened] = open_campaign
    return dict(handlers)
