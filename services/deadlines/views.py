"""看板与列表: SQL for reads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.deadlines.api import (
    Board,
    BoardDepartment,
    DeadlineLine,
    DeadlinePage,
    DeadlineState,
    ViolationLine,
    ViolationPage,
    ViolationState,
)
from contracts.policy import PolicyPack
from servicekit.database import Connection
from servicekit.problems import NotFound
from services.deadlines import store
from services.deadlines.domain import board as domain
from services.deadlines.domain import permit
from services.deadlines.domain.permit import Asker

_DEADLINE = (
    "d.id as deadline_id, d.campaign_id, d.department, d.rule, d.clause, d.activity_id, d.occurrence, d.due_date,"
    " d.due_at, d.provisional, d.extended, d.state, d.opened_at, d.met_at, d.restore_by, d.version"
)
_VIOLATION = (
    "v.id as violation_id, v.campaign_id, v.department, v.kind, v.rule, v.clause, v.deadline_id, v.activity_id,"
    " v.occurrence, v.due_date, v.occurred_at, v.detected_at, v.state, v.cured_at, v.days_late, v.withdrawn_at,"
    " v.withdrawn_cause, v.waived_at, v.version"
)


@dataclass(frozen=True)
class Asked:
    """What a list is asked for; None: everything the caller may see."""

    campaign: UUID | None
    department: str | None
    after: UUID | None
    limit: int


async def deadlines(connection: Connection, asker: Asker, asked: Asked, state: DeadlineState | None) -> DeadlinePage:
    """期限列表, by due instant. Raises Forbidden."""
    rows = await connection.fetch(
        f"select {_DEADLINE} from deadlines d join campaigns c on c.id = d.campaign_id"  # noqa: S608
        " where ($1::uuid is null or d.campaign_id = $1) and ($2::text is null or d.department = $2)"
        " and ($3::text is null or d.state = $3) and ($4::text is null or c.jurisdiction = $4)"
        " and ($5::uuid is null or (d.due_at, d.id) > (select due_at, id from deadlines where id = $5))"
        " order by d.due_at, d.id limit $6",
        *_filters(asker, asked, state),
    )
    items = [DeadlineLine(**row, title=await _title(connection, row)) for row in rows[: asked.limit]]
    return DeadlinePage(items=items, next=items[-1].deadline_id if len(rows) > asked.limit else None)


async def violations(connection: Connection, asker: Asker, asked: Asked, state: ViolationState | None) -> ViolationPage:
    """违规列表, by the instant they occurred at. Raises Forbidden."""
    rows = await connection.fetch(
        f"select {_VIOLATION} from violations v join campaigns c on c.id = v.campaign_id"  # noqa: S608
        " where ($1::uuid is null or v.campaign_id = $1) and ($2::text is null or v.department = $2)"
        " and ($3::text is null or v.state = $3) and ($4::text is null or c.jurisdiction = $4)"
        " and ($5::uuid is null or (v.occurred_at, v.id) > (select occurred_at, id from violations where id = $5))"
        " order by v.occurred_at, v.id limit $6",
        *_filters(asker, asked, state),
    )
    items = [ViolationLine(**row, title=await _title(connection, row)) for row in rows[: asked.limit]]
    return ViolationPage(items=items, next=items[-1].violation_id if len(rows) > asked.limit else None)


def _filters(asker: Asker, asked: Asked, state: str | None) -> tuple[Any, ...]:
    department = permit.only_department(asker, asked.department)
    # One line more than asked for says whether there is a next page.
    return asked.campaign, department, state, asker.jurisdiction, asked.after, asked.limit + 1


async def _title(connection: Connection, row: Any) -> str:
    campaign = await store.campaign(connection, row["campaign_id"])
    return "" if campaign is None else campaign.pack.duty(row["rule"]).title


async def board(connection: Connection, asker: Asker, campaign_id: UUID, as_of: datetime) -> Board:
    """合规看板. A department sees its own row. Raises NotFound, Forbidden."""
    campaign = await store.campaign(connection, campaign_id)
    if campaign is None:
        raise NotFound("没有这个活动季,或者它还没有开始")
    only = permit.only_department(asker, None)
    permit.as_reader(asker, only or "", campaign.jurisdiction)
    rows = await connection.fetch(
        "select department, name from scopes where campaign_id = $1 and on_roster"
        " and ($2::text is null or department = $2) order by department",
        campaign_id,
        only,
    )
    lines = await _lines(connection, campaign.pack, campaign_id)
    departments = [
        BoardDepartment(
            department=row["department"],
            name=row["name"],
            deadlines=lines[0].get(row["department"], []),
            violations=lines[1].get(row["department"], []),
        )
        for row in rows
    ]
    missing = list(domain.unsupervised(campaign.pack))
    return Board(
        campaign_id=campaign_id,
        jurisdiction=campaign.jurisdiction,
        pack_id=campaign.pack.id,
        pack_version=campaign.pack.version,
        as_of=as_of,
        counts=domain.counts(departments),
        departments=departments,
        unsupervised=missing,
        digest=domain.digest(campaign.pack, departments, missing),
    )


async def _lines(
    connection: Connection, pack: PolicyPack, campaign_id: UUID
) -> tuple[dict[str, list[DeadlineLine]], dict[str, list[ViolationLine]]]:
    """Every line by department: deadlines in the pack's order of rules, violations by the instant they occurred."""
    titles = {rule.id: rule.title for rule in pack.rules} | {asked.id: asked.title for asked in pack.requirements}
    order = list(titles)
    deadlines: dict[str, list[DeadlineLine]] = {}
    for row in await connection.fetch(
        f"select {_DEADLINE} from deadlines d where d.campaign_id = $1 order by d.due_at, d.occurrence, d.id",  # noqa: S608
        campaign_id,
    ):
        deadlines.setdefault(row["department"], []).append(DeadlineLine(**row, title=titles[row["rule"]]))
    violations: dict[str, list[ViolationLine]] = {}
    for row in await connection.fetch(
        f"select {_VIOLATION} from violations v where v.campaign_id = $1 order by v.occurred_at, v.id",  # noqa: S608
        campaign_id,
    ):
        violations.setdefault(row["department"], []).append(ViolationLine(**row, title=titles[row["rule"]]))
    for lines in deadlines.values():
        lines.sort(key=lambda line: order.index(line.rule))
    return deadlines, violations
