"""HTTP of livestream: sessions, the media server's hooks, the console's commands, questions, what happens."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from contracts.livestream.api import (
    CutIn,
    EndIn,
    HookIn,
    HookView,
    IngestKeyView,
    KeyRotated,
    QuestionAccepted,
    QuestionIn,
    QuestionPage,
    SessionCreated,
    SessionPage,
    SessionView,
    SwitchIn,
)
from servicekit.auth import Actor
from servicekit.problems import BadRequest, TryAgain
from servicekit.service import Service, Transaction
from servicekit.writes import PublicWriting, Reading, Writing, answer
from services.livestream import store, views
from services.livestream.domain import permit
from services.livestream.use_cases import ask_question, open_session, run_session


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Running = Annotated[Service, Depends(_service)]
After = Annotated[str | None, Query(max_length=20, description="上一页的 next")]
Limit = Annotated[int, Query(ge=1, le=200)]
Venue = Annotated[str, Path(max_length=40, description="会场, as the filed plan names it")]


class Following:
    """The streams of happenings this process keeps open, at most `limit`."""

    def __init__(self, limit: int, pace: views.Pace) -> None:
        self._limit = limit
        self._pace = pace
        self._open = 0

    async def follow(self, request: Request, actor: Actor, session_id: UUID, after: int) -> Response:
        """Raises NotFound, Forbidden, TryAgain when too many follow already."""
        service: Service = request.app.state.service
        async with service.reading() as connection:
            found = await store.session(connection, session_id)
            permit.to_watch(actor, found)
            if await views.is_over(connection, found, after):
                return Response(status_code=204)  # tells an EventSource not to come back
        if self._open >= self._limit:
            raise TryAgain(f"这个进程已有 {self._limit} 路事件流")
        happenings = views.happenings(service, found, after, self._pace, lambda: request.app.state.stopping)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._counted(happenings), media_type="text/event-stream", headers=headers)

    async def _counted(self, happenings: AsyncIterator[str]) -> AsyncIterator[str]:
        self._open += 1
        try:
            async with aclosing(happenings):  # type: ignore[type-var]
                async for message in happenings:
                    yield message
        finally:
            self._open -= 1


def routes(following: Following) -> APIRouter:
    """The service's routes."""
    outer = APIRouter()
    outer.include_router(_sessions)
    outer.include_router(_hooks)
    outer.include_router(_console)
    outer.include_router(_questions)
    outer.include_router(_followed(following))
    return outer


_sessions = APIRouter(tags=["sessions"])


@_sessions.post("/activities/{activity_id}/session", status_code=201, response_model=SessionCreated)
async def create_session(write: Writing, activity_id: UUID) -> Response:
    """建立直播场次 from the filed plan (operator, the department). Keys are in this answer and nowhere else."""
    shown: list[IngestKeyView] = []

    async def reveal(_tx: Transaction, told: dict[str, Any]) -> dict[str, Any]:
        return told | {"ingest_keys": [key.model_dump() for key in shown]}

    return await write.once(
        lambda tx: open_session.open_session(tx, write.actor, activity_id, shown), status=201, reveal=reveal
    )


@_sessions.get("/sessions", response_model=SessionPage)
async def list_sessions(
    actor: Reading, service: Running, activity: UUID | None = None, after: After = None, limit: Limit = 50
) -> Response:
    """直播场次列表."""
    async with service.reading() as connection:
        return answer(await views.session_page(connection, actor, activity, after, limit))


@_sessions.get("/sessions/{session_id}", response_model=SessionView)
async def read_session(actor: Reading, service: Running, session_id: UUID) -> Response:
    """直播场次: venues, links, what is wanted on air and what is."""
    async with service.reading() as connection:
        return answer(await views.session(connection, actor, session_id))


@_sessions.post("/sessions/{session_id}/venues/{venue}/key", response_model=KeyRotated)
async def rotate_key(write: Writing, session_id: UUID, venue: Venue) -> Response:
    """换密钥 (operator, the department). Who publishes with the old one is dropped."""
    shown: list[IngestKeyView] = []

    async def reveal(_tx: Transaction, told: dict[str, Any]) -> dict[str, Any]:
        return told | {"key": shown[0].key if shown else None}

    return await write.once(
        lambda tx: open_session.rotate_key(tx, write.actor, session_id, venue, shown), reveal=reveal
    )


@_sessions.delete("/sessions/{session_id}/venues/{venue}/key", response_model=SessionView)
async def revoke_key(write: Writing, session_id: UUID, venue: Venue) -> Response:
    """作废密钥 (operator, the department). Repeating it does no harm."""
    return await write.run(lambda tx: open_session.revoke_key(tx, write.actor, session_id, venue))


_hooks = APIRouter(prefix="/hooks", tags=["media server"])


@_hooks.post("/publish", response_model=HookView)
async def publish(write: PublicWriting, body: HookIn) -> Response:
    """推流开始: the key alone authorises. Any refusal means: close that publisher, not the one before."""
    return await write.run(lambda tx: run_session.published(tx, body))


@_hooks.post("/done", response_model=HookView)
async def done(write: PublicWriting, body: HookIn) -> Response:
    """推流结束."""
    return await write.run(lambda tx: run_session.done(tx, body))


_console = APIRouter(prefix="/sessions/{session_id}", tags=["console"])


@_console.post("/venues/{venue}/ready", response_model=SessionView)
async def ready(write: Writing, session_id: UUID, venue: Venue) -> Response:
    """会场就绪 (operator)."""
    return await write.once(lambda tx: run_session.mark_ready(tx, write.actor, session_id, venue))


@_console.post("/start", response_model=SessionView)
async def start(write: Writing, session_id: UUID) -> Response:
    """直播开始 (operator, the department): the main venue on air, or the slate while it is not linked."""
    expected = write.expected_version
    return await write.once(lambda tx: run_session.start(tx, write.actor, session_id, expected))


@_console.post("/on-air", response_model=SessionView)
async def switch(write: Writing, session_id: UUID, body: SwitchIn) -> Response:
    """切换 (operator). A stale epoch is refused, with what happened meanwhile."""
    return await write.once(lambda tx: run_session.switch(tx, write.actor, session_id, body))


@_console.post("/emergency-cut", response_model=SessionView)
async def emergency_cut(write: Writing, session_id: UUID, _body: CutIn) -> Response:
    """应急切断 (operator): the slate at once, whatever epoch was seen."""
    return await write.once(lambda tx: run_session.emergency_cut(tx, write.actor, session_id))


@_console.post("/end", response_model=SessionView)
async def end(write: Writing, session_id: UUID, body: EndIn) -> Response:
    """直播结束 with the audience's numbers (operator, the department)."""
    expected = write.expected_version
    return await write.once(lambda tx: run_session.end(tx, write.actor, session_id, expected, body))


_questions = APIRouter(prefix="/sessions/{session_id}/questions", tags=["questions"])


@_questions.post("", status_code=201, response_model=QuestionAccepted)
async def ask(write: PublicWriting, session_id: UUID, body: QuestionIn) -> Response:
    """直播提问, by anybody, while the session is live."""
    sealer = write.service.seal_key()
    return await write.once(lambda tx: ask_question.ask_question(tx, sealer, session_id, body), status=201)


@_questions.get("", response_model=QuestionPage)
async def list_questions(
    actor: Reading, service: Running, session_id: UUID, after: After = None, limit: Limit = 50
) -> Response:
    """提问列表 (operator, office, the department)."""
    async with service.reading() as connection:
        return answer(await views.question_page(connection, actor, service.seal_key(), session_id, after, limit))


def _followed(following: Following) -> APIRouter:
    router = APIRouter(tags=["console"])

    @router.get("/sessions/{session_id}/events", responses={200: {"content": {"text/event-stream": {}}}})
    async def follow(
        request: Request,
        actor: Reading,
        session_id: UUID,
        last_event_id: Annotated[str | None, Header(max_length=18)] = None,
    ) -> Response:
        """What happens, as server-sent events; Last-Event-ID resumes. 204: the session is over, do not come back."""
        if last_event_id is not None and not (last_event_id.isascii() and last_event_id.isdigit()):
            raise BadRequest("Last-Event-ID 不是本服务给出的", fix="用收到的最后一个 id,或不带")
        return await following.follow(request, actor, session_id, int(last_event_id or 0))

    return router
