"""A service that cannot start says why; one whose bus is silent for too long, or whose loop died, ends."""

import asyncio
import os
from typing import Any

import pytest

from servicekit import run
from servicekit.bus import BusNotReady
from tests.infra import NatsServer
from tests.integration.servicekit.conftest import FrailNats, StartToy
from tests.integration.servicekit.toy import cuts_connections, kept, until


class Exited(Exception):
    """Instead of the process's end."""


@pytest.mark.parametrize("stream", ["EVENTS_DEADLINES", "EVENTS_PLANS", "DEAD"])
async def test_a_missing_stream_stops_the_start_by_name(start: StartToy, bus: NatsServer, stream: str) -> None:
    client = await bus.connect()
    await client.jetstream().delete_stream(stream)
    await client.close()
    with pytest.raises(BusNotReady, match=f"stream {stream} is missing"):
        async with start():
            pass


async def test_a_missing_consumer_stops_the_start_by_name(start: StartToy, bus: NatsServer) -> None:
    client = await bus.connect()
    await client.jetstream().delete_consumer("EVENTS_PLANS", "deadlines-plans")
    await client.close()
    with pytest.raises(BusNotReady, match="consumer deadlines-plans is missing"):
        async with start():
            pass


@cuts_connections
async def test_a_bus_that_is_not_there_stops_the_start_in_time(start: StartToy) -> None:
    with pytest.raises(BusNotReady, match=r"nats://127\.0\.0\.1:1"):
        async with start(nats_url="nats://127.0.0.1:1", nats_connect_seconds=0.5):
            pass


@cuts_connections
async def test_a_wrong_password_stops_the_start_in_time(start: StartToy) -> None:
    with pytest.raises(BusNotReady, match=r"refuses deadlines: .*Authorization"):
        async with start(nats_password="wrong", nats_connect_seconds=1.0):
            pass


async def test_a_service_never_makes_or_changes_a_stream(start: StartToy, bus: NatsServer) -> None:
    client = await bus.connect()
    stream = client.jetstream()
    before = [info.config for info in await stream.streams_info()]
    consumer = (await stream.consumer_info("EVENTS_PLANS", "deadlines-plans")).config
    async with start() as toy:
        await toy.add("thing")

        async def published() -> bool:
            return bool(await kept(bus, "EVENTS_DEADLINES"))

        await until(published, "an event")
        assert [info.config for info in await stream.streams_info()] == before
        assert (await stream.consumer_info("EVENTS_PLANS", "deadlines-plans")).config == consumer
    await client.close()


@cuts_connections
async def test_the_watchdog_ends_the_process_when_the_bus_stays_silent(
    frail_nats: FrailNats, start: StartToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends: list[int] = []

    def end(code: int) -> None:
        ends.append(code)
        raise Exited

    monkeypatch.setattr(os, "_exit", end)
    watched: dict[str, Any] = {"watchdog_interval_seconds": 0.1, "watchdog_limit_seconds": 1.5}
    async with start(frail_nats.server, **watched) as toy:
        # A short silence is none of its business.
        await asyncio.to_thread(frail_nats.stop)
        assert (await toy.http.get("/livez")).status_code == 200
        await asyncio.to_thread(frail_nats.start)

        async def ready() -> bool:
            return (await toy.http.get("/readyz")).status_code == 200

        await until(ready, "readiness")
        quiet = list(ends)
        await asyncio.to_thread(frail_nats.stop)
        await until(lambda: 71 in ends, "the end", seconds=30)
        await asyncio.to_thread(frail_nats.start)
    assert quiet == []
    assert ends[0] == 71


async def test_a_loop_that_dies_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    ends: list[int] = []

    def end(code: int) -> None:
        ends.append(code)
        raise Exited

    monkeypatch.setattr(os, "_exit", end)

    async def dies() -> None:
        raise LookupError("a mistake of ours")

    async def returns() -> None:
        """A loop that ends by itself is as dead."""

    for loop in (dies(), returns()):
        with pytest.raises(Exited):
            await run._must_run(loop)
    assert ends == [70, 70]
