"""报名情况: SQL for reads, masked; and the contacts a message needs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from contracts.registration.api import (
    ActivityView,
    ContactAnswer,
    ContactsAnswer,
    ContactsQuestion,
    RegistrationPage,
    RegistrationView,
    State,
)
from servicekit.crypto import Sealer
from servicekit.database import Connection
from servicekit.problems import Refused, RequestInvalid
from servicekit.service import Service
from services.registration.domain import identity, permit
from services.registration.domain.places import Registration, SecretWrong
from services.registration.domain.window import check_window
from services.registration.store import activities, registrations

_TOLD: tuple[State, ...] = ("confirmed",)
"""Who is written to when a message is for everybody."""


async def activity(connection: Connection, identity: UUID, now: datetime) -> ActivityView:
    """活动 as everybody may see it. Raises NotFound."""
    shown = await activities.load(connection, identity)
    pack = await activities.pack(connection, shown.campaign_id)
    closed_because = None
    try:
        check_window(shown, pack, now)
    except Refused as refused:
        closed_because = refused.code
    people = None if pack is None else pack.participants
    return ActivityView(
        activity_id=shown.id,
        name=shown.name,
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        open=closed_because is None,
        closed_because=closed_because,
        capacity=shown.capacity,
        confirmed=shown.taken,
        waitlisted=shown.waiting,
        minimum_age=None if people is None else people.eligibility.minimum_age,
        categories=[] if people is None else [choice.key for choice in people.categories],
        ties=[] if people is None else [choice.key for choice in people.eligibility.ties],
        data=[] if pack is None else [field.key for field in pack.personal_data.fields],
    )


async def registration(
    connection: Connection, sealer: Sealer, asker: permit.Asker, secret: str | None, wanted: UUID
) -> RegistrationView:
    """One registration, masked, for its secret's holder or its readers. Raises NotFound, SecretWrong, Forbidden."""
    found = await registrations.load(connection, wanted)
    if secret is None:
        about = await activities.load(connection, found.activity_id)
        permit.as_reader(asker, about.department, about.jurisdiction)
    elif not identity.holds_secret(await registrations.identity_key(connection, sealer), wanted, secret):
        raise SecretWrong("这个凭证不是这项报名的")
    row = await connection.fetchrow("select id, sealed_name, sealed_phone from registrations where id = $1", wanted)
    return _shown(sealer, found, row, await registrations.position(connection, found))


async def registration_page(
    connection: Connection,
    sealer: Sealer,
    asker: permit.Asker,
    activity_id: UUID,
    state: State | None,
    after: str | None,
    limit: int,
) -> RegistrationPage:
    """报名名单, masked, in the order of registration. Raises NotFound, Forbidden."""
    about = await activities.load(connection, activity_id)
    permit.as_reader(asker, about.department, about.jurisdiction)
    rows = await connection.fetch(
        f"select sequence, {registrations.COLUMNS}, sealed_name, sealed_phone,"  # noqa: S608
        " case when state = 'waitlisted' then (select count(*) from registrations ahead"
        "  where ahead.activity_id = registrations.activity_id and ahead.state = 'waitlisted'"
        "  and ahead.queue_number <= registrations.queue_number) end as position"
        " from registrations where activity_id = $1 and sequence > $2 and ($3::text is null or state = $3)"
        " order by sequence limit $4",
        activity_id,
        _cursor(after),
        state,
        # One row more than asked for says whether there is a next page.
        limit + 1,
    )
    items = [_shown(sealer, _registration(row), row, row["position"]) for row in rows[:limit]]
    return RegistrationPage(items=items, next=str(rows[limit - 1]["sequence"]) if len(rows) > limit else None)


async def contacts(service: Service, question: dict[str, Any]) -> dict[str, Any]:
    """queries.registration.contacts.v1: whom to write to; opened only for this answer, which nobody stores."""
    try:
        asked = ContactsQuestion.model_validate(question)
    except ValidationError as wrong:
        return {"contacts": [], "error": f"{wrong.error_count()} fields do not fit"}
    states = asked.states if asked.states is not None or asked.registration is not None else list(_TOLD)
    sealer = service.seal_key()
    async with service.reading() as connection:
        rows = await registrations.in_states(connection, asked.activity, asked.registration, states)
    reachable = [row for row in rows if row[f"sealed_{asked.channel}"] is not None]
    answer = ContactsAnswer(
        contacts=[
            ContactAnswer(
                registration=row["id"],
                name=_open(sealer, row, "name"),
                **{asked.channel: _open(sealer, row, asked.channel)},
            )
            for row in reachable
        ],
        unreachable=len(rows) - len(reachable),
    )
    return answer.model_dump(mode="json", exclude_none=True)


def _open(sealer: Sealer, row: Any, column: str) -> str:
    return sealer.open(row[f"sealed_{column}"], place=registrations.place(row["id"], column))


def _registration(row: Any) -> Registration:
    return Registration(**{name: row[name] for name in registrations.COLUMNS.split(", ")})


def _shown(sealer: Sealer, shown: Registration, row: Any, position: int | None) -> RegistrationView:
    return RegistrationView(
        registration_id=shown.id,
        activity_id=shown.activity_id,
        state=shown.state,
        position=position,
        source=shown.source,
        name=identity.mask_name(_open(sealer, row, "name")),
        phone=identity.mask_phone(_open(sealer, row, "phone")),
        category=shown.category,
        tie=shown.tie,
        registered_at=shown.registered_at,
        cancelled_at=shown.cancelled_at,
        checked_in_at=shown.checked_in_at,
        version=shown.version,
    )


def _cursor(after: str | None) -> int:
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit()):
        raise RequestInvalid("after 不是本服务给出的 next", fix="用上一页的 next")
    return int(after)
