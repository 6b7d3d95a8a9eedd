"""事实: kept as they are heard, whatever came before them, and judged at once."""

from typing import Any

from contracts.envelope import CloudEvent, EventData
from contracts.plans.events import CampaignClosed, CampaignOpened
from servicekit.service import Transaction
from services.deadlines import store
from services.deadlines.gateways import Calendars
from services.deadlines.store import Scope
from services.deadlines.use_cases.judge_scope import judge_scope


class FactOfNobody(ValueError):
    """A fact about a plan or an activity that names no department: it can't be kept anywhere."""


async def open_campaign(tx: Transaction, calendars: Calendars, event: CloudEvent[CampaignOpened]) -> None:
    """年度活动开始: from now on every department on the roster owes what the pack says."""
    await store.open_campaign(tx.connection, event.jurisdiction, event.data)
    await _judge_all(tx, calendars, event)


async def close_campaign(tx: Transaction, calendars: Calendars, event: CloudEvent[CampaignClosed]) -> None:
    """年度活动结束: what is still open is no longer owed."""
    await store.close_campaign(tx.connection, event.jurisdiction, event.data)
    await _judge_all(tx, calendars, event)


async def keep_fact(tx: Transaction, calendars: Calendars, event: CloudEvent[EventData]) -> None:
    """Raises FactOfNobody."""
    if event.department is None:
        raise FactOfNobody(f"{event.type} {event.id} names no department")
    scope = Scope(event.campaign, event.department)
    await store.lock_scope(tx.connection, scope)
    await store.add_fact(tx.connection, scope, event.id, event.data, tx.now)
    await judge_scope(tx, calendars, scope)


async def _judge_all(tx: Transaction, calendars: Calendars, event: CloudEvent[Any]) -> None:
    for scope in await store.scopes_of(tx.connection, event.campaign):
        await judge_scope(tx, calendars, scope)
