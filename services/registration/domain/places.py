"""名额: a place while there is one, else the end of the waitlist; a freed place goes to the first who waits."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.registration.api import Source, State
from servicekit.problems import Refused, WrongState
from services.registration.domain.activity import Activity


class AlreadyRegistered(Refused):
    code, status, title = "already-registered", 409, "已经报过名"
    fix = "同一人同一场活动只报一次;要改信息请先取消"


class SecretWrong(Refused):
    code, status, title = "secret-wrong", 403, "报名凭证不对"
    fix = "请用报名时得到的凭证 (X-Registration-Secret),或请承办单位办理"


class TooLate(Refused):
    code, status, title = "activity-started", 409, "活动已经开始"
    fix = "活动开始后不能再取消报名"


@dataclass(frozen=True)
class Registration:
    """报名. `queue_number` orders the waitlist and stays after a promotion."""

    id: UUID
    activity_id: UUID
    version: int
    state: State
    source: Source
    category: str
    tie: str
    queue_number: int | None
    registered_at: datetime
    cancelled_at: datetime | None = None
    checked_in_at: datetime | None = None


def take_place(activity: Activity) -> tuple[Activity, Literal["confirmed", "waitlisted"]]:
    """The activity with one more confirmed, or one more waiting."""
    assert activity.capacity is not None
    # Whoever waits goes first: a newcomer never overtakes them to a place that was just freed.
    if activity.taken < activity.capacity and not activity.waiting:
        return replace(activity, taken=activity.taken + 1), "confirmed"
    return replace(activity, waiting=activity.waiting + 1, queued=activity.queued + 1), "waitlisted"


def may_promote(activity: Activity, now: datetime) -> bool:
    """Whether somebody waits for a free place, and it is not too late to tell them."""
    return (
        activity.cancelled_at is None
        and activity.capacity is not None
        and activity.taken < activity.capacity
        and activity.waiting > 0
        and activity.starts_at is not None
        and now < activity.starts_at
    )


def promote(activity: Activity, first: Registration) -> tuple[Activity, Registration]:
    """候补转正."""
    promoted = replace(first, state="confirmed", version=first.version + 1)
    return replace(activity, taken=activity.taken + 1, waiting=activity.waiting - 1), promoted


def cancel(activity: Activity, registration: Registration, now: datetime) -> tuple[Activity, Registration]:
    """取消报名. Raises WrongState unless it is confirmed or waiting."""
    if registration.state not in ("confirmed", "waitlisted"):
        raise WrongState(f"报名的状态是 {registration.state},不能取消", fix="只有已确认或候补中的报名可以取消")
    freed = (
        replace(activity, taken=activity.taken - 1)
        if registration.state == "confirmed"
        else replace(activity, waiting=activity.waiting - 1)
    )
    gone = replace(registration, state="cancelled", cancelled_at=now, version=registration.version + 1)
    return freed, gone


def check_not_started(activity: Activity, now: datetime, clause: str | None) -> None:
    """Raises TooLate: after the start a place can no longer be given to anybody."""
    if activity.starts_at is not None and now >= activity.starts_at:
        raise TooLate("活动已经开始", clause=clause)
