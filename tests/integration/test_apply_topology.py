"""Applying the topology to a real server: creates, widens, refuses to lose anything, leaves alone what it knows not."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, StreamConfig

from contracts.topology import CONSUMERS, STREAMS
from deploy import apply_topology
from deploy.apply_topology import TopologyRefused, apply_on
from deploy.nats.config import OPS
from tests.infra import NatsServer


@pytest.fixture
async def context(bus: NatsServer) -> AsyncIterator[JetStreamContext]:
    """An ops connection; what a test adds beside the topology is removed afterwards."""
    client = await bus.connect()
    yield client.jetstream()
    await client.close()
    await _remove_strangers(bus)


async def _remove_strangers(bus: NatsServer) -> None:
    client = await bus.connect()
    for info in await client.jetstream().streams_info():
        await client.jetstream().delete_stream(info.config.name or "")
    await client.close()


async def test_a_second_time_changes_nothing(context: JetStreamContext) -> None:
    steps = await apply_on(context)
    assert {step.outcome for step in steps} == {"unchanged"}
    assert len(steps) == len(STREAMS) + len(CONSUMERS)


async def test_an_empty_server_gets_everything(context: JetStreamContext) -> None:
    for stream in STREAMS:
        await context.delete_stream(stream.name)
    steps = await apply_on(context)
    assert {step.outcome for step in steps} == {"created"}
    for consumer in CONSUMERS:
        live = (await context.consumer_info(consumer.stream, consumer.name)).config
        assert (live.ack_wait, live.max_deliver, live.max_ack_pending) == (30, -1, 64)
        assert live.filter_subject == consumer.filter
    for stream in STREAMS:
        settings = (await context.stream_info(stream.name)).config
        assert settings.duplicate_window == 120
        assert settings.deny_delete == settings.deny_purge == stream.append_only


async def test_what_keeps_more_is_updated_and_the_messages_stay(context: JetStreamContext) -> None:
    await context.publish("events.plans.said.v1", b"{}")
    wider = [replace(stream, max_age_seconds=stream.max_age_seconds + 1) for stream in STREAMS]
    patient = [replace(consumer, ack_wait_seconds=45) for consumer in CONSUMERS]
    steps = await apply_on(context, streams=wider, consumers=patient)
    assert {step.outcome for step in steps} == {"updated"}
    assert {step.detail for step in steps} == {"max_age", "ack_wait"}
    assert (await context.stream_info("EVENTS_PLANS")).state.messages == 1
    assert (await context.consumer_info("EVENTS_PLANS", "deadlines-plans")).config.ack_wait == 45


async def test_what_would_lose_messages_is_refused_and_nothing_else_is_applied(context: JetStreamContext) -> None:
    shorter = [replace(STREAMS[0], max_age_seconds=60), *(replace(s, duplicate_window_seconds=60) for s in STREAMS[1:])]
    with pytest.raises(TopologyRefused, match="shorter than now"):
        await apply_on(context, streams=shorter)
    for stream in STREAMS:
        assert (await context.stream_info(stream.name)).config.duplicate_window == 120


async def test_a_stream_never_stops_keeping_a_subject(context: JetStreamContext) -> None:
    narrower = [replace(STREAMS[0], subjects=("events.plans.plan-filed.v1",)), *STREAMS[1:]]
    with pytest.raises(TopologyRefused, match=r"would stop keeping events\.plans\.>"):
        await apply_on(context, streams=narrower)


async def test_a_consumer_never_silently_starts_over(context: JetStreamContext) -> None:
    other = [replace(CONSUMERS[0], filter=CONSUMERS[0].filter.replace(">", "violation-raised.v1")), *CONSUMERS[1:]]
    with pytest.raises(TopologyRefused, match="filter_subject"):
        await apply_on(context, consumers=other)


async def test_what_it_does_not_know_is_shown_and_left_alone(context: JetStreamContext) -> None:
    await context.add_stream(StreamConfig(name="STRANGER", subjects=["stranger.>"]))
    await context.add_consumer("EVENTS_PLANS", ConsumerConfig(durable_name="stranger"))
    unknown = {(step.kind, step.name) for step in await apply_on(context) if step.outcome == "unknown"}
    assert unknown == {("stream", "STRANGER"), ("consumer", "stranger")}
    await context.stream_info("STRANGER")
    await context.consumer_info("EVENTS_PLANS", "stranger")


def test_the_command_says_what_it_did(bus: NatsServer, capsys: pytest.CaptureFixture[str]) -> None:
    login = ["--nats-url", bus.url, "--user", OPS, f"--password={bus.user(OPS)}"]
    assert apply_topology.main([*login, "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert {step["outcome"] for step in steps} == {"unchanged"}
    assert apply_topology.main(login) == 0
    assert "EVENTS_PLANS" in capsys.readouterr().out


def test_the_command_says_that_the_server_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert apply_topology.main(["--nats-url", "nats://127.0.0.1:1", "--password", "x"]) == 1
    assert "127.0.0.1:1" in capsys.readouterr().err
