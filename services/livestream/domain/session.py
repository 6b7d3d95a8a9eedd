"""直播场次: a session, its venues, and what becomes of it with every change."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from contracts.envelope import EventData
from contracts.livestream.api import Link, SessionView, State, VenueView
from servicekit.problems import NotFound, Refused, WrongState

Connection = Literal["absent", "connected", "ready", "lost"]
"""连线, without `on_air`: that is told by the session's source."""

PUBLISHING: tuple[Connection, ...] = ("connected", "ready")


class NotOnline(Refused):
    code, status, title = "activity-not-online", 409, "这场活动没有网络直播"
    fix = "方案备案时写明线上直播的活动才能建立直播场次"


class ActivityOver(Refused):
    code, status, title = "activity-over", 409, "活动已取消或已结束"


class VenueUnknown(NotFound):
    code, title = "venue-unknown", "没有这个会场"


@dataclass(frozen=True)
class Activity:
    """活动, as plans told of it; `filed` is None until its plan is on record."""

    id: UUID
    jurisdiction: str
    campaign_id: UUID
    department: str
    filed: Mapping[str, Any] | None
    cancelled_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Venue:
    """会场. `client_id` is the media server's name for who publishes to it now."""

    key: str
    name: str
    main: bool
    link: Connection
    client_id: str | None = None

    @property
    def publishing(self) -> bool:
        return self.link in PUBLISHING


@dataclass(frozen=True)
class Session:
    id: UUID
    version: int
    activity_id: UUID
    jurisdiction: str
    campaign_id: UUID
    department: str
    state: State
    epoch: int
    intent: str | None
    source: str | None
    cut: bool
    started_at: datetime | None
    ended_at: datetime | None
    viewers_peak: int | None
    viewers_total: int | None
    venues: tuple[Venue, ...]

    def venue(self, key: str) -> Venue:
        """Raises VenueUnknown."""
        for venue in self.venues:
            if venue.key == key:
                return venue
        raise VenueUnknown(f"这个场次没有会场 {key}", fix=f"会场有: {'、'.join(venue.key for venue in self.venues)}")

    @property
    def main(self) -> Venue:
        return next(venue for venue in self.venues if venue.main)

    def with_venue(self, changed: Venue) -> "Session":
        return replace(self, venues=tuple(changed if venue.key == changed.key else venue for venue in self.venues))

    def require_not_ended(self) -> None:
        """Raises WrongState."""
        if self.state == "ended":
            raise WrongState("这个直播场次已结束")


@dataclass(frozen=True)
class Change:
    """A session after a change, and what is said of it, in order. Nothing changed when it is the session before."""

    session: Session
    events: tuple[EventData, ...] = ()


def changed(session: Session, *events: EventData) -> Change:
    return Change(replace(session, version=session.version + 1), events)


def open_session(activity: Activity) -> Session:
    """建立场次 from the filed plan, a venue for the main and each branch. Raises NotFound, NotOnline, ActivityOver."""
    if activity.filed is None:
        raise NotFound("没有这场活动,或它的方案尚未备案")
    if activity.cancelled_at is not None or activity.ended_at is not None:
        raise ActivityOver("活动已取消" if activity.cancelled_at is not None else "活动已结束")
    if not activity.filed["online"]:
        raise NotOnline("备案的方案没有写明线上直播")
    main = activity.filed["main_venue"]
    branches = [venue for venue in activity.filed["branch_venues"] if venue["key"] != main["key"]]
    return Session(
        id=uuid4(),
        version=1,
        activity_id=activity.id,
        jurisdiction=activity.jurisdiction,
        campaign_id=activity.campaign_id,
        department=activity.department,
        state="scheduled",
        epoch=0,
        intent=None,
        source=None,
        cut=False,
        started_at=None,
        ended_at=None,
        viewers_peak=None,
        viewers_total=None,
        venues=tuple(Venue(venue["key"], venue["name"], venue is main, "absent") for venue in [main, *branches]),
    )


def link_of(session: Session, venue: Venue) -> Link:
    """连线状态, as it is shown."""
    return "on_air" if session.source == venue.key else venue.link


def show(session: Session) -> SessionView:
    return SessionView(
        id=session.id,
        version=session.version,
        activity_id=session.activity_id,
        state=session.state,
        epoch=session.epoch,
        intent=session.intent,
        source=session.source,
        cut=session.cut,
        venues=[
            VenueView(key=venue.key, name=venue.name, main=venue.main, link=link_of(session, venue))
            for venue in session.venues
        ],
        started_at=session.started_at,
        ended_at=session.ended_at,
        viewers_peak=session.viewers_peak,
        viewers_total=session.viewers_total,
    )
