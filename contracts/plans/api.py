"""What plans accepts and answers over HTTP. Inputs refuse unknown fields; every string and list has a bound.

Instants carry an offset when they come in and are UTC when they go out. Keys of forms, segments, channels, columns,
categories and announcement items are the policy pack's: which ones exist is judged against the campaign's pack.
"""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.envelope import Instant
from contracts.plans.events import Act

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Passage = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Article = Annotated[str, StringConstraints(strip_whitespace=True, max_length=50_000)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Uscc = Annotated[str, Field(min_length=18, max_length=18, description="统一社会信用代码 (USCC, GB 32100)")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, lower-case hex")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2000)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


# 年度活动


class ContactIn(_In):
    """联系人: kept encrypted; told to nobody but the services that send a message."""

    name: Line
    email: Email
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{5,30}$")] | None = None


class RosterDepartmentIn(_In):
    """名册上的部门(单位)."""

    department: Uscc
    name: Line
    contacts: list[ContactIn] = Field(min_length=1, max_length=10)


class CampaignIn(_In):
    """年度活动: a draft; the pack is resolved and fixed when it opens."""

    pack_id: Annotated[str, Field(pattern=r"^\d{6}-\d{4}$", description="政策包, 例 640402-2024")]
    title: Line | None = None
    roster: list[RosterDepartmentIn] = Field(min_length=1, max_length=500)
    office_contacts: list[ContactIn] = Field(min_length=1, max_length=10)


class RosterDepartment(_Out):
    department: str
    name: str


class CampaignView(_Out):
    id: UUID
    version: int
    state: Literal["draft", "open", "closed"]
    jurisdiction: str
    title: str
    pack_id: str
    pack_version: str | None = Field(description="None until the campaign opens, like pack_digest")
    pack_digest: str | None
    roster: list[RosterDepartment]
    created_at: Instant
    opened_at: Instant | None
    closed_at: Instant | None


# 实施方案


class VenueIn(_In):
    """会场."""

    key: Key
    name: Line
    address: Line | None = None


class ActivityIn(_In):
    """方案中的一场活动: `starts_at` and `ends_at` both null means the date is 待定. A draft may leave much open."""

    key: Key = Field(description="Names the activity inside its plan; its id stays with its key")
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    stated_weekday: Line | None = Field(default=None, description="方案中写明的星期, 例 星期四")
    forms: list[Key] = Field(default_factory=list, max_length=20)
    site_types: list[Key] = Field(default_factory=list, max_length=20)
    meeting_types: list[Key] = Field(default_factory=list, max_length=20)
    segments: list[Key] = Field(default_factory=list, max_length=20)
    agenda: list[Line] = Field(default_factory=list, max_length=50)
    capacity: int | None = Field(default=None, ge=0, le=100_000, description="名额")
    minimum_age: int | None = Field(default=None, ge=0, le=120, description="周岁; null 按政策包")
    categories: list[Key] = Field(default_factory=list, max_length=50)
    main_venue: VenueIn | None = None
    branch_venues: list[VenueIn] = Field(default_factory=list, max_length=20)
    online: bool = False
    sign_up: list[Key] = Field(default_factory=list, max_length=10, description="参与人员产生方式")
    leaders: list[Line] = Field(default_factory=list, max_length=20)
    organiser: Line | None = None


class PlanContent(_In):
    """实施方案的内容: what is submitted, kept and hashed."""

    theme: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    department_title: Line | None = Field(default=None, description="公文用的部门全称; null 用名册上的名称")
    activities: list[ActivityIn] = Field(default_factory=list, max_length=20)


class PlanRevisionIn(_In):
    """The whole of a draft; what is left out is emptied."""

    content: PlanContent
    name: Line | None = Field(default=None, description="部门希望的活动名称; 名称由系统生成, 不得冠以的名称被拒绝")
    contact: ContactIn | None = None


class PlanIn(PlanRevisionIn):
    campaign_id: UUID


class Check(_Out):
    """核对结果的一项, with the clause, its sentence and what to do."""

    code: str
    severity: Literal["refuse", "warn"]
    field: str | None
    detail: str
    clause: str | None
    sentence: str | None
    fix: str | None


class CheckView(_Out):
    """核对结果: it can be submitted when nothing in `findings` is refused."""

    plan_id: UUID
    complete: bool
    findings: list[Check]


class PlanActivity(_Out):
    key: str
    activity_id: UUID
    name: str


class CommentIn(_In):
    field: Annotated[str, StringConstraints(max_length=200)] | None = None
    text: Passage


class ReturnIn(_In):
    """退回意见."""

    comments: list[CommentIn] = Field(min_length=1, max_length=50)


class Comment(_Out):
    field: str | None
    text: str


class ReviewView(_Out):
    """退回记录."""

    submission: int
    returned_at: Instant
    comments: list[Comment]


class PlanView(_Out):
    id: UUID
    version: int = Field(description="ETag; counts changes of the plan")
    campaign_id: UUID
    department: str
    state: Literal["draft", "submitted", "returned", "filed", "cancelled"]
    title: str = Field(description="Composed from the pack's template")
    content: PlanContent
    activities: list[PlanActivity]
    submission: int = Field(description="Number of the last submitted text, 0 before the first")
    digest: str | None = Field(description="SHA-256 over RFC 8785 of the last submitted text")
    submitted_at: Instant | None
    filing_number: str | None
    filed_at: Instant | None
    cancelled_at: Instant | None
    reviews: list[ReviewView]
    warnings: list[Check]


class PlanLine(_Out):
    """实施方案, one line of a list."""

    id: UUID
    version: int
    campaign_id: UUID
    department: str
    state: str
    title: str
    submission: int
    submitted_at: Instant | None
    filing_number: str | None
    filed_at: Instant | None


class SubmissionView(_Out):
    """报送过的一稿."""

    number: int
    digest: str
    submitted_at: Instant
    document: dict[str, Any]


class SubmissionsView(_Out):
    plan_id: UUID
    submissions: list[SubmissionView]


class ReceiptView(_Out):
    """备案回执: filing number, time, digest."""

    plan_id: UUID
    filing_number: str
    title: str
    submission: int
    digest: str
    submitted_at: Instant
    filed_at: Instant


class PlanContactView(_Out):
    plan_id: UUID
    contact: ContactIn | None


class ReasonIn(_In):
    reason: Passage


# 活动


class TimesIn(_In):
    """待定 fixed."""

    starts_at: Instant
    ends_at: Instant


class ChannelIn(_In):
    """渠道: where it was published; `column` on a website only. It counts when plans commits it."""

    channel: Key
    column: Key | None = None
    url: Url | None = None
    proof_digest: Sha256 | None = None


class CorrectionIn(_In):
    """更正公告; dates are stated where there is a new date."""

    channels: list[ChannelIn] = Field(min_length=1, max_length=20)
    stated_date: date | None = None
    stated_weekday: Line | None = None


class PostponeIn(TimesIn):
    """改期: with a correction when the activity had been announced."""

    reason: Passage
    correction: CorrectionIn | None = None


class CancelActivityIn(ReasonIn):
    """活动取消: with a correction when the activity had been announced."""

    correction: CorrectionIn | None = None


class CorrectEndIn(ReasonIn):
    """更正结束时间."""

    ended_at: Instant


class ActivityView(_Out):
    id: UUID
    version: int
    plan_id: UUID
    campaign_id: UUID
    department: str
    key: str
    name: str
    state: Literal["draft", "filed", "started", "ended", "cancelled"]
    occurrence: int
    starts_at: Instant | None = Field(description="None while the date is 待定")
    ends_at: Instant | None
    ended_at: Instant | None
    end_basis: Literal["scheduled", "corrected"] | None
    announced: bool
    warnings: list[Check] = Field(default_factory=list)


# 公告、凭证


class AnnouncementIn(_In):
    """公告: every item of the pack, the date and its weekday, and the channels it is on."""

    items: dict[Key, Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]] = Field(max_length=50)
    stated_date: date
    stated_weekday: Line = Field(description="例 星期三")
    channels: list[ChannelIn] = Field(min_length=1, max_length=20)


class ChannelsIn(_In):
    channels: list[ChannelIn] = Field(min_length=1, max_length=20)


class ChannelView(_Out):
    channel: str
    column: str | None
    occurrence: int
    at: Instant
    url: str | None
    proof_digest: str | None


class AnnouncementView(_Out):
    id: UUID
    version: int
    activity_id: UUID
    occurrence: int
    items: dict[str, str]
    channels: list[ChannelView]
    issued_at: Instant
    withdrawn_at: Instant | None


class ProofIn(_In):
    """补录凭证: an act outside the system; `claimed_at` counts only once the office accepts it."""

    act: Act
    channel: Key
    column: Key | None = None
    claimed_at: Instant
    proof_digest: Sha256
    url: Url | None = None


class ProofView(_Out):
    id: UUID
    version: int
    activity_id: UUID
    occurrence: int
    act: Act
    channel: str
    column: str | None
    claimed_at: Instant
    proof_digest: str
    url: str | None
    state: Literal["recorded", "accepted", "refused"]
    recorded_at: Instant
    decided_at: Instant | None
    reason: str | None


# 开展情况、总结评估、报送


class PhotoIn(_In):
    url: Url
    sha256: Sha256


class ActivityReportIn(_In):
    """活动开展情况: which parts and columns it must have, the pack says."""

    text: Article = ""
    photos: list[PhotoIn] = Field(default_factory=list, max_length=50)
    channels: list[ChannelIn] = Field(min_length=1, max_length=20)


class EvaluationIn(_In):
    """总结评估."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50_000)]
    channels: list[ChannelIn] = Field(min_length=1, max_length=20)


class PublicationView(_Out):
    id: UUID
    activity_id: UUID
    act: Literal["activity_report", "evaluation"]
    text: str
    photos: list[PhotoIn]
    channels: list[ChannelView]
    at: Instant


class DistrictReportIn(_In):
    """开展情况报送."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50_000)]


class DistrictReportView(_Out):
    id: UUID
    campaign_id: UUID
    department: str
    digest: str
    at: Instant


# 列表


class CampaignPage(_Out):
    items: list[CampaignView]
    next: str | None = Field(description="Pass as `after` for the next page; null on the last")


class PlanPage(_Out):
    items: list[PlanLine]
    next: str | None


class ActivityPage(_Out):
    items: list[ActivityView]
    next: str | None


class ProofPage(_Out):
    items: list[ProofView]
    next: str | None


# queries.plans.contacts.v1


class ContactsQuestion(_In):
    """谁该收到: the department's contacts, or the office's."""

    campaign: UUID
    department: str | None = None
    audience: Literal["department", "office"]


class ContactAnswer(_Out):
    name: str
    email: str


class ContactsAnswer(_Out):
    contacts: list[ContactAnswer]
