"""活动: dated, moved, cancelled, begun and ended by the clock, its end corrected."""

from dataclasses import replace
from datetime import datetime, timedelta

from contracts.plans.api import Check
from contracts.policy import PolicyPack
from servicekit.problems import WrongState
from services.plans.domain.aggregates import Activity
from services.plans.domain.check_plan import check_dates
from services.plans.domain.findings import Incomplete, plainly, refuse_for


class DateRefused(Incomplete):
    code, title = "date-refused", "活动时间不符合要求"


class CorrectionRequired(Incomplete):
    code, title = "correction-required", "已公告的活动须同时更正公告"
    fix = "在 correction 中写明更正公告的渠道"


class EndRefused(Incomplete):
    code, title = "end-refused", "结束时间不能这样更正"


def require_filed(activity: Activity) -> None:
    """Raises WrongState while the activity's plan is not on record."""
    if activity.state == "draft":
        raise WrongState("实施方案尚未备案", fix="备案后再试")
    if activity.state == "cancelled":
        raise WrongState("活动已取消")


def file_activity(activity: Activity) -> Activity:
    """A drafted activity becomes real when its plan is filed."""
    return replace(activity, version=activity.version + 1, state="filed")


def cancel_draft(activity: Activity) -> Activity:
    """A drafted activity goes with its cancelled plan."""
    return replace(activity, version=activity.version + 1, state="cancelled")


def schedule_activity(
    activity: Activity, pack: PolicyPack, starts_at: datetime, ends_at: datetime, now: datetime
) -> tuple[Activity, list[Check]]:
    """待定 fixed: its first date, and what is to be warned of. Raises WrongState, DateRefused."""
    require_filed(activity)
    if activity.starts_at is not None:
        raise WrongState("活动日期已定", fix="改期请用 postpone")
    warnings = _judge(pack, starts_at, ends_at, now)
    return replace(activity, version=activity.version + 1, starts_at=starts_at, ends_at=ends_at), warnings


def postpone_activity(
    activity: Activity, pack: PolicyPack, starts_at: datetime, ends_at: datetime, now: datetime
) -> tuple[Activity, list[Check]]:
    """改期: the next occurrence. Raises WrongState, DateRefused."""
    require_filed(activity)
    if activity.state != "filed":
        raise WrongState("活动已开始或已结束", fix="开始后的活动不能改期")
    if activity.starts_at is None:
        raise WrongState("活动日期待定", fix="先用 schedule 确定日期")
    warnings = _judge(pack, starts_at, ends_at, now)
    if starts_at == activity.starts_at and ends_at == activity.ends_at:
        raise DateRefused("新的时间与原来的相同", fix="写明新的开始和结束时间")
    moved = replace(
        activity,
        version=activity.version + 1,
        occurrence=activity.occurrence + 1,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    return moved, warnings


def cancel_activity(activity: Activity) -> Activity:
    """活动取消. Raises WrongState."""
    require_filed(activity)
    if activity.state == "ended":
        raise WrongState("活动已结束")
    return replace(activity, version=activity.version + 1, state="cancelled")


def start_activity(activity: Activity) -> Activity:
    """活动开始, at its scheduled start."""
    return replace(activity, version=activity.version + 1, state="started")


def end_activity(activity: Activity) -> Activity:
    """活动结束, at its scheduled end: nobody escapes the clocks by not pressing a button."""
    return replace(
        activity, version=activity.version + 1, state="ended", ended_at=activity.ends_at, end_basis="scheduled"
    )


def correct_end(activity: Activity, pack: PolicyPack, ended_at: datetime, now: datetime) -> Activity:
    """更正结束时间, within the pack's hours of the recorded end. Raises WrongState, EndRefused."""
    if activity.state != "ended" or activity.ends_at is None or activity.starts_at is None:
        raise WrongState("活动尚未结束", fix="活动在预定结束时间自动结束,之后才能更正")
    hours = pack.correct_end_within.n
    # Counted from the scheduled end, which no correction moves: else each one would open the next.
    if now >= activity.ends_at + timedelta(hours=hours):
        raise WrongState(f"结束超过 {hours} 小时,不能再更正", fix="请向区政府政务公开办公室说明情况")
    findings = []
    if ended_at > now:
        findings.append(plainly("in-the-future", "结束时间还没有到", "ended_at", fix="填写已经发生的时间"))
    if ended_at <= activity.starts_at:
        findings.append(plainly("end-before-start", "结束时间不晚于开始时间", "ended_at", fix="核对时间"))
    refuse_for(findings, EndRefused)
    return replace(activity, version=activity.version + 1, ended_at=ended_at, end_basis="corrected")


def _judge(pack: PolicyPack, starts_at: datetime, ends_at: datetime, now: datetime) -> list[Check]:
    findings = list(check_dates(pack, starts_at, ends_at, ""))
    if starts_at <= now:
        findings.append(plainly("in-the-past", "开始时间已过", "starts_at", fix="填写将来的时间"))
    refuse_for(findings, DateRefused)
    return [finding for finding in findings if finding.severity == "warn"]
