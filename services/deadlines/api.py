"""期限、违规与看板 over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from contracts.deadlines.api import (
    Board,
    DeadlinePage,
    DeadlineState,
    DeadlineView,
    DecideObjection,
    ExtendDeadline,
    RaiseObjection,
    ViolationPage,
    ViolationState,
    ViolationView,
    WaiveDeadline,
    WaiveViolation,
)
from servicekit.service import Service
from servicekit.writes import Reading, Write, Writing, answer
from services.deadlines import views
from services.deadlines.gateways import Calendars
from services.deadlines.use_cases import decide, look_up
from services.deadlines.use_cases.decide import Deciding
from services.deadlines.views import Asked

router = APIRouter()


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _calendars(request: Request) -> Calendars:
    calendars: Calendars = request.state.calendars
    return calendars


def _asked(
    campaign: UUID | None = None,
    department: Annotated[str | None, Query(min_length=18, max_length=18, description="USCC")] = None,
    after: Annotated[UUID | None, Query(description="上一页的 next")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Asked:
    return Asked(campaign, department, after, limit)


Running = Annotated[Service, Depends(_service)]
InForce = Annotated[Calendars, Depends(_calendars)]
Page = Annotated[Asked, Depends(_asked)]


@router.get("/board", response_model=Board, tags=["board"])
async def read_board(actor: Reading, service: Running, campaign: UUID) -> Response:
    """合规看板: counts, every department's deadlines and violations, what is not supervised yet."""
    async with service.reading() as connection:
        return answer(await views.board(connection, actor, campaign, service.clock.now()))


@router.get("/deadlines", response_model=DeadlinePage, tags=["deadlines"])
async def list_deadlines(actor: Reading, service: Running, asked: Page, state: DeadlineState | None = None) -> Response:
    """期限列表, by due instant; a department sees its own."""
    async with service.reading() as connection:
        return answer(await views.deadlines(connection, actor, asked, state))


@router.get("/deadlines/{deadline_id}", response_model=DeadlineView, tags=["deadlines"])
async def read_deadline(actor: Reading, service: Running, calendars: InForce, deadline_id: UUID) -> Response:
    """期限, with the derivation of its date and its ETag."""
    async with service.reading() as connection:
        return answer(await look_up.deadline(connection, calendars, actor, deadline_id))


@router.post("/deadlines/{deadline_id}/extend", response_model=DeadlineView, tags=["deadlines"])
async def extend_deadline(write: Writing, calendars: InForce, deadline_id: UUID, body: ExtendDeadline) -> Response:
    """延期, while it is open and no further than the rule allows (office)."""
    who = _deciding(write, deadline_id)
    return await write.once(lambda tx: decide.extend(tx, calendars, who, body))


@router.post("/deadlines/{deadline_id}/waive", response_model=DeadlineView, tags=["deadlines"])
async def waive_deadline(write: Writing, calendars: InForce, deadline_id: UUID, body: WaiveDeadline) -> Response:
    """豁免一项进行中的期限 (office)."""
    who = _deciding(write, deadline_id)
    return await write.once(lambda tx: decide.waive_deadline(tx, calendars, who, body))


@router.get("/violations", response_model=ViolationPage, tags=["violations"])
async def list_violations(
    actor: Reading, service: Running, asked: Page, state: ViolationState | None = None
) -> Response:
    """违规列表, by the instant they occurred at; a department sees its own."""
    async with service.reading() as connection:
        return answer(await views.violations(connection, actor, asked, state))


@router.get("/violations/{violation_id}", response_model=ViolationView, tags=["violations"])
async def read_violation(actor: Reading, service: Running, violation_id: UUID) -> Response:
    """违规, with the objection to it and its ETag."""
    async with service.reading() as connection:
        return answer(await look_up.violation(connection, actor, violation_id))


@router.post("/violations/{violation_id}/waive", response_model=ViolationView, tags=["violations"])
async def waive_violation(write: Writing, calendars: InForce, violation_id: UUID, body: WaiveViolation) -> Response:
    """豁免一项成立的违规 (office)."""
    who = _deciding(write, violation_id)
    return await write.once(lambda tx: decide.waive_violation(tx, calendars, who, body))


@router.post("/violations/{violation_id}/objection", status_code=201, response_model=ViolationView, tags=["violations"])
async def object_to_violation(write: Writing, calendars: InForce, violation_id: UUID, body: RaiseObjection) -> Response:
    """申诉说明, once for each violation (the department concerned)."""
    who = _deciding(write, violation_id)
    return await write.once(lambda tx: decide.object_to(tx, calendars, who, body), status=201)


@router.post("/violations/{violation_id}/objection/decide", response_model=ViolationView, tags=["violations"])
async def decide_objection(write: Writing, calendars: InForce, violation_id: UUID, body: DecideObjection) -> Response:
    """申诉处理: upheld withdraws the violation (office)."""
    who = _deciding(write, violation_id)
    return await write.once(lambda tx: decide.decide_objection(tx, calendars, who, body))


def _deciding(write: Write, identity: UUID) -> Deciding:
    return Deciding(write.actor, write.actor.subject, identity, write.expected_version)
