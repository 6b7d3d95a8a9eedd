"""期限的起算: which deadlines a rule opens, from which instant, and what ends them. Keyed by `trigger`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.policy import Requirement, Rule
from services.deadlines.domain.history import Activity, History
from services.deadlines.domain.records import Campaign, CancelCause


@dataclass(frozen=True)
class Stop:
    """期限取消: from `at` on an open deadline is no longer owed."""

    at: datetime
    cause: CancelCause


@dataclass(frozen=True)
class Opening:
    """One deadline to be: counted from `anchor`, or from what `corrections` made of it (when, to what)."""

    anchor: datetime
    activity: Activity | None = None
    occurrence: int = 1
    corrections: tuple[tuple[datetime, datetime], ...] = ()
    starts_at: datetime | None = None
    stops: tuple[Stop, ...] = ()

    def stop(self) -> Stop | None:
        """The first of what ends it, if anything does."""
        return min(self.stops, key=lambda stop: stop.at, default=None)


def openings(rule: Rule | Requirement, campaign: Campaign, history: History) -> Iterator[Opening]:
    """Every deadline the rule opens for the department."""
    yield from _TRIGGERS[rule.trigger](campaign, history)


def _campaign_opened(campaign: Campaign, history: History) -> Iterator[Opening]:
    yield Opening(campaign.opened_at, stops=_stops(campaign, history, None))


def _activity_dated(campaign: Campaign, history: History) -> Iterator[Opening]:
    """方案已备案、日期已定. Each postponement supersedes the occurrence before and opens one of its own."""
    for activity in history.activities.values():
        if activity.filed_at is None:
            continue
        for occurrence, dated in activity.dates.items():
            stops = _stops(campaign, history, activity)
            superseded = activity.superseded_at(occurrence)
            if superseded is not None:
                stops = (*stops, Stop(superseded, "superseded"))
            yield Opening(dated.starts_at, activity, occurrence, (), dated.starts_at, stops)


def _activity_ended(campaign: Campaign, history: History) -> Iterator[Opening]:
    for activity in history.activities.values():
        for occurrence, end in activity.ended().items():
            dated = activity.dates.get(occurrence)
            yield Opening(
                end,
                activity,
                occurrence,
                tuple(activity.corrected(occurrence)),
                None if dated is None else dated.starts_at,
                _stops(campaign, history, activity),
            )


def _stops(campaign: Campaign, history: History, activity: Activity | None) -> tuple[Stop, ...]:
    cancelled = None if activity is None else history.cancelled_at(activity)
    stops: tuple[Stop, ...] = () if cancelled is None else (Stop(cancelled, "activity_cancelled"),)
    return stops if campaign.closed_at is None else (*stops, Stop(campaign.closed_at, "campaign_closed"))


_TRIGGERS: Mapping[str, Callable[[Campaign, History], Iterator[Opening]]] = {
    "campaign_opened": _campaign_opened,
    "activity_dated": _activity_dated,
    "activity_ended": _activity_ended,
}
