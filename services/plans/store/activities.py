"""活动, and the clock that starts and ends them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from servicekit.database import Connection
from servicekit.problems import NotFound
from services.plans.domain.aggregates import Activity

SELECT = """
select activities.id, activities.sequence, activities.version, activities.plan_id, plans.campaign_id,
    campaigns.jurisdiction, plans.department, activities.key, activities.name, activities.state,
    activities.occurrence, activities.starts_at, activities.ends_at, activities.ended_at, activities.end_basis,
    exists (
        select from announcements where activity_id = activities.id and withdrawn_at is null
    ) as announced
from activities join plans on plans.id = activities.plan_id join campaigns on campaigns.id = plans.campaign_id
"""
_DUE = """
where (activities.state = 'filed' and activities.starts_at <= $1)
    or (activities.state = 'started' and activities.ends_at <= $1)
order by case activities.state when 'filed' then activities.starts_at else activities.ends_at end, activities.sequence
limit $2 for update of activities skip locked
"""
_NEXT = """
select least(
    (select min(starts_at) from activities where state = 'filed'),
    (select min(ends_at) from activities where state = 'started'))
"""


def of_row(row: asyncpg.Record) -> Activity:
    return Activity(**{name: value for name, value in row.items() if name != "sequence"})


async def load(connection: Connection, identity: UUID, *, lock: bool = False) -> Activity:
    """Raises NotFound."""
    ending = " for update of activities" if lock else ""
    row = await connection.fetchrow(f"{SELECT} where activities.id = $1{ending}", identity)
    if row is None:
        raise NotFound("没有这场活动")
    return of_row(row)


async def of_plan(connection: Connection, plan_id: UUID, *, lock: bool = False) -> list[Activity]:
    ending = " for update of activities" if lock else ""
    rows = await connection.fetch(
        f"{SELECT} where activities.plan_id = $1 order by activities.sequence{ending}", plan_id
    )
    return [of_row(row) for row in rows]


async def save(connection: Connection, activities: Sequence[Activity]) -> None:
    await connection.executemany(
        "insert into activities (id, version, plan_id, key, name, state, occurrence, starts_at, ends_at, ended_at,"
        " end_basis) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        " on conflict (id) do update set version = excluded.version, name = excluded.name, state = excluded.state,"
        " occurrence = excluded.occurrence, starts_at = excluded.starts_at, ends_at = excluded.ends_at,"
        " ended_at = excluded.ended_at, end_basis = excluded.end_basis",
        [
            (
                activity.id,
                activity.version,
                activity.plan_id,
                activity.key,
                activity.name,
                activity.state,
                activity.occurrence,
                activity.starts_at,
                activity.ends_at,
                activity.ended_at,
                activity.end_basis,
            )
            for activity in activities
        ],
    )


async def keep_only(connection: Connection, plan_id: UUID, kept: Sequence[UUID]) -> None:
    """Drop drafted activities that the plan no longer has."""
    await connection.execute(
        "delete from activities where plan_id = $1 and state = 'draft' and not id = any($2::uuid[])",
        plan_id,
        list(kept),
    )


async def claim_due(connection: Connection, now: datetime, limit: int) -> list[Activity]:
    """Activities whose start or end has come, locked; those another process is at are left to it."""
    rows = await connection.fetch(f"{SELECT}{_DUE}", now, limit)
    return [of_row(row) for row in rows]


async def next_due(connection: Connection) -> datetime | None:
    instant: datetime | None = await connection.fetchval(_NEXT)
    return instant
