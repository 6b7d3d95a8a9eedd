"""实施方案, submitted texts, reviews, filings."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from contracts.plans.api import PlanContent
from servicekit.database import Connection
from servicekit.problems import NotFound
from services.plans.domain.aggregates import Plan

SELECT = """
select plans.id, plans.sequence, plans.version, plans.campaign_id, campaigns.jurisdiction, plans.department,
    plans.state, plans.title, plans.name, plans.content, plans.cancelled_at,
    coalesce(submissions.number, 0) as submission, submissions.digest, submissions.submitted_at,
    filings.number as filing_number, filings.filed_at
from plans join campaigns on campaigns.id = plans.campaign_id
left join lateral (
    select number, digest, submitted_at from submissions where plan_id = plans.id order by number desc limit 1
) submissions on true
left join filings on filings.plan_id = plans.id
"""


@dataclass(frozen=True)
class Review:
    """退回记录."""

    submission: int
    returned_at: datetime
    comments: list[dict[str, Any]]


def of_row(row: asyncpg.Record) -> Plan:
    fields = {name: value for name, value in row.items() if name != "sequence"}
    return Plan(**fields | {"content": PlanContent.model_validate(row["content"])})


async def load(connection: Connection, identity: UUID, *, lock: bool = False) -> Plan:
    """Raises NotFound."""
    ending = " for update of plans" if lock else ""
    row = await connection.fetchrow(f"{SELECT} where plans.id = $1{ending}", identity)
    if row is None:
        raise NotFound("没有这份实施方案")
    return of_row(row)


async def save(connection: Connection, plan: Plan) -> None:
    """Insert or update; submissions and filing have statements of their own."""
    await connection.execute(
        "insert into plans (id, version, campaign_id, department, state, title, name, content, cancelled_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        " on conflict (id) do update set version = excluded.version, state = excluded.state, title = excluded.title,"
        " name = excluded.name, content = excluded.content, cancelled_at = excluded.cancelled_at",
        plan.id,
        plan.version,
        plan.campaign_id,
        plan.department,
        plan.state,
        plan.title,
        plan.name,
        plan.content.model_dump(mode="json"),
        plan.cancelled_at,
    )


async def set_contact(connection: Connection, plan_id: UUID, sealed: str | None) -> None:
    await connection.execute("update plans set sealed_contact = $2 where id = $1", plan_id, sealed)


async def sealed_contact(connection: Connection, plan_id: UUID) -> str | None:
    sealed: str | None = await connection.fetchval("select sealed_contact from plans where id = $1", plan_id)
    return sealed


async def add_submission(connection: Connection, plan: Plan, document: dict[str, Any]) -> None:
    await connection.execute(
        "insert into submissions (plan_id, number, document, digest, submitted_at) values ($1, $2, $3, $4, $5)",
        plan.id,
        plan.submission,
        document,
        plan.digest,
        plan.submitted_at,
    )


async def submissions(connection: Connection, plan_id: UUID) -> list[asyncpg.Record]:
    return await connection.fetch(
        "select number, digest, submitted_at, document from submissions where plan_id = $1 order by number", plan_id
    )


async def add_review(connection: Connection, plan: Plan, review: Review) -> None:
    await connection.execute(
        "insert into reviews (plan_id, submission, returned_at, comments) values ($1, $2, $3, $4)",
        plan.id,
        *asdict(review).values(),
    )


async def reviews(connection: Connection, plan_id: UUID) -> list[Review]:
    rows = await connection.fetch(
        "select submission, returned_at, comments from reviews where plan_id = $1 order by submission", plan_id
    )
    return [Review(**row) for row in rows]


async def next_filing(connection: Connection, pack_id: str) -> int:
    """The next number, without gaps: the counter's row stays locked until this transaction ends."""
    number: int = await connection.fetchval(
        "insert into filing_counters (pack_id, last) values ($1, 1)"
        " on conflict (pack_id) do update set last = filing_counters.last + 1 returning last",
        pack_id,
    )
    return number


async def add_filing(connection: Connection, plan: Plan) -> None:
    await connection.execute(
        "insert into filings (plan_id, submission, number, filed_at) values ($1, $2, $3, $4)",
        plan.id,
        plan.submission,
        plan.filing_number,
        plan.filed_at,
    )
