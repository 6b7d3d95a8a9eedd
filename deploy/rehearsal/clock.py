"""演练时钟: moves every service's simulated clock from one due instant to the next, and waits until all is settled.

The services' doors (`GET|PUT /simulation`) say what is still under way, what falls due next, and a progress that
changes whenever anything happens. All is settled when two snapshots in a row show nothing under way and the same
progress: a message on its way between two services is under way in neither, but shows as progress in the second.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

SHORTEST_PAUSE_SECONDS = 0.005
LONGEST_PAUSE_SECONDS = 0.1


@dataclass(frozen=True)
class Snapshot:
    """Where one service stands."""

    now: datetime
    next_timer_at: datetime | None
    unsettled: Mapping[str, int]
    progress: Sequence[int]


class ClockDoor(Protocol):
    """One service's simulated clock. Both may raise OSError or TimeoutError while the service is away."""

    @property
    def name(self) -> str: ...

    async def look(self) -> Snapshot: ...

    async def move_to(self, instant: datetime) -> None: ...


class NotSettled(RuntimeError):
    """Something is still under way when the time limit (system time) is over."""


class SeasonClock:
    """The services' clocks, moved as one.

    `doors` are in the order in which the clocks are moved: who hears a service comes before it, so that nobody handles
    an event of an instant his own clock has not reached.
    """

    def __init__(self, doors: Sequence[ClockDoor], *, limit_seconds: float = 30.0) -> None:
        self._doors = tuple(doors)
        self._limit = limit_seconds
        self.stops = 0

    async def now(self) -> datetime:
        """Where the services stand; the latest, should a rehearsal have been cut short between two of them."""
        return max(snapshot.now for snapshot in (await self._look()).values())

    async def advance_to(self, target: datetime, at_stop: Callable[[datetime], Awaitable[None]] | None = None) -> None:
        """Move to `target`, stopping at every instant before it at which something falls due.

        Raises NotSettled, naming the services and what they still have to do.
        """
        seen = await self.settle()
        while True:
            due = [snapshot.next_timer_at for snapshot in seen.values() if snapshot.next_timer_at is not None]
            stop = min([*due, target])
            for door in self._doors:
                if seen[door.name].now < stop:
                    await self._move(door, stop)
            seen = await self.settle()
            self.stops += 1
            if at_stop is not None:
                await at_stop(stop)
            if stop >= target:
                return

    async def settle(self) -> dict[str, Snapshot]:
        """Wait until everything before now has taken effect. Raises NotSettled when the time limit is over."""
        ends = time.monotonic() + self._limit
        pause = SHORTEST_PAUSE_SECONDS
        before: dict[str, tuple[int, ...]] | None = None
        trouble: Exception | None = None
        seen: dict[str, Snapshot] = {}
        while time.monotonic() < ends:
            try:
                seen, trouble = await self._look(), None
            except (OSError, TimeoutError) as away:
                before, trouble = None, away
            else:
                quiet = not any(snapshot.unsettled for snapshot in seen.values())
                progress = {name: tuple(snapshot.progress) for name, snapshot in seen.items()}
                if quiet and progress == before:
                    return seen
                before = progress if quiet else None
                if quiet:
                    continue  # the second look follows at once
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)
        raise NotSettled(_what_is_left(seen, trouble, self._limit))

    async def _look(self) -> dict[str, Snapshot]:
        snapshots = await asyncio.gather(*(door.look() for door in self._doors))
        return {door.name: snapshot for door, snapshot in zip(self._doors, snapshots, strict=True)}

    async def _move(self, door: ClockDoor, instant: datetime) -> None:
        """A service that is being restarted gets its clock moved when it is back."""
        ends = time.monotonic() + self._limit
        while True:
            try:
                await door.move_to(instant)
            except (OSError, TimeoutError) as away:
                if time.monotonic() > ends:
                    raise NotSettled(f"{door.name} 的时钟没能拨到 {instant.isoformat()}: {away!r}") from away
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)
            else:
                return


def _what_is_left(seen: Mapping[str, Snapshot], trouble: Exception | None, limit: float) -> str:
    lines = [f"{limit:g} 秒内没有安定下来:"]
    if trouble is not None:
        lines.append(f"  有服务没有应答: {trouble!r}")
    for name, snapshot in seen.items():
        left = ", ".join(f"{what} {count}" for what, count in snapshot.unsettled.items()) or "无未了事项"
        due = snapshot.next_timer_at.isoformat() if snapshot.next_timer_at else "无"
        lines.append(
            f"  {name}: {left}; 时钟 {snapshot.now.isoformat()}, 下一到期 {due}, 进度 {list(snapshot.progress)}"
        )
    return "\n".join(lines)


def moving_order(hears: Mapping[str, Sequence[str]]) -> list[str]:
    """Services, hearers first, from who hears whom. Where two hear each other the order between them is by name."""
    order: list[str] = []
    left = set(hears)
    while left:
        heard = {owner for name in left for owner in hears[name] if owner != name}
        free = sorted(left - heard) or sorted(left)[:1]
        order += free
        left -= set(free)
    return order
