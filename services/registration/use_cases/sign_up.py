"""报名与线下推荐: judged, given a place or a place in the waitlist, and told, in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from contracts.policy import PolicyPack
from contracts.registration.api import (
    ParticipantIn,
    RecommendationIn,
    RecommendationReceipt,
    RegistrationReceipt,
    SignUpReceipt,
    Source,
)
from contracts.registration.events import RegistrationConfirmed, RegistrationWaitlisted
from servicekit.crypto import Sealer
from servicekit.problems import Finding, Refused
from servicekit.service import Transaction
from services.registration.domain import identity, permit, places
from services.registration.domain.activity import Activity
from services.registration.domain.participant import Participant, admit, day_of
from services.registration.domain.places import AlreadyRegistered, Registration
from services.registration.domain.window import check_window, sign_up_clause
from services.registration.store import activities, registrations
from services.registration.use_cases.tell import tell


class SourceRefused(Refused):
    code, status, title = "source-refused", 422, "不接受这种报名途径"


class RecommendationRefused(Refused):
    code, status, title = "recommendation-refused", 422, "推荐名单不符合要求"
    fix = "按 errors 逐行改正后重新提交整份名单"


@dataclass(frozen=True)
class _Opened:
    """An activity that takes sign-ups now, its row locked."""

    activity: Activity
    pack: PolicyPack
    starts_at: datetime


async def sign_up(tx: Transaction, sealer: Sealer, activity_id: UUID, given: ParticipantIn) -> SignUpReceipt:
    """线上报名. Raises NotFound, and what window, participant and places refuse."""
    key = await registrations.identity_key(tx.connection, sealer)
    opened = await _open(tx, activity_id, "online")
    person = admit(opened.pack, given, day_of(opened.starts_at))
    digests = identity.digests(key, activity_id, person)
    if await registrations.is_taken(tx.connection, activity_id, digests):
        raise AlreadyRegistered("您已经报过这场活动", clause=sign_up_clause(opened.pack))
    activity, receipt = await _enrol(tx, sealer, opened.activity, person, digests, "online")
    await activities.save(tx.connection, activity)
    return SignUpReceipt(**receipt.model_dump())


async def recommend(
    tx: Transaction, sealer: Sealer, asker: permit.Asker, activity_id: UUID, given: RecommendationIn
) -> RecommendationReceipt:
    """线下推荐: the whole list or nothing. Raises NotFound, Forbidden, RecommendationRefused, what window refuses."""
    own = await activities.load(tx.connection, activity_id)
    permit.as_owner(asker, own.department, own.jurisdiction)
    key = await registrations.identity_key(tx.connection, sealer)
    opened = await _open(tx, activity_id, "recommendation")
    admitted = await _admit_all(tx, key, opened, given)
    activity, receipts = opened.activity, []
    for person in admitted:
        digests = identity.digests(key, activity_id, person)
        activity, receipt = await _enrol(tx, sealer, activity, person, digests, "recommendation")
        receipts.append(receipt)
    await activities.save(tx.connection, activity)
    return RecommendationReceipt(registrations=receipts)


async def secret_for(tx: Transaction, sealer: Sealer, registration: UUID) -> str:
    """凭证: completes the answer as it leaves; it is stored nowhere."""
    return identity.secret_of(await registrations.identity_key(tx.connection, sealer), registration)


async def _open(tx: Transaction, activity_id: UUID, source: Source) -> _Opened:
    # Held until the commit, a few statements later: the place that is counted is the place that is given.
    activity = await activities.load(tx.connection, activity_id, lock=True)
    pack, starts_at = check_window(activity, await activities.pack(tx.connection, activity.campaign_id), tx.now)
    sources = {choice.key: choice.label for choice in pack.participants.sources}
    if source not in sources:
        detail = f"不接受 {source}"
        raise SourceRefused(detail, clause=sign_up_clause(pack), fix=f"可选: {'、'.join(sources.values())}")
    return _Opened(activity, pack, starts_at)


async def _admit_all(tx: Transaction, key: bytes, opened: _Opened, given: RecommendationIn) -> list[Participant]:
    """Raises RecommendationRefused naming every row."""
    findings: list[Finding] = []
    admitted: list[Participant] = []
    seen: set[str] = set()
    day = day_of(opened.starts_at)
    for row, one in enumerate(given.participants):
        try:
            person = admit(opened.pack, one, day)
            digests = identity.digests(key, opened.activity.id, person)
            if not seen.isdisjoint(digests):
                raise AlreadyRegistered("名单中已有同一人", clause=sign_up_clause(opened.pack))
            if await registrations.is_taken(tx.connection, opened.activity.id, digests):
                raise AlreadyRegistered("这个人已经报过这场活动", clause=sign_up_clause(opened.pack))
        except Refused as refused:
            findings.append(_finding(refused, row))
        else:
            seen |= set(digests)
            admitted.append(person)
    if findings:
        raise RecommendationRefused(
            f"名单中有 {len(findings)} 行不符合要求,没有人被登记", clause=findings[0].clause, errors=findings
        )
    return admitted


def _finding(refused: Refused, row: int) -> Finding:
    return Finding(
        code=refused.code,
        field=f"participants.{row}",
        detail=refused.detail,
        clause=refused.clause,
        fix=refused.fix,
    )


async def _enrol(
    tx: Transaction,
    sealer: Sealer,
    activity: Activity,
    person: Participant,
    digests: tuple[str, ...],
    source: Source,
) -> tuple[Activity, RegistrationReceipt]:
    after, state = places.take_place(activity)
    waits = state == "waitlisted"
    registration = Registration(
        id=uuid4(),
        activity_id=activity.id,
        version=1,
        state=state,
        source=source,
        category=person.category,
        tie=person.tie,
        queue_number=after.queued if waits else None,
        registered_at=tx.now,
    )
    await registrations.add(tx.connection, sealer, registration, person)
    # The row lock makes a clash impossible after is_taken; the primary key would still stop it.
    if not await registrations.claim_identity(tx.connection, activity.id, registration.id, digests):
        raise AlreadyRegistered("您已经报过这场活动")
    told = {"registration_id": registration.id, "activity_id": activity.id, "at": tx.now}
    event = RegistrationWaitlisted(**told, position=after.waiting) if waits else RegistrationConfirmed(**told)
    await tell(tx, activity, event, registration.id)
    receipt = RegistrationReceipt(
        registration_id=registration.id,
        activity_id=activity.id,
        state=state,
        position=after.waiting if waits else None,
        version=registration.version,
    )
    return after, receipt
