"""活动开展情况, 总结评估: what they must have comes from the pack."""

from collections.abc import Iterator, Sequence
from typing import Literal

from contracts.plans.api import ChannelIn, Check
from contracts.policy import PolicyPack
from servicekit.problems import WrongState
from services.plans.domain.aggregates import Activity
from services.plans.domain.announce import check_channels
from services.plans.domain.findings import Incomplete, by_check, plainly, refuse_for

Publication = Literal["activity_report", "evaluation"]


class PublicationIncomplete(Incomplete):
    code, title = "publication-incomplete", "发布内容不完整"


def check_publication(
    activity: Activity,
    pack: PolicyPack,
    act: Publication,
    parts: dict[str, bool],
    channels: Sequence[ChannelIn],
) -> None:
    """Once, after the end, complete; late is never refused. `parts` says which are there.

    Raises WrongState, PublicationIncomplete.
    """
    if activity.state != "ended":
        raise WrongState("活动尚未结束", fix="活动结束后再发布")
    refuse_for(
        [*_missing(pack, act, parts, channels), *_misplaced(pack, act, channels)],
        PublicationIncomplete,
    )


def _missing(
    pack: PolicyPack, act: Publication, parts: dict[str, bool], channels: Sequence[ChannelIn]
) -> Iterator[Check]:
    rule = pack.publications.get(act)
    if rule is None:
        return
    for part in rule.parts:
        if not parts.get(part.key, False):
            finding = by_check(pack, "report_parts", f"缺少: {part.label}", part.key)
            yield finding.model_copy(update={"clause": rule.clause})
    labels = {choice.key: choice.label for choice in (*pack.channels.options, *pack.columns)}
    column_channels = {column.key: column.channel for column in pack.columns}
    on = {channel.channel for channel in channels}
    columns = {channel.column for channel in channels}
    # A channel that is absent, or on it a column that is wrong, is one fault and not two.
    misplaced = {channel.channel for channel in channels if channel.column not in rule.columns}
    missing = [key for key in rule.channels if key not in on]
    missing += [key for key in rule.columns if key not in columns and column_channels[key] in on - misplaced]
    for key in missing:
        fix = f"同时发布在{labels[key]}"
        yield plainly("channel-missing", f"没有发布在{labels[key]}", "channels", clause=rule.clause, fix=fix)


def _misplaced(pack: PolicyPack, act: Publication, channels: Sequence[ChannelIn]) -> list[Check]:
    return check_channels(pack, channels, act)
