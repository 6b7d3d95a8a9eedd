"""取消报名, and the promotion of who waits, in the same transaction."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from contracts.registration.api import RegistrationReceipt
from contracts.registration.events import RegistrationCancelled, RegistrationPromoted
from servicekit.crypto import Sealer
from servicekit.service import Transaction
from servicekit.writes import check_version
from services.registration.domain import identity, permit, places
from services.registration.domain.activity import Activity
from services.registration.domain.places import Registration, SecretWrong
from services.registration.domain.window import sign_up_clause
from services.registration.store import activities, registrations
from services.registration.use_cases.tell import tell

Because = Literal["asked", "activity_cancelled"]


@dataclass(frozen=True)
class Cancelling:
    """Who cancels what: by its secret, else as the department; against which version (None: any)."""

    asker: permit.Asker
    secret: str | None
    registration: UUID
    expected: int | None


async def cancel(tx: Transaction, sealer: Sealer, who: Cancelling) -> RegistrationReceipt:
    """取消报名. Raises NotFound, SecretWrong, Forbidden, WrongState, TooLate, PreconditionFailed."""
    # The activity is locked before the registration, as everywhere: no two can wait for each other.
    named = await registrations.load(tx.connection, who.registration)
    activity = await activities.load(tx.connection, named.activity_id, lock=True)
    if who.secret is None:
        permit.as_owner(who.asker, activity.department, activity.jurisdiction)
    elif not identity.holds_secret(await registrations.identity_key(tx.connection, sealer), named.id, who.secret):
        raise SecretWrong("这个凭证不是这项报名的")
    registration = await registrations.load(tx.connection, who.registration, lock=True)
    check_version(who.expected, registration.version)
    pack = await activities.pack(tx.connection, activity.campaign_id)
    if registration.state in ("confirmed", "waitlisted"):
        places.check_not_started(activity, tx.now, None if pack is None else sign_up_clause(pack))
    activity, gone = await release(tx, activity, registration)
    activity = await promote_waiting(tx, activity)
    await activities.save(tx.connection, activity)
    return RegistrationReceipt(
        registration_id=gone.id, activity_id=gone.activity_id, state=gone.state, position=None, version=gone.version
    )


async def release(
    tx: Transaction, activity: Activity, registration: Registration, because: Because = "asked"
) -> tuple[Activity, Registration]:
    """One registration cancelled and told; the person may sign up again. Raises WrongState."""
    freed, gone = places.cancel(activity, registration, tx.now)
    await registrations.save(tx.connection, gone)
    await registrations.free_identity(tx.connection, gone.id)
    event = RegistrationCancelled(
        registration_id=gone.id,
        activity_id=activity.id,
        at=tx.now,
        was_confirmed=registration.state == "confirmed",
        because=because,
    )
    await tell(tx, freed, event, gone.id)
    return freed, gone


async def promote_waiting(tx: Transaction, activity: Activity) -> Activity:
    """候补转正: the first who wait, for as many places as are free."""
    while places.may_promote(activity, tx.now):
        first = await registrations.first_waiting(tx.connection, activity.id)
        assert first is not None, "the activity counts who waits"
        activity, promoted = places.promote(activity, first)
        await registrations.save(tx.connection, promoted)
        event = RegistrationPromoted(registration_id=promoted.id, activity_id=activity.id, at=tx.now)
        await tell(tx, activity, event, promoted.id)
    return activity
