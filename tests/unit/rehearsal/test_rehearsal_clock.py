"""The clock stops at every instant something falls due, and goes on only when everything has taken effect."""

from datetime import datetime, timedelta

import pytest

from deploy.rehearsal.clock import NotSettled, SeasonClock, Snapshot, moving_order
from deploy.rehearsal.record import SHANGHAI

START = datetime(2024, 8, 14, 9, tzinfo=SHANGHAI)


def hours(number: float) -> datetime:
    return START + timedelta(hours=number)


class FakeService:
    """A service whose timers fire when somebody looks, and whose work takes some looks to be done."""

    def __init__(self, name: str, timers: list[datetime], *, looks_per_timer: int = 1) -> None:
        self.name = name
        self.now = START
        self.moved: list[datetime] = []
        self.fired: list[tuple[datetime, datetime]] = []
        self.away = 0
        self._timers = sorted(timers)
        self._looks = looks_per_timer
        self._left = 0

    async def look(self) -> Snapshot:
        if self.away:
            self.away -= 1
            raise ConnectionRefusedError(self.name)
        unsettled = {}
        if self._left:
            self._left -= 1
            unsettled = {"messages": self._left + 1}
        elif self._timers and self._timers[0] <= self.now:
            self.fired.append((self._timers.pop(0), self.now))
            self._left = self._looks
            unsettled = {"timers": 1}
        due = self._timers[0] if self._timers else None
        return Snapshot(self.now, due, unsettled, [len(self.fired)])

    async def move_to(self, instant: datetime) -> None:
        assert instant >= self.now, "the clock never goes back"
        self.now = instant
        self.moved.append(instant)


async def test_it_stops_at_each_due_instant_and_every_service_comes_along() -> None:
    plans = FakeService("plans", [hours(2), hours(5)])
    deadlines = FakeService("deadlines", [hours(3), hours(30)], looks_per_timer=4)
    clock = SeasonClock([deadlines, plans], limit_seconds=5)
    stops = []

    async def note(stop: datetime) -> None:
        stops.append(stop)

    await clock.advance_to(hours(10), note)

    assert stops == [hours(2), hours(3), hours(5), hours(10)]
    assert plans.moved == deadlines.moved == stops
    assert plans.fired == [(hours(2), hours(2)), (hours(5), hours(5))]  # each at its own time, not at the target
    assert deadlines.fired == [(hours(3), hours(3))]


async def test_it_goes_on_only_after_what_fell_due_is_done() -> None:
    slow = FakeService("deadlines", [hours(1)], looks_per_timer=6)
    other = FakeService("plans", [])
    done_at_move = []
    original = other.move_to

    async def move(instant: datetime) -> None:
        done_at_move.append((instant, slow._left))
        await original(instant)

    other.move_to = move  # type: ignore[method-assign]
    await SeasonClock([slow, other], limit_seconds=5).advance_to(hours(2))
    assert done_at_move == [(hours(1), 0), (hours(2), 0)]


async def test_one_quiet_look_is_not_enough_when_something_happened_meanwhile() -> None:
    class Between(FakeService):
        """Quiet at every look, but something moved between the first ones: a message was on its way."""

        looks = 0

        async def look(self) -> Snapshot:
            self.looks += 1
            return Snapshot(self.now, None, {}, [min(self.looks, 4)])

    service = Between("plans", [])
    await SeasonClock([service], limit_seconds=5).settle()
    assert service.looks == 5  # 1, 2, 3, 4, 4


async def test_what_never_settles_fails_loudly_and_says_what_is_left() -> None:
    class Stuck(FakeService):
        async def look(self) -> Snapshot:
            return Snapshot(self.now, hours(-1), {"outbox": 3, "messages": 1}, [7])

    clock = SeasonClock([FakeService("plans", []), Stuck("deadlines", [])], limit_seconds=0.1)
    with pytest.raises(NotSettled) as failed:
        await clock.advance_to(hours(1))
    said = str(failed.value)
    assert "deadlines: outbox 3, messages 1" in said
    assert "plans: 无未了事项" in said


async def test_a_service_that_is_restarted_is_waited_for() -> None:
    plans = FakeService("plans", [hours(1)])
    plans.away = 3
    await SeasonClock([plans], limit_seconds=5).advance_to(hours(2))
    assert plans.fired == [(hours(1), hours(1))]


async def test_a_service_that_stays_away_is_named() -> None:
    plans = FakeService("plans", [])
    plans.away = 10**6
    with pytest.raises(NotSettled, match=r"没有应答.*plans"):
        await SeasonClock([plans], limit_seconds=0.1).settle()


async def test_a_rehearsal_cut_short_between_two_services_catches_up() -> None:
    ahead, behind = FakeService("deadlines", []), FakeService("plans", [])
    ahead.now = hours(4)
    clock = SeasonClock([ahead, behind], limit_seconds=5)
    assert await clock.now() == hours(4)
    await clock.advance_to(hours(4))
    assert behind.now == hours(4)


def test_who_hears_is_moved_before_who_speaks() -> None:
    order = moving_order({"plans": (), "deadlines": ("plans",), "notifications": ("plans", "deadlines")})
    assert order == ["notifications", "deadlines", "plans"]


def test_two_that_hear_each_other_are_still_all_moved() -> None:
    order = moving_order({"plans": ("deadlines",), "deadlines": ("plans",), "notifications": ("plans",)})
    assert order[0] == "notifications"
    assert sorted(order) == ["deadlines", "notifications", "plans"]
