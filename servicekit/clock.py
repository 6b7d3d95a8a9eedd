"""Business time, passed in. Timeouts, retries, leases and token expiry never use it: those follow the system."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol


class ClockMovedBack(ValueError):
    """A simulated clock was asked to go back; it only moves forward."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The business time, UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class SimulatedClock:
    """Time that stands still until it is moved; for rehearsals. A real deployment refuses it (settings)."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._moved = asyncio.Event()

    def now(self) -> datetime:
        return self._now

    def move_to(self, instant: datetime) -> None:
        if instant < self._now:
            raise ClockMovedBack(f"the simulated clock stands at {self._now.isoformat()} and only moves forward")
        self._now = instant.astimezone(UTC)
        before, self._moved = self._moved, asyncio.Event()
        before.set()

    async def moved(self, at_most_seconds: float) -> None:
        """Return when the clock is moved, or after so many seconds of system time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._moved.wait(), at_most_seconds)
