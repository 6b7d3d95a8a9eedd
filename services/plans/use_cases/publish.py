"""活动开展情况, 总结评估, 开展情况报送."""

from uuid import UUID, uuid4

from contracts.envelope import digest_of
from contracts.plans.api import (
    ActivityReportIn,
    DistrictReportIn,
    DistrictReportView,
    EvaluationIn,
    PublicationView,
)
from contracts.plans.events import ActivityReportPublished, DistrictReportSubmitted, EvaluationPublished
from servicekit.problems import WrongState
from servicekit.service import Transaction
from services.plans.domain import permit, show
from services.plans.domain import publish as domain
from services.plans.domain.announce import published
from services.plans.domain.open_campaign import department_name
from services.plans.store import campaigns
from services.plans.store import publicity as store
from services.plans.use_cases.tell import own_activity, tell


async def publish_report(
    tx: Transaction, asker: permit.Asker, identity: UUID, body: ActivityReportIn
) -> PublicationView:
    """活动开展情况. Raises Forbidden, WrongState, PublicationIncomplete."""
    return await _publish(tx, asker, identity, body, "activity_report")


async def publish_evaluation(
    tx: Transaction, asker: permit.Asker, identity: UUID, body: EvaluationIn
) -> PublicationView:
    """总结评估. Raises Forbidden, WrongState, PublicationIncomplete."""
    return await _publish(tx, asker, identity, body, "evaluation")


async def _publish(
    tx: Transaction,
    asker: permit.Asker,
    identity: UUID,
    body: ActivityReportIn | EvaluationIn,
    act: domain.Publication,
) -> PublicationView:
    activity, pack = await own_activity(tx, asker, identity)
    photos = body.photos if isinstance(body, ActivityReportIn) else []
    parts = {"text": bool(body.text), "photos": bool(photos)}
    domain.check_publication(activity, pack, act, parts, body.channels)
    if await store.publication(tx.connection, activity.id, act) is not None:
        raise WrongState("已经发布过")
    view = PublicationView(
        id=uuid4(),
        activity_id=activity.id,
        act=act,
        text=body.text,
        photos=photos,
        channels=show.channels(published(body.channels, activity.occurrence, tx.now)),
        at=tx.now,
    )
    document = view.model_dump(mode="json")
    await store.add_publication(
        tx.connection, view.id, activity.id, act, view.text, document["photos"], document["channels"], tx.now
    )
    kind = ActivityReportPublished if act == "activity_report" else EvaluationPublished
    event = kind(
        report_id=view.id,
        activity_id=activity.id,
        plan_id=activity.plan_id,
        channels=show.announced(published(body.channels, activity.occurrence, tx.now)),
        at=tx.now,
    )
    await tell(tx, activity, event)
    return view


async def submit_district_report(
    tx: Transaction, asker: permit.Asker, campaign_id: UUID, body: DistrictReportIn
) -> DistrictReportView:
    """开展情况报送, once for each department; late is never refused. Raises Forbidden, NotOnRoster, WrongState."""
    department = permit.own_department(asker)
    campaign = await campaigns.load(tx.connection, campaign_id, lock=True)
    permit.as_owner(asker, department, campaign.jurisdiction)
    department_name(campaign, department)
    if campaign.state == "draft":
        raise WrongState("年度活动尚未开始")
    if await store.has_district_report(tx.connection, campaign_id, department):
        raise WrongState("开展情况已报送")
    identity = uuid4()
    digest = digest_of({"campaign_id": str(campaign_id), "department": department, "text": body.text})
    await store.add_district_report(tx.connection, identity, campaign_id, department, body.text, digest, tx.now)
    await tx.announce(
        DistrictReportSubmitted(report_id=identity, campaign_id=campaign_id, digest=digest, at=tx.now),
        aggregate=identity,
        jurisdiction=campaign.jurisdiction,
        campaign=campaign_id,
        department=department,
    )
    return DistrictReportView(id=identity, campaign_id=campaign_id, department=department, digest=digest, at=tx.now)
