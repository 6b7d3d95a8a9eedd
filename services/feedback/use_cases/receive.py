"""收到意见建议: from the public form, or written down by staff on the day."""

from uuid import UUID, uuid4

from contracts.feedback.api import NotesAccepted, OnSiteNotesIn, SuggestionAccepted, SuggestionIn
from contracts.feedback.events import Source, SuggestionReceived
from servicekit.crypto import Sealer
from servicekit.service import Transaction
from services.feedback import store
from services.feedback.domain import permit
from services.feedback.domain.suggestion import Activity, Suggestion, require_open
from services.feedback.use_cases.tell import tell


async def suggest(tx: Transaction, sealer: Sealer, activity_id: UUID, body: SuggestionIn) -> SuggestionAccepted:
    """网上提交, by anybody. Raises NotFound, ActivityCancelled."""
    activity = await store.activity(tx.connection, activity_id)
    require_open(activity)
    return await _receive(tx, sealer, activity, "form", body)


async def note_on_site(
    tx: Transaction, asker: permit.Asker, sealer: Sealer, activity_id: UUID, body: OnSiteNotesIn
) -> NotesAccepted:
    """现场记录, all or nothing (the department). Raises NotFound, Forbidden, ActivityCancelled."""
    activity = await store.activity(tx.connection, activity_id)
    permit.as_owner(asker, activity)
    require_open(activity)
    return NotesAccepted(suggestions=[await _receive(tx, sealer, activity, "on_site", note) for note in body.notes])


async def _receive(
    tx: Transaction, sealer: Sealer, activity: Activity, source: Source, body: SuggestionIn
) -> SuggestionAccepted:
    identity = uuid4()
    suggestion = Suggestion(
        id=identity,
        version=1,
        activity_id=activity.id,
        source=source,
        question_id=None,
        text_state="present",
        received_at=tx.now,
    )
    sealed = store.Sealed(
        text=sealer.seal(body.text, place=f"suggestions/{identity}/text"),
        name=sealer.seal(body.name, place=f"suggesters/{identity}/name") if body.name else None,
        phone=sealer.seal(body.phone, place=f"suggesters/{identity}/phone") if body.phone else None,
        email=sealer.seal(body.email, place=f"suggesters/{identity}/email") if body.email else None,
    )
    await store.add_suggestion(tx.connection, suggestion, sealed)
    received = SuggestionReceived(suggestion_id=identity, activity_id=activity.id, source=source, at=tx.now)
    await tell(tx, activity, received, identity)
    return SuggestionAccepted(suggestion_id=identity, activity_id=activity.id, at=tx.now)
