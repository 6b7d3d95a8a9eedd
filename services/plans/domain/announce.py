"""公告: after filing, with every item, the right date and weekday, on channels of the pack; late is on the record."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import uuid4

from contracts.plans.api import AnnouncementIn, ChannelIn, Check, CorrectionIn
from contracts.policy import PolicyPack
from servicekit.problems import Refused, WrongState
from services.plans.domain.aggregates import Activity, Announcement, Channel
from services.plans.domain.check_plan import forbidden_names, written_weekdays
from services.plans.domain.civil_time import civil_date, is_weekday_of, weekday_name
from services.plans.domain.date_activity import CorrectionRequired
from services.plans.domain.findings import Incomplete, by_check, plainly, refuse_for


class AnnouncementRefused(Incomplete):
    code, title = "announcement-refused", "公告不符合要求"


class NotFiled(Refused):
    code, status, title = "not-filed", 409, "实施方案尚未备案"


def announce(activity: Activity, pack: PolicyPack, body: AnnouncementIn, now: datetime) -> Announcement:
    """公告发布. Late is never refused. Raises NotFiled, WrongState, AnnouncementRefused."""
    _require_announceable(activity, pack)
    if activity.announced:
        raise WrongState("活动已公告", fix="增加渠道请用 announcement/channels")
    refuse_for(
        [
            *_items(pack, body.items, activity.name),
            *_stated(pack, activity, body.stated_date, body.stated_weekday, "stated_"),
            *check_channels(pack, body.channels, "announcement"),
        ],
        AnnouncementRefused,
    )
    return Announcement(
        id=uuid4(),
        version=1,
        activity_id=activity.id,
        occurrence=activity.occurrence,
        items=dict(body.items),
        channels=published(body.channels, activity.occurrence, now),
        issued_at=now,
    )


def amend(
    announcement: Announcement, activity: Activity, pack: PolicyPack, channels: Sequence[ChannelIn], now: datetime
) -> Announcement:
    """公告补充: further channels. Raises WrongState, AnnouncementRefused."""
    if activity.state == "cancelled":
        raise WrongState("活动已取消")
    findings = check_channels(pack, channels, "announcement")
    taken = {(channel.channel, channel.column) for channel in announcement.current_channels()}
    findings += [
        plainly("channel-twice", f"已在 {channel.channel} 公告", f"channels.{position}", fix="只列新增的渠道")
        for position, channel in enumerate(channels)
        if (channel.channel, channel.column) in taken
    ]
    refuse_for(findings, AnnouncementRefused)
    more = published(channels, announcement.occurrence, now)
    return replace(announcement, version=announcement.version + 1, channels=announcement.channels + more)


def correct(
    announcement: Announcement,
    activity: Activity,
    pack: PolicyPack,
    correction: CorrectionIn | None,
    now: datetime,
    *,
    dated: bool,
) -> Announcement:
    """更正公告, for the activity as it now stands; `dated` when it has a new date to state.

    Raises CorrectionRequired, AnnouncementRefused.
    """
    clause = pack.publications["announcement"].clause if "announcement" in pack.publications else None
    if correction is None:
        raise CorrectionRequired("活动已公告,须同时发布更正公告", clause=clause)
    findings = check_channels(pack, correction.channels, "announcement", where="correction.channels")
    if correction.stated_date is not None and correction.stated_weekday is not None:
        stated = (correction.stated_date, correction.stated_weekday)
        findings += _stated(pack, activity, *stated, "correction.stated_")
    elif dated:
        detail = "更正公告须写明新的日期和星期"
        findings.append(plainly("date-missing", detail, "correction.stated_date", clause=clause, fix="写明日期和星期"))
    refuse_for(findings, AnnouncementRefused)
    return replace(
        announcement,
        version=announcement.version + 1,
        occurrence=activity.occurrence,
        channels=announcement.channels + published(correction.channels, activity.occurrence, now),
    )


def uncorrected(before: Announcement, correction: CorrectionIn, pack: PolicyPack) -> list[Check]:
    """Channels that still carry what no longer holds: a warning."""
    said = {(channel.channel, channel.column) for channel in correction.channels}
    labels = {channel.key: channel.label for channel in pack.channels.options}
    return [
        Check(
            code="channel-uncorrected",
            severity="warn",
            field="correction.channels",
            detail=f"{labels.get(channel.channel, channel.channel)}上的公告还没有更正",
            clause=None,
            sentence=None,
            fix="在原来的每个渠道更正",
        )
        for channel in before.current_channels()
        if (channel.channel, channel.column) not in said
    ]


def withdraw(announcement: Announcement, now: datetime) -> Announcement:
    """撤回公告."""
    return replace(announcement, version=announcement.version + 1, withdrawn_at=now)


def published(channels: Sequence[ChannelIn], occurrence: int, now: datetime) -> tuple[Channel, ...]:
    """The channels as committed: `now` is the time that counts."""
    return tuple(
        Channel(channel.channel, channel.column, occurrence, now, channel.url, channel.proof_digest)
        for channel in channels
    )


def check_channels(
    pack: PolicyPack, channels: Sequence[ChannelIn], publication: str, where: str = "channels"
) -> list[Check]:
    """渠道与栏目: known to the pack, the website's column named and the one this act belongs in, none twice."""
    return [
        finding
        for position, channel in enumerate(channels)
        for finding in _channel(pack, channel, publication, channels[:position], f"{where}.{position}")
    ]


def _channel(
    pack: PolicyPack, given: ChannelIn, publication: str, before: Sequence[ChannelIn], where: str
) -> Iterator[Check]:
    known = {channel.key for channel in pack.channels.options}
    if given.channel not in known:
        detail = f"政策包没有渠道 {given.channel}"
        yield plainly("channel-unknown", detail, f"{where}.channel", fix=f"可选: {'、'.join(sorted(known))}")
        return
    if any((other.channel, other.column) == (given.channel, given.column) for other in before):
        yield plainly("channel-twice", f"渠道 {given.channel} 列了两次", where, fix="每个渠道只列一次")
    columns = {column.key: column.label for column in pack.columns if column.channel == given.channel}
    rule = pack.publications.get(publication)
    wanted = [key for key in (rule.columns if rule else ()) if key in columns] or list(columns)
    if given.column in wanted or (given.column is None and not columns):
        return
    labels = "、".join(f"{columns[key]} ({key})" for key in wanted)
    if not columns:
        detail, fix = f"渠道 {given.channel} 没有栏目", "去掉 column"
    elif given.column is None:
        detail, fix = "没有写明栏目", f"填写 column: {labels}"
    else:
        detail, fix = f"不应发布在栏目 {given.column}", f"应发布在: {labels}"
    yield plainly("column-wrong", detail, f"{where}.column", clause=rule.clause if rule else None, fix=fix)


def _require_announceable(activity: Activity, pack: PolicyPack) -> None:
    if activity.state == "draft":
        check = pack.check("announced_before_filed")
        raise NotFiled(f"{check.title}: {check.sentence}", clause=check.clause, fix=check.fix)
    if activity.state == "cancelled":
        raise WrongState("活动已取消")
    if activity.starts_at is None:
        raise WrongState("活动日期待定", fix="先确定日期再公告")


def _items(pack: PolicyPack, items: dict[str, str], proper_name: str) -> Iterator[Check]:
    known = {choice.key: choice.label for choice in pack.announcement.items}
    for key, label in known.items():
        if not items.get(key):
            yield by_check(pack, "announcement_items", f"缺少公告事项: {label}", f"items.{key}")
    for key, text in items.items():
        if key not in known and not pack.announcement.open_ended:
            yield plainly("item-unknown", f"政策包没有公告事项 {key}", f"items.{key}", fix="删去这一项")
        yield from forbidden_names(pack, text, f"items.{key}", proper_name)
        yield from written_weekdays(pack, text, f"items.{key}")


def _stated(pack: PolicyPack, activity: Activity, day: date, weekday: str, where: str) -> Iterator[Check]:
    if activity.starts_at is not None and civil_date(activity.starts_at) != day:
        detail = f"写明的日期 {day} 不是活动日期 {civil_date(activity.starts_at)}"
        yield by_check(pack, "weekday", detail, f"{where}date").model_copy(update={"code": "stated-date"})
    if not is_weekday_of(weekday, day):
        yield by_check(pack, "weekday", f"{day} 是{weekday_name(day)},不是“{weekday}”", f"{where}weekday")
