"""What notifications hears: what its letters name, and whatever the rules file tells somebody about."""

from collections import defaultdict
from typing import Any

from contracts.envelope import CloudEvent, EventData, owner_of
from contracts.plans.events import ActivityRescheduled, ActivityScheduled, CampaignOpened, PlanFiled
from contracts.registry import EVENTS
from servicekit.delivery import Handler
from servicekit.service import Transaction
from services.notifications.domain.rules import Rules
from services.notifications.use_cases.accept import accept, learn_campaign, learn_date, learn_filed

_LEARNT: dict[type[EventData], Handler] = {
    CampaignOpened: learn_campaign,
    PlanFiled: learn_filed,
    ActivityScheduled: learn_date,
    ActivityRescheduled: learn_date,
}
"""What letters are written from, whether or not anybody is told of it."""


def hears(rules: Rules) -> dict[str, dict[type[EventData], Handler]]:
    """Owner -> event -> handler. A new line in the rules file is heard without code."""

    async def tell(tx: Transaction, event: CloudEvent[Any]) -> None:
        await accept(tx, event, rules)

    def learning(learn: Handler) -> Handler:
        async def learn_and_tell(tx: Transaction, event: CloudEvent[Any]) -> None:
            await learn(tx, event)
            await accept(tx, event, rules)

        return learn_and_tell

    handlers: dict[str, dict[type[EventData], Handler]] = defaultdict(dict)
    for kind in rules.tellings:
        handlers[owner_of(kind)][EVENTS[kind]] = tell
    for kind_learnt, learn in _LEARNT.items():
        handlers[owner_of(kind_learnt.TYPE)][kind_learnt] = learning(learn)
    return dict(handlers)
