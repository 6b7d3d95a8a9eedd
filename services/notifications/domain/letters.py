"""信函要素: the facts a mail is written from: who, which rule and clause, which date, how late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from contracts.envelope import CloudEvent, EventData
from contracts.notifications.api import Audience

SHANGHAI = ZoneInfo("Asia/Shanghai")
_WEEKDAYS = "一二三四五六日"


class CitedRule(BaseModel):
    """A rule or requirement as a letter cites it, out of the campaign's pack."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    title: str
    clause: str
    sentence: str | None = None


class _Pack(BaseModel):
    """What letters need of a resolved pack. Everything else in it, and what later packs add, is not ours to judge."""

    class Named(CitedRule):
        id: str

    class Jurisdiction(BaseModel):
        name: str = ""

    model_config = ConfigDict(extra="ignore")
    jurisdiction: Jurisdiction = Jurisdiction()
    rules: list[Named] = []
    requirements: list[Named] = []


def season_name(pack: Mapping[str, Any], year: int) -> str:
    """How letters call the campaign: district, year, name."""
    return f"{_Pack.model_validate(pack).jurisdiction.name}{year}年“政府开放日”"


def cited_rules(pack: Mapping[str, Any]) -> dict[str, CitedRule]:
    """Rule or requirement id -> how it is cited."""
    read = _Pack.model_validate(pack)
    return {
        rule.id: CitedRule(title=rule.title, clause=rule.clause, sentence=rule.sentence)
        for rule in [*read.rules, *read.requirements]
    }


@dataclass(frozen=True)
class CampaignFacts:
    """What is known of a campaign from `campaign-opened`."""

    season: str
    rules: Mapping[str, CitedRule]
    departments: Mapping[str, str]


@dataclass(frozen=True)
class ActivityFacts:
    """活动 as a letter to somebody who takes part names it; `starts_at` is None while the date is 待定."""

    name: str
    venue: str
    starts_at: datetime | None


@dataclass(frozen=True)
class Letter:
    """What a template may use. The due date and time, and `days_late`, are None where the event has none.

    `activity` is None only in letters to department and office: those to participants and suggesters wait for it.
    """

    audience: Audience
    season: str
    department: str
    rule: CitedRule | None
    activity: ActivityFacts | None
    due_date: date | None
    due_time: str | None
    days_late: int | None
    said_at: datetime
    event: EventData


def write_letter(
    event: CloudEvent[Any], audience: Audience, campaign: CampaignFacts, activity: ActivityFacts | None = None
) -> Letter:
    """A department missing from the roster is called by its code; a rule missing from the pack by its id."""
    data = event.data
    due_date: date | None = getattr(data, "due_date", None)
    name = event.department or ""
    return Letter(
        audience=audience,
        season=campaign.season,
        department=campaign.departments.get(name, name),
        rule=_rule(data, campaign.rules),
        activity=activity,
        due_date=due_date,
        due_time=_due_time(data, due_date),
        days_late=_days_late(data, due_date),
        said_at=event.time,
        event=data,
    )


def _rule(data: EventData, rules: Mapping[str, CitedRule]) -> CitedRule | None:
    identity: str | None = getattr(data, "rule", None)
    if identity is None:
        return None
    return rules.get(identity) or CitedRule(title=identity, clause=getattr(data, "clause", ""))


def _due_time(data: EventData, due_date: date | None) -> str | None:
    """24:00 of the due date, or the hour at which the rule cuts off. A violation's own time is the due instant."""
    due_at: datetime | None = getattr(data, "due_at", None) or getattr(data, "occurred_at", None)
    if due_date is None or due_at is None:
        return None
    local = due_at.astimezone(SHANGHAI)
    return "24:00" if local.date() > due_date else f"{local:%H:%M}"


def _days_late(data: EventData, due_date: date | None) -> int | None:
    """Civil days from the due date: of the act where the event says so, else until the violation was noticed."""
    if (said := getattr(data, "days_late", None)) is not None:
        return int(said)
    detected: datetime | None = getattr(data, "detected_at", None)
    if due_date is None or detected is None:
        return None
    return max((detected.astimezone(SHANGHAI).date() - due_date).days, 0)


def civil_date(day: date) -> str:
    """The date in Chinese, with its weekday."""
    return f"{day.year}年{day.month}月{day.day}日（星期{_WEEKDAYS[day.weekday()]}）"


def moment(instant: datetime) -> str:
    """The date with its weekday, and the time, in Beijing."""
    local = instant.astimezone(SHANGHAI)
    return f"{civil_date(local.date())}{local:%H:%M}"
