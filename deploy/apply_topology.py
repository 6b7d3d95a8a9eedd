"""Make a NATS server match contracts/topology.py: `python -m deploy.apply_topology --nats-url … --user ops`.

Idempotent. It creates what is missing and widens what may be widened. What would lose messages or make a consumer
start over is refused, and then nothing at all is changed. What the topology does not know is reported, never deleted.
"""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import nats
import nats.errors
import nats.js.errors
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    ReplayPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from contracts.topology import CONSUMERS, STREAMS, Consumer, Stream

Outcome = Literal["created", "updated", "unchanged", "refused", "unknown"]

_STREAM_FIXED = ("retention", "storage", "deny_delete", "deny_purge")
_STREAM_FREE = ("description", "duplicate_window", "max_msg_size", "discard", "num_replicas")
_CONSUMER_FIXED = ("ack_policy", "deliver_policy", "replay_policy", "filter_subject")
_CONSUMER_FREE = ("description", "ack_wait", "max_deliver", "max_ack_pending")


@dataclass(frozen=True)
class Step:
    """What one stream or consumer needs, or why it is refused."""

    kind: Literal["stream", "consumer"]
    name: str
    outcome: Outcome
    detail: str = ""


class TopologyRefused(RuntimeError):
    """Applying would lose messages or make a consumer start over. Nothing was changed."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        refused = [step for step in steps if step.outcome == "refused"]
        super().__init__("; ".join(f"{step.kind} {step.name}: {step.detail}" for step in refused))


async def apply(url: str, user: str, password: str, *, replicas: int = 1) -> list[Step]:
    """Plan everything first, then apply all or nothing. Raises TopologyRefused."""
    client = await nats.connect(
        url,
        user=user,
        password=password,
        name="apply-topology",
        allow_reconnect=False,
        connect_timeout=5,
        # Also bounds the first connect, which otherwise tries for two minutes.
        max_reconnect_attempts=1,
        reconnect_time_wait=0.2,
    )
    try:
        return await apply_on(client.jetstream(timeout=10), replicas=replicas)
    finally:
        await client.close()


async def apply_on(
    context: JetStreamContext,
    *,
    streams: Sequence[Stream] = STREAMS,
    consumers: Sequence[Consumer] = CONSUMERS,
    replicas: int = 1,
) -> list[Step]:
    """The same on an open connection. Raises TopologyRefused."""
    steps = [await _plan_stream(context, stream, replicas) for stream in streams]
    missing = {step.name for step in steps if step.outcome == "created"}
    for consumer in consumers:
        steps.append(await _plan_consumer(context, consumer, stream_is_new=consumer.stream in missing))
    steps += await _unknown(context, streams, consumers, missing)
    if any(step.outcome == "refused" for step in steps):
        raise TopologyRefused(steps)
    wanted = {(step.kind, step.name): step.outcome for step in steps}
    for stream in streams:
        await _apply_stream(context, stream, replicas, wanted["stream", stream.name])
    for consumer in consumers:
        if wanted["consumer", consumer.name] in {"created", "updated"}:
            await context.add_consumer(consumer.stream, consumer_config(consumer))
    return steps


def stream_config(stream: Stream, replicas: int = 1) -> StreamConfig:
    return StreamConfig(
        name=stream.name,
        subjects=list(stream.subjects),
        description=stream.description,
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        # When a limit is ever set and reached, publishing is refused and the outbox keeps; old events never go first.
        discard=DiscardPolicy.NEW,
        max_age=stream.max_age_seconds,
        duplicate_window=stream.duplicate_window_seconds,
        max_msg_size=stream.max_message_bytes,
        num_replicas=replicas,
        deny_delete=stream.append_only,
        deny_purge=stream.append_only,
    )


def consumer_config(consumer: Consumer) -> ConsumerConfig:
    return ConsumerConfig(
        durable_name=consumer.name,
        description=f"{consumer.service} hears {consumer.owner}",
        ack_policy=AckPolicy.EXPLICIT,
        deliver_policy=DeliverPolicy.ALL,
        replay_policy=ReplayPolicy.INSTANT,
        filter_subject=consumer.filter,
        ack_wait=consumer.ack_wait_seconds,
        max_deliver=-1,
        max_ack_pending=consumer.max_ack_pending,
    )


async def _plan_stream(context: JetStreamContext, stream: Stream, replicas: int) -> Step:
    try:
        live = (await context.stream_info(stream.name)).config
    except nats.js.errors.NotFoundError:
        return Step("stream", stream.name, "created")
    wanted = stream_config(stream, replicas)
    refusals = [
        f"{field} is {getattr(live, field)!r} and cannot become {getattr(wanted, field)!r}"
        for field in _STREAM_FIXED
        if getattr(live, field) != getattr(wanted, field)
    ]
    if gone := sorted(set(live.subjects or []) - set(stream.subjects)):
        refusals.append(f"would stop keeping {', '.join(gone)}")
    if 0 < stream.max_age_seconds < (live.max_age or float("inf")):
        refusals.append(
            f"would keep messages {stream.max_age_seconds} s, shorter than now ({live.max_age or 'for ever'})"
        )
    if refusals:
        return Step("stream", stream.name, "refused", "; ".join(refusals))
    changes = _changes(live, wanted, _STREAM_FREE)
    if set(live.subjects or []) != set(stream.subjects):
        changes.append("subjects")
    if live.max_age != stream.max_age_seconds:
        changes.append("max_age")
    return Step("stream", stream.name, "updated" if changes else "unchanged", ", ".join(changes))


async def _plan_consumer(context: JetStreamContext, consumer: Consumer, *, stream_is_new: bool) -> Step:
    if stream_is_new:
        return Step("consumer", consumer.name, "created")
    try:
        live = (await context.consumer_info(consumer.stream, consumer.name)).config
    except nats.js.errors.NotFoundError:
        return Step("consumer", consumer.name, "created")
    wanted = consumer_config(consumer)
    refusals = [
        f"{field} is {getattr(live, field)!r} and cannot become {getattr(wanted, field)!r}"
        for field in _CONSUMER_FIXED
        if getattr(live, field) != getattr(wanted, field)
    ]
    if live.deliver_subject:
        refusals.append("it is a push consumer")
    if refusals:
        return Step("consumer", consumer.name, "refused", "; ".join(refusals))
    changes = _changes(live, wanted, _CONSUMER_FREE)
    return Step("consumer", consumer.name, "updated" if changes else "unchanged", ", ".join(changes))


def _changes(live: object, wanted: object, fields: Sequence[str]) -> list[str]:
    return [field for field in fields if getattr(live, field) != getattr(wanted, field)]


async def _unknown(
    context: JetStreamContext, streams: Sequence[Stream], consumers: Sequence[Consumer], missing: set[str]
) -> list[Step]:
    """What is on the server and not in the topology: shown, so that somebody decides; never deleted."""
    known = {(consumer.stream, consumer.name) for consumer in consumers}
    found = []
    for info in await context.streams_info():
        name = info.config.name or ""
        if name not in {stream.name for stream in streams}:
            found.append(Step("stream", name, "unknown", "not in the topology; left alone"))
    for stream in streams:
        if stream.name in missing:
            continue
        for live in await context.consumers_info(stream.name):
            if (stream.name, live.name) not in known:
                detail = f"on {stream.name}, not in the topology; left alone"
                found.append(Step("consumer", live.name, "unknown", detail))
    return found


async def _apply_stream(context: JetStreamContext, stream: Stream, replicas: int, outcome: Outcome) -> None:
    if outcome == "created":
        await context.add_stream(stream_config(stream, replicas))
    elif outcome == "updated":
        await context.update_stream(stream_config(stream, replicas))


def _report(steps: Sequence[Step], *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"steps": [asdict(step) for step in steps]}, indent=2)
    return "\n".join(f"{step.outcome:<10} {step.kind:<9} {step.name:<26} {step.detail}".rstrip() for step in steps)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.apply_topology", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--nats-url", default=os.environ.get("NATS_URL", "nats://127.0.0.1:4222"), help="env NATS_URL")
    parser.add_argument("--user", default=os.environ.get("NATS_USER", "ops"), help="env NATS_USER")
    parser.add_argument("--password", default=os.environ.get("NATS_PASSWORD"), help="better: env NATS_PASSWORD")
    parser.add_argument("--replicas", type=int, default=1, help="copies of each stream; 3 in a cluster")
    parser.add_argument("--json", action="store_true", help="what was done, as JSON")
    chosen = parser.parse_args(arguments)
    if not chosen.password:
        parser.error("the ops user's password is missing: set NATS_PASSWORD or give --password")
    try:
        steps = asyncio.run(apply(chosen.nats_url, chosen.user, chosen.password, replicas=chosen.replicas))
    except TopologyRefused as refused:
        print(_report(refused.steps, as_json=chosen.json))
        print("refused; nothing was changed", file=sys.stderr)
        return 2
    except (nats.errors.Error, OSError, TimeoutError) as lost:
        print(f"{chosen.nats_url}: {lost!r}", file=sys.stderr)
        return 1
    print(_report(steps, as_json=chosen.json))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
