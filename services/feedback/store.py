"""SQL of campaigns, activities, suggestions, who made them, texts to fetch, adoption tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.feedback.api import AdoptionTable
from contracts.plans.events import CampaignOpened
from contracts.policy import PolicyPack
from servicekit.crypto import Sealer
from servicekit.database import Connection
from servicekit.problems import NotFound
from services.feedback.domain.suggestion import Activity, Suggestion, Told

COLUMNS = "id, version, activity_id, source, question_id, text_state, received_at, decision, reason, decided_at"
_ACTIVITY = "select id, jurisdiction, campaign_id, department, name, cancelled_at, ended_at from activities"
_CLAIM = """
update text_fetches set next_at = clock_timestamp() + make_interval(secs => $1), attempts = attempts + 1
from suggestions where suggestions.id = text_fetches.suggestion_id and text_fetches.suggestion_id in (
    select suggestion_id from text_fetches where next_at <= clock_timestamp() order by next_at
    limit $2 for update skip locked)
returning suggestion_id, question_id, attempts
"""


@dataclass(frozen=True)
class Sealed:
    """What is kept of a suggestion's text and of who made it."""

    text: str | None = None
    name: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Fetch:
    """A text to ask livestream for; `attempts` counts this one."""

    suggestion_id: UUID
    question_id: UUID
    attempts: int


async def keep_campaign(connection: Connection, opened: CampaignOpened) -> None:
    await connection.execute(
        "insert into campaigns (id, pack, roster) values ($1, $2, $3) on conflict (id) do nothing",
        opened.campaign_id,
        opened.pack,
        {entry.department: entry.name for entry in opened.roster},
    )


async def pack(connection: Connection, campaign_id: UUID) -> PolicyPack | None:
    """The campaign's own copy; None until campaign-opened has come."""
    document = await connection.fetchval("select pack from campaigns where id = $1", campaign_id)
    return PolicyPack.model_validate(document) if document is not None else None


async def department_name(connection: Connection, activity: Activity) -> str:
    """The roster's name for the department, its code while there is none."""
    name: str | None = await connection.fetchval(
        "select roster->>$2 from campaigns where id = $1", activity.campaign_id, activity.department
    )
    return name or activity.department


async def keep_activity(
    connection: Connection,
    identity: UUID,
    jurisdiction: str,
    campaign: UUID,
    department: str,
    *,
    name: str | None = None,
    cancelled_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> None:
    """What is new of an activity; what is known already stays, so that events may come in any order."""
    await connection.execute(
        "insert into activities (id, jurisdiction, campaign_id, department, name, cancelled_at, ended_at)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do update set"
        " name = coalesce(excluded.name, activities.name),"
        " cancelled_at = coalesce(excluded.cancelled_at, activities.cancelled_at),"
        " ended_at = coalesce(excluded.ended_at, activities.ended_at)",
        identity,
        jurisdiction,
        campaign,
        department,
        name,
        cancelled_at,
        ended_at,
    )


async def activity(connection: Connection, identity: UUID, *, lock: bool = False) -> Activity:
    """Locked, no suggestion about it can be received (their foreign key waits). Raises NotFound."""
    ending = " for update" if lock else ""
    row = await connection.fetchrow(f"{_ACTIVITY} where id = $1{ending}", identity)
    if row is None:
        raise NotFound("没有这场活动,或它的方案尚未备案")
    return Activity(**row)


async def add_suggestion(connection: Connection, suggestion: Suggestion, sealed: Sealed) -> bool:
    """Whether it is new: a live question is received once."""
    added = await connection.fetchval(
        "insert into suggestions (id, version, activity_id, source, question_id, text_state, sealed_text, received_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (question_id) do nothing returning true",
        suggestion.id,
        suggestion.version,
        suggestion.activity_id,
        suggestion.source,
        suggestion.question_id,
        suggestion.text_state,
        sealed.text,
        suggestion.received_at,
    )
    if added and (sealed.name or sealed.phone or sealed.email):
        await connection.execute(
            "insert into suggesters (suggestion_id, sealed_name, sealed_phone, sealed_email) values ($1, $2, $3, $4)",
            suggestion.id,
            sealed.name,
            sealed.phone,
            sealed.email,
        )
    return bool(added)


async def suggestion(connection: Connection, identity: UUID, *, lock: bool = False) -> Suggestion:
    """Raises NotFound."""
    ending = " for update" if lock else ""
    row = await connection.fetchrow(f"select {COLUMNS} from suggestions where id = $1{ending}", identity)  # noqa: S608
    if row is None:
        raise NotFound("没有这条意见建议")
    return Suggestion(**row)


async def suggestions(connection: Connection, activity_id: UUID) -> list[Suggestion]:
    """All about an activity, in the order of arrival."""
    rows = await connection.fetch(
        f"select {COLUMNS} from suggestions where activity_id = $1 order by sequence",  # noqa: S608
        activity_id,
    )
    return [Suggestion(**row) for row in rows]


async def save_decision(connection: Connection, decided: Suggestion) -> None:
    await connection.execute(
        "update suggestions set version = $2, decision = $3, reason = $4, decided_at = $5 where id = $1",
        decided.id,
        decided.version,
        decided.decision,
        decided.reason,
        decided.decided_at,
    )


async def save_text(connection: Connection, fetched: Suggestion, sealed_text: str | None) -> None:
    await connection.execute(
        "update suggestions set version = $2, text_state = $3, sealed_text = $4 where id = $1",
        fetched.id,
        fetched.version,
        fetched.text_state,
        sealed_text,
    )


async def told(connection: Connection, sealer: Sealer, found: Sequence[Suggestion]) -> list[Told]:
    """These suggestions with their texts and names opened, in the same order."""
    rows = await connection.fetch(
        "select suggestions.id, sealed_text, sealed_name from suggestions"
        " left join suggesters on suggesters.suggestion_id = suggestions.id where suggestions.id = any($1::uuid[])",
        [one.id for one in found],
    )
    kept = {row["id"]: row for row in rows}
    return [
        Told(
            one,
            _opened(sealer, f"suggestions/{one.id}/text", kept[one.id]["sealed_text"]),
            _opened(sealer, f"suggesters/{one.id}/name", kept[one.id]["sealed_name"]),
        )
        for one in found
    ]


async def contact(connection: Connection, sealer: Sealer, suggestion_id: UUID) -> tuple[str | None, str] | None:
    """Name and address of who made a suggestion; None where no address was left."""
    row = await connection.fetchrow(
        "select sealed_name, sealed_email from suggesters where suggestion_id = $1", suggestion_id
    )
    email = _opened(sealer, f"suggesters/{suggestion_id}/email", row["sealed_email"]) if row is not None else None
    if row is None or email is None:
        return None
    return _opened(sealer, f"suggesters/{suggestion_id}/name", row["sealed_name"]), email


def _opened(sealer: Sealer, place: str, sealed: str | None) -> str | None:
    return sealer.open(sealed, place=place) if sealed is not None else None


async def add_fetch(connection: Connection, suggestion_id: UUID) -> None:
    await connection.execute("insert into text_fetches (suggestion_id) values ($1)", suggestion_id)


async def claim_fetches(connection: Connection, lease_seconds: float, limit: int) -> list[Fetch]:
    """Texts to ask for now; for the lease nobody else asks for them."""
    return [Fetch(**row) for row in await connection.fetch(_CLAIM, lease_seconds, limit)]


async def delay_fetch(connection: Connection, suggestion_id: UUID, seconds: float) -> None:
    await connection.execute(
        "update text_fetches set next_at = clock_timestamp() + make_interval(secs => $2) where suggestion_id = $1",
        suggestion_id,
        seconds,
    )


async def end_fetch(connection: Connection, suggestion_id: UUID) -> None:
    await connection.execute("delete from text_fetches where suggestion_id = $1", suggestion_id)


async def fetches_in_hand(connection: Connection) -> int:
    """Texts that will be there in a moment: the first few attempts, due or being asked."""
    count: int = await connection.fetchval("select count(*) from text_fetches where attempts < 5")
    return count


async def latest_table(connection: Connection, activity_id: UUID, version: int | None = None) -> AdoptionTable | None:
    """The table of this version, or the newest."""
    document: dict[str, Any] | None = await connection.fetchval(
        "select document || jsonb_build_object('proof_digest', proof_digest) from adoption_tables"
        " where activity_id = $1 and ($2::integer is null or version = $2) order by version desc limit 1",
        activity_id,
        version,
    )
    return AdoptionTable.model_validate(document) if document is not None else None


async def add_table(connection: Connection, table: AdoptionTable) -> None:
    await connection.execute(
        "insert into adoption_tables (activity_id, version, document, proof_digest, published_at)"
        " values ($1, $2, $3, $4, $5)",
        table.activity_id,
        table.version,
        table.model_dump(mode="json", exclude={"proof_digest"}),
        table.proof_digest,
        table.published_at,
    )
