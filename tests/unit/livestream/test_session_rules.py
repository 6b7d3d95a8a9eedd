"""What a session may do: links, the epoch, falling back, cutting."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.envelope import EventData
from contracts.livestream.events import EmergencyCut, OnAirSwitched, VenueConnected, VenueLost
from servicekit.problems import NotFound, Refused, WrongState
from services.livestream.domain import keys, link, on_air
from services.livestream.domain.session import (
    Activity,
    ActivityOver,
    Change,
    NotOnline,
    Session,
    VenueUnknown,
    open_session,
    show,
)

NOW = datetime(2024, 9, 27, 1, tzinfo=UTC)


def activity(**more: Any) -> Activity:
    filed = {
        "main_venue": {"key": "main", "name": "指挥中心"},
        "branch_venues": [{"key": "one", "name": "一号"}, {"key": "two", "name": "二号"}],
        "online": True,
    }
    known: dict[str, Any] = {"filed": filed, "cancelled_at": None, "ended_at": None}
    return Activity(uuid4(), "640402", uuid4(), "11640402MB0T000012", **(known | more))


def session(*linked: str) -> Session:
    made = open_session(activity())
    for venue in linked:
        made = link.connect(made, venue, None, NOW).session
    return made


def live(*linked: str, on: str | None = "main") -> Session:
    started = on_air.start(session(*linked), NOW).session
    return started if started.source == on else on_air.switch(started, on, started.epoch, [], NOW).session


def links(of: Session) -> dict[str, str]:
    return {venue.key: venue.link for venue in show(of).venues}


def kinds(change: Change) -> list[type[EventData]]:
    return [type(event) for event in change.events]


def test_a_session_has_the_filed_venues() -> None:
    assert links(session()) == {"main": "absent", "one": "absent", "two": "absent"}
    assert session().main.key == "main"


@pytest.mark.parametrize(
    ("known", "refusal"),
    [
        ({"filed": None}, NotFound),
        ({"cancelled_at": NOW}, ActivityOver),
        ({"ended_at": NOW}, ActivityOver),
        ({"filed": {"online": False, "main_venue": {}, "branch_venues": []}}, NotOnline),
    ],
)
def test_no_session_for_what_is_not_filed_not_online_or_over(known: dict[str, Any], refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        open_session(activity(**known))


def test_the_first_link_begins_the_rehearsal() -> None:
    change = link.connect(session(), "one", None, NOW)
    assert (change.session.state, links(change.session)["one"], kinds(change)) == (
        "rehearsing", "connected", [VenueConnected],
    )  # fmt: skip
    assert change.session.version == 2


def test_only_a_linked_venue_is_ready_and_once() -> None:
    with pytest.raises(link.VenueNotLinked):
        link.mark_ready(session(), "one")
    ready = link.mark_ready(session("one"), "one").session
    assert links(ready)["one"] == "ready"
    assert link.mark_ready(ready, "one") == Change(ready)
    with pytest.raises(link.AlreadyPublishing):
        link.connect(ready, "one", None, NOW)


def test_each_change_of_what_viewers_see_makes_an_epoch() -> None:
    now = live("main", "one")
    assert (now.epoch, now.source, now.intent) == (1, "main", "main")
    now = on_air.switch(now, "one", 1, [], NOW).session
    now = on_air.switch(now, None, 2, [], NOW).session
    assert (now.epoch, now.source, now.intent) == (3, None, None)
    assert on_air.switch(now, None, 3, [], NOW) == Change(now)
    with pytest.raises(on_air.EpochStale):
        on_air.switch(now, "one", 2, [], NOW)
    with pytest.raises(on_air.EpochStale):
        on_air.switch(now, "one", 4, [], NOW)


def test_wanting_what_is_already_on_air_moves_the_intent_alone() -> None:
    fallen = link.lose(live("main", "one", on="one"), "one", NOW).session
    assert (fallen.source, fallen.intent) == ("main", "one")
    change = on_air.switch(fallen, "main", fallen.epoch, [], NOW)
    assert (change.session.intent, change.session.epoch, change.events) == ("main", fallen.epoch, ())


def test_a_lost_venue_on_air_falls_back_to_main() -> None:
    change = link.lose(live("main", "one", on="one"), "one", NOW)
    lost, switched = change.events
    assert isinstance(lost, VenueLost)
    assert isinstance(switched, OnAirSwitched)
    assert (lost.was_on_air, lost.epoch, switched.epoch) == (True, 2, 3)
    assert (switched.previous, switched.venue, switched.cause) == ("one", "main", "fallback")
    assert links(change.session) == {"main": "on_air", "one": "lost", "two": "absent"}


@pytest.mark.parametrize("linked", [("one",), ("one", "two")])
def test_without_main_it_falls_back_to_the_slate_not_to_another_branch(linked: tuple[str, ...]) -> None:
    fallen = link.lose(live(*linked, on="one"), "one", NOW).session
    assert (fallen.source, fallen.intent) == (None, "one")


def test_a_lost_main_venue_on_air_leaves_the_slate() -> None:
    fallen = link.lose(live("main", "one"), "main", NOW).session
    assert (fallen.source, links(fallen)["main"]) == (None, "lost")


def test_a_venue_lost_off_air_changes_nothing_for_viewers() -> None:
    before = live("main", "one")
    change = link.lose(before, "one", NOW)
    assert kinds(change) == [VenueLost]
    assert (change.session.epoch, change.session.source) == (before.epoch, "main")
    assert link.lose(change.session, "one", NOW) == Change(change.session)


def test_what_comes_back_is_not_put_on_air_by_itself() -> None:
    fallen = link.lose(live("main", "one", on="one"), "one", NOW).session
    back = link.connect(fallen, "one", None, NOW).session
    assert (back.source, back.intent, links(back)["one"]) == ("main", "one", "connected")


def test_an_end_is_believed_of_the_publisher_it_names() -> None:
    linked = link.connect(session(), "one", "7", NOW).session
    with pytest.raises(link.NotPublishing):
        link.done(linked, "one", "8", NOW)
    with pytest.raises(link.NotPublishing):
        link.done(linked, "two", None, NOW)
    assert links(link.done(linked, "one", "7", NOW).session)["one"] == "lost"
    assert links(link.done(linked, "one", None, NOW).session)["one"] == "lost"


def test_a_cut_holds_against_falling_back_until_the_operator_switches() -> None:
    change = on_air.emergency_cut(live("main", "one", on="one"), NOW)
    assert kinds(change) == [EmergencyCut]
    cut = change.session
    assert (cut.cut, cut.source, cut.epoch) == (True, None, 3)
    assert on_air.emergency_cut(cut, NOW) == Change(cut)
    assert link.lose(cut, "one", NOW).session.source is None
    lifted = on_air.switch(cut, None, 3, [], NOW).session
    assert (lifted.cut, lifted.epoch) == (False, 4)


def test_to_an_unlinked_or_unknown_venue_nobody_switches() -> None:
    now = live("main", "one")
    with pytest.raises(link.VenueNotLinked):
        on_air.switch(now, "two", 1, [], NOW)
    with pytest.raises(link.VenueNotLinked):
        on_air.switch(link.lose(now, "one", NOW).session, "one", 1, [], NOW)
    with pytest.raises(VenueUnknown):
        on_air.switch(now, "three", 1, [], NOW)


COMMANDS: list[Callable[[Session], Change]] = [
    lambda one: on_air.switch(one, None, one.epoch, [], NOW),
    lambda one: on_air.emergency_cut(one, NOW),
    lambda one: on_air.end(one, 1, 2, NOW),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_before_and_after_nothing_is_on_air(command: Callable[[Session], Change]) -> None:
    for one in (session("main"), on_air.end(live("main"), 1, 2, NOW).session):
        with pytest.raises(WrongState):
            command(one)
        with pytest.raises(on_air.SessionNotLive):
            on_air.require_live_for_questions(one)


def test_an_ended_session_takes_no_publisher_and_no_second_start() -> None:
    ended = on_air.end(live("main"), 10, 20, NOW).session
    assert (ended.source, ended.viewers_peak, ended.viewers_total) == (None, 10, 20)
    with pytest.raises(link.SessionOver):
        link.connect(ended, "one", None, NOW)
    with pytest.raises(WrongState):
        on_air.start(ended, NOW)
    with pytest.raises(WrongState):
        on_air.start(live("main"), NOW)
    assert link.lose(ended, "main", NOW).events == ()


def test_more_at_once_than_altogether_is_impossible() -> None:
    with pytest.raises(on_air.AudienceImpossible):
        on_air.end(live("main"), 21, 20, NOW)
    assert on_air.end(live("main"), 20, 20, NOW).session.state == "ended"


def test_a_cancelled_activity_calls_off_what_did_not_begin() -> None:
    assert on_air.call_off(session("main"), NOW).session.state == "ended"
    going = live("main")
    assert on_air.call_off(going, NOW) == Change(going)


def test_keys_differ_and_a_digest_is_of_its_key() -> None:
    made = {keys.new_key() for _ in range(50)}
    assert len({keys.digest_of_key(key) for key in made}) == 50
    held = keys.HeldKey(uuid4(), "one", None)
    assert keys.require_valid(held) is held
    with pytest.raises(keys.KeyWrong):
        keys.require_valid(None)
    with pytest.raises(keys.KeyRevoked):
        keys.require_valid(keys.HeldKey(held.session_id, "one", NOW - timedelta(hours=1)))
