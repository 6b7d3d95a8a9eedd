"""Messages off the bus: each to exactly one effect, and what becomes of those that cannot be handled."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from contracts.envelope import CloudEvent
from contracts.topology import DEAD_LETTERS
from tests.infra import NatsServer
from tests.integration.servicekit.conftest import StartToy
from tests.integration.servicekit.toy import (
    CONSUMER,
    HEARD,
    UNHEARD,
    Hearing,
    NameForbidden,
    Toy,
    cuts_connections,
    event,
    kept,
    publish,
    settled,
    until,
)


def fails(times: int, error: Callable[[], Exception]) -> Callable[[CloudEvent[Any]], Any]:
    """Raise at the first `times` deliveries."""
    left = times

    async def behave(_event: CloudEvent[Any]) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise error()

    return behave


async def all_settled(bus: NatsServer) -> None:
    await until(lambda: settled(bus), "everything settled")


async def test_a_message_heard_twice_takes_effect_once(start: StartToy, bus: NatsServer) -> None:
    twice, once = event(), event()
    async with start() as toy:
        for document in (twice, twice, once, twice):
            await publish(bus, document)
        await all_settled(bus)
        assert sorted(await toy.effects()) == sorted([twice["id"], once["id"]])


async def test_what_an_event_causes_carries_its_correlation(start: StartToy, bus: NatsServer) -> None:
    document = event(correlationid="a-front-end-s-own-id")
    async with start() as toy:
        await publish(bus, document)
        await until(lambda: _published(bus), "the toy's own event")
        [own] = [json.loads(message.data) for message in await kept(bus, "EVENTS_DEADLINES")]
        assert await toy.effects() == [document["id"]]
    assert own["correlationid"] == "a-front-end-s-own-id"
    trace, span = document["traceparent"].split("-")[1:3]
    assert own["traceparent"].split("-")[1] == trace
    assert own["traceparent"].split("-")[2] != span


async def _published(bus: NatsServer) -> bool:
    return bool(await kept(bus, "EVENTS_DEADLINES"))


@pytest.mark.parametrize(
    "error",
    [lambda: OSError("lost"), TimeoutError, lambda: asyncpg.ConnectionDoesNotExistError("gone")],
    ids=["os", "timeout", "database"],
)
async def test_what_may_pass_is_delivered_again_later_however_often(
    start: StartToy, bus: NatsServer, hearing: Hearing, error: Callable[[], Exception]
) -> None:
    hearing.behave = fails(5, error)  # more than delivery_attempts: these are not counted against the message
    async with start() as toy:
        await publish(bus, event())
        await until(lambda: len(hearing.tries) == 6, "six deliveries")
        await all_settled(bus)
        assert len(await toy.effects()) == 1
    waits = [later[0] - earlier[0] for earlier, later in zip(hearing.tries, hearing.tries[1:], strict=False)]
    assert waits[0] >= 0.045
    assert all(wait >= 0.28 for wait in waits[1:])
    assert await kept(bus, DEAD_LETTERS) == []


async def test_a_failure_of_ours_is_tried_again_and_can_succeed(
    start: StartToy, bus: NatsServer, hearing: Hearing
) -> None:
    hearing.behave = fails(2, lambda: LookupError("ours"))
    async with start() as toy:
        await publish(bus, event())
        await until(lambda: len(hearing.tries) == 3, "three deliveries")
        await all_settled(bus)
        assert len(await toy.effects()) == 1
    assert await kept(bus, DEAD_LETTERS) == []


async def _buried(bus: NatsServer, number: int = 1) -> bool:
    return len(await kept(bus, DEAD_LETTERS)) >= number


@pytest.mark.parametrize(
    "error",
    [
        lambda: LookupError("a mistake of ours"),
        lambda: asyncpg.UniqueViolationError("for ever"),
        lambda: asyncpg.NotNullViolationError("for ever"),
    ],
    ids=["mistake", "unique", "not-null"],
)
async def test_a_failure_of_ours_that_stays_makes_the_message_dead_and_leaves_nothing_behind(
    start: StartToy, bus: NatsServer, hearing: Hearing, error: Callable[[], Exception]
) -> None:
    hearing.behave = fails(1_000, error)
    document = event()
    async with start() as toy:
        await publish(bus, document)
        await until(lambda: _buried(bus), "a dead letter")
        await all_settled(bus)
        assert await toy.effects() == []
        assert await toy.fetch("select * from inbox") == []
        [dead] = await kept(bus, DEAD_LETTERS)
        assert len(hearing.tries) == 3
        # Replayed once the mistake is mended: the same event under a new message id.
        hearing.behave = fails(0, LookupError)
        await publish(bus, dead.data, dead.subject.removeprefix(f"dead.{CONSUMER}."))

        async def handled() -> bool:
            return await toy.effects() == [document["id"]]

        await until(handled, "the replay's effect")
    assert dead.subject == f"dead.{CONSUMER}.{HEARD}"
    assert json.loads(dead.data) == document
    assert dead.headers["Openday-Dead-Cause"] == "exhausted"
    assert dead.headers["Openday-Dead-Deliveries"] == "3"
    assert dead.headers["Openday-Dead-Consumer"] == CONSUMER


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in event().items() if key != name}


@pytest.mark.parametrize(
    "broken",
    [
        b"not json at all",
        b"",
        b"[1, 2]",
        b'"text"',
        "\ud800".encode("utf-8", "surrogatepass"),
        b"[" * 100_000,
        event(type="events.plans.plan-invented.v1"),
        event(UNHEARD),
        without("aggregateversion"),
        event(time="yesterday"),
        event(id="not-a-uuid"),
        event(data={}),
        event(specversion="0.3"),
    ],
    ids=["text", "empty", "list", "string", "not-utf8", "deep", "unknown-type", "other-subject", "no-version",
         "no-time", "no-id", "no-data", "old"],
)  # fmt: skip
async def test_a_message_that_can_never_be_handled_is_dead_at_once(
    start: StartToy, bus: NatsServer, broken: dict[str, Any] | bytes
) -> None:
    async with start() as toy:
        await publish(bus, broken, HEARD)
        await until(lambda: _buried(bus), "a dead letter")
        after = event()
        await publish(bus, after)
        await all_settled(bus)
        assert await toy.effects() == [after["id"]], "the next message is not held up"
    [dead] = await kept(bus, DEAD_LETTERS)
    assert dead.headers["Openday-Dead-Cause"] == "broken"
    assert dead.headers["Openday-Dead-Deliveries"] == "1"
    assert dead.headers["Openday-Dead-Error"]
    assert dead.data == (broken if isinstance(broken, bytes) else json.dumps(broken).encode())


async def test_a_known_event_nobody_here_hears_is_acknowledged(start: StartToy, bus: NatsServer) -> None:
    async with start() as toy:
        await publish(bus, event(UNHEARD))
        await all_settled(bus)
        assert await toy.fetch("select * from inbox") == []
    assert await kept(bus, DEAD_LETTERS) == []


async def test_what_a_rule_refuses_changes_nothing_and_is_over(
    start: StartToy, bus: NatsServer, hearing: Hearing
) -> None:
    hearing.behave = fails(1, lambda: NameForbidden("不行"))
    async with start() as toy:
        await publish(bus, event())
        await until(lambda: bool(hearing.tries), "a delivery")
        await all_settled(bus)
        assert await toy.effects() == []
    assert len(hearing.tries) == 1
    assert await kept(bus, DEAD_LETTERS) == []


async def test_a_dead_message_is_let_go_only_when_its_copy_is_kept(start: StartToy, bus: NatsServer) -> None:
    client = await bus.connect()
    context = client.jetstream()
    async with start():
        config = (await context.stream_info(DEAD_LETTERS)).config
        await context.delete_stream(DEAD_LETTERS)
        await publish(bus, b"broken")

        async def tried() -> bool:
            info = await context.consumer_info("EVENTS_PLANS", CONSUMER)
            return bool(info.num_redelivered)

        await until(tried, "a second delivery")
        await context.add_stream(config)
        await until(lambda: _buried(bus), "the dead letter")
        await all_settled(bus)
    await client.close()
    [dead] = await kept(bus, DEAD_LETTERS)
    assert dead.data == b"broken"


async def test_a_stop_lets_the_message_in_hand_come_to_its_end(
    start: StartToy, bus: NatsServer, hearing: Hearing
) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_event: CloudEvent[Any]) -> None:
        reached.set()
        await go_on.wait()

    hearing.behave = slowly
    toy: Toy
    async with start() as toy:
        await publish(bus, event())
        await asyncio.wait_for(reached.wait(), 10)
        asyncio.get_running_loop().call_later(0.2, go_on.set)
    assert len(await toy.effects()) == 1
    assert len(hearing.tries) == 1
    await all_settled(bus)


async def test_two_replicas_share_the_work_and_every_message_takes_effect_once(
    start: StartToy, bus: NatsServer
) -> None:
    documents = [event() for _ in range(60)]
    async with start() as toy, start():
        for document in documents:
            await publish(bus, document)
        await all_settled(bus)
        assert sorted(await toy.effects()) == sorted(document["id"] for document in documents)


@cuts_connections
async def test_a_lost_database_holds_the_message_until_it_is_back(
    start: StartToy, bus: NatsServer, hearing: Hearing
) -> None:
    async with start() as toy:
        stop = f"select pg_terminate_backend(pid) from pg_stat_activity where application_name = '{toy.service.name}'"

        async def cut_off(_event: CloudEvent[Any]) -> None:
            if len(hearing.tries) == 1:
                await toy.fetch(stop)

        hearing.behave = cut_off
        document = event(id=str(uuid4()))
        await publish(bus, document)
        await until(lambda: len(hearing.tries) >= 2, "another delivery")
        await all_settled(bus)
        assert await toy.effects() == [document["id"]]
    assert await kept(bus, DEAD_LETTERS) == []
