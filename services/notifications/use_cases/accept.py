"""受理: an event becomes one notification for each whom it concerns. Runs in the inbox's transaction."""

from typing import Any

from contracts.envelope import CloudEvent
from contracts.plans.events import ActivityRescheduled, ActivityScheduled, CampaignOpened, PlanFiled
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


async def learn_filed(tx: Transaction, event: CloudEvent[PlanFiled]) -> None:
    """备案: the activities' names and venues. What waited for one of them is sent from now on."""
    for filed in event.data.activities:
        await store.name_activity(tx.connection, filed.activity_id, name=filed.name, venue=filed.main_venue.name)
        if filed.starts_at is not None:
            await store.date_activity(tx.connection, filed.activity_id, occurrence=1, starts_at=filed.starts_at)


async def learn_date(tx: Transaction, event: CloudEvent[ActivityScheduled | ActivityRescheduled]) -> None:
    """定期或改期: letters say the date of the latest occurrence, whichever is heard first."""
    said = event.data
    await store.date_activity(tx.connection, said.activity_id, occurrence=said.occurrence, starts_at=said.starts_at)


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
