"""Every service's user against the real server: what it must be able to do, and everything it must not."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import nats.errors
import nats.js.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, StreamConfig

from contracts.envelope import parse_document
from contracts.registry import UnknownEvent, read_event
from contracts.topology import CONSUMERS, DEAD_LETTERS, QUERIES, SERVICES, STREAMS, stream_name
from tests.infra import NatsServer

NAMES = [service.name for service in SERVICES]


class Refusals:
    """What the server refused on a connection; it says so asynchronously, in order with everything else."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def note(self, error: Exception) -> None:
        self.heard.append(str(error).lower())

    async def of(self, client: Client, expected: int) -> list[str]:
        """What was refused, once as much as expected was; sooner or later the deadline says it was less."""
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await client.flush(timeout=5)
                while len(self._refused()) < expected:
                    await asyncio.sleep(0.01)
        return self._refused()

    def _refused(self) -> list[str]:
        return [message for message in self.heard if "permissions violation" in message]


@asynccontextmanager
async def as_user(bus: NatsServer, name: str) -> AsyncIterator[tuple[Client, Refusals]]:
    refusals = Refusals()
    client = await bus.connect(name, error_cb=refusals.note)
    try:
        yield client, refusals
    finally:
        await client.close()


async def stored(bus: NatsServer) -> dict[str, int]:
    """How many messages each stream holds, by ops."""
    client = await bus.connect()
    try:
        return {info.config.name or "": info.state.messages for info in await client.jetstream().streams_info()}
    finally:
        await client.close()


def forbidden_subjects(service: str) -> list[str]:
    """Everything somebody on the bus may publish, and more, minus what this service may."""
    subjects = [f"events.{other}.forged.v1" for other in NAMES if other != service]
    subjects += [query.subject for query in QUERIES if service not in query.asked_by]
    subjects += ["events.nobody.forged.v1", "dead.letter", "anything", "_INBOX.guess", "$SYS.REQ.SERVER.PING"]
    subjects += [f"_INBOX_{other}.guess" for other in NAMES if other != service]
    for consumer in CONSUMERS:
        if consumer.service == service:
            continue
        where = f"{consumer.stream}.{consumer.name}"
        subjects += [f"$JS.API.CONSUMER.INFO.{where}", f"$JS.API.CONSUMER.MSG.NEXT.{where}"]
        subjects += [f"$JS.ACK.{where}.1.1.1.1.1", f"dead.{consumer.name}.events.{consumer.owner}.x.v1"]
    for consumer in CONSUMERS:
        where = f"{consumer.stream}.{consumer.name}"
        subjects += [f"$JS.API.CONSUMER.DELETE.{where}", f"$JS.API.CONSUMER.DURABLE.CREATE.{where}"]
    for stream in (stream.name for stream in STREAMS):
        verbs = ("CREATE", "UPDATE", "DELETE", "PURGE", "MSG.GET", "MSG.DELETE", "SNAPSHOT", "RESTORE")
        subjects += [f"$JS.API.STREAM.{verb}.{stream}" for verb in verbs]
        subjects += [f"$JS.API.CONSUMER.CREATE.{stream}", f"$JS.API.CONSUMER.CREATE.{stream}.x"]
        subjects += [f"$JS.API.CONSUMER.LIST.{stream}", f"$JS.API.DIRECT.GET.{stream}"]
    return [*subjects, "$JS.API.STREAM.LIST", "$JS.API.STREAM.NAMES", "$JS.API.INFO", "$JS.API.STREAM.CREATE.MINE"]


@pytest.mark.parametrize("service", NAMES)
async def test_forbidden_publications_are_refused_one_by_one_and_nothing_is_stored(
    bus: NatsServer, service: str
) -> None:
    subjects = forbidden_subjects(service)
    async with as_user(bus, service) as (client, refusals):
        for subject in subjects:
            await client.publish(subject, b"{}")
        refused = await refusals.of(client, len(subjects))
    missing = [s for s in subjects if not any(f'"{s.lower()}"' in message for message in refused)]
    assert not missing
    assert set((await stored(bus)).values()) == {0}


@pytest.mark.parametrize("service", NAMES)
async def test_forbidden_subscriptions_are_refused_one_by_one(bus: NatsServer, service: str) -> None:
    subjects = [">", "*", "events.>", f"events.{service}.>", "dead.>", "queries.>", "$JS.>", "$SYS.>", "_INBOX.>"]
    subjects += [f"{kind}.{other}.>" for other in NAMES if other != service for kind in ("events", "queries")]
    subjects += [f"_INBOX_{other}.>" for other in NAMES if other != service]
    async with as_user(bus, service) as (client, refusals):
        for subject in subjects:
            await client.subscribe(subject)
        refused = await refusals.of(client, len(subjects))
    missing = [s for s in subjects if not any(f'"{s.lower()}"' in message for message in refused)]
    assert not missing


@pytest.mark.parametrize("service", NAMES)
async def test_a_service_publishes_its_own_events_and_gets_the_acknowledgement(bus: NatsServer, service: str) -> None:
    async with as_user(bus, service) as (client, refusals):
        answer = await client.jetstream().publish(f"events.{service}.said.v1", b"{}", timeout=5)
        assert answer.stream == stream_name(service)
        assert await refusals.of(client, 0) == []


@pytest.mark.parametrize("consumer", CONSUMERS, ids=lambda consumer: consumer.name)
async def test_a_service_pulls_acknowledges_and_buries_what_it_hears(bus: NatsServer, consumer: object) -> None:
    heard = next(c for c in CONSUMERS if c is consumer)
    ops = await bus.connect()
    ours = secrets.token_hex(8).encode()
    await ops.jetstream().publish(f"events.{heard.owner}.said.v1", ours, timeout=5)
    async with as_user(bus, heard.service) as (client, refusals):
        context = client.jetstream()
        await context.stream_info(heard.stream)

        async def next_of_ours() -> Msg:
            # What a test before sent without waiting may still come in.
            while True:
                (message,) = await pulling.fetch(1, timeout=5)
                if message.data == ours:
                    return message
                await message.ack()

        pulling = await context.pull_subscribe_bind(
            heard.name, stream=heard.stream, inbox_prefix=f"_INBOX_{heard.service}.".encode()
        )
        await (await next_of_ours()).nak()
        message = await next_of_ours()
        assert message.metadata.num_delivered == 2
        buried = await context.publish(f"dead.{heard.name}.{message.subject}", message.data, timeout=5)
        assert buried.stream == DEAD_LETTERS
        await message.ack_sync(timeout=5)
        assert await refusals.of(client, 0) == []
    info = await ops.jetstream().consumer_info(heard.stream, heard.name)
    assert (info.num_pending, info.num_ack_pending) == (0, 0)
    await ops.close()


async def test_a_query_is_answered_into_the_askers_private_inbox(bus: NatsServer) -> None:
    query = QUERIES[0]
    async with as_user(bus, query.owner) as (owner, owner_refusals), as_user(bus, query.asked_by[0]) as (asker, _):

        async def answer(message: Msg) -> None:
            await message.respond(b"once")
            await message.respond(b"twice")

        await owner.subscribe(query.subject, queue=query.owner, cb=answer)
        await owner.flush()
        reply = await asker.request(query.subject, b"{}", timeout=5)
        assert reply.data == b"once"
        assert len(await owner_refusals.of(owner, 1)) == 1, "one reply to one request, no more"


async def test_a_stolen_credential_cannot_make_or_change_streams_and_consumers(bus: NatsServer) -> None:
    async with as_user(bus, "notifications") as (client, refusals):
        context = client.jetstream(timeout=0.3)
        attempts = (
            context.add_stream(StreamConfig(name="MINE", subjects=["mine"])),
            context.delete_stream("EVENTS_PLANS"),
            context.purge_stream("EVENTS_PLANS"),
            context.add_consumer("EVENTS_PLANS", ConsumerConfig(durable_name="mine")),
            context.delete_consumer("EVENTS_PLANS", "deadlines-plans"),
            context.get_msg("EVENTS_PLANS", 1),
        )
        for attempt in attempts:
            with pytest.raises((TimeoutError, nats.errors.Error)):
                await attempt
        assert len(await refusals.of(client, len(attempts))) == len(attempts)


async def test_even_ops_cannot_purge_or_delete_from_an_event_stream(bus: NatsServer) -> None:
    ops = await bus.connect()
    context = ops.jetstream()
    await context.publish("events.plans.said.v1", b"{}", timeout=5)
    with pytest.raises(nats.js.errors.APIError, match="purge not permitted"):
        await context.purge_stream("EVENTS_PLANS")
    with pytest.raises(nats.js.errors.APIError, match="delete not permitted"):
        await context.delete_msg("EVENTS_PLANS", 1)
    await ops.close()


async def test_a_wrong_password_is_refused(bus: NatsServer) -> None:
    refusals = Refusals()
    client = Client()
    with pytest.raises(nats.errors.Error, match=r"(?i)authorization violation"):
        await client.connect(bus.url, user="plans", password="wrong", allow_reconnect=False, error_cb=refusals.note)
    await client.close()


async def test_what_a_stolen_credential_steers_into_another_stream_is_no_event_of_its_owner(bus: NatsServer) -> None:
    """A request may name any reply subject, another's event stream included, and NATS cannot forbid it.

    So it must not matter: the bus's own answers are no events and become dead letters, and a message pulled that way
    keeps its subject and id, so it is either not heard at all or known to its hearers' inbox.
    """
    ops = await bus.connect()
    context = ops.jetstream()
    said = b'{"type":"events.deadlines.violation-raised.v1","id":"1"}'
    await context.publish("events.deadlines.violation-raised.v1", said, timeout=5)
    async with as_user(bus, "notifications") as (client, _):
        forged = "events.plans.plan-filed.v1"
        await client.publish("$JS.API.STREAM.INFO.EVENTS_PLANS", reply=forged)
        await client.publish("$JS.API.CONSUMER.MSG.NEXT.EVENTS_DEADLINES.notifications-deadlines", b"1", reply=forged)
        await client.flush()
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                while (await stored(bus))["EVENTS_PLANS"] < 2:
                    await asyncio.sleep(0.02)
    assert (await stored(bus))["EVENTS_PLANS"] == 2, "NATS no longer lets this happen: tell what it forbids instead"
    hearer = await context.consumer_info("EVENTS_PLANS", "deadlines-plans")
    assert hearer.num_pending == 1, "a steered copy keeps its own subject, which no consumer of this stream hears"
    answer = await context.get_last_msg("EVENTS_PLANS", forged)
    with pytest.raises(UnknownEvent):
        read_event(parse_document(answer.data or b""))
    await ops.close()
