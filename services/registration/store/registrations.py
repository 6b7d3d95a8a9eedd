"""报名, participants' data sealed, and the digests that keep one person from two places."""

import os
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.registration.api import State
from servicekit.crypto import Sealer
from servicekit.database import Connection
from servicekit.problems import NotFound
from services.registration.domain.headcount import Present
from services.registration.domain.participant import Participant
from services.registration.domain.places import Registration

_FIELDS = tuple(field.name for field in fields(Registration))
COLUMNS = ", ".join(_FIELDS)
_KEY_PLACE = "identity_key/sealed_key"


async def identity_key(connection: Connection, sealer: Sealer) -> bytes:
    """The key of digests and secrets; made by whoever needs it first."""
    sealed = await connection.fetchval("select sealed_key from identity_key")
    if sealed is None:
        await connection.execute(
            "insert into identity_key (sealed_key) values ($1) on conflict do nothing",
            sealer.seal(os.urandom(32).hex(), place=_KEY_PLACE),
        )
        sealed = await connection.fetchval("select sealed_key from identity_key")
    return bytes.fromhex(sealer.open(sealed, place=_KEY_PLACE))


async def add(connection: Connection, sealer: Sealer, registration: Registration, person: Participant) -> None:
    sealed = {
        "name": person.name,
        "phone": person.phone,
        "email": person.email,
        "id_number": person.id_number,
        "birth_date": person.birth_date.isoformat(),
        "needs": person.needs,
    }
    values = [getattr(registration, name) for name in _FIELDS]
    values += [
        None if value is None else sealer.seal(value, place=place(registration.id, name))
        for name, value in sealed.items()
    ]
    columns = [*_FIELDS, *(f"sealed_{name}" for name in sealed), "consented_at"]
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    await connection.execute(
        f"insert into registrations ({', '.join(columns)}) values ({places})",  # noqa: S608
        *values,
        registration.registered_at,
    )


def place(registration: UUID, column: str) -> str:
    """Where a sealed value belongs; it opens nowhere else."""
    return f"registrations/{registration}/{column}"


async def claim_identity(connection: Connection, activity: UUID, registration: UUID, digests: Sequence[str]) -> bool:
    """False when one of the digests is somebody's who is registered already."""
    claimed = await connection.fetch(
        "insert into identity_digests (activity_id, digest, registration_id)"
        " select $1, digest, $2 from unnest($3::text[]) as digest on conflict do nothing returning 1",
        activity,
        registration,
        list(digests),
    )
    return len(claimed) == len(digests)


async def is_taken(connection: Connection, activity: UUID, digests: Sequence[str]) -> bool:
    """Whether one of the digests is somebody's who is registered already."""
    taken: bool = await connection.fetchval(
        "select exists (select from identity_digests where activity_id = $1 and digest = any($2::text[]))",
        activity,
        list(digests),
    )
    return taken


async def free_identity(connection: Connection, registration: UUID) -> None:
    await connection.execute("delete from identity_digests where registration_id = $1", registration)


async def load(connection: Connection, identity: UUID, *, lock: bool = False) -> Registration:
    """Raises NotFound."""
    ending = " for update" if lock else ""
    row = await connection.fetchrow(f"select {COLUMNS} from registrations where id = $1{ending}", identity)  # noqa: S608
    if row is None:
        raise NotFound("没有这项报名")
    return Registration(**row)


async def named(connection: Connection, identities: Sequence[UUID]) -> dict[UUID, Registration]:
    """Those of the identities that exist, locked in one order for all."""
    rows = await connection.fetch(
        f"select {COLUMNS} from registrations where id = any($1::uuid[]) order by id for update",  # noqa: S608
        list(identities),
    )
    return {row["id"]: Registration(**row) for row in rows}


async def standing(connection: Connection, activity: UUID) -> list[Registration]:
    """Confirmed and waiting, in the order of registration, locked."""
    rows = await connection.fetch(
        f"select {COLUMNS} from registrations where activity_id = $1"  # noqa: S608
        " and state in ('confirmed', 'waitlisted') order by sequence for update",
        activity,
    )
    return [Registration(**row) for row in rows]


async def first_waiting(connection: Connection, activity: UUID) -> Registration | None:
    row = await connection.fetchrow(
        f"select {COLUMNS} from registrations where activity_id = $1 and state = 'waitlisted'"  # noqa: S608
        " order by queue_number limit 1 for update",
        activity,
    )
    return None if row is None else Registration(**row)


async def position(connection: Connection, registration: Registration) -> int | None:
    """The place in the waitlist now; None for who does not wait."""
    if registration.state != "waitlisted":
        return None
    ahead: int = await connection.fetchval(
        "select count(*) from registrations where activity_id = $1 and state = 'waitlisted' and queue_number <= $2",
        registration.activity_id,
        registration.queue_number,
    )
    return ahead


async def save(connection: Connection, registration: Registration) -> None:
    """The caller holds the row's lock, or its activity's."""
    await connection.execute(
        "update registrations set version = $2, state = $3, cancelled_at = $4, checked_in_at = $5 where id = $1",
        registration.id,
        registration.version,
        registration.state,
        registration.cancelled_at,
        registration.checked_in_at,
    )


async def check_in(connection: Connection, times: dict[UUID, datetime]) -> int:
    """签到 of each registration at its instant, the earliest wins. Returns how many were not checked in before."""
    rows = await connection.fetch(
        "update registrations set state = 'checked_in', version = version + 1, checked_in_at = given.at"
        " from unnest($1::uuid[], $2::timestamptz[]) as given (id, at),"
        " (select id, checked_in_at from registrations where id = any($1::uuid[])) as before"
        " where registrations.id = given.id and before.id = given.id"
        " and (before.checked_in_at is null or before.checked_in_at > given.at)"
        " returning before.checked_in_at is null as fresh",
        list(times),
        list(times.values()),
    )
    return sum(row["fresh"] for row in rows)


async def undo_check_ins_before(connection: Connection, activity: UUID, opens: datetime) -> None:
    """改期: check-ins made for an earlier date do not count for this one."""
    await connection.execute(
        "update registrations set state = 'confirmed', version = version + 1, checked_in_at = null"
        " where activity_id = $1 and state = 'checked_in' and checked_in_at < $2",
        activity,
        opens,
    )


async def mark_absent(connection: Connection, activity: UUID) -> None:
    """未到场: whoever had a place and was not there."""
    await connection.execute(
        "update registrations set state = 'absent', version = version + 1"
        " where activity_id = $1 and state = 'confirmed'",
        activity,
    )


async def present(connection: Connection, sealer: Sealer, activity: UUID) -> list[Present]:
    rows = await connection.fetch(
        "select id, category, tie, sealed_birth_date from registrations"
        " where activity_id = $1 and state = 'checked_in' order by sequence",
        activity,
    )
    return [Present(row["category"], row["tie"], _birth_date(sealer, row)) for row in rows]


async def present_count(connection: Connection, activity: UUID) -> int:
    count: int = await connection.fetchval(
        "select count(*) from registrations where activity_id = $1 and state = 'checked_in'", activity
    )
    return count


async def in_states(
    connection: Connection, activity: UUID, registration: UUID | None, states: Sequence[State] | None
) -> list[Any]:
    """Rows with what a message needs, of one registration or of everybody in the states."""
    return await connection.fetch(
        "select id, sealed_name, sealed_email, sealed_phone from registrations where activity_id = $1"
        " and ($2::uuid is null or id = $2) and ($3::text[] is null or state = any($3)) order by sequence",
        activity,
        registration,
        None if states is None else list(states),
    )


def _birth_date(sealer: Sealer, row: Any) -> date:
    return date.fromisoformat(sealer.open(row["sealed_birth_date"], place=place(row["id"], "birth_date")))
