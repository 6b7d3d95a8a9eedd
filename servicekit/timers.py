"""Work that falls due by business time: the service says when the next is due, and does what is due."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from servicekit import metrics
from servicekit.clock import Clock, SimulatedClock
from servicekit.database import LOST, Connection
from servicekit.service import Service

log = structlog.get_logger()


@dataclass(frozen=True)
class Timers:
    """`next_at` reads when something is due next (None: nothing); `fire` does one batch of what is due.

    `fire` opens its own transactions, claims rows with `for update skip locked` (any number of replicas may run it)
    and returns how many it did.
    """

    next_at: Callable[[Connection], Awaitable[datetime | None]]
    fire: Callable[[Service], Awaitable[int]]


async def run_timers(service: Service, timers: Timers) -> None:
    """Fire whatever is due, until cancelled."""

    async def fire(service: Service) -> int:
        fired = await timers.fire(service)
        metrics.TIMERS.labels(service.name).inc(fired)
        return fired

    await repeat(service, fire, idle_seconds=service.settings.timer_idle_seconds)


async def repeat(service: Service, turn: Callable[[Service], Awaitable[int]], *, idle_seconds: float) -> None:
    """Turn after turn while they find something to do, else idle, until cancelled.

    A lost database ends the turn, not the loop.
    """
    while True:
        try:
            done = await turn(service)
        except LOST as lost:
            log.warning("turn interrupted", turn=turn.__qualname__, error=repr(lost))
            done = 0
        if not done:
            await _idle(service.clock, idle_seconds)


async def _idle(clock: Clock, seconds: float) -> None:
    """A simulated clock that is moved ends the wait: a rehearsal's hundreds of jumps must not each cost a poll."""
    if isinstance(clock, SimulatedClock):
        await clock.moved(seconds)
    else:
        await asyncio.sleep(seconds)
