"""到场人数与签到: who was there, who of them counts, and what is foretold before."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from contracts.policy import PolicyPack
from contracts.registration.api import CheckInIn
from contracts.registration.events import HeadcountRecorded
from servicekit.problems import Finding, Refused
from services.registration.domain.activity import Activity
from services.registration.domain.participant import day_of, invitee_clause, is_eligible
from services.registration.domain.places import Registration

REQUIREMENT = "headcount"


class CheckInRefused(Refused):
    code, status, title = "check-in-refused", 422, "签到不符合要求"
    fix = "按 errors 改正后重新提交整份签到"


class CheckInTooLate(Refused):
    code, status, title = "check-in-too-late", 409, "补传签到的期限已过"
    fix = "请向主管机关说明情况"


@dataclass(frozen=True)
class Present:
    """One who was there."""

    category: str
    tie: str
    birth_date: date


def count(activity: Activity, pack: PolicyPack, present: Sequence[Present], at: datetime) -> HeadcountRecorded:
    """到场人数 after the end, as the next revision."""
    assert activity.starts_at is not None
    day = day_of(activity.starts_at)
    everybody = pack.participants.who_counts == "checked_in"
    counted = sum(everybody or is_eligible(pack, one.birth_date, one.category, one.tie, day) for one in present)
    return HeadcountRecorded(
        activity_id=activity.id,
        occurrence=activity.occurrence,
        revision=activity.headcount_revision + 1,
        present=len(present),
        counted=counted,
        by_category=dict(sorted(Counter(one.category for one in present).items())),
        at=at,
    )


def next_forecast(activity: Activity, pack: PolicyPack, after: datetime) -> datetime | None:
    """人数预警: the next instant to look at the confirmed, None where there is none left."""
    if activity.starts_at is None or activity.cancelled_at is not None:
        return None
    return next((at for at in pack.registration.forecast_times(activity.starts_at) if at > after), None)


def with_forecast(activity: Activity, pack: PolicyPack, now: datetime) -> Activity:
    """Every new date has its own forecasts; one whose instant had passed when the date became known is not made up."""
    if activity.forecast_occurrence == activity.occurrence:
        return activity
    return replace(
        activity, forecast_occurrence=activity.occurrence, next_forecast_at=next_forecast(activity, pack, now)
    )


def check_in(
    activity: Activity,
    pack: PolicyPack,
    given: Sequence[CheckInIn],
    known: dict[UUID, Registration],
    now: datetime,
) -> dict[UUID, datetime]:
    """签到: the earliest instant for each registration named. Raises CheckInTooLate, CheckInRefused (row by row)."""
    clause = pack.requirement(REQUIREMENT).clause if _has_requirement(pack) else invitee_clause(pack)
    if activity.starts_at is None or activity.ends_at is None or activity.cancelled_at is not None:
        raise CheckInRefused("这场活动没有举行", clause=clause, fix="只有按期举行的活动可以签到")
    if activity.ended is not None:
        until = pack.registration.synced_until(activity.ended)
        if until is not None and now >= until:
            raise CheckInTooLate(f"签到须在 {until.isoformat()} 前补传", clause=clause)
    findings = [
        Finding(code=code, field=f"check_ins.{row}", detail=detail, clause=clause)
        for row, one in enumerate(given)
        for code, detail in _faults(activity, pack, one, known.get(one.registration_id), now)
    ]
    if findings:
        raise CheckInRefused(f"有 {len(findings)} 条签到不能接受", clause=clause, errors=findings)
    times: dict[UUID, datetime] = {}
    for one in given:
        times[one.registration_id] = min(one.at, times.get(one.registration_id, one.at))
    return times


def _has_requirement(pack: PolicyPack) -> bool:
    return any(requirement.id == REQUIREMENT for requirement in pack.requirements)


def _faults(
    activity: Activity, pack: PolicyPack, one: CheckInIn, registration: Registration | None, now: datetime
) -> Iterable[tuple[str, str]]:
    assert activity.starts_at is not None and activity.ends_at is not None
    if registration is None or registration.activity_id != activity.id:
        yield "other-activity", "不是这场活动的报名"
        return
    if registration.state in ("cancelled", "waitlisted"):
        yield "not-confirmed", f"报名的状态是 {registration.state}"
    opens, ends = pack.registration.check_in_from(activity.starts_at), activity.ended or activity.ends_at
    if not opens <= one.at <= ends:
        yield "outside-activity", f"到场时刻不在活动期间 ({opens.isoformat()} 至 {ends.isoformat()})"
    elif one.at > now:
        yield "in-the-future", "到场时刻还没有到"
