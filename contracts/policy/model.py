"""政策包: every number, name, list and window of one jurisdiction and year."""

import re
import unicodedata
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Literal, Self, TypeVar

import rfc8785
from pydantic import Field, StrictInt, model_validator

from contracts.policy.base import Choice, Frozen, Key, Span, Text, day_of
from contracts.policy.rule import Check, Reminder, Requirement, Rule
from contracts.policy.sections import (
    AnnouncementItems,
    Basis,
    Channels,
    Column,
    ForbiddenName,
    Forms,
    Jurisdiction,
    Names,
    Participants,
    PersonalData,
    Publication,
    ReportTemplate,
    Review,
    Scorecard,
    Season,
    Segments,
    SiteType,
    repeated,
    require_distinct,
)

# What services look up by name, so a pack without one of them would leave a refusal without its clause.
CHECK_IDS = (
    "season",
    "forbidden_name",
    "announced_before_filed",
    "places",
    "minimum_age",
    "forms",
    "segments",
    "announcement_items",
    "weekday",
    "report_parts",
    "publicity_unreachable",
)
_LEFT_OUT_OF_NAMES = re.compile(r"[\s“”\"'‘’「」『』《》〈〉]+")


def name_key(text: str) -> str:
    """A name without width, spacing and quotation marks, so that a dressed-up one is still recognised."""
    return _LEFT_OUT_OF_NAMES.sub("", unicodedata.normalize("NFKC", text))


class PolicyPack(Frozen):
    """政策包: the resolved rules of one jurisdiction and year (``640402-2024``).

    Loaded by ``load_pack`` from TOML, or rebuilt from the copy inside ``campaign-opened`` with
    ``PolicyPack.model_validate``. ``assumptions`` maps a key path to why the value was assumed; each rule, requirement
    and check has its own. ``lineage`` lists the packs it was resolved from, its own id first.
    """

    id: str = Field(pattern=r"^\d{6}-\d{4}$")
    version: Text
    year: StrictInt = Field(ge=2008, le=2100)
    jurisdiction: Jurisdiction
    basis: Basis
    parent: str | None = None
    lineage: tuple[str, ...]
    season: Season
    names: Names
    review: Review
    announcement: AnnouncementItems
    channels: Channels
    columns: tuple[Column, ...]
    forms: Forms
    site_types: tuple[SiteType, ...]
    meeting_types: tuple[Choice, ...]
    segments: Segments
    participants: Participants
    personal_data: PersonalData
    publications: dict[Key, Publication]
    rules: tuple[Rule, ...]
    requirements: tuple[Requirement, ...]
    checks: tuple[Check, ...]
    reminders: tuple[Reminder, ...]
    on_postpone: Literal["count_again", "keep"]
    refile_on_change: tuple[Key, ...]
    correct_end_within: Span
    report_templates: dict[Key, ReportTemplate]
    scorecard: Scorecard
    assumptions: dict[str, Text]

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.id != f"{self.jurisdiction.code}-{self.year}":
            raise ValueError(f"id 应为 {self.jurisdiction.code}-{self.year}")
        for name, value in (("season.first_day", self.season.first_day), ("season.last_day", self.season.last_day)):
            _day_exists(name, value, self.year)
        if self.season.last_day < self.season.first_day:
            raise ValueError("season.last_day 早于 first_day")
        for rule in self.rules:
            if rule.date is not None:
                _day_exists(f"rules.{rule.id}.date", rule.date, self.year)
        if self.correct_end_within.unit != "hour":
            raise ValueError("correct_end_within 的 unit 须为 hour")
        return self

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for where in ("rules", "requirements", "checks"):
            if twice := repeated(tuple(entry.id for entry in getattr(self, where))):
                raise ValueError(f"{where} 的 id 重复：{'、'.join(twice)}")
        for where in ("columns", "site_types", "meeting_types"):
            require_distinct(where, getattr(self, where))
        if missing := [check for check in CHECK_IDS if check not in {entry.id for entry in self.checks}]:
            raise ValueError(f"checks 缺少：{'、'.join(missing)}")
        return self

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        channels = {channel.key: channel for channel in self.channels.options}
        columns = {column.key for column in self.columns}
        for column in self.columns:
            if column.channel not in channels:
                raise ValueError(f"columns.{column.key}.channel {column.channel} 未在 channels.options 中声明")
            if channels[column.channel].kind != "government_website":
                raise ValueError(f"columns.{column.key}.channel {column.channel} 不是政府网站，没有栏目")
        for key, publication in self.publications.items():
            if unknown := [name for name in publication.channels if name not in channels]:
                raise ValueError(f"publications.{key}.channels 未在 channels.options 中声明：{'、'.join(unknown)}")
            if unknown := [name for name in publication.columns if name not in columns]:
                raise ValueError(f"publications.{key}.columns 未在 columns 中声明：{'、'.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _assumptions_point_somewhere(self) -> Self:
        for path in self.assumptions:
            here: object = self
            for part in path.split("."):
                if isinstance(here, Frozen) and part in type(here).model_fields:
                    here = getattr(here, part)
                elif isinstance(here, dict) and part in here:
                    here = here[part]
                else:
                    raise ValueError(f"assumptions 指向的 {path} 不存在")
        return self

    @cached_property
    def digest(self) -> str:
        """摘要: SHA-256, hex, over the RFC 8785 canonical JSON of the resolved pack."""
        return sha256(rfc8785.dumps(self.model_dump(mode="json"))).hexdigest()

    def rule(self, rule_id: str) -> Rule:
        """期限规则 by id; KeyError when the pack has none."""
        return _by_id(self.rules, rule_id)

    def requirement(self, requirement_id: str) -> Requirement:
        """要求 by id; KeyError when the pack has none."""
        return _by_id(self.requirements, requirement_id)

    def check(self, check_id: str) -> Check:
        """核对事项 by id: clause, sentence, severity and fix; KeyError when the pack has none."""
        return _by_id(self.checks, check_id)

    def reminders_of(self, rule: Rule) -> tuple[Reminder, ...]:
        """提醒: the rule's own, or the pack's where the rule says nothing."""
        return self.reminders if rule.reminders is None else rule.reminders

    def plan_title(self, department: str) -> str:
        """实施方案名称: composed, never typed in."""
        return self._compose(self.names.plan_title, department)

    def activity_name(self, department: str) -> str:
        """活动名称: composed, never typed in."""
        return self._compose(self.names.activity_name, department)

    def report_title(self, template: str, department: str) -> str:
        """报告名称 of ``report_templates[template]``; KeyError when the pack has none."""
        return self._compose(self.report_templates[template].title, department)

    def forbidden_names_in(self, text: str) -> tuple[ForbiddenName, ...]:
        """不得冠以的名称 found in ``text``, whatever its spacing, width or quotation marks."""
        plain = name_key(text)
        return tuple(entry for entry in self.names.forbidden if name_key(entry.name) in plain)

    def in_season(self, *days: date) -> bool:
        """活动时间: whether every given date lies in the season, first and last day included."""
        first, last = day_of(self.season.first_day, self.year), day_of(self.season.last_day, self.year)
        return all(first <= day <= last for day in days)

    def _compose(self, template: str, department: str) -> str:
        return template.format(department=department, year=self.year, jurisdiction=self.jurisdiction.name)


def _day_exists(name: str, value: str, year: int) -> None:
    try:
        day_of(value, year)
    except ValueError:
        raise ValueError(f"{name}：{year} 年没有 {value}") from None


_Entry = TypeVar("_Entry", Rule, Requirement, Check)


def _by_id(entries: tuple[_Entry, ...], wanted: str) -> _Entry:
    for entry in entries:
        if entry.id == wanted:
            return entry
    raise KeyError(wanted)
