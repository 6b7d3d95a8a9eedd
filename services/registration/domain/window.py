"""报名时间: from the announcement until the pack's end, and never for what is cancelled."""

from datetime import datetime

from contracts.policy import PolicyPack
from servicekit.problems import Refused
from services.registration.domain.activity import Activity


class ActivityCalledOff(Refused):
    code, status, title = "activity-cancelled", 409, "活动已取消"
    fix = "请选择其他活动报名"


class SignUpNotOpen(Refused):
    code, status, title = "sign-up-not-open", 409, "报名尚未开始"
    fix = "请在活动公告发布、日期确定后报名"


class SignUpClosed(Refused):
    code, status, title = "sign-up-closed", 409, "报名已截止"
    fix = "请选择其他活动报名,或与承办单位联系"


def sign_up_clause(pack: PolicyPack) -> str:
    """The clause that asks for an announcement and says how participants are found."""
    return pack.publications["announcement"].clause


def check_window(activity: Activity, pack: PolicyPack | None, now: datetime) -> tuple[PolicyPack, datetime]:
    """The pack and the start, when signing up is possible. Raises ActivityCalledOff, SignUpNotOpen, SignUpClosed."""
    clause = None if pack is None else sign_up_clause(pack)
    if activity.cancelled_at is not None:
        raise ActivityCalledOff("这场活动已经取消,不再接受报名", clause=clause)
    if pack is None or activity.capacity is None or not activity.is_announced:
        raise SignUpNotOpen("这场活动的公告还没有发布", clause=clause)
    if activity.starts_at is None:
        raise SignUpNotOpen("这场活动的日期还没有确定", clause=clause)
    until = pack.registration.sign_up_until(activity.starts_at)
    if now >= until or activity.ended is not None:
        raise SignUpClosed(f"报名已于 {until.isoformat()} 截止", clause=clause)
    return pack, activity.starts_at
