"""政策包: every number, name, list and window of one jurisdiction and year."""

import re
import unicodedata
from datetime import date
from hashlib import sha256
from typing import Literal, Self, TypeVar

import rfc8785
from pydantic import Field, StrictInt, model_validator

from contracts.policy.consistency import problems_in
from contracts.policy.primitives import Choice, Frozen, Key, Span, Text, day_of, refuse
from contracts.policy.registration import Registration
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
    registration: Registration = Registration()
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
    def _consistent(self) -> Self:
        refuse(problems_in(self))
        return self

    @property
    def digest(self) -> str:
        """摘要: SHA-256, hex, over the RFC 8785 canonical JSON of the resolved pack."""
        return sha256(rfc8785.dumps(self.model_dump(mode="json"))).hexdigest()

    def rule(self, rule_id: str) -> Rule:
        """期限规则 by id; KeyError when the pack has none."""
        return _by_id(self.rules, rule_id)

    def requirement(self, requirement_id: str) -> Requirement:
        """要求 by id; KeyError when the pack has none."""
        return _by_id(self.requirements, requirement_id)

    def duty(self, duty_id: str) -> Rule | Requirement:
        """事项 a violation can be of: a rule or a requirement by id; KeyError when the pack has neither."""
        duties: dict[str, Rule | Requirement] = {rule.id: rule for rule in self.rules}
        return (duties | {requirement.id: requirement for requirement in self.requirements})[duty_id]

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


_Entry = TypeVar("_Entry", Rule, Requirement, Check)


def _by_id(entries: tuple[_Entry, ...], wanted: str) -> _Entry:
    for entry in entries:
        if entry.id == wanted:
            return entry
    raise KeyError(wanted)
