"""意见建议: received, its text fetched where it was asked live, decided with a reason."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.feedback.api import SuggestionView, TextState
from contracts.feedback.events import Decision, Source
from servicekit.problems import NotFound, Refused
from services.feedback.domain.masking import mask_name


class TextPending(Refused):
    code, status, title = "text-pending", 409, "提问内容尚未取得"
    fix = "稍后再处理;内容会自动取得"


class ActivityCancelled(Refused):
    code, status, title = "activity-cancelled", 409, "活动已取消"


@dataclass(frozen=True)
class Activity:
    """活动, as plans told of it; `name` is None until its plan is on record."""

    id: UUID
    jurisdiction: str
    campaign_id: UUID
    department: str
    name: str | None
    cancelled_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Suggestion:
    id: UUID
    version: int
    activity_id: UUID
    source: Source
    question_id: UUID | None
    text_state: TextState
    received_at: datetime
    decision: Decision | None = None
    reason: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True)
class Told:
    """A suggestion with what was said and by whom, opened to be shown."""

    suggestion: Suggestion
    text: str | None
    name: str | None


def require_open(activity: Activity) -> str:
    """The name of an activity that suggestions may be made about. Raises NotFound, ActivityCancelled."""
    if activity.name is None:
        raise NotFound("没有这场活动,或它的方案尚未备案")
    if activity.cancelled_at is not None:
        raise ActivityCancelled("活动已取消,不再征集意见建议")
    return activity.name


def decide(suggestion: Suggestion, decision: Decision, reason: str, now: datetime) -> Suggestion:
    """采纳情况. Deciding again replaces the decision; what was published stays in its version. Raises TextPending."""
    if suggestion.text_state == "pending":
        raise TextPending("这条直播提问的内容还没有从直播服务取得,不能处理")
    if (suggestion.decision, suggestion.reason) == (decision, reason):
        return suggestion
    return replace(suggestion, version=suggestion.version + 1, decision=decision, reason=reason, decided_at=now)


def with_text(suggestion: Suggestion, state: TextState) -> Suggestion:
    """The text has come, or is known to be lost. A second answer changes nothing."""
    if suggestion.text_state != "pending":
        return suggestion
    return replace(suggestion, version=suggestion.version + 1, text_state=state)


def show(told: Told) -> SuggestionView:
    """For those who answer it: the text as it was said, the name masked."""
    one = told.suggestion
    return SuggestionView(
        id=one.id,
        version=one.version,
        activity_id=one.activity_id,
        source=one.source,
        text=told.text,
        text_state=one.text_state,
        name=mask_name(told.name) if told.name is not None else None,
        received_at=one.received_at,
        decision=one.decision,
        reason=one.reason,
        decided_at=one.decided_at,
    )
