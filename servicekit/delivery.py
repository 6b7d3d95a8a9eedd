"""Messages off the bus, each to exactly one effect; what cannot be handled is kept, visible, and can be replayed.

The one middleware around every handler decides what becomes of a message:
handled or refused by a rule -> ack; transient -> nak with growing delay; broken or out of attempts -> copied to
`dead.<consumer>.<subject>` first, then terminated. This is the only place that catches every exception.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import reduce
from operator import or_
from typing import Any

import nats.errors
import structlog
from faststream import AckPolicy, BaseMiddleware
from faststream.nats import JStream, NatsMessage, PullSub
from pydantic import ValidationError

from contracts.envelope import CloudEvent, EventData, parse_document
from contracts.registry import UnknownEvent, read_event
from contracts.topology import DEAD_LETTERS, Consumer
from servicekit import correlation, inbox, metrics
from servicekit.database import TRANSIENT
from servicekit.problems import Refused
from servicekit.service import Service, Transaction

log = structlog.get_logger()

Handler = Callable[[Transaction, CloudEvent[Any]], Awaitable[None]]

_BROKEN = (UnknownEvent, ValidationError, ValueError, RecursionError)
_TRANSIENT: tuple[type[Exception], ...] = (OSError, TimeoutError, nats.errors.Error, *TRANSIENT)


class MessageBroken(Exception):
    """The message itself can never be handled: not JSON, not a CloudEvent, or of a type nobody published."""


def listen(service: Service, consumer: Consumer, handlers: Mapping[type[EventData], Handler]) -> None:
    """Subscribe one durable consumer. Events of the stream without a handler here are acknowledged unread."""
    settings = service.settings
    heard = {event.TYPE: handler for event, handler in handlers.items()}
    payload: Any = reduce(or_, (CloudEvent[event] for event in handlers))  # type: ignore[valid-type]

    async def decode(message: NatsMessage) -> CloudEvent[Any]:
        return message.raw_message.event  # type: ignore[attr-defined, no-any-return]

    async def handle(event: Any) -> None:
        async with service.transaction() as transaction:
            if await inbox.is_fresh(transaction.connection, consumer.name, event.id):
                await heard[event.type](transaction, event)

    handle.__annotations__["event"] = payload
    handle.__doc__ = f"{service.name} hears {consumer.stream}."
    service.broker.subscriber(
        consumer.filter,
        durable=consumer.name,
        stream=JStream(consumer.stream, declare=False),
        pull_sub=PullSub(batch_size=settings.delivery_batch, timeout=2.0),
        inbox_prefix=f"_INBOX_{service.name}.".encode(),
        ack_policy=AckPolicy.MANUAL,
        decoder=decode,
        title=consumer.name,
    )(handle)


class Delivery(BaseMiddleware):
    """Made by `delivery_of`, which knows the service, its consumers and what they hear."""

    service: Service
    hears: Mapping[str, frozenset[str]]

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: Any) -> Any:
        """What becomes of one message."""
        raw = msg.raw_message
        if not raw.reply.startswith("$JS.ACK."):
            return await call_next(msg)  # a query by request/reply, not a JetStream delivery
        consumer = raw.metadata.consumer
        try:
            event = _parse(raw.data)
            if event.type != raw.subject:
                raise MessageBroken(f"type {event.type} came on subject {raw.subject}")
            if event.type not in self.hears[consumer]:
                await raw.ack()
                return None
            raw.event = event
            with correlation.correlated(event.correlationid, event.traceparent, event_id=str(event.id)):
                await call_next(msg)
            await raw.ack()
            metrics.HANDLED.labels(consumer, "handled").inc()
        except Exception as error:  # noqa: BLE001 - the one place where everything ends up
            await self._decide(raw, consumer, error)
        return None

    async def _decide(self, raw: Any, consumer: str, error: Exception) -> None:
        settings = self.service.settings
        attempts = raw.metadata.num_delivered
        delay = settings.delivery_delays_seconds[min(attempts, len(settings.delivery_delays_seconds)) - 1]
        if isinstance(error, Refused):
            log.info("event refused by a rule", consumer=consumer, subject=raw.subject, code=error.code)
            metrics.HANDLED.labels(consumer, "refused").inc()
            await raw.ack()
        elif isinstance(error, MessageBroken):
            await self._bury(raw, consumer, "broken", error)
        elif isinstance(error, _TRANSIENT):
            # However often: the database may be down for an hour. (Deliveries count on, so a failure of our own right
            # after a long outage is dead at once; dead letters are kept and can be replayed.)
            log.warning("delivery will be retried", consumer=consumer, subject=raw.subject, error=repr(error))
            metrics.HANDLED.labels(consumer, "transient").inc()
            await raw.nak(delay=delay)
        elif attempts < settings.delivery_attempts:
            log.exception("delivery failed", consumer=consumer, subject=raw.subject, attempt=attempts, exc_info=error)
            metrics.HANDLED.labels(consumer, "failed").inc()
            await raw.nak(delay=delay)
        else:
            await self._bury(raw, consumer, "exhausted", error)

    async def _bury(self, raw: Any, consumer: str, cause: str, error: Exception) -> None:
        """Copy to the dead-letter stream, and only when that is acknowledged let go of the message."""
        sequence = raw.metadata.sequence.stream
        log.error("message is dead", consumer=consumer, subject=raw.subject, cause=cause, error=repr(error))
        headers = {
            **(raw.headers or {}),
            "Nats-Msg-Id": f"dead:{consumer}:{sequence}",
            "Openday-Dead-Cause": cause,
            "Openday-Dead-Error": _ascii(repr(error)),
            "Openday-Dead-Consumer": consumer,
            "Openday-Dead-Stream-Sequence": str(sequence),
            "Openday-Dead-Deliveries": str(raw.metadata.num_delivered),
        }
        try:
            await self.service.broker.publish(
                raw.data,
                f"dead.{consumer}.{raw.subject}",
                headers=headers,
                stream=DEAD_LETTERS,
                timeout=self.service.settings.publish_timeout_seconds,
            )
        except (nats.errors.Error, TimeoutError, OSError) as lost:
            log.warning("dead letter not stored; the message stays", consumer=consumer, error=repr(lost))
            await raw.nak(delay=self.service.settings.delivery_delays_seconds[-1])
            return
        metrics.DEAD.labels(consumer, cause).inc()
        await raw.term()


def delivery_of(service: Service, hears: Mapping[str, Mapping[type[EventData], Handler]]) -> type[Delivery]:
    """The middleware class of one service. `hears` maps a durable's name to its handlers."""
    names = {consumer: frozenset(event.TYPE for event in handlers) for consumer, handlers in hears.items()}
    return type("ServiceDelivery", (Delivery,), {"service": service, "hears": names})


def _parse(raw: bytes) -> CloudEvent[Any]:
    try:
        return read_event(parse_document(raw))
    except _BROKEN as error:
        raise MessageBroken(_short(error)) from error


def _short(error: Exception) -> str:
    """A validation error without the values that failed: they may be anything."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
    return str(error)


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()[:512].replace("\n", " ").replace("\r", " ")
