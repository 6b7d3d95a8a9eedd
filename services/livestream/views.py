"""Reads: sessions, questions, the stream of happenings, and the text another service asks for."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from contracts.livestream.api import QuestionPage, QuestionView, SessionPage, SessionView
from servicekit.crypto import Sealer
from servicekit.database import TRANSIENT, Connection
from servicekit.problems import BadRequest
from servicekit.service import Service
from services.livestream import store
from services.livestream.domain import permit
from services.livestream.domain.session import Session, show

log = structlog.get_logger()

_BATCH = 100
_LOST: tuple[type[Exception], ...] = (OSError, TimeoutError, *TRANSIENT)


async def session(connection: Connection, asker: permit.Asker, identity: UUID) -> SessionView:
    """Raises NotFound, Forbidden."""
    found = await store.session(connection, identity)
    permit.to_watch(asker, found)
    return show(found)


async def session_page(
    connection: Connection, asker: permit.Asker, activity: UUID | None, after: str | None, limit: int
) -> SessionPage:
    """In the order of creation; of the asker's district."""
    asker.require("operator", "department", "office", "frontend", "auditor", "ops")
    rows = await connection.fetch(
        "select sessions.sequence, sessions.id from sessions join activities on activities.id = sessions.activity_id"
        " where sessions.sequence > $1 and ($2::uuid is null or sessions.activity_id = $2)"
        " and ($3::text is null or activities.jurisdiction = $3) order by sessions.sequence limit $4",
        _cursor(after),
        activity,
        asker.jurisdiction,
        limit,
    )
    items = [show(await store.session(connection, row["id"])) for row in rows]
    return SessionPage(items=items, next=str(rows[-1]["sequence"]) if len(rows) == limit else None)


async def question_page(
    connection: Connection, asker: permit.Asker, sealer: Sealer, session_id: UUID, after: str | None, limit: int
) -> QuestionPage:
    """Raises NotFound, Forbidden."""
    permit.to_read_questions(asker, await store.session(connection, session_id))
    rows = await connection.fetch(
        "select sequence, id, sealed_text, sealed_nickname, asked_at from questions"
        " where session_id = $1 and sequence > $2 order by sequence limit $3",
        session_id,
        _cursor(after),
        limit,
    )
    items = [
        QuestionView(
            question_id=row["id"],
            text=_open(sealer, row["id"], "text", row["sealed_text"]),
            nickname=_open(sealer, row["id"], "nickname", row["sealed_nickname"]) if row["sealed_nickname"] else None,
            at=row["asked_at"],
        )
        for row in rows
    ]
    return QuestionPage(items=items, next=str(rows[-1]["sequence"]) if len(rows) == limit else None)


async def question_text(service: Service, question: dict[str, Any]) -> dict[str, Any]:
    """`{question}` -> `{text}`, null for a question nobody asked here."""
    try:
        identity = UUID(str(question.get("question")))
    except ValueError:
        return {"text": None}
    async with service.reading() as connection:
        sealed = await connection.fetchval("select sealed_text from questions where id = $1", identity)
    return {"text": _open(service.seal_key(), identity, "text", sealed) if sealed is not None else None}


@dataclass(frozen=True)
class Pace:
    """Seconds of system time between looks, and between heartbeats."""

    poll_seconds: float
    heartbeat_seconds: float


async def happenings(
    service: Service, found: Session, after: int, pace: Pace, stopping: Callable[[], bool]
) -> AsyncIterator[str]:
    """What happens in a session, as server-sent events from `after` on, until it has ended or the service stops.

    A session's events are numbered without gaps and committed in that order, so a client that comes back with the
    last number it saw misses nothing. Without a database the stream ends, and the client comes back.
    """
    loop = asyncio.get_running_loop()
    beat = loop.time()
    yield ": following\n\n"
    while not stopping():
        try:
            async with service.reading() as connection:
                rows = await connection.fetch(store.HAPPENINGS, f"session/{found.id}", after, _BATCH)
        except _LOST as lost:
            log.warning("stream of happenings interrupted", error=repr(lost))
            return
        for row in rows:
            after = row["aggregate_version"]
            yield _message(row)
        if any(row["type"].endswith(".session-ended.v1") for row in rows):
            return
        if rows:
            beat = loop.time()
        elif loop.time() - beat >= pace.heartbeat_seconds:
            beat = loop.time()
            yield ": still here\n\n"
        else:
            await asyncio.sleep(pace.poll_seconds)


async def is_over(connection: Connection, found: Session, after: int) -> bool:
    """Whether nothing more will ever come after this number."""
    if found.state != "ended":
        return False
    return not await connection.fetch(store.HAPPENINGS, f"session/{found.id}", after, 1)


def _message(row: asyncpg.Record) -> str:
    kind = row["type"].split(".")[2]
    data = json.dumps({"type": row["type"], **row["data"]}, ensure_ascii=False)
    return f"id: {row['aggregate_version']}\nevent: {kind}\ndata: {data}\n\n"


def _open(sealer: Sealer, identity: UUID, column: str, sealed: str) -> str:
    return sealer.open(sealed, place=f"questions/{identity}/{column}")


def _cursor(after: str | None) -> int:
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit()) or len(after) > 18:
        raise BadRequest("after 不是本服务给出的游标", fix="用上一页的 next")
    return int(after)
