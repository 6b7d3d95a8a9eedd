"""采纳情况 of one suggestion."""

from uuid import UUID

from contracts.feedback.api import DecideIn, SuggestionView
from contracts.feedback.events import SuggestionDecided
from servicekit.crypto import Sealer
from servicekit.problems import PreconditionRequired
from servicekit.service import Transaction
from servicekit.writes import check_version
from services.feedback import store
from services.feedback.domain import permit, suggestion
from services.feedback.use_cases.tell import tell


async def decide(
    tx: Transaction, asker: permit.Asker, sealer: Sealer, identity: UUID, expected: int | None, body: DecideIn
) -> SuggestionView:
    """处理 with a reason (the department), based on the version that was read.

    Raises NotFound, Forbidden, PreconditionRequired, PreconditionFailed, TextPending.
    """
    before = await store.suggestion(tx.connection, identity, lock=True)
    activity = await store.activity(tx.connection, before.activity_id)
    permit.as_owner(asker, activity)
    read = expected if expected is not None else body.version
    if read is None:
        raise PreconditionRequired("处理须说明基于哪个版本")
    check_version(read, before.version)
    decided = suggestion.decide(before, body.decision, body.reason, tx.now)
    if decided != before:
        await store.save_decision(tx.connection, decided)
        event = SuggestionDecided(suggestion_id=identity, activity_id=activity.id, decision=body.decision, at=tx.now)
        await tell(tx, activity, event, identity)
    return suggestion.show((await store.told(tx.connection, sealer, [decided]))[0])
