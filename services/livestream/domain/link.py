"""连线: a venue connects, is checked ready, is lost; when it was on air, the programme falls back."""

from dataclasses import replace
from datetime import datetime

from contracts.livestream.events import OnAirSwitched, VenueConnected, VenueLost
from servicekit.problems import Refused
from services.livestream.domain.session import Change, Session, changed


class SessionOver(Refused):
    code, status, title = "session-over", 409, "直播场次已结束"


class AlreadyPublishing(Refused):
    code, status, title = "already-publishing", 409, "这个密钥正在推流"
    fix = "先停止正在推流的一路;若已中断而未被发现,换一个密钥"


class NotPublishing(Refused):
    code, status, title = "not-publishing", 409, "没有这一路推流"


class VenueNotLinked(Refused):
    code, status, title = "venue-not-linked", 409, "会场没有连线"
    fix = "等会场重新连线后再操作,或选择其他会场"


def connect(session: Session, key: str, client_id: str | None, now: datetime) -> Change:
    """会场连线. The first publisher is never pushed out. Raises SessionOver, AlreadyPublishing."""
    if session.state == "ended":
        raise SessionOver("场次已结束,不再接受推流")
    venue = session.venue(key)
    if venue.publishing:
        if client_id is not None and client_id == venue.client_id:
            return Change(session)  # the media server asks again about the same publisher
        raise AlreadyPublishing(f"会场 {venue.name} 已有一路推流,后来的不会顶替它")
    linked = session.with_venue(replace(venue, link="connected", client_id=client_id))
    if linked.state == "scheduled":
        linked = replace(linked, state="rehearsing")
    event = VenueConnected(
        session_id=session.id, activity_id=session.activity_id, epoch=session.epoch, at=now, venue=key
    )
    return changed(linked, event)


def done(session: Session, key: str, client_id: str | None, now: datetime) -> Change:
    """推流结束, as the media server says. A refused second publisher's end is not the first one's.

    Raises NotPublishing.
    """
    venue = session.venue(key)
    other = client_id is not None and venue.client_id is not None and client_id != venue.client_id
    if not venue.publishing or other:
        raise NotPublishing(f"会场 {venue.name} 没有这一路推流")
    return lose(session, key, now)


def lose(session: Session, key: str, now: datetime) -> Change:
    """会场掉线: whoever is on air from there falls back to the main venue when it is linked, else to the slate."""
    venue = session.venue(key)
    if not venue.publishing:
        return Change(session)
    lost = session.with_venue(replace(venue, link="lost", client_id=None))
    if session.state == "ended":
        return changed(lost)
    was_on_air = session.source == key
    event = VenueLost(
        session_id=session.id,
        activity_id=session.activity_id,
        epoch=session.epoch,
        at=now,
        venue=key,
        was_on_air=was_on_air,
    )
    if not was_on_air:
        return changed(lost, event)
    # The intent stays: the operator sees that what is on air is not what was wanted.
    fallen = replace(lost, source=lost.main.key if lost.main.publishing else None, epoch=lost.epoch + 1)
    switched = OnAirSwitched(
        session_id=session.id,
        activity_id=session.activity_id,
        epoch=fallen.epoch,
        at=now,
        venue=fallen.source,
        previous=key,
        cause="fallback",
    )
    return changed(fallen, event, switched)


def mark_ready(session: Session, key: str) -> Change:
    """会场就绪: picture and sound were checked. Raises WrongState, VenueNotLinked."""
    session.require_not_ended()
    venue = session.venue(key)
    if not venue.publishing:
        raise VenueNotLinked(f"会场 {venue.name} 没有连线,不能标为就绪")
    if venue.link == "ready":
        return Change(session)
    return changed(session.with_venue(replace(venue, link="ready")))
