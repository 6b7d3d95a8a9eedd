"""播出: start, switch, cut in an emergency, end. The epoch grows with every change of what viewers see."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.livestream.events import EmergencyCut, OnAirSwitched, SessionEnded, SessionStarted
from servicekit.problems import Finding, Refused, WrongState
from services.livestream.domain.link import VenueNotLinked
from services.livestream.domain.session import Change, Session, changed


class EpochStale(Refused):
    """`errors` lists what happened since the epoch the operator was looking at."""

    code, status, title = "epoch-stale", 409, "播出状态已变化"
    fix = "看清现在的播出状态,再带现在的 epoch 切换"


@dataclass(frozen=True)
class Happening:
    """Something that happened in a session, in words a problem can carry."""

    kind: str
    said: str


def start(session: Session, now: datetime) -> Change:
    """直播开始, with the main venue on air, or the slate while it is not linked. Raises WrongState."""
    if session.state not in ("scheduled", "rehearsing"):
        raise WrongState("直播已开始" if session.state == "live" else "直播场次已结束")
    main = session.main
    live = replace(
        session,
        state="live",
        started_at=now,
        epoch=session.epoch + 1,
        intent=main.key,
        source=main.key if main.publishing else None,
    )
    started = SessionStarted(session_id=live.id, activity_id=live.activity_id, epoch=live.epoch, at=now)
    return changed(live, started, _switched(live, None, "start", now))


def switch(session: Session, key: str | None, epoch: int, meanwhile: Sequence[Happening], now: datetime) -> Change:
    """切换 to a venue, or with None to the slate; lifts an emergency cut.

    Raises WrongState, EpochStale, VenueUnknown, VenueNotLinked.
    """
    _require_live(session)
    if epoch != session.epoch:
        on_air = session.source or "垫片"
        raise EpochStale(
            f"您看到的是 epoch {epoch},现在是 {session.epoch},正在播出: {on_air}",
            errors=[Finding(code=one.kind, detail=one.said) for one in meanwhile],
        )
    if key is not None and not session.venue(key).publishing:
        raise VenueNotLinked(f"会场 {session.venue(key).name} 没有连线,不能播出")
    if key == session.source and not session.cut:
        return Change(session) if key == session.intent else changed(replace(session, intent=key))
    switched = replace(session, intent=key, source=key, cut=False, epoch=session.epoch + 1)
    return changed(switched, _switched(switched, session.source, "operator", now))


def emergency_cut(session: Session, now: datetime) -> Change:
    """应急切断: the slate at once, whatever the operator saw: the outcome is the same. Raises WrongState."""
    _require_live(session)
    if session.cut:
        return Change(session)
    cut = replace(session, cut=True, source=None, epoch=session.epoch + 1)
    return changed(cut, EmergencyCut(session_id=cut.id, activity_id=cut.activity_id, epoch=cut.epoch, at=now))


def end(session: Session, viewers_peak: int, viewers_total: int, now: datetime) -> Change:
    """直播结束, with the audience's numbers. Raises WrongState, AudienceImpossible."""
    _require_live(session)
    if viewers_peak > viewers_total:
        raise AudienceImpossible(f"最高同时在线 {viewers_peak} 多于累计观看 {viewers_total}")
    ended = replace(
        session, state="ended", ended_at=now, source=None, viewers_peak=viewers_peak, viewers_total=viewers_total
    )
    event = SessionEnded(
        session_id=ended.id,
        activity_id=ended.activity_id,
        epoch=ended.epoch,
        at=now,
        viewers_peak=viewers_peak,
        viewers_total=viewers_total,
    )
    return changed(ended, event)


def call_off(session: Session, now: datetime) -> Change:
    """活动取消: a session nobody watched yet is over. One that is live is ended by whoever runs it."""
    if session.state in ("live", "ended"):
        return Change(session)
    return changed(replace(session, state="ended", ended_at=now))


class AudienceImpossible(Refused):
    code, status, title = "audience-impossible", 422, "观看人数不合理"


def require_live_for_questions(session: Session) -> None:
    """Raises SessionNotLive."""
    if session.state != "live":
        raise SessionNotLive("直播没有在进行,不能提问", fix="直播期间再提问;其他意见建议可以随时提交")


class SessionNotLive(WrongState):
    code, title = "session-not-live", "直播没有在进行"


def _require_live(session: Session) -> None:
    if session.state != "live":
        raise WrongState("直播已结束" if session.state == "ended" else "直播尚未开始")


def _switched(session: Session, previous: str | None, cause: str, now: datetime) -> OnAirSwitched:
    return OnAirSwitched.model_validate(
        {
            "session_id": session.id,
            "activity_id": session.activity_id,
            "epoch": session.epoch,
            "at": now,
            "venue": session.source,
            "previous": previous,
            "cause": cause,
        }
    )
