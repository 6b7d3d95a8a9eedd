"""实施方案: drafted, submitted, returned, submitted again, filed or cancelled."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from contracts.envelope import digest_of
from contracts.plans.api import Check, PlanContent
from contracts.policy import PolicyPack
from servicekit.problems import WrongState
from services.plans.domain.aggregates import Activity, Campaign, Plan
from services.plans.domain.check_plan import NameForbidden, PlanIncomplete, forbidden_names
from services.plans.domain.findings import Incomplete, plainly, refuse_for


class ActivityKeysRefused(Incomplete):
    code, title = "activity-key-twice", "活动 key 重复"


def draft_plan(campaign: Campaign, pack: PolicyPack, department: str, content: PlanContent, name: str | None) -> Plan:
    """起草: the title is composed from the pack. Raises NameForbidden, ActivityKeysRefused, NotOnRoster."""
    written = Plan(
        id=uuid4(),
        version=0,
        campaign_id=campaign.id,
        jurisdiction=campaign.jurisdiction,
        department=department,
        state="draft",
        title="",
        name=None,
        content=content,
    )
    return revise_plan(written, campaign, pack, content, name)


def revise_plan(plan: Plan, campaign: Campaign, pack: PolicyPack, content: PlanContent, name: str | None) -> Plan:
    """修改草稿. Raises WrongState, NameForbidden, ActivityKeysRefused."""
    if plan.state not in ("draft", "returned"):
        raise WrongState("已报送、备案或撤销的方案不能修改", fix="退回后才能修改")
    proper = titled(campaign, plan.department, content)
    refuse_for([*forbidden_names(pack, name, "name", pack.activity_name(proper))], NameForbidden)
    keys = [activity.key for activity in content.activities]
    refuse_for(
        [
            plainly("activity-key-twice", f"活动 key {key} 重复", "content.activities", fix="每场活动用不同的 key")
            for key in sorted({key for key in keys if keys.count(key) > 1})
        ],
        ActivityKeysRefused,
    )
    return replace(plan, version=plan.version + 1, content=content, name=name, title=pack.plan_title(proper))


def titled(campaign: Campaign, department: str, content: PlanContent) -> str:
    """The department's name as titles carry it."""
    entry = campaign.entry(department)
    return content.department_title or (entry.name if entry is not None else department)


def draft_activities(plan: Plan, name: str, before: Mapping[str, Activity]) -> list[Activity]:
    """The plan's activities; one that keeps its key keeps its id."""
    return [
        Activity(
            id=before[wanted.key].id if wanted.key in before else uuid4(),
            version=before[wanted.key].version + 1 if wanted.key in before else 1,
            plan_id=plan.id,
            campaign_id=plan.campaign_id,
            jurisdiction=plan.jurisdiction,
            department=plan.department,
            key=wanted.key,
            name=name,
            state="draft",
            occurrence=1,
            starts_at=wanted.starts_at,
            ends_at=wanted.ends_at,
        )
        for wanted in plan.content.activities
    ]


def submitted_document(plan: Plan, activity_ids: Mapping[str, UUID]) -> dict[str, Any]:
    """报送的文本: what is kept and hashed, with the ids its activities have."""
    return {
        "plan_id": str(plan.id),
        "campaign_id": str(plan.campaign_id),
        "department": plan.department,
        "submission": plan.submission,
        "title": plan.title,
        "activity_ids": {key: str(identity) for key, identity in activity_ids.items()},
        "content": plan.content.model_dump(mode="json"),
    }


def submit_plan(
    plan: Plan, findings: Sequence[Check], activity_ids: Mapping[str, UUID], now: datetime
) -> tuple[Plan, dict[str, Any]]:
    """报送: complete, late or not. Gives the plan and the text that is kept. Raises WrongState, PlanIncomplete."""
    if plan.state not in ("draft", "returned"):
        raise WrongState("方案已报送、备案或撤销", fix="只有草稿或退回的方案可以报送")
    refuse_for(findings, PlanIncomplete)
    numbered = replace(plan, submission=plan.submission + 1)
    document = submitted_document(numbered, activity_ids)
    submitted = replace(
        numbered, version=plan.version + 1, state="submitted", digest=digest_of(document), submitted_at=now
    )
    return submitted, document


def return_plan(plan: Plan) -> Plan:
    """退回. Raises WrongState."""
    require_submitted(plan)
    return replace(plan, version=plan.version + 1, state="returned")


def require_submitted(plan: Plan) -> None:
    """Raises WrongState unless the office has the plan before it."""
    if plan.state != "submitted":
        raise WrongState("只有已报送的方案可以退回或备案")


def file_plan(plan: Plan, number: str, now: datetime) -> Plan:
    """备案: on record under `number`. Raises WrongState."""
    require_submitted(plan)
    return replace(plan, version=plan.version + 1, state="filed", filing_number=number, filed_at=now)


def cancel_plan(plan: Plan, now: datetime) -> Plan:
    """方案撤销, before it is filed. Raises WrongState."""
    if plan.state in ("filed", "cancelled"):
        raise WrongState("方案已备案或已撤销", fix="备案后的活动请逐场取消")
    return replace(plan, version=plan.version + 1, state="cancelled", cancelled_at=now)


def filing_number(pack_id: str, sequence: int) -> str:
    """备案号: jurisdiction, year and a number without gaps."""
    return f"{pack_id}-{sequence:04d}"
