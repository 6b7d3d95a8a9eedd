"""The bus as data: who produces, who hears, who asks, and from that the streams, durable consumers and rights.

`SERVICES` is the one table to edit: a new service is one line in it. `python -m deploy.apply_topology` makes a server
match it, `python -m contracts.topology` prints it. Services never create a stream or a consumer themselves.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

_DAY = 24 * 60 * 60

KEEP_SECONDS = 400 * _DAY
"""How long a stream keeps an event: at least the campaign plus 60 days, so that a whole season can be read again."""

DUPLICATE_WINDOW_SECONDS = 120
"""A message id published twice inside this window is stored once. The inbox catches what comes later."""

MAX_MESSAGE_BYTES = 1_048_576
"""The largest event; also the server's max_payload."""

ACK_WAIT_SECONDS = 30
"""A message not acknowledged for this long goes to another replica. Longer than any handler may take."""

MAX_ACK_PENDING = 64
"""Messages of one consumer that are being handled at a time, over all replicas."""

DEAD_LETTERS = "DEAD"
"""The stream of what a consumer could not handle, each under `dead.<durable>.<original subject>`."""


@dataclass(frozen=True)
class ServiceOnBus:
    """One service: whose events it hears (each a durable consumer), and which queries it may ask."""

    name: str
    hears: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()


SERVICES: tuple[ServiceOnBus, ...] = (
    ServiceOnBus("plans"),
    ServiceOnBus("registration", hears=("plans",)),
    ServiceOnBus("livestream", hears=("plans",)),
    ServiceOnBus("feedback", hears=("plans", "livestream"), asks=("queries.livestream.question.v1",)),
    ServiceOnBus("deadlines", hears=("plans", "registration", "feedback")),
    ServiceOnBus(
        "notifications",
        hears=("plans", "registration", "feedback", "deadlines"),
        asks=(
            "queries.plans.contacts.v1",
            "queries.registration.contacts.v1",
            "queries.feedback.contacts.v1",
        ),
    ),
)


@dataclass(frozen=True)
class Stream:
    """A JetStream stream on disk. `append_only` streams refuse deletion and purging of messages, even by ops."""

    name: str
    subjects: tuple[str, ...]
    description: str
    append_only: bool
    max_age_seconds: int = KEEP_SECONDS
    duplicate_window_seconds: int = DUPLICATE_WINDOW_SECONDS
    max_message_bytes: int = MAX_MESSAGE_BYTES


@dataclass(frozen=True)
class Consumer:
    """A durable pull consumer: `service` hears everything `owner` says.

    Deliveries are unlimited here: the service's delivery middleware counts them and makes the dead letter.
    """

    name: str
    service: str
    owner: str
    stream: str
    filter: str
    ack_wait_seconds: int = ACK_WAIT_SECONDS
    max_ack_pending: int = MAX_ACK_PENDING


@dataclass(frozen=True)
class Query:
    """A read by request/reply; answered by `owner`, asked only by the services named."""

    subject: str
    owner: str
    asked_by: tuple[str, ...]


@dataclass(frozen=True)
class Rights:
    """What one NATS user may do. Anything not named is refused; replies to received requests are allowed."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def stream_name(owner: str) -> str:
    return f"EVENTS_{owner.upper()}"


def _stream(service: ServiceOnBus) -> Stream:
    return Stream(
        name=stream_name(service.name),
        subjects=(f"events.{service.name}.>",),
        description=f"Everything {service.name} says",
        append_only=True,
    )


def _consumer(service: str, owner: str) -> Consumer:
    return Consumer(
        name=f"{service}-{owner}",
        service=service,
        owner=owner,
        stream=stream_name(owner),
        filter=f"events.{owner}.>",
    )


def _queries() -> tuple[Query, ...]:
    subjects = sorted({subject for service in SERVICES for subject in service.asks})
    return tuple(
        Query(
            subject=subject,
            owner=subject.split(".")[1],
            asked_by=tuple(service.name for service in SERVICES if subject in service.asks),
        )
        for subject in subjects
    )


STREAMS: tuple[Stream, ...] = (
    *(_stream(service) for service in SERVICES),
    # Ops may delete a dead letter once it was replayed or judged, so this stream is not append-only.
    Stream(DEAD_LETTERS, ("dead.>",), "What a consumer could not handle, kept until somebody looks", append_only=False),
)

CONSUMERS: tuple[Consumer, ...] = tuple(
    _consumer(service.name, owner) for service in SERVICES for owner in service.hears
)

QUERIES: tuple[Query, ...] = _queries()


def on_bus(name: str) -> ServiceOnBus:
    """Raises KeyError when the topology does not have the service."""
    for service in SERVICES:
        if service.name == name:
            return service
    raise KeyError(f"{name} is not in contracts/topology.py")


def consumers_of(service: str) -> tuple[Consumer, ...]:
    """The durable consumers a service pulls from."""
    return tuple(consumer for consumer in CONSUMERS if consumer.service == on_bus(service).name)


def streams_of(service: str) -> tuple[str, ...]:
    """The streams that must exist before a service starts: its own, those it hears, and the dead letters."""
    return (stream_name(service), *(consumer.stream for consumer in consumers_of(service)), DEAD_LETTERS)


def inbox_prefix(service: str) -> str:
    """The service's private inbox. A token of its own: NATS has no wildcard inside a token to grant `_INBOX.x*`."""
    return f"_INBOX_{service}"


def rights(service: str) -> Rights:
    """The least a service needs. A stolen credential can neither forge another's event nor read what it does not hear.

    Creating, changing or deleting streams and consumers, purging, and reading by sequence are nobody's but ops'.
    """
    publish = [f"events.{service}.>"]
    for consumer in consumers_of(service):
        publish += [
            f"dead.{consumer.name}.>",
            f"$JS.API.CONSUMER.INFO.{consumer.stream}.{consumer.name}",
            f"$JS.API.CONSUMER.MSG.NEXT.{consumer.stream}.{consumer.name}",
            f"$JS.ACK.{consumer.stream}.{consumer.name}.>",
        ]
    publish += [f"$JS.API.STREAM.INFO.{stream}" for stream in streams_of(service)]
    publish += on_bus(service).asks
    return Rights(tuple(publish), (f"{inbox_prefix(service)}.>", f"queries.{service}.>"))


def as_data() -> dict[str, object]:
    """The whole topology as plain JSON values."""
    return {
        "streams": [asdict(stream) for stream in STREAMS],
        "consumers": [asdict(consumer) for consumer in CONSUMERS],
        "queries": [asdict(query) for query in QUERIES],
        "rights": {service.name: asdict(rights(service.name)) for service in SERVICES},
    }


def _lines() -> list[str]:
    lines = ["Streams"]
    for stream in STREAMS:
        days = stream.max_age_seconds // _DAY
        kind = "append-only" if stream.append_only else "ops may delete"
        lines.append(f"  {stream.name:<24} {' '.join(stream.subjects):<28} {days} days, {kind}")
    lines.append("Durable consumers")
    lines += [f"  {c.name:<24} {c.stream:<28} {c.filter}" for c in CONSUMERS]
    lines.append("Queries")
    lines += [f"  {q.subject:<53} answered by {q.owner}, asked by {', '.join(q.asked_by)}" for q in QUERIES]
    for service in SERVICES:
        granted = rights(service.name)
        lines.append(f"Rights of {service.name}")
        lines += [f"  publish    {subject}" for subject in granted.publish]
        lines += [f"  subscribe  {subject}" for subject in granted.subscribe]
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m contracts.topology", description="Print the bus topology.")
    parser.add_argument("--json", action="store_true", help="as JSON")
    chosen = parser.parse_args(arguments)
    sys.stdout.write((json.dumps(as_data(), indent=2) if chosen.json else "\n".join(_lines())) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
