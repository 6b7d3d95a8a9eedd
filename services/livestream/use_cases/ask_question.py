"""直播提问: anybody, while the session is live; the text stays here, sealed."""

from uuid import UUID, uuid4

from contracts.livestream.api import QuestionAccepted, QuestionIn
from contracts.livestream.events import QuestionAsked
from servicekit.crypto import Sealer
from servicekit.service import Transaction
from services.livestream import store
from services.livestream.domain.on_air import require_live_for_questions


async def ask_question(tx: Transaction, sealer: Sealer, session_id: UUID, body: QuestionIn) -> QuestionAccepted:
    """Raises NotFound, SessionNotLive."""
    session = await store.session(tx.connection, session_id)
    require_live_for_questions(session)
    identity = uuid4()
    text = sealer.seal(body.text, place=f"questions/{identity}/text")
    nickname = sealer.seal(body.nickname, place=f"questions/{identity}/nickname") if body.nickname else None
    await store.add_question(tx.connection, identity, session_id, text, nickname, tx.now)
    await tx.announce(
        QuestionAsked(question_id=identity, session_id=session_id, activity_id=session.activity_id, at=tx.now),
        aggregate=identity,
        jurisdiction=session.jurisdiction,
        campaign=session.campaign_id,
        department=session.department,
        activity=session.activity_id,
    )
    return QuestionAccepted(question_id=identity, session_id=session_id, at=tx.now)
