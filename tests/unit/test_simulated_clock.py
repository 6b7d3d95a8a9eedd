"""A simulated clock that is moved ends the wait of whoever idles until something falls due."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from servicekit.clock import ClockMovedBack, SimulatedClock

START = datetime(2024, 8, 14, 1, tzinfo=UTC)


async def test_everybody_who_waits_wakes_at_each_move() -> None:
    clock = SimulatedClock(START)
    for hours in (1, 2):
        waiting = [asyncio.create_task(clock.moved(60.0)) for _ in range(2)]
        await asyncio.sleep(0)  # both have begun to wait
        clock.move_to(START + timedelta(hours=hours))
        await asyncio.wait_for(asyncio.gather(*waiting), 5.0)
    assert clock.now() == START + timedelta(hours=2)


async def test_without_a_move_the_wait_ends_by_itself() -> None:
    began = time.monotonic()
    await asyncio.wait_for(SimulatedClock(START).moved(0.05), 5.0)
    assert time.monotonic() - began >= 0.04


async def test_a_refused_move_wakes_nobody() -> None:
    clock = SimulatedClock(START)
    waiting = asyncio.create_task(clock.moved(60.0))
    await asyncio.sleep(0)
    with pytest.raises(ClockMovedBack):
        clock.move_to(START - timedelta(seconds=1))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
