"""政策包各节: names, channels, forms, participants, data, publications and scoring."""

import string
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StrictStr, model_validator

from contracts.policy.primitives import (
    Choice,
    Clause,
    Day,
    Frozen,
    JurisdictionCode,
    Key,
    MonthDay,
    Number,
    Roll,
    Span,
    Text,
    refuse,
    repeated,
)

PLACEHOLDERS = frozenset({"department", "year", "jurisdiction"})


def doubled(where: str, choices: Sequence[Choice]) -> Iterator[tuple[str, str]]:
    """A problem for every key that a catalogue lists twice."""
    return ((f"{where}.{key}", "key 重复") for key in repeated([choice.key for choice in choices]))


def undeclared(where: str, keys: Iterable[str], choices: Sequence[Choice], catalogue: str) -> Iterator[tuple[str, str]]:
    """A problem for every key that is not in the catalogue it points into."""
    declared = {choice.key for choice in choices}
    return ((where, f"{key} 未在 {catalogue} 中声明") for key in keys if key not in declared)


def _template(value: str) -> str:
    try:
        fields = [field for field in string.Formatter().parse(value) if field[1] is not None]
    except ValueError as error:
        raise ValueError(f"模板括号不成对：{error}") from None
    names = {str(name) for _, name, _, _ in fields}
    if unknown := names - PLACEHOLDERS:
        raise ValueError(f"模板有未知占位符：{'、'.join(sorted(unknown))}")
    if any(spec or conversion for _, _, spec, conversion in fields):
        raise ValueError("模板占位符不能带格式")
    if "department" not in names:
        raise ValueError("模板须含 {department}")
    return value


Template = Annotated[StrictStr, AfterValidator(_template)]


class Jurisdiction(Frozen):
    """行政区划 (GB/T 2260): the code as it stood between two dates; ``effective_to`` is the last day, or open."""

    code: JurisdictionCode
    name: Text
    effective_from: Day
    effective_to: Day | None = None

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.effective_to is not None and self.effective_to < self.effective_from:
            refuse([("effective_to", "早于 effective_from")])
        return self


class Basis(Frozen):
    """依据文件: the document the pack stands on. What a document does not carry stays out."""

    title: Text
    issuer: Text
    index_number: Text | None = None
    document_number: Text | None = None
    issued_on: Day | None = None


class Season(Frozen):
    """活动时间: first and last day, MM-DD, both included. Its severity is that of the check ``season``."""

    first_day: MonthDay
    last_day: MonthDay


class ForbiddenName(Frozen):
    """不得冠以的名称, with the clause that forbids it."""

    name: Text
    clause: Clause


class Names(Frozen):
    """名称: the two templates the system composes itself, and the names that are refused."""

    plan_title: Template
    activity_name: Template
    forbidden: tuple[ForbiddenName, ...]
    forbidden_open_ended: StrictBool


class Review(Frozen):
    """审核备案: how a plan gets on record, and how long a returned one may take to come back."""

    mode: Literal["review_and_file", "file_only"]
    resubmit_within: Span
    resubmit_roll: Roll


class AnnouncementItems(Frozen):
    """公告事项: what an announcement must contain; ``open_ended`` when the list ends in 等."""

    items: tuple[Choice, ...] = Field(min_length=1)
    open_ended: StrictBool

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse(doubled("items", self.items))
        return self


class Channel(Choice):
    """渠道: ``kind`` says what proof it can give; only a government website has columns."""

    kind: Literal["government_website", "new_media", "newspaper", "television", "radio", "other"]


class Channels(Frozen):
    """宣传渠道: every ``required`` one, and at least ``minimum`` different ones altogether."""

    required: tuple[Key, ...]
    minimum: Number
    options: tuple[Channel, ...]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        problems = [*doubled("options", self.options), *undeclared("required", self.required, self.options, "options")]
        if self.minimum > len(self.options):
            problems.append(("minimum", f"{self.minimum} 多于 options 的 {len(self.options)} 个"))
        refuse(problems)
        return self


class Column(Choice):
    """栏目: a column of a website channel, under ``section``."""

    channel: Key
    section: Text


class Form(Choice):
    """开放形式 (进机关、进现场、进会议) with its clause."""

    clause: Clause


class Forms(Frozen):
    """开放形式: a plan takes at least ``minimum`` of the options."""

    minimum: Number
    options: tuple[Form, ...]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        problems = [*doubled("options", self.options)]
        if self.minimum > len(self.options):
            problems.append(("minimum", f"{self.minimum} 多于 options 的 {len(self.options)} 个"))
        refuse(problems)
        return self


class SiteType(Choice):
    """现场类型, with the examples the text names."""

    examples: tuple[Text, ...]


class SegmentGroup(Frozen):
    """须设置的环节: at least ``minimum`` of ``any_of``."""

    any_of: tuple[Key, ...] = Field(min_length=1)
    minimum: Number


class Segments(Frozen):
    """环节: what a day may contain, and the groups one must choose from."""

    options: tuple[Choice, ...]
    mandatory: tuple[SegmentGroup, ...]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        problems = [*doubled("options", self.options)]
        for index, group in enumerate(self.mandatory):
            problems += undeclared(f"mandatory.{index}.any_of", group.any_of, self.options, "options")
            if group.minimum > len(set(group.any_of)):
                problems.append((f"mandatory.{index}.minimum", "多于 any_of 的个数"))
        refuse(problems)
        return self


class Eligibility(Frozen):
    """参加条件: ``minimum_age`` in full years on the day of the activity (周岁)."""

    minimum_age: Number
    full_capacity: StrictBool
    ties: tuple[Choice, ...]


class Participants(Frozen):
    """邀请对象: head counts in people, who counts, who may come, and through which way."""

    minimum: Number
    maximum: Number | None = None
    who_counts: Literal["checked_in_and_eligible", "checked_in"]
    eligibility: Eligibility
    categories: tuple[Choice, ...]
    categories_open_ended: StrictBool
    not_invited: tuple[Choice, ...]
    sources: tuple[Choice, ...]

    @model_validator(mode="after")
    def _possible(self) -> Self:
        problems = [
            problem
            for name in ("categories", "not_invited", "sources")
            for problem in doubled(name, getattr(self, name))
        ]
        if self.maximum is not None and self.maximum < self.minimum:
            problems.append(("maximum", f"{self.maximum} 小于 minimum {self.minimum}"))
        invited = {category.key for category in self.categories}
        problems += [
            (f"not_invited.{entry.key}", "同时在 categories 中") for entry in self.not_invited if entry.key in invited
        ]
        refuse(problems)
        return self


class DataField(Choice):
    """可收集的信息: one item, why it is needed, and whether it is sensitive personal information."""

    purpose: Text
    required: StrictBool
    sensitive: StrictBool


class PersonalData(Frozen):
    """个人信息: nothing else may be collected; kept for ``retention`` after ``retained_from``."""

    fields: tuple[DataField, ...]
    retention: Span
    retained_from: Literal["campaign_closed", "activity_ended"]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        refuse(doubled("fields", self.fields))
        return self


class Publication(Frozen):
    """发布要求: the columns and channels an act must appear on, and the parts it must contain."""

    clause: Clause
    columns: tuple[Key, ...]
    channels: tuple[Key, ...]
    parts: tuple[Choice, ...]


class ReportTemplate(Frozen):
    """报告模板: the sections a report is drafted with."""

    title: Template
    clause: Clause
    sections: tuple[Choice, ...] = Field(min_length=1)


class ScoreItem(Choice):
    """考核项目: ``weight`` in points."""

    clause: Clause
    source: Literal["deadlines", "requirements", "site_visit", "follow_up", "online_appraisal", "public_appraisal"]
    weight: Number


class Scorecard(Frozen):
    """考核评分: the weights add up to ``maximum``; a violation deducts points from the item it belongs to."""

    maximum: Number
    standing_violation: Number
    cured_violation: Number
    items: tuple[ScoreItem, ...]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        problems = [*doubled("items", self.items)]
        if (total := sum(item.weight for item in self.items)) != self.maximum:
            problems.append(("maximum", f"items 的 weight 合计 {total}，应等于 maximum {self.maximum}"))
        refuse(problems)
        return self
