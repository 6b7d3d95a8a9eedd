"""What the unit tests of plans start from."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from contracts.plans.api import ActivityIn, AnnouncementIn, ChannelIn, PlanContent
from contracts.policy import Calendar, PolicyPack, load_calendar, load_pack
from services.plans.domain.aggregates import Activity, Campaign, Plan, RosterEntry

EDUCATION = "11640402000000001W"
NAME = "教育局（演练）"


def at(text: str) -> datetime:
    """`09-12 09:00` of 2024, +08:00."""
    return datetime.fromisoformat(f"2024-{text}:00+08:00")


@cache
def pack() -> PolicyPack:
    return load_pack("640402-2024")


@cache
def calendar() -> Calendar:
    return load_calendar("640402")


def campaign(**changes: Any) -> Campaign:
    fields: dict[str, Any] = {
        "id": uuid4(),
        "version": 2,
        "state": "open",
        "jurisdiction": "640402",
        "title": "工作方案",
        "pack_id": "640402-2024",
        "pack_version": pack().version,
        "pack_digest": pack().digest,
        "roster": (RosterEntry(EDUCATION, NAME),),
        "created_at": at("08-14 09:00"),
        "opened_at": at("08-14 09:00"),
    }
    return Campaign(**fields | changes)


def wanted(**changes: Any) -> ActivityIn:
    fields: dict[str, Any] = {
        "key": "day",
        "starts_at": at("09-12 09:00"),
        "ends_at": at("09-12 11:30"),
        "forms": ["enter_office"],
        "segments": ["question"],
        "capacity": 25,
        "minimum_age": 18,
        "main_venue": {"key": "main", "name": "局机关"},
    }
    return ActivityIn.model_validate(fields | changes)


def content(*activities: ActivityIn, theme: str = "走进教育") -> PlanContent:
    return PlanContent(theme=theme, activities=list(activities or (wanted(),)))


def plan(**changes: Any) -> Plan:
    fields: dict[str, Any] = {
        "id": uuid4(),
        "version": 1,
        "campaign_id": uuid4(),
        "jurisdiction": "640402",
        "department": EDUCATION,
        "state": "draft",
        "title": "标题",
        "name": None,
        "content": content(),
    }
    return Plan(**fields | changes)


def activity(**changes: Any) -> Activity:
    fields: dict[str, Any] = {
        "id": UUID(int=7),
        "version": 3,
        "plan_id": uuid4(),
        "campaign_id": uuid4(),
        "jurisdiction": "640402",
        "department": EDUCATION,
        "key": "day",
        "name": f"{NAME}“政府开放日”",
        "state": "filed",
        "occurrence": 1,
        "starts_at": at("09-12 09:00"),
        "ends_at": at("09-12 11:30"),
    }
    return Activity(**fields | changes)


def on(*channels: str) -> list[ChannelIn]:
    """`website` stands for the government website's announcement column."""
    return [
        ChannelIn(channel="government_website", column="plans_and_announcements")
        if channel == "website"
        else ChannelIn(channel=channel)
        for channel in channels
    ]


def said(**changes: Any) -> AnnouncementIn:
    fields: dict[str, Any] = {
        "items": {choice.key: choice.label for choice in pack().announcement.items},
        "stated_date": "2024-09-12",
        "stated_weekday": "星期四",
        "channels": on("website", "new_media"),
    }
    return AnnouncementIn.model_validate(fields | changes)
