"""The outbox reaches the stream: in order, at least once, by one relay at a time, whatever goes away."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import pytest
from nats.js import JetStreamContext

from contracts.topology import MAX_MESSAGE_BYTES
from servicekit.database import open_pool
from servicekit.relay import Relay
from servicekit.service import Transaction
from tests.infra import NatsServer
from tests.integration.servicekit.conftest import FrailNats, StartToy
from tests.integration.servicekit.toy import NAME, Toy, announce, cuts_connections, fetch, kept, until

STREAM = "EVENTS_DEADLINES"


async def texts(bus: NatsServer) -> list[str]:
    return [json.loads(message.data)["data"]["rule"] for message in await kept(bus, STREAM)]


async def waiting(dsn: str) -> int:
    [row] = await fetch(dsn, "select count(*) from outbox where parked_at is null")
    return int(row["count"])


async def empty(dsn: str) -> bool:
    return await waiting(dsn) == 0


async def say(toy: Toy, *said: str) -> None:
    async with toy.service.transaction() as tx:
        for text in said:
            await announce(tx, uuid4(), text)


async def test_events_are_published_in_the_order_they_were_logged_and_leave_the_outbox(
    start: StartToy, bus: NatsServer
) -> None:
    async with start(relay_batch=7) as toy:
        for part in range(10):
            await say(toy, *(f"{part}-{number}" for number in range(5)))
        await until(lambda: empty(toy.dsn), "an empty outbox")
        assert await texts(bus) == [f"{part}-{number}" for part in range(10) for number in range(5)]
        [message, *_] = await kept(bus, STREAM)
        [logged, *_] = await toy.fetch("select event_id, event, digest from event_log order by sequence")
    assert message.headers["Nats-Msg-Id"] == str(logged["event_id"])
    assert message.headers["content-type"] == "application/cloudevents+json"
    assert json.loads(message.data) == json.loads(logged["event"])


async def test_a_change_that_is_rolled_back_says_nothing(start: StartToy, bus: NatsServer) -> None:
    async with start() as toy:
        answer = await toy.add("refused")
        assert answer.status_code == 409
        await say(toy, "after")
        await until(lambda: empty(toy.dsn), "an empty outbox")
        assert await texts(bus) == ["after"]
        assert [row["name"] for row in await toy.fetch("select name from things")] == []


@cuts_connections
async def test_what_was_committed_while_the_bus_was_down_is_published_once_when_it_is_back(
    start: StartToy, frail_nats: FrailNats
) -> None:
    async with start(frail_nats.server, publish_timeout_seconds=0.3) as toy:
        await say(toy, "before")
        await until(lambda: empty(toy.dsn), "an empty outbox")
        await asyncio.to_thread(frail_nats.stop)
        answer = await toy.add("meanwhile")
        assert answer.status_code == 201, "a write needs no bus"
        assert (await toy.http.get("/readyz")).status_code == 503
        assert await waiting(toy.dsn) == 1
        await asyncio.to_thread(frail_nats.start)
        await until(lambda: empty(toy.dsn), "an empty outbox", seconds=30)

        async def ready() -> bool:
            return (await toy.http.get("/readyz")).status_code == 200

        await until(ready, "readiness")
        assert await texts(frail_nats.server) == ["before", "meanwhile"]


async def test_an_event_published_again_is_stored_once(start: StartToy, bus: NatsServer) -> None:
    async with start() as toy:
        await say(toy, "once")
        await until(lambda: empty(toy.dsn), "an empty outbox")
        # As if the process had died between the stream's acknowledgement and the delete.
        await toy.fetch("insert into outbox (sequence) select sequence from event_log")
        toy.service.relay.wake()
        await until(lambda: empty(toy.dsn), "an empty outbox again")
        assert await texts(bus) == ["once"]


async def test_what_the_stream_keeps_refusing_is_set_aside_and_holds_nobody_up(
    start: StartToy, bus: NatsServer
) -> None:
    client = await bus.connect()
    stream = client.jetstream()
    config = (await stream.stream_info(STREAM)).config
    await stream.update_stream(config.evolve(max_msg_size=4096))
    async with start(publish_attempts=3) as toy:
        await say(toy, "first", "x" * 5000, "last")
        await until(lambda: empty(toy.dsn), "nothing waiting")
        assert await texts(bus) == ["first", "last"]
        [parked] = await toy.fetch("select attempts, last_error, parked_at from outbox")
    await client.close()
    assert parked["attempts"] == 3
    assert "message size exceeds maximum" in parked["last_error"]


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES + 1, MAX_MESSAGE_BYTES - 1200])
async def test_an_event_no_server_would_take_is_set_aside_and_costs_no_connection(
    start: StartToy, bus: NatsServer, size: int
) -> None:
    async with start(publish_attempts=2) as toy:
        await say(toy, "x" * size, "next")
        await until(lambda: empty(toy.dsn), "nothing waiting")
        assert await texts(bus) == ["next"]
        [parked] = await toy.fetch("select last_error from outbox")
        assert "EventTooLarge" in parked["last_error"]
        answer = await toy.http.get("/readyz")
    assert answer.json()["checks"]["bus"] is True


@dataclass
class Counting:
    """A stream that says which relay published what."""

    stream: JetStreamContext
    published: int = 0

    async def publish(
        self, subject: str, payload: bytes, timeout: float | None = None, *, headers: dict[str, str] | None = None
    ) -> object:
        self.published += 1
        return await self.stream.publish(subject, payload, timeout, headers=headers)


@asynccontextmanager
async def a_relay(bus: NatsServer, dsn: str, name: str, idle_seconds: float) -> AsyncIterator[tuple[Relay, Counting]]:
    """One replica's relay with a pool of its own, running."""
    pool = await open_pool(dsn, minimum=1, maximum=2, statement_timeout=5, name=name)
    client = await bus.connect(NAME)
    counting = Counting(client.jetstream())
    relay = Relay(pool, counting, batch=50, idle_seconds=idle_seconds, timeout_seconds=2, attempts=3)
    task = asyncio.create_task(relay.run())
    try:
        yield relay, counting
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await client.close()
        await pool.close()


HOLDERS = """
select application_name, pg_stat_activity.pid from pg_locks join pg_stat_activity using (pid)
where locktype = 'advisory' and granted and application_name in ('one', 'two') and datname = current_database()
"""


async def log_events(dsn: str, said: Callable[[int], str], number: int) -> None:
    pool = await open_pool(dsn, minimum=1, maximum=1, statement_timeout=5, name="writer")
    async with pool.acquire() as connection, connection.transaction():
        now: datetime = await connection.fetchval("select clock_timestamp()")
        for position in range(number):
            await announce(Transaction(connection, now), uuid4(), said(position))
    await pool.close()


@cuts_connections
async def test_of_two_relays_one_works_and_the_other_takes_over_when_its_connection_is_cut(
    bus: NatsServer, dsn: str
) -> None:
    # The one that is cut off waits long before it tries again, so that the other is seen to take over.
    async with a_relay(bus, dsn, "one", idle_seconds=0.05) as (first, one):
        first._idle = 30.0
        await until(lambda: _held(dsn), "a holder")
        async with a_relay(bus, dsn, "two", idle_seconds=0.05) as (_, two):
            await log_events(dsn, lambda number: f"a{number}", 40)
            first.wake()
            await until(lambda: empty(dsn), "an empty outbox")
            assert (one.published, two.published) == (40, 0)
            [holder] = await fetch(dsn, HOLDERS)
            assert holder["application_name"] == "one"
            await fetch(dsn, "select pg_terminate_backend($1)", holder["pid"])
            first.wake()
            await log_events(dsn, lambda number: f"b{number}", 40)
            await until(lambda: empty(dsn), "an empty outbox")
            assert (one.published, two.published) == (40, 40)
            [holder] = await fetch(dsn, HOLDERS)
            assert holder["application_name"] == "two"
    assert await texts(bus) == [f"{batch}{number}" for batch in "ab" for number in range(40)]


async def _held(dsn: str) -> bool:
    return bool(await fetch(dsn, HOLDERS))


async def test_a_stop_that_meets_a_wake_up_still_stops(bus: NatsServer, dsn: str) -> None:
    pool = await open_pool(dsn, minimum=1, maximum=2, statement_timeout=5, name="one")
    client = await bus.connect(NAME)
    relay = Relay(pool, client.jetstream(), batch=50, idle_seconds=30, timeout_seconds=2, attempts=3)
    task = asyncio.create_task(relay.run())
    await until(lambda: _held(dsn), "a holder")
    await until(lambda: not relay._work.is_set(), "a relay that waits")
    await asyncio.sleep(0)
    relay.wake()
    task.cancel()
    _, left = await asyncio.wait({task}, timeout=5)
    task.cancel()
    await asyncio.wait({task})
    await client.close()
    await pool.close()
    assert not left
