"""核对实施方案: everything that is wrong with it, at once, judged against the campaign's pack."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from contracts.plans.api import ActivityIn, Check, PlanContent
from contracts.policy import SHANGHAI, Calendar, PolicyPack, compute, earliest_start
from services.plans.domain.civil_time import civil_date, is_weekday_of, misstated_weekdays, weekday_name
from services.plans.domain.findings import Incomplete, by_check, plainly


class PlanIncomplete(Incomplete):
    code, title = "plan-incomplete", "实施方案不符合要求"


class NameForbidden(Incomplete):
    code, title = "forbidden-name", "不得冠以该名称"


def check_plan(
    pack: PolicyPack, content: PlanContent, name: str | None, proper_name: str, calendar: Calendar, now: datetime
) -> list[Check]:
    """核对结果: refusals and warnings in the order of the text. `proper_name` is the composed activity name."""
    findings = [*forbidden_names(pack, name, "name", proper_name)]
    if not content.theme:
        findings.append(plainly("theme-missing", "没有开放主题", "content.theme", fix="填写开放主题"))
    for text, field in ((content.theme, "content.theme"), (content.department_title, "content.department_title")):
        findings += forbidden_names(pack, text, field, proper_name)
    if not content.activities:
        findings.append(plainly("activity-missing", "没有活动", "content.activities", fix="至少填写一场活动"))
    for position, activity in enumerate(content.activities):
        where = f"content.activities.{position}"
        findings += _dates(pack, activity, where)
        findings += _weekdays(pack, activity, where)
        findings += unreachable_publicity(pack, activity.starts_at, f"{where}.starts_at", calendar, now)
        findings += _people(pack, activity, where)
        findings += _what_happens(pack, activity, where)
        for line, text in enumerate(activity.agenda):
            findings += forbidden_names(pack, text, f"{where}.agenda.{line}", proper_name)
    return findings


def forbidden_names(pack: PolicyPack, text: str | None, field: str, proper_name: str) -> Iterator[Check]:
    """不得冠以的名称, each under the clause that forbids it."""
    for entry in pack.forbidden_names_in(text or ""):
        fix = f"{pack.check('forbidden_name').fix} 本活动的名称: {proper_name}"
        finding = by_check(pack, "forbidden_name", f"不得冠以“{entry.name}”", field, fix)
        yield finding.model_copy(update={"clause": entry.clause})


def check_dates(pack: PolicyPack, starts_at: datetime, ends_at: datetime, where: str) -> Iterator[Check]:
    """活动时间: an end after its start, inside the season."""
    if ends_at <= starts_at:
        yield plainly("end-before-start", "结束时间不晚于开始时间", f"{where}ends_at", fix="核对开始和结束时间")
    if not pack.in_season(civil_date(starts_at), civil_date(ends_at)):
        first, last = pack.season.first_day, pack.season.last_day
        detail = f"活动日期 {civil_date(starts_at)} 不在 {first} 至 {last} 之内"
        yield by_check(pack, "season", detail, f"{where}starts_at")


def unreachable_publicity(
    pack: PolicyPack, starts_at: datetime | None, field: str, calendar: Calendar, now: datetime
) -> Iterator[Check]:
    """宣传期不足: a date whose publicity can't begin in time any more, with the earliest lawful date."""
    if starts_at is None:
        return
    for rule in pack.rules:
        if rule.satisfied_by != "announced" or rule.direction != "before":
            continue
        due = compute(rule, starts_at, calendar, pack.year)
        if now < due.due_at:
            continue
        earliest = earliest_start(rule, now, calendar)
        day = civil_date(earliest) if isinstance(earliest, datetime) else earliest
        yield by_check(
            pack,
            "publicity_unreachable",
            f"活动日期 {civil_date(starts_at)} 的公告应不晚于 {due.due_date},现在已是"
            f" {now.astimezone(SHANGHAI).date()}; 现在公告,最早可定在 {day}",
            field,
        )


def _dates(pack: PolicyPack, activity: ActivityIn, where: str) -> Iterator[Check]:
    if activity.starts_at is not None and activity.ends_at is not None:
        yield from check_dates(pack, activity.starts_at, activity.ends_at, f"{where}.")
    elif activity.starts_at is not None or activity.ends_at is not None:
        detail = "只有开始时间或只有结束时间"
        yield plainly("times-half", detail, f"{where}.starts_at", fix="两个都填写,或都留空(待定)")


def _weekdays(pack: PolicyPack, activity: ActivityIn, where: str) -> Iterator[Check]:
    if activity.stated_weekday is not None and activity.starts_at is not None:
        day = civil_date(activity.starts_at)
        if not is_weekday_of(activity.stated_weekday, day):
            detail = f"{day} 是{weekday_name(day)},不是“{activity.stated_weekday}”"
            yield by_check(pack, "weekday", detail, f"{where}.stated_weekday")
    for line, text in enumerate(activity.agenda):
        yield from written_weekdays(pack, text, f"{where}.agenda.{line}")


def written_weekdays(pack: PolicyPack, text: str, field: str) -> Iterator[Check]:
    """Weekdays inside a text, beside a date that is another day's."""
    for written, day in misstated_weekdays(text, pack.year):
        yield by_check(pack, "weekday", f"“{written}”有误: {day} 是{weekday_name(day)}", field)


def _people(pack: PolicyPack, activity: ActivityIn, where: str) -> Iterator[Check]:
    people = pack.participants
    if activity.capacity is None or activity.capacity < people.minimum:
        given = "没有填写" if activity.capacity is None else f"只有 {activity.capacity} 个"
        detail = f"名额{given},不得少于 {people.minimum} 个"
        yield by_check(pack, "places", detail, f"{where}.capacity")
    elif people.maximum is not None and activity.capacity > people.maximum:
        detail = f"名额 {activity.capacity} 个,不得多于 {people.maximum} 个"
        yield by_check(pack, "places", detail, f"{where}.capacity", f"名额不多于 {people.maximum} 个")
    least = people.eligibility.minimum_age
    if activity.minimum_age is not None and activity.minimum_age < least:
        detail = f"参加年龄 {activity.minimum_age} 周岁,不得低于 {least} 周岁"
        yield by_check(pack, "minimum_age", detail, f"{where}.minimum_age")
    not_invited = {choice.key: choice.label for choice in people.not_invited}
    for key in activity.categories:
        if key in not_invited:
            detail = f"“{not_invited[key]}”不在邀请之列"
            yield plainly("not-invited", detail, f"{where}.categories", fix="删去这一类别")
    known = {choice.key for choice in people.categories} | not_invited.keys()
    yield from _unknown(activity.categories, known, f"{where}.categories", "代表类别")
    yield from _unknown(activity.sign_up, {source.key for source in people.sources}, f"{where}.sign_up", "产生方式")


def _what_happens(pack: PolicyPack, activity: ActivityIn, where: str) -> Iterator[Check]:
    if activity.main_venue is None:
        yield plainly("venue-missing", "没有主会场", f"{where}.main_venue", fix="填写主会场")
    forms = {form.key for form in pack.forms.options}
    if len(forms & set(activity.forms)) < pack.forms.minimum:
        labels = "、".join(form.label for form in pack.forms.options)
        detail = f"开放形式不足 {pack.forms.minimum} 项(可选: {labels})"
        yield by_check(pack, "forms", detail, f"{where}.forms")
    yield from _unknown(activity.forms, forms, f"{where}.forms", "开放形式")
    segments = {choice.key: choice.label for choice in pack.segments.options}
    for group in pack.segments.mandatory:
        if len(set(group.any_of) & set(activity.segments)) < group.minimum:
            labels = "、".join(segments[key] for key in group.any_of)
            detail = f"{labels}中至少设置 {group.minimum} 项"
            yield by_check(pack, "segments", detail, f"{where}.segments")
    yield from _unknown(activity.segments, segments, f"{where}.segments", "环节")
    yield from _unknown(activity.site_types, {site.key for site in pack.site_types}, f"{where}.site_types", "现场类型")
    meetings = {meeting.key for meeting in pack.meeting_types}
    yield from _unknown(activity.meeting_types, meetings, f"{where}.meeting_types", "会议类型")
    venues = [venue.key for venue in (activity.main_venue, *activity.branch_venues) if venue is not None]
    if len(set(venues)) < len(venues):
        yield plainly("venue-twice", "会场 key 重复", f"{where}.branch_venues", fix="每个会场用不同的 key")


def _unknown(given: Iterable[str], known: Iterable[str], field: str, what: str) -> Iterator[Check]:
    known = sorted(known)
    for key in given:
        if key not in known:
            detail = f"政策包没有{what} {key}"
            yield plainly("key-unknown", detail, field, fix=f"可选: {'、'.join(known)}")
