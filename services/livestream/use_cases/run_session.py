"""What happens while a session runs: hooks of the media server, ready, start, switch, cut, end."""

from typing import Any
from uuid import UUID

from contracts.livestream.api import EndIn, HookIn, HookView, SessionView, SwitchIn
from servicekit.service import Transaction
from servicekit.writes import check_version
from services.livestream import store
from services.livestream.domain import link, on_air, permit, session
from services.livestream.domain.keys import digest_of_key, require_valid
from services.livestream.domain.on_air import Happening
from services.livestream.domain.session import Session
from services.livestream.use_cases.tell import keep

_MEANWHILE = 50
_NAMES = {
    "session-started": "直播开始",
    "venue-connected": "会场连线",
    "venue-lost": "会场掉线",
    "on-air-switched": "切换",
    "emergency-cut": "应急切断",
    "session-ended": "直播结束",
}


async def published(tx: Transaction, body: HookIn) -> HookView:
    """推流开始. Raises KeyWrong, KeyRevoked, SessionOver, AlreadyPublishing."""
    before, venue = await _by_key(tx, body.key)
    after = await keep(tx, before, link.connect(before, venue, body.client_id, tx.now))
    return HookView(session_id=after.id, venue=venue, link=session.link_of(after, after.venue(venue)))


async def done(tx: Transaction, body: HookIn) -> HookView:
    """推流结束. Raises KeyWrong, KeyRevoked, NotPublishing."""
    before, venue = await _by_key(tx, body.key)
    after = await keep(tx, before, link.done(before, venue, body.client_id, tx.now))
    return HookView(session_id=after.id, venue=venue, link=session.link_of(after, after.venue(venue)))


async def mark_ready(tx: Transaction, asker: permit.Asker, session_id: UUID, venue: str) -> SessionView:
    """会场就绪 (operator). Raises NotFound, Forbidden, VenueNotLinked."""
    before = await store.session(tx.connection, session_id, lock=True)
    permit.to_operate(asker, before)
    return session.show(await keep(tx, before, link.mark_ready(before, venue)))


async def start(tx: Transaction, asker: permit.Asker, session_id: UUID, expected: int | None) -> SessionView:
    """直播开始 (operator, department). Raises NotFound, Forbidden, WrongState."""
    before = await store.session(tx.connection, session_id, lock=True)
    permit.to_arrange(asker, before)
    check_version(expected, before.version)
    return session.show(await keep(tx, before, on_air.start(before, tx.now)))


async def switch(tx: Transaction, asker: permit.Asker, session_id: UUID, body: SwitchIn) -> SessionView:
    """切换 (operator). Raises NotFound, Forbidden, WrongState, EpochStale, VenueUnknown, VenueNotLinked."""
    before = await store.session(tx.connection, session_id, lock=True)
    permit.to_operate(asker, before)
    meanwhile = await _meanwhile(tx, before, body.epoch)
    return session.show(await keep(tx, before, on_air.switch(before, body.venue, body.epoch, meanwhile, tx.now)))


async def emergency_cut(tx: Transaction, asker: permit.Asker, session_id: UUID) -> SessionView:
    """应急切断 (operator). Raises NotFound, Forbidden, WrongState."""
    before = await store.session(tx.connection, session_id, lock=True)
    permit.to_operate(asker, before)
    return session.show(await keep(tx, before, on_air.emergency_cut(before, tx.now)))


async def end(tx: Transaction, asker: permit.Asker, session_id: UUID, expected: int | None, body: EndIn) -> SessionView:
    """直播结束 (operator, department). Raises NotFound, Forbidden, WrongState, AudienceImpossible."""
    before = await store.session(tx.connection, session_id, lock=True)
    permit.to_arrange(asker, before)
    check_version(expected, before.version)
    return session.show(await keep(tx, before, on_air.end(before, body.viewers_peak, body.viewers_total, tx.now)))


async def _by_key(tx: Transaction, key: str) -> tuple[Session, str]:
    """The key's session, locked, and its venue. A key is judged under the lock: it may be revoked just now."""
    digest = digest_of_key(key)
    held = require_valid(await store.key(tx.connection, digest))
    before = await store.session(tx.connection, held.session_id, lock=True)
    held = require_valid(await store.key(tx.connection, digest))
    return before, held.venue


async def _meanwhile(tx: Transaction, before: Session, epoch: int) -> list[Happening]:
    if epoch == before.epoch:
        return []
    return [_in_words(one) for one in await store.since_epoch(tx.connection, before.id, epoch, _MEANWHILE)]


def _in_words(one: dict[str, Any]) -> Happening:
    kind, data = one["type"].split(".")[2], one["data"]
    parts = [_NAMES.get(kind, kind), data["at"], f"epoch {data['epoch']}"]
    if "venue" in data:
        parts.append(data["venue"] or "垫片")
    if "cause" in data:
        parts.append(data["cause"])
    return Happening(kind, " ".join(parts))
