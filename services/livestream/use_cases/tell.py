"""Saving a session's change and saying what happened, as every use case does."""

from contracts.envelope import EventData
from servicekit.service import Transaction
from services.livestream import store
from services.livestream.domain.session import Change, Session


async def keep(tx: Transaction, before: Session, change: Change) -> Session:
    """Save and announce; nothing when nothing changed. The caller holds the session's lock."""
    if change.session != before:
        await store.save(tx.connection, change.session)
    for event in change.events:
        await tell(tx, change.session, event)
    return change.session


async def tell(tx: Transaction, session: Session, event: EventData) -> None:
    await tx.announce(
        event,
        aggregate=session.id,
        jurisdiction=session.jurisdiction,
        campaign=session.campaign_id,
        department=session.department,
        activity=session.activity_id,
    )
