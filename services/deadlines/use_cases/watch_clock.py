"""时钟: what falls due by time alone, and what a new calendar changes."""

from datetime import datetime

import structlog

from servicekit.database import Connection
from servicekit.service import Service
from services.deadlines import store
from services.deadlines.gateways import Calendars
from services.deadlines.use_cases.judge_scope import judge_scope

log = structlog.get_logger()

_BATCH = 50


async def next_due(connection: Connection) -> datetime | None:
    """When the next deadline lapses or is to be reminded of."""
    return await store.next_at(connection)


async def judge_due(service: Service, calendars: Calendars) -> int:
    """Judge the departments in which something is due, each in a transaction of its own. Returns how many."""
    for done in range(_BATCH):
        async with service.transaction() as tx:
            scope = await store.claim_due(tx.connection, tx.now)
            if scope is None:
                return done
            await judge_scope(tx, calendars, scope)
    return _BATCH


async def apply_calendars(service: Service, calendars: Calendars) -> None:
    """日历更新: open deadlines are computed anew; what is settled keeps the date it had."""
    async with service.reading() as connection:
        judged = await store.judged_by_calendars(connection)
    outdated = [scope for scope, jurisdiction, version in judged if calendars.of(jurisdiction).version != version]
    for scope in outdated:
        async with service.transaction() as tx:
            await judge_scope(tx, calendars, scope)
    if outdated:
        log.info("calendar changed; deadlines computed anew", scopes=len(outdated))
