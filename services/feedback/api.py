"""HTTP of feedback: suggestions in, decisions, the adoption table out."""

import re
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import HTMLResponse

from contracts.feedback.api import (
    AdoptionTable,
    DecideIn,
    NotesAccepted,
    OnSiteNotesIn,
    SuggestionAccepted,
    SuggestionIn,
    SuggestionPage,
    SuggestionView,
)
from servicekit.service import Service, Transaction
from servicekit.writes import PublicWriting, Reading, Writing, answer
from services.feedback import views
from services.feedback.gateways import AdoptionPage
from services.feedback.use_cases import decide, publish_table, receive


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Running = Annotated[Service, Depends(_service)]
After = Annotated[str | None, Query(max_length=20, description="上一页的 next")]
Limit = Annotated[int, Query(ge=1, le=200)]

_PAGE_HEADERS = {
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
}

router = APIRouter(tags=["suggestions"])


@router.post("/activities/{activity_id}/suggestions", status_code=201, response_model=SuggestionAccepted)
async def suggest(write: PublicWriting, activity_id: UUID, body: SuggestionIn) -> Response:
    """提交意见建议, by anybody."""
    sealer = write.service.seal_key()
    return await write.once(lambda tx: receive.suggest(tx, sealer, activity_id, body), status=201)


@router.post("/activities/{activity_id}/on-site-notes", status_code=201, response_model=NotesAccepted)
async def note_on_site(write: Writing, activity_id: UUID, body: OnSiteNotesIn) -> Response:
    """现场记录, all or nothing (the department)."""
    sealer = write.service.seal_key()
    return await write.once(lambda tx: receive.note_on_site(tx, write.actor, sealer, activity_id, body), status=201)


@router.get("/activities/{activity_id}/suggestions", response_model=SuggestionPage)
async def list_suggestions(
    actor: Reading,
    service: Running,
    activity_id: UUID,
    undecided: bool = False,
    after: After = None,
    limit: Limit = 50,
) -> Response:
    """意见建议列表 (the department, office, auditor)."""
    async with service.reading() as connection:
        page = await views.suggestion_page(
            connection, actor, service.seal_key(), activity_id, undecided=undecided, after=after, limit=limit
        )
    return answer(page)


@router.get("/suggestions/{suggestion_id}", response_model=SuggestionView)
async def read_suggestion(actor: Reading, service: Running, suggestion_id: UUID) -> Response:
    """意见建议, with its ETag (the department, office, auditor)."""
    async with service.reading() as connection:
        return answer(await views.suggestion(connection, actor, service.seal_key(), suggestion_id))


@router.post("/suggestions/{suggestion_id}/decide", response_model=SuggestionView)
async def decide_suggestion(write: Writing, suggestion_id: UUID, body: DecideIn) -> Response:
    """处理意见建议 with a reason (the department). Needs If-Match, or `version`. What was read is not remembered."""
    sealer, expected = write.service.seal_key(), write.expected_version

    async def work(tx: Transaction) -> SuggestionView:
        decided = await decide.decide(tx, write.actor, sealer, suggestion_id, expected, body)
        return decided.model_copy(update={"text": None, "name": None})

    async def reveal(tx: Transaction, told: dict[str, Any]) -> dict[str, Any]:
        whole = await views.suggestion(tx.connection, write.actor, sealer, suggestion_id)
        return told | {"text": whole.text, "name": whole.name}

    return await write.once(work, reveal=reveal)


def table_routes(page: AdoptionPage) -> APIRouter:
    """采纳表's routes."""
    router = APIRouter(prefix="/activities/{activity_id}/adoption-table", tags=["adoption table"])

    @router.post("", status_code=201, response_model=AdoptionTable)
    async def publish(write: Writing, activity_id: UUID) -> Response:
        """发布采纳表 (the department); refused while a suggestion is undecided."""
        sealer = write.service.seal_key()
        return await write.once(
            lambda tx: publish_table.publish_table(tx, write.actor, sealer, activity_id), status=201
        )

    @router.get("", response_model=AdoptionTable, responses={200: {"content": {"text/html": {}}}})
    async def read(
        service: Running,
        activity_id: UUID,
        version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
        accept: Annotated[str, Header(max_length=1000)] = "application/json",
    ) -> Response:
        """采纳表, public: the newest version or the one asked for, as JSON or, by Accept, as a page."""
        async with service.reading() as connection:
            table = await views.table(connection, activity_id, version)
        if prefers_html(accept):
            return HTMLResponse(page.render(table), headers={**_PAGE_HEADERS, "ETag": f'"{table.version}"'})
        told = answer(table)
        told.headers["Vary"] = "Accept"
        return told

    return router


_QUALITY = re.compile(r"^[01](\.[0-9]{0,3})?$")  # RFC 9110, 12.4.2


def prefers_html(accept: str) -> bool:
    """Whether a page is wanted rather than JSON; JSON where both are as welcome, or anything is."""
    weights: dict[str, float] = {}
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((one.removeprefix("q=") for one in parameters if one.startswith("q=")), "1")
        weights[kind] = float(quality) if _QUALITY.match(quality) else 0.0
    return weights.get("text/html", 0.0) > weights.get("application/json", 0.0)
