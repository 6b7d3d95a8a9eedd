"""直播场次 and its keys: made, rotated, revoked."""

from uuid import UUID

from contracts.livestream.api import IngestKeyView, KeyRotated, SessionCreated, SessionView
from servicekit.problems import WrongState
from servicekit.service import Transaction
from services.livestream import store
from services.livestream.domain import link, permit, session
from services.livestream.domain.keys import digest_of_key, new_key
from services.livestream.use_cases.tell import keep


class SessionExists(WrongState):
    code, title = "session-exists", "这场活动已有直播场次"


async def open_session(
    tx: Transaction, asker: permit.Asker, activity_id: UUID, shown: list[IngestKeyView]
) -> SessionCreated:
    """建立场次, once for each activity; the keys go into `shown`, not into what is remembered for retries.

    Raises NotFound, Forbidden, NotOnline, ActivityOver, SessionExists.
    """
    activity = await store.lock_activity(tx.connection, activity_id)
    permit.to_arrange(asker, activity)
    before = await store.session_of_activity(tx.connection, activity_id)
    if before is not None:
        raise SessionExists(f"直播场次 {before} 已建立", fix="使用已有的场次;密钥遗失可以换新")
    made = session.open_session(activity)
    await store.save(tx.connection, made)
    for venue in made.venues:
        shown.append(IngestKeyView(venue=venue.key, key=await _give_key(tx, made.id, venue.key)))
    return SessionCreated(session=session.show(made), ingest_keys=[])


async def rotate_key(
    tx: Transaction, asker: permit.Asker, session_id: UUID, venue: str, shown: list[IngestKeyView]
) -> KeyRotated:
    """换密钥: the old one is worth nothing from now on, and who publishes with it is dropped.

    Raises NotFound, Forbidden, WrongState.
    """
    after = await _revoke(tx, asker, session_id, venue)
    shown.append(IngestKeyView(venue=venue, key=await _give_key(tx, session_id, venue)))
    return KeyRotated(session=session.show(after), venue=venue, key=None)


async def revoke_key(tx: Transaction, asker: permit.Asker, session_id: UUID, venue: str) -> SessionView:
    """作废密钥. Repeating it does no harm. Raises NotFound, Forbidden, WrongState."""
    return session.show(await _revoke(tx, asker, session_id, venue))


async def _revoke(tx: Transaction, asker: permit.Asker, session_id: UUID, venue: str) -> session.Session:
    before = await store.session(tx.connection, session_id, lock=True)
    permit.to_arrange(asker, before)
    before.require_not_ended()
    before.venue(venue)
    if not await store.revoke_keys(tx.connection, session_id, venue, tx.now):
        return before
    return await keep(tx, before, link.lose(before, venue, tx.now))


async def _give_key(tx: Transaction, session_id: UUID, venue: str) -> str:
    key = new_key()
    await store.add_key(tx.connection, digest_of_key(key), session_id, venue)
    return key
