"""实施方案."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response

from contracts.plans.api import (
    CheckView,
    PlanContactView,
    PlanIn,
    PlanPage,
    PlanRevisionIn,
    PlanView,
    ReasonIn,
    ReceiptView,
    ReturnIn,
    SubmissionsView,
)
from servicekit.writes import Reading, Writing, answer
from services.plans import views
from services.plans.api.asking import After, Department, Limit, Policy, Running
from services.plans.use_cases import review_plan as use_cases

router = APIRouter(prefix="/plans", tags=["plans"])

State = Literal["draft", "submitted", "returned", "filed", "cancelled"]


@router.post("", status_code=201, response_model=PlanView)
async def draft_plan(write: Writing, policy: Policy, body: PlanIn) -> Response:
    """起草实施方案 (department on the roster of an open campaign)."""
    sealer = write.service.seal_key()
    return await write.once(lambda tx: use_cases.draft_plan(tx, write.actor, sealer, policy, body), status=201)


@router.put("/{plan_id}", response_model=PlanView)
async def revise_plan(write: Writing, policy: Policy, plan_id: UUID, body: PlanRevisionIn) -> Response:
    """修改草稿或退回的方案; needs If-Match (department)."""
    expected, sealer = write.require_version(), write.service.seal_key()
    return await write.run(lambda tx: use_cases.revise_plan(tx, write.actor, sealer, policy, plan_id, expected, body))


@router.post("/{plan_id}/submit", response_model=PlanView)
async def submit_plan(write: Writing, policy: Policy, plan_id: UUID) -> Response:
    """报送; every finding at once when it is not complete (department)."""
    expected = write.expected_version
    return await write.once(lambda tx: use_cases.submit_plan(tx, write.actor, policy, plan_id, expected))


@router.post("/{plan_id}/return", response_model=PlanView)
async def return_plan(write: Writing, plan_id: UUID, body: ReturnIn) -> Response:
    """退回, with comments (office)."""
    expected = write.expected_version
    return await write.once(lambda tx: use_cases.return_plan(tx, write.actor, plan_id, expected, body))


@router.post("/{plan_id}/file", response_model=ReceiptView)
async def file_plan(write: Writing, plan_id: UUID) -> Response:
    """备案, answered with the receipt (office)."""
    expected = write.expected_version
    return await write.once(lambda tx: use_cases.file_plan(tx, write.actor, plan_id, expected))


@router.post("/{plan_id}/cancel", response_model=PlanView)
async def cancel_plan(write: Writing, plan_id: UUID, body: ReasonIn) -> Response:
    """方案撤销, before it is filed (department)."""
    expected = write.expected_version
    return await write.once(lambda tx: use_cases.cancel_plan(tx, write.actor, plan_id, expected, body))


@router.get("", response_model=PlanPage)
async def list_plans(
    actor: Reading,
    service: Running,
    campaign: UUID | None = None,
    department: Department = None,
    state: State | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Response:
    """实施方案列表; a department sees its own."""
    async with service.reading() as connection:
        return answer(await views.plan_page(connection, actor, campaign, department, state, after, limit))


@router.get("/{plan_id}", response_model=PlanView)
async def read_plan(actor: Reading, service: Running, policy: Policy, plan_id: UUID) -> Response:
    """实施方案, with its ETag."""
    async with service.reading() as connection:
        return answer(await views.plan(connection, actor, policy, plan_id, service.clock.now()))


@router.get("/{plan_id}/check", response_model=CheckView)
async def check_plan(actor: Reading, service: Running, policy: Policy, plan_id: UUID) -> Response:
    """核对结果: what submitting would say now."""
    async with service.reading() as connection:
        return answer(await views.check(connection, actor, policy, plan_id, service.clock.now()))


@router.get("/{plan_id}/versions", response_model=SubmissionsView)
async def read_submissions(actor: Reading, service: Running, plan_id: UUID) -> Response:
    """报送过的每一稿及其摘要."""
    async with service.reading() as connection:
        return answer(await views.submissions(connection, actor, plan_id))


@router.get("/{plan_id}/receipt", response_model=ReceiptView)
async def read_receipt(actor: Reading, service: Running, plan_id: UUID) -> Response:
    """备案回执."""
    async with service.reading() as connection:
        return answer(await views.receipt(connection, actor, plan_id))


@router.get("/{plan_id}/contact", response_model=PlanContactView)
async def read_contact(actor: Reading, service: Running, plan_id: UUID) -> Response:
    """方案联系人 (office, or the department itself)."""
    async with service.reading() as connection:
        return answer(await views.plan_contact(connection, actor, service.seal_key(), plan_id))
