"""实施方案."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.envelope import Instant
from contracts.plans.api.campaigns import ContactIn
from contracts.plans.api.words import Check, In, Key, Line, Out, Passage


class VenueIn(In):
    """会场."""

    key: Key
    name: Line
    address: Line | None = None


class ActivityIn(In):
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


class PlanContent(In):
    """实施方案的内容: what is submitted, kept and hashed."""

    theme: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    department_title: Line | None = Field(default=None, description="公文用的部门全称; null 用名册上的名称")
    activities: list[ActivityIn] = Field(default_factory=list, max_length=20)


class PlanRevisionIn(In):
    """The whole of a draft; what is left out is emptied."""

    content: PlanContent
    name: Line | None = Field(default=None, description="部门希望的活动名称; 名称由系统生成, 不得冠以的名称被拒绝")
    contact: ContactIn | None = None


class PlanIn(PlanRevisionIn):
    campaign_id: UUID


class CheckView(Out):
    """核对结果: it can be submitted when nothing in `findings` is refused."""

    plan_id: UUID
    complete: bool
    findings: list[Check]


class PlanActivity(Out):
    key: str
    activity_id: UUID
    name: str


class CommentIn(In):
    field: Annotated[str, StringConstraints(max_length=200)] | None = None
    text: Passage


class ReturnIn(In):
    """退回意见."""

    comments: list[CommentIn] = Field(min_length=1, max_length=50)


class Comment(Out):
    field: str | None
    text: str


class ReviewView(Out):
    """退回记录."""

    submission: int
    returned_at: Instant
    comments: list[Comment]


class PlanView(Out):
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


class PlanLine(Out):
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


class SubmissionView(Out):
    """报送过的一稿."""

    number: int
    digest: str
    submitted_at: Instant
    document: dict[str, Any]


class SubmissionsView(Out):
    plan_id: UUID
    submissions: list[SubmissionView]


class ReceiptView(Out):
    """备案回执: filing number, time, digest."""

    plan_id: UUID
    filing_number: str
    title: str
    submission: int
    digest: str
    submitted_at: Instant
    filed_at: Instant


class PlanContactView(Out):
    plan_id: UUID
    contact: ContactIn | None


class PlanPage(Out):
    items: list[PlanLine]
    next: str | None
