"""受理: an event becomes one notification for each whom it concerns. Runs in the inbox's transaction."""

from typing import Any

from contracts.envelope import CloudEvent
from contracts.plans.events import CampaignOpened
from servicekit.service import Transaction
from services.notifications import store
from services.notifications.domain.letters import cited_rules, season_name
from services.notifications.domain.rules import Rules


async def learn_campaign(tx: Transaction, event: CloudEvent[CampaignOpened]) -> None:
    """年度活动开始: keep the names and rules that letters cite. What waited for this campaign is sent from now on."""
    opened = event.data
    await store.insert_campaign(
        tx.connection,
        opened.campaign_id,
        season=season_name(opened.pack, opened.year),
        rules=cited_rules(opened.pack),
        departments={entry.department: entry.name for entry in opened.roster},
        opened_at=opened.opened_at,
    )


async def accept(tx: Transaction, event: CloudEvent[Any], rules: Rules) -> None:
    """Once for each event, whatever brought it here a second time."""
    tellings = rules.tellings.get(event.type, ())
    if not tellings or not await store.insert_cause(tx.connection, event):
        return
    for telling in tellings:
        if telling.channel == "mail":
            await store.insert_mail(tx.connection, event.id, telling)
        else:
            await store.insert_pushes(tx.connection, event.id, telling, kind=event.type, department=event.department)
