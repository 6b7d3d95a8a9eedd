"""SQL for facts, deadlines, violations and decisions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from contracts.envelope import EventData
from contracts.plans.events import CampaignClosed, CampaignOpened
from contracts.policy import Due, PolicyPack
from contracts.registry import EVENTS
from servicekit.database import Connection
from services.deadlines.domain.records import (
    Campaign,
    Deadline,
    Decision,
    KeptDeadline,
    KeptDecision,
    KeptViolation,
    Violation,
)


@dataclass(frozen=True)
class Scope:
    """一个部门在一个活动季. Whoever holds its row judges it."""

    campaign_id: UUID
    department: str


# A pack is fixed when its campaign opens, so it is read from its JSON once.
_PACKS: dict[tuple[UUID, str], PolicyPack] = {}


async def lock_scope(connection: Connection, scope: Scope) -> bool:
    """Hold the scope until the transaction ends, so that its next judgement sees every fact committed before.

    True when the department is on the campaign's roster.
    """
    await connection.execute(
        "insert into scopes (campaign_id, department) values ($1, $2) on conflict do nothing",
        scope.campaign_id,
        scope.department,
    )
    on_roster: bool = await connection.fetchval(
        "select on_roster from scopes where campaign_id = $1 and department = $2 for update",
        scope.campaign_id,
        scope.department,
    )
    return on_roster


async def open_campaign(connection: Connection, jurisdiction: str, fact: CampaignOpened) -> None:
    """The campaign, its pack and its roster; a second opening changes nothing."""
    first = await connection.fetchval(
        "insert into campaigns (id, jurisdiction, opened_at, pack_digest, pack) values ($1, $2, $3, $4, $5)"
        " on conflict (id) do update set opened_at = excluded.opened_at, pack_digest = excluded.pack_digest,"
        " pack = excluded.pack where campaigns.opened_at is null returning true",
        fact.campaign_id,
        jurisdiction,
        fact.opened_at,
        fact.pack_digest,
        fact.pack,
    )
    if not first:
        return
    for entry in sorted(fact.roster, key=lambda entry: entry.department):  # one order for all: no deadlock
        await connection.execute(
            "insert into scopes (campaign_id, department, name, on_roster) values ($1, $2, $3, true)"
            " on conflict (campaign_id, department) do update set name = excluded.name, on_roster = true",
            fact.campaign_id,
            entry.department,
            entry.name,
        )


async def close_campaign(connection: Connection, jurisdiction: str, fact: CampaignClosed) -> None:
    """Closed; also when the opening is still under way."""
    await connection.execute(
        "insert into campaigns (id, jurisdiction, closed_at) values ($1, $2, $3) on conflict (id) do update"
        " set closed_at = least(campaigns.closed_at, excluded.closed_at)",
        fact.campaign_id,
        jurisdiction,
        fact.closed_at,
    )


async def scopes_of(connection: Connection, campaign_id: UUID) -> list[Scope]:
    """Every department of a campaign, in the order in which they are locked."""
    rows = await connection.fetch(
        "select campaign_id, department from scopes where campaign_id = $1 order by department", campaign_id
    )
    return [Scope(**row) for row in rows]


async def campaign(connection: Connection, campaign_id: UUID) -> Campaign | None:
    """None until its opening was heard."""
    row = await connection.fetchrow(
        "select id, jurisdiction, opened_at, pack_digest, closed_at from campaigns where id = $1", campaign_id
    )
    if row is None or row["opened_at"] is None:
        return None
    key = campaign_id, row["pack_digest"]
    if key not in _PACKS:
        document = await connection.fetchval("select pack from campaigns where id = $1", campaign_id)
        _PACKS[key] = PolicyPack.model_validate(document)
    return Campaign(campaign_id, row["jurisdiction"], _PACKS[key], row["opened_at"], row["closed_at"])


async def add_fact(connection: Connection, scope: Scope, event_id: UUID, fact: EventData, heard_at: datetime) -> None:
    await connection.execute(
        "insert into facts (event_id, campaign_id, department, type, data, heard_at)"
        " values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        event_id,
        scope.campaign_id,
        scope.department,
        fact.TYPE,
        fact.model_dump(mode="json"),
        heard_at,
    )


async def facts(connection: Connection, scope: Scope) -> tuple[EventData, ...]:
    rows = await connection.fetch(
        "select type, data from facts where campaign_id = $1 and department = $2",
        scope.campaign_id,
        scope.department,
    )
    return tuple(EVENTS[row["type"]].model_validate(row["data"]) for row in rows)


async def decisions(connection: Connection, scope: Scope) -> tuple[KeptDecision, ...]:
    rows = await connection.fetch(
        "select kind, decided_at as at, deadline_id, violation_id, until, outcome, words, decided_by as by"
        " from decisions where campaign_id = $1 and department = $2 order by decided_at, id",
        scope.campaign_id,
        scope.department,
    )
    return tuple(_kept_decision(dict(row)) for row in rows)


def _kept_decision(row: dict[str, Any]) -> KeptDecision:
    words, by = row.pop("words"), row.pop("by")
    return KeptDecision(Decision(**row), words, by)


async def add_decision(connection: Connection, scope: Scope, kept: KeptDecision) -> None:
    """Its words stay here and never travel in an event."""
    decision = kept.decision
    await connection.execute(
        "insert into decisions (id, campaign_id, department, kind, deadline_id, violation_id, until, outcome, words,"
        " decided_by, decided_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        uuid4(),
        scope.campaign_id,
        scope.department,
        decision.kind,
        decision.deadline_id,
        decision.violation_id,
        decision.until,
        decision.outcome,
        kept.words,
        kept.by,
        decision.at,
    )
    if decision.violation_id is not None:
        # An objection changes what is shown of a violation and not the violation; its ETag has to move all the same.
        await connection.execute("update violations set version = version + 1 where id = $1", decision.violation_id)


async def deadlines(connection: Connection, scope: Scope) -> dict[UUID, KeptDeadline]:
    rows = await connection.fetch(
        "select * from deadlines where campaign_id = $1 and department = $2", scope.campaign_id, scope.department
    )
    return {row["id"]: _kept_deadline(row) for row in rows}


def _kept_deadline(row: Any) -> KeptDeadline:
    ruled = Due.model_validate(
        {
            "rule": row["rule"],
            "due_date": row["ruled_due_date"],
            "due_at": row["ruled_due_at"],
            "provisional": row["provisional"],
            "derivation": row["derivation"],
        }
    )
    deadline = Deadline(
        id=row["id"],
        rule=row["rule"],
        clause=row["clause"],
        activity_id=row["activity_id"],
        occurrence=row["occurrence"],
        ruled=ruled,
        due_date=row["due_date"],
        due_at=row["due_at"],
        extended=row["extended"],
        state=row["state"],
        met_at=row["met_at"],
        lapsed_at=row["lapsed_at"],
        waived_at=row["waived_at"],
        cancelled_at=row["cancelled_at"],
        cancelled_cause=row["cancelled_cause"],
        restore_by=row["restore_by"],
    )
    return KeptDeadline(deadline, row["opened_at"], tuple(row["reminded"]), row["version"])


async def save_deadline(connection: Connection, scope: Scope, kept: KeptDeadline) -> None:
    """Written whole; every write is one version more."""
    deadline = kept.deadline
    values = {
        "id": deadline.id,
        "campaign_id": scope.campaign_id,
        "department": scope.department,
        "rule": deadline.rule,
        "clause": deadline.clause,
        "activity_id": deadline.activity_id,
        "occurrence": deadline.occurrence,
        "ruled_due_date": deadline.ruled.due_date,
        "ruled_due_at": deadline.ruled.due_at,
        "provisional": deadline.ruled.provisional,
        "derivation": deadline.ruled.derivation.model_dump(mode="json"),
        "due_date": deadline.due_date,
        "due_at": deadline.due_at,
        "extended": deadline.extended,
        "state": deadline.state,
        "met_at": deadline.met_at,
        "lapsed_at": deadline.lapsed_at,
        "waived_at": deadline.waived_at,
        "cancelled_at": deadline.cancelled_at,
        "cancelled_cause": deadline.cancelled_cause,
        "restore_by": deadline.restore_by,
        "opened_at": kept.opened_at,
        "reminded": list(kept.reminded),
    }
    await _write(connection, "deadlines", values)


async def violations(connection: Connection, scope: Scope) -> dict[UUID, KeptViolation]:
    rows = await connection.fetch(
        "select id, kind, rule, clause, deadline_id, activity_id, occurrence, due_date, occurred_at,"
        " derivation_digest, state, cured_at, days_late, waived_at, withdrawn_at, withdrawn_cause, detected_at,"
        " version"
        " from violations where campaign_id = $1 and department = $2",
        scope.campaign_id,
        scope.department,
    )
    return {row["id"]: _kept_violation(dict(row)) for row in rows}


def _kept_violation(row: dict[str, Any]) -> KeptViolation:
    detected_at, version = row.pop("detected_at"), row.pop("version")
    return KeptViolation(Violation(**row), detected_at, version)


async def save_violation(connection: Connection, scope: Scope, kept: KeptViolation) -> None:
    """Written whole; every write is one version more."""
    values = {"campaign_id": scope.campaign_id, "department": scope.department, "detected_at": kept.detected_at}
    await _write(connection, "violations", {**vars(kept.violation), **values})


async def _write(connection: Connection, table: str, values: dict[str, Any]) -> None:
    # Table and columns are ours, never a caller's.
    columns = list(values)
    marks = ", ".join(f"${position}" for position in range(1, len(columns) + 1))
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column != "id")
    await connection.execute(
        f"insert into {table} ({', '.join(columns)}) values ({marks})"  # noqa: S608
        f" on conflict (id) do update set {changes}, version = {table}.version + 1",
        *values.values(),
    )


async def note_judged(connection: Connection, scope: Scope, calendar_version: str, next_at: datetime | None) -> None:
    """By which calendar the scope was judged, and when time alone changes something."""
    await connection.execute(
        "update scopes set calendar_version = $3, next_at = $4 where campaign_id = $1 and department = $2",
        scope.campaign_id,
        scope.department,
        calendar_version,
        next_at,
    )


async def next_at(connection: Connection) -> datetime | None:
    """When the next deadline lapses or is to be reminded of."""
    instant: datetime | None = await connection.fetchval("select min(next_at) from scopes where next_at is not null")
    return instant


async def claim_due(connection: Connection, now: datetime) -> Scope | None:
    """One scope in which something is due, held until the transaction ends; another replica takes another one."""
    row = await connection.fetchrow(
        "select campaign_id, department from scopes where next_at <= $1 order by next_at, campaign_id, department"
        " limit 1 for update skip locked",
        now,
    )
    return None if row is None else Scope(**row)


async def judged_by_calendars(connection: Connection) -> list[tuple[Scope, str, str]]:
    """Every scope that was judged, with its jurisdiction and the calendar's version."""
    rows = await connection.fetch(
        "select scopes.campaign_id, department, jurisdiction, calendar_version from scopes"
        " join campaigns on campaigns.id = scopes.campaign_id where calendar_version is not null"
        " order by scopes.campaign_id, department"
    )
    return [
        (Scope(row["campaign_id"], row["department"]), row["jurisdiction"], row["calendar_version"]) for row in rows
    ]


async def scope_of_deadline(connection: Connection, deadline_id: UUID) -> Scope | None:
    row = await connection.fetchrow("select campaign_id, department from deadlines where id = $1", deadline_id)
    return None if row is None else Scope(**row)


async def scope_of_violation(connection: Connection, violation_id: UUID) -> Scope | None:
    row = await connection.fetchrow("select campaign_id, department from violations where id = $1", violation_id)
    return None if row is None else Scope(**row)
