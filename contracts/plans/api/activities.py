"""活动, 公告, 凭证, 开展情况, 总结评估, 报送."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.envelope import Instant
from contracts.plans.api.words import Article, Check, In, Key, Line, Out, Passage, ReasonIn, Sha256, Url
from contracts.plans.events import Act


class TimesIn(In):
    """待定 fixed."""

    starts_at: Instant
    ends_at: Instant


class ChannelIn(In):
    """渠道: where it was published; `column` on a website only. It counts when plans commits it."""

    channel: Key
    column: Key | None = None
    url: Url | None = None
    proof_digest: Sha256 | None = None


class CorrectionIn(In):
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


class ActivityView(Out):
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


class AnnouncementIn(In):
    """公告: every item of the pack, the date and its weekday, and the channels it is on."""

    items: dict[Key, Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]] = Field(max_length=50)
    stated_date: date
    stated_weekday: Line = Field(description="例 星期三")
    channels: list[ChannelIn] = Field(min_length=1, max_length=20)


class ChannelsIn(In):
    channels: list[ChannelIn] = Field(min_length=1, max_length=20)


class ChannelView(Out):
    channel: str
    column: str | None
    occurrence: int
    at: Instant
    url: str | None
    proof_digest: str | None


class AnnouncementView(Out):
    id: UUID
    version: int
    activity_id: UUID
    occurrence: int
    items: dict[str, str]
    channels: list[ChannelView]
    issued_at: Instant
    withdrawn_at: Instant | None


class ProofIn(In):
    """补录凭证: an act outside the system; `claimed_at` counts only once the office accepts it."""

    act: Act
    channel: Key
    column: Key | None = None
    claimed_at: Instant
    proof_digest: Sha256
    url: Url | None = None


class ProofView(Out):
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


class PhotoIn(In):
    url: Url
    sha256: Sha256


class ActivityReportIn(In):
    """活动开展情况: which parts and columns it must have, the pack says."""

    text: Article = ""
    photos: list[PhotoIn] = Field(default_factory=list, max_length=50)
    channels: list[ChannelIn] = Field(min_length=1, max_length=20)


class EvaluationIn(In):
    """总结评估."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50_000)]
    channels: list[ChannelIn] = Field(min_length=1, max_length=20)


class PublicationView(Out):
    id: UUID
    activity_id: UUID
    act: Literal["activity_report", "evaluation"]
    text: str
    photos: list[PhotoIn]
    channels: list[ChannelView]
    at: Instant


class DistrictReportIn(In):
    """开展情况报送."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50_000)]


class DistrictReportView(Out):
    id: UUID
    campaign_id: UUID
    department: str
    digest: str
    at: Instant


class ActivityPage(Out):
    items: list[ActivityView]
    next: str | None


class ProofPage(Out):
    items: list[ProofView]
    next: str | None
