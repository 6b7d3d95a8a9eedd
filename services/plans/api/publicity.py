"""公告 and 补录凭证."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response

from contracts.plans.api import (
    AnnouncementIn,
    AnnouncementView,
    ChannelsIn,
    ProofIn,
    ProofPage,
    ProofView,
    ReasonIn,
)
from servicekit.writes import Reading, Writing, answer
from services.plans import views
from services.plans.api.asking import After, Limit, Running
from services.plans.use_cases import announce as use_cases
from services.plans.use_cases import record_proof as proofs

router = APIRouter(tags=["publicity"])

State = Literal["recorded", "accepted", "refused"]


@router.post("/activities/{activity_id}/announcement", status_code=201, response_model=AnnouncementView)
async def announce(write: Writing, activity_id: UUID, body: AnnouncementIn) -> Response:
    """发布公告, after filing, however late (department)."""
    return await write.once(lambda tx: use_cases.announce(tx, write.actor, activity_id, body), status=201)


@router.get("/activities/{activity_id}/announcement", response_model=AnnouncementView)
async def read_announcement(actor: Reading, service: Running, activity_id: UUID) -> Response:
    """The announcement that stands."""
    async with service.reading() as connection:
        return answer(await views.announcement(connection, actor, activity_id))


@router.post("/activities/{activity_id}/announcement/channels", response_model=AnnouncementView)
async def amend(write: Writing, activity_id: UUID, body: ChannelsIn) -> Response:
    """增加公告渠道 (department)."""
    return await write.once(lambda tx: use_cases.amend(tx, write.actor, activity_id, body))


@router.post("/activities/{activity_id}/announcement/withdraw", response_model=AnnouncementView)
async def withdraw(write: Writing, activity_id: UUID, body: ReasonIn) -> Response:
    """撤回公告 (department)."""
    return await write.once(lambda tx: use_cases.withdraw(tx, write.actor, activity_id, body))


@router.post("/activities/{activity_id}/proofs", status_code=201, response_model=ProofView)
async def record_proof(write: Writing, activity_id: UUID, body: ProofIn) -> Response:
    """补录系统外的发布 (department)."""
    return await write.once(lambda tx: proofs.record_proof(tx, write.actor, activity_id, body), status=201)


@router.post("/proofs/{proof_id}/accept", response_model=ProofView)
async def accept_proof(write: Writing, proof_id: UUID, body: ReasonIn) -> Response:
    """凭证采信 (office)."""
    expected = write.expected_version
    return await write.once(lambda tx: proofs.decide_proof(tx, write.actor, proof_id, expected, "accepted", body))


@router.post("/proofs/{proof_id}/refuse", response_model=ProofView)
async def refuse_proof(write: Writing, proof_id: UUID, body: ReasonIn) -> Response:
    """凭证不予采信 (office)."""
    expected = write.expected_version
    return await write.once(lambda tx: proofs.decide_proof(tx, write.actor, proof_id, expected, "refused", body))


@router.get("/proofs", response_model=ProofPage)
async def list_proofs(
    actor: Reading,
    service: Running,
    campaign: UUID | None = None,
    activity: UUID | None = None,
    state: State | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Response:
    """凭证列表; a department sees its own."""
    async with service.reading() as connection:
        return answer(await views.proof_page(connection, actor, campaign, activity, state, after, limit))


@router.get("/proofs/{proof_id}", response_model=ProofView)
async def read_proof(actor: Reading, service: Running, proof_id: UUID) -> Response:
    """凭证."""
    async with service.reading() as connection:
        return answer(await views.proof(connection, actor, proof_id))
