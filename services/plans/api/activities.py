"""活动."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Response

from contracts.plans.api import (
    ActivityPage,
    ActivityReportIn,
    ActivityView,
    CancelActivityIn,
    CorrectEndIn,
    EvaluationIn,
    PostponeIn,
    PublicationView,
    TimesIn,
)
from servicekit.writes import Reading, Writing, answer
from services.plans import views
from services.plans.api.asking import After, Department, Limit, Policy, Running
from services.plans.use_cases import date_activity as use_cases
from services.plans.use_cases import publish

router = APIRouter(prefix="/activities", tags=["activities"])

State = Literal["draft", "filed", "started", "ended", "cancelled"]


@router.get("", response_model=ActivityPage)
async def list_activities(
    actor: Reading,
    service: Running,
    campaign: UUID | None = None,
    department: Department = None,
    state: State | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Response:
    """活动列表."""
    async with service.reading() as connection:
        return answer(await views.activity_page(connection, actor, campaign, department, state, after, limit))


@router.get("/{activity_id}", response_model=ActivityView)
async def read_activity(actor: Reading, service: Running, activity_id: UUID) -> Response:
    """活动, with its ETag."""
    async with service.reading() as connection:
        return answer(await views.activity(connection, actor, activity_id))


@router.post("/{activity_id}/schedule", response_model=ActivityView)
async def schedule_activity(write: Writing, policy: Policy, activity_id: UUID, body: TimesIn) -> Response:
    """待定的日期确定下来 (department)."""
    expected = write.expected_version
    return await write.once(
        lambda tx: use_cases.schedule_activity(tx, write.actor, policy, activity_id, expected, body)
    )


@router.post("/{activity_id}/postpone", response_model=ActivityView)
async def postpone_activity(write: Writing, policy: Policy, activity_id: UUID, body: PostponeIn) -> Response:
    """改期; needs a correction once announced (department)."""
    expected = write.expected_version
    return await write.once(
        lambda tx: use_cases.postpone_activity(tx, write.actor, policy, activity_id, expected, body)
    )


@router.post("/{activity_id}/cancel", response_model=ActivityView)
async def cancel_activity(write: Writing, activity_id: UUID, body: CancelActivityIn) -> Response:
    """活动取消; needs a correction once announced (department)."""
    expected = write.expected_version
    return await write.once(lambda tx: use_cases.cancel_activity(tx, write.actor, activity_id, expected, body))


@router.post("/{activity_id}/correct-end", response_model=ActivityView)
async def correct_end(write: Writing, activity_id: UUID, body: CorrectEndIn) -> Response:
    """更正结束时间, within the pack's hours (department)."""
    expected = write.expected_version
    return await write.once(lambda tx: use_cases.correct_end(tx, write.actor, activity_id, expected, body))


@router.post("/{activity_id}/report", status_code=201, response_model=PublicationView, tags=["reports"])
async def publish_report(write: Writing, activity_id: UUID, body: ActivityReportIn) -> Response:
    """发布活动开展情况 (department)."""
    return await write.once(lambda tx: publish.publish_report(tx, write.actor, activity_id, body), status=201)


@router.get("/{activity_id}/report", response_model=PublicationView, tags=["reports"])
async def read_report(actor: Reading, service: Running, activity_id: UUID) -> Response:
    """活动开展情况."""
    async with service.reading() as connection:
        return answer(await views.publication(connection, actor, activity_id, "activity_report"))


@router.post("/{activity_id}/evaluation", status_code=201, response_model=PublicationView, tags=["reports"])
async def publish_evaluation(write: Writing, activity_id: UUID, body: EvaluationIn) -> Response:
    """发布总结评估 (department)."""
    return await write.once(lambda tx: publish.publish_evaluation(tx, write.actor, activity_id, body), status=201)


@router.get("/{activity_id}/evaluation", response_model=PublicationView, tags=["reports"])
async def read_evaluation(actor: Reading, service: Running, activity_id: UUID) -> Response:
    """总结评估."""
    async with service.reading() as connection:
        return answer(await views.publication(connection, actor, activity_id, "evaluation"))
