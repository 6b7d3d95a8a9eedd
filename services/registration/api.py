"""报名 over HTTP. Residents need no account: what they hold is the secret of their registration."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from contracts.registration.api import (
    ActivityView,
    CheckInReceipt,
    CheckInsIn,
    ParticipantIn,
    RecommendationIn,
    RecommendationReceipt,
    RegistrationPage,
    RegistrationReceipt,
    RegistrationView,
    SignUpReceipt,
    State,
)
from servicekit.auth import Actor, actor_or_public
from servicekit.service import Service, Transaction
from servicekit.writes import PublicWriting, Reading, Writing, answer
from services.registration import views
from services.registration.use_cases import cancel, check_in, sign_up

router = APIRouter()


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Running = Annotated[Service, Depends(_service)]
Anybody = Annotated[Actor, Depends(actor_or_public)]
Secret = Annotated[str | None, Header(alias="X-Registration-Secret", max_length=100, description="报名凭证")]
After = Annotated[str | None, Query(max_length=18, description="上一页的 next")]
Limit = Annotated[int, Query(ge=1, le=200)]


@router.get("/activities/{activity_id}", response_model=ActivityView, tags=["sign-up"])
async def read_activity(service: Running, activity_id: UUID) -> Response:
    """活动的报名情况 (public)."""
    async with service.reading() as connection:
        return answer(await views.activity(connection, activity_id, service.clock.now()))


@router.post("/activities/{activity_id}/registrations", status_code=201, response_model=SignUpReceipt, tags=["sign-up"])
async def register(write: PublicWriting, activity_id: UUID, body: ParticipantIn) -> Response:
    """线上报名 (public): a place, or a place in the waitlist."""
    sealer = write.service.seal_key()

    async def reveal(tx: Transaction, told: dict[str, Any]) -> dict[str, Any]:
        return {**told, "secret": await sign_up.secret_for(tx, sealer, UUID(told["registration_id"]))}

    return await write.once(lambda tx: sign_up.sign_up(tx, sealer, activity_id, body), status=201, reveal=reveal)


@router.post(
    "/activities/{activity_id}/recommendations",
    status_code=201,
    response_model=RecommendationReceipt,
    tags=["department"],
)
async def recommend(write: Writing, activity_id: UUID, body: RecommendationIn) -> Response:
    """线下推荐 (department): the whole list or nothing."""
    sealer = write.service.seal_key()
    return await write.once(lambda tx: sign_up.recommend(tx, sealer, write.actor, activity_id, body), status=201)


@router.get("/activities/{activity_id}/registrations", response_model=RegistrationPage, tags=["department"])
async def list_registrations(
    actor: Reading,
    service: Running,
    activity_id: UUID,
    state: State | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Response:
    """报名名单, masked (department, office, auditor)."""
    async with service.reading() as connection:
        page = await views.registration_page(connection, service.seal_key(), actor, activity_id, state, after, limit)
    return answer(page)


@router.post("/activities/{activity_id}/check-ins", response_model=CheckInReceipt, tags=["department"])
async def record_check_ins(write: Writing, activity_id: UUID, body: CheckInsIn) -> Response:
    """签到 (department): the whole list or nothing; one that comes late keeps its own time."""
    sealer = write.service.seal_key()
    return await write.once(lambda tx: check_in.check_in(tx, sealer, write.actor, activity_id, body))


@router.get("/registrations/{registration_id}", response_model=RegistrationView, tags=["sign-up"])
async def read_registration(actor: Anybody, service: Running, registration_id: UUID, secret: Secret = None) -> Response:
    """报名, masked, with its ETag (whoever holds its secret, or its department)."""
    async with service.reading() as connection:
        return answer(await views.registration(connection, service.seal_key(), actor, secret, registration_id))


@router.post("/registrations/{registration_id}/cancel", response_model=RegistrationReceipt, tags=["sign-up"])
async def cancel_registration(write: PublicWriting, registration_id: UUID, secret: Secret = None) -> Response:
    """取消报名 until the start (whoever holds its secret, or its department); the first who waits moves up."""
    sealer = write.service.seal_key()
    who = cancel.Cancelling(write.actor, secret, registration_id, write.expected_version)
    return await write.once(lambda tx: cancel.cancel(tx, sealer, who))
