"""年度活动."""

from uuid import UUID

from fastapi import APIRouter, Response

from contracts.plans.api import CampaignIn, CampaignPage, CampaignView, DistrictReportIn, DistrictReportView
from servicekit.writes import Reading, Writing, answer
from services.plans import views
from services.plans.api.asking import After, Limit, Policy, Running
from services.plans.use_cases import open_campaign as use_cases
from services.plans.use_cases import publish

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


@router.post("", status_code=201, response_model=CampaignView)
async def create_campaign(write: Writing, policy: Policy, body: CampaignIn) -> Response:
    """起草年度活动 (office)."""
    sealer = write.service.seal_key()
    return await write.once(lambda tx: use_cases.create_campaign(tx, write.actor, sealer, policy, body), status=201)


@router.post("/{campaign_id}/open", response_model=CampaignView)
async def open_campaign(write: Writing, policy: Policy, campaign_id: UUID) -> Response:
    """年度活动开始: the pack's version and the roster are fixed (office)."""
    expected = write.expected_version
    return await write.once(lambda tx: use_cases.open_campaign(tx, write.actor, policy, campaign_id, expected))


@router.post("/{campaign_id}/close", response_model=CampaignView)
async def close_campaign(write: Writing, campaign_id: UUID) -> Response:
    """年度活动结束 (office)."""
    expected = write.expected_version
    return await write.once(lambda tx: use_cases.close_campaign(tx, write.actor, campaign_id, expected))


@router.get("", response_model=CampaignPage)
async def list_campaigns(actor: Reading, service: Running, after: After = None, limit: Limit = 50) -> Response:
    """年度活动列表, without contacts."""
    async with service.reading() as connection:
        return answer(await views.campaign_page(connection, after, limit))


@router.get("/{campaign_id}", response_model=CampaignView)
async def read_campaign(actor: Reading, service: Running, campaign_id: UUID) -> Response:
    """年度活动, without contacts."""
    async with service.reading() as connection:
        return answer(await views.campaign(connection, campaign_id))


@router.post("/{campaign_id}/district-report", status_code=201, response_model=DistrictReportView, tags=["reports"])
async def submit_district_report(write: Writing, campaign_id: UUID, body: DistrictReportIn) -> Response:
    """开展情况报送 (department)."""
    return await write.once(lambda tx: publish.submit_district_report(tx, write.actor, campaign_id, body), status=201)
