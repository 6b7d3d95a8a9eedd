"""活动 as registration knows it: built from what plans says, in whatever order it comes."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.envelope import EventData
from contracts.plans.events import (
    ActivityCancelled,
    ActivityEndCorrected,
    ActivityEnded,
    ActivityRescheduled,
    ActivityScheduled,
    AnnouncementIssued,
    AnnouncementWithdrawn,
    FiledActivity,
)


@dataclass(frozen=True)
class Activity:
    """`occurrence` 0: no date is known; a fact that has not been heard yet is None, or 0 where it is counted.

    `taken` places are held by confirmed participants, `waiting` are on the waitlist, `queued` were ever put on it.
    """

    id: UUID
    campaign_id: UUID
    jurisdiction: str
    department: str
    plan_version: int = 0
    name: str | None = None
    capacity: int | None = None
    minimum: int | None = None
    occurrence: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    cancelled_at: datetime | None = None
    announced: frozenset[UUID] = frozenset()
    withdrawn: frozenset[UUID] = frozenset()
    ended_occurrence: int = 0
    ended_at: datetime | None = None
    end_corrected_at: datetime | None = None
    taken: int = 0
    waiting: int = 0
    queued: int = 0
    headcount_revision: int = 0
    forecast_occurrence: int = 0
    next_forecast_at: datetime | None = None

    @property
    def is_announced(self) -> bool:
        """An announcement stands: issued and not withdrawn."""
        return bool(self.announced - self.withdrawn)

    @property
    def ended(self) -> datetime | None:
        """When it ended, once its last known date has."""
        return self.ended_at if self.occurrence and self.ended_occurrence == self.occurrence else None


def filed(activity: Activity, fact: FiledActivity, version: int) -> Activity:
    """备案: name, places, and the first date unless it is 待定. An older filing than the known one changes nothing."""
    if version < activity.plan_version:
        return activity
    known = replace(activity, plan_version=version, name=fact.name, capacity=fact.capacity, minimum=fact.minimum)
    if fact.starts_at is None or fact.ends_at is None:
        return known
    return _dated(known, 1, fact.starts_at, fact.ends_at)


def hear(activity: Activity, fact: EventData) -> Activity:
    """The activity with one more fact. The same facts give the same activity in any order."""
    if isinstance(fact, ActivityScheduled | ActivityRescheduled):
        return _dated(activity, fact.occurrence, fact.starts_at, fact.ends_at)
    if isinstance(fact, ActivityCancelled):
        return replace(activity, cancelled_at=fact.cancelled_at)
    if isinstance(fact, AnnouncementIssued):
        return replace(activity, announced=activity.announced | {fact.announcement_id})
    if isinstance(fact, AnnouncementWithdrawn):
        return replace(activity, withdrawn=activity.withdrawn | {fact.announcement_id})
    if isinstance(fact, ActivityEnded):
        return _ended(activity, fact.occurrence, fact.at, None)
    if isinstance(fact, ActivityEndCorrected):
        return _ended(activity, fact.occurrence, fact.at, fact.corrected_at)
    raise TypeError(f"{type(fact).__name__} changes no activity")


def _dated(activity: Activity, occurrence: int, starts_at: datetime, ends_at: datetime) -> Activity:
    if occurrence <= activity.occurrence:
        return activity
    return replace(activity, occurrence=occurrence, starts_at=starts_at, ends_at=ends_at)


def _ended(activity: Activity, occurrence: int, at: datetime, corrected_at: datetime | None) -> Activity:
    """The newest correction of the newest occurrence wins; the scheduled end is older than any correction."""
    if occurrence < activity.ended_occurrence:
        return activity
    before = activity.end_corrected_at if occurrence == activity.ended_occurrence else None
    if before is not None and (corrected_at is None or corrected_at <= before):
        return activity
    return replace(activity, ended_occurrence=occurrence, ended_at=at, end_corrected_at=corrected_at)
