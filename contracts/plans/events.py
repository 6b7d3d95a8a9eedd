"""What plans says: ids, times, digests and numbers, never a person's data, never free text beyond a reason."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.envelope import Digest, EventData, Instant


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class RosterEntry(_Part):
    department: str = Field(description="USCC, GB 32100")
    name: str


class CampaignOpened(EventData):
    """年度活动开始: pack and roster are fixed; each department on the roster owes what the pack says."""

    TYPE: ClassVar[str] = "events.plans.campaign-opened.v1"
    AGGREGATE: ClassVar[str] = "campaign"
    campaign_id: UUID
    year: int
    pack_id: str
    pack_version: str
    pack_digest: Digest
    pack: dict[str, Any] = Field(description="The resolved policy pack; everyone works from this copy")
    roster: list[RosterEntry]
    opened_at: Instant


class CampaignClosed(EventData):
    """年度活动结束."""

    TYPE: ClassVar[str] = "events.plans.campaign-closed.v1"
    AGGREGATE: ClassVar[str] = "campaign"
    campaign_id: UUID
    closed_at: Instant


class PlanSubmitted(EventData):
    """报送: a complete version of the plan reached the office [3.1]."""

    TYPE: ClassVar[str] = "events.plans.plan-submitted.v1"
    AGGREGATE: ClassVar[str] = "plan"
    plan_id: UUID
    version: int = Field(ge=1, description="Number of the submitted text, 1 for the first")
    digest: Digest
    submitted_at: Instant


class PlanReturned(EventData):
    """退回: the office sent the plan back with comments."""

    TYPE: ClassVar[str] = "events.plans.plan-returned.v1"
    AGGREGATE: ClassVar[str] = "plan"
    plan_id: UUID
    version: int
    digest: Digest
    returned_at: Instant


class Venue(_Part):
    key: str
    name: str


class FiledActivity(_Part):
    activity_id: UUID
    name: str
    starts_at: Instant | None = Field(description="None while the date is 待定")
    ends_at: Instant | None
    forms: list[str]
    segments: list[str]
    capacity: int
    minimum: int
    main_venue: Venue
    branch_venues: list[Venue]
    online: bool


class PlanFiled(EventData):
    """备案: the plan is on record under a filing number [2.1, 3.1]."""

    TYPE: ClassVar[str] = "events.plans.plan-filed.v1"
    AGGREGATE: ClassVar[str] = "plan"
    plan_id: UUID
    filing_number: str
    version: int
    digest: Digest
    title: str
    submitted_at: Instant
    filed_at: Instant
    activities: list[FiledActivity]


class PlanCancelled(EventData):
    """方案撤销."""

    TYPE: ClassVar[str] = "events.plans.plan-cancelled.v1"
    AGGREGATE: ClassVar[str] = "plan"
    plan_id: UUID
    cancelled_at: Instant
    reason: str


class ActivityScheduled(EventData):
    """待定 fixed: the activity has its first date."""

    TYPE: ClassVar[str] = "events.plans.activity-scheduled.v1"
    AGGREGATE: ClassVar[str] = "activity"
    activity_id: UUID
    plan_id: UUID
    occurrence: int = Field(ge=1, description="1 for the first date, one more with every postponement")
    starts_at: Instant
    ends_at: Instant
    scheduled_at: Instant


class ActivityRescheduled(EventData):
    """改期: the activity moved to another date; its clocks follow the pack's `on_postpone`."""

    TYPE: ClassVar[str] = "events.plans.activity-rescheduled.v1"
    AGGREGATE: ClassVar[str] = "activity"
    activity_id: UUID
    plan_id: UUID
    occurrence: int = Field(ge=2)
    old_starts_at: Instant
    old_ends_at: Instant
    starts_at: Instant
    ends_at: Instant
    rescheduled_at: Instant
    reason: str


class ActivityCancelled(EventData):
    """活动取消."""

    TYPE: ClassVar[str] = "events.plans.activity-cancelled.v1"
    AGGREGATE: ClassVar[str] = "activity"
    activity_id: UUID
    plan_id: UUID
    starts_at: Instant | None
    cancelled_at: Instant
    reason: str


class AnnouncedChannel(_Part):
    channel: str
    column: str | None
    at: Instant = Field(description="When plans committed it; this is the time that counts")
    proof_digest: Digest | None


class _Announcement(EventData):
    announcement_id: UUID
    activity_id: UUID
    plan_id: UUID
    occurrence: int
    channels: list[AnnouncedChannel] = Field(description="Every channel this occurrence has been announced on so far")
    at: Instant


class AnnouncementIssued(_Announcement):
    """公告发布: complete with every item of the pack, on its first channels [3.1]."""

    TYPE: ClassVar[str] = "events.plans.announcement-issued.v1"
    AGGREGATE: ClassVar[str] = "activity"


class AnnouncementAmended(_Announcement):
    """公告补充: further channels."""

    TYPE: ClassVar[str] = "events.plans.announcement-amended.v1"
    AGGREGATE: ClassVar[str] = "activity"


class AnnouncementCorrected(_Announcement):
    """更正公告: what was announced no longer holds (a new date); `occurrence` is the new one."""

    TYPE: ClassVar[str] = "events.plans.announcement-corrected.v1"
    AGGREGATE: ClassVar[str] = "activity"


class AnnouncementWithdrawn(EventData):
    """撤回公告."""

    TYPE: ClassVar[str] = "events.plans.announcement-withdrawn.v1"
    AGGREGATE: ClassVar[str] = "activity"
    announcement_id: UUID
    activity_id: UUID
    plan_id: UUID
    occurrence: int
    at: Instant
    reason: str


Act = Literal["announcement", "activity_report", "evaluation"]
"""Acts that can happen outside the system and be recorded later with a claimed time."""


class _Proof(EventData):
    proof_id: UUID
    act: Act
    activity_id: UUID
    plan_id: UUID
    occurrence: int
    channel: str
    column: str | None
    claimed_at: Instant = Field(description="When the act is said to have happened; counts only once accepted")
    proof_digest: Digest
    at: Instant = Field(description="When this was recorded or decided")


class ProofRecorded(_Proof):
    """补录凭证: an act outside the system, claimed with a proof."""

    TYPE: ClassVar[str] = "events.plans.proof-recorded.v1"
    AGGREGATE: ClassVar[str] = "proof"


class ProofAccepted(_Proof):
    """凭证采信: the office accepts; from now on `claimed_at` counts."""

    TYPE: ClassVar[str] = "events.plans.proof-accepted.v1"
    AGGREGATE: ClassVar[str] = "proof"


class ProofRefused(_Proof):
    """凭证不予采信."""

    TYPE: ClassVar[str] = "events.plans.proof-refused.v1"
    AGGREGATE: ClassVar[str] = "proof"


Basis = Literal["scheduled", "corrected"]


class ActivityStarted(EventData):
    """活动开始."""

    TYPE: ClassVar[str] = "events.plans.activity-started.v1"
    AGGREGATE: ClassVar[str] = "activity"
    activity_id: UUID
    plan_id: UUID
    occurrence: int
    at: Instant
    basis: Basis


class ActivityEnded(EventData):
    """活动结束: by itself at the scheduled end; nobody escapes the clocks by not pressing a button."""

    TYPE: ClassVar[str] = "events.plans.activity-ended.v1"
    AGGREGATE: ClassVar[str] = "activity"
    activity_id: UUID
    plan_id: UUID
    occurrence: int
    at: Instant
    basis: Basis


class ActivityEndCorrected(EventData):
    """更正结束时间: within the pack's hours; moves open deadlines."""

    TYPE: ClassVar[str] = "events.plans.activity-end-corrected.v1"
    AGGREGATE: ClassVar[str] = "activity"
    activity_id: UUID
    plan_id: UUID
    occurrence: int
    old_at: Instant
    at: Instant
    corrected_at: Instant
    reason: str


class _Publication(EventData):
    report_id: UUID
    activity_id: UUID
    plan_id: UUID
    channels: list[AnnouncedChannel]
    at: Instant


class ActivityReportPublished(_Publication):
    """活动开展情况发布: text and photos, on the pack's column and channels [3.3.1]."""

    TYPE: ClassVar[str] = "events.plans.activity-report-published.v1"
    AGGREGATE: ClassVar[str] = "activity"


class EvaluationPublished(_Publication):
    """总结评估发布 [3.3.2]."""

    TYPE: ClassVar[str] = "events.plans.evaluation-published.v1"
    AGGREGATE: ClassVar[str] = "activity"


class DistrictReportSubmitted(EventData):
    """开展情况报送: the department's report to the district office [4.4]."""

    TYPE: ClassVar[str] = "events.plans.district-report-submitted.v1"
    AGGREGATE: ClassVar[str] = "district_report"
    report_id: UUID
    campaign_id: UUID
    digest: Digest
    at: Instant


EVENTS: tuple[type[EventData], ...] = (
    CampaignOpened, CampaignClosed,
    PlanSubmitted, PlanReturned, PlanFiled, PlanCancelled,
    ActivityScheduled, ActivityRescheduled, ActivityCancelled,
    AnnouncementIssued, AnnouncementAmended, AnnouncementCorrected, AnnouncementWithdrawn,
    ProofRecorded, ProofAccepted, ProofRefused,
    ActivityStarted, ActivityEnded, ActivityEndCorrected,
    ActivityReportPublished, EvaluationPublished, DistrictReportSubmitted,
)  # fmt: skip
