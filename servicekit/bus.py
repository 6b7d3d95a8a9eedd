"""The bus of one service: FastStream on NATS JetStream, with every setting owned and none left to a default."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import nats.errors
import nats.js.errors
import structlog
from faststream import AckPolicy
from faststream.exceptions import IncorrectState
from faststream.nats import NatsBroker
from faststream.nats.security import NatsUserPassword
from faststream.specification import AsyncAPI
from nats.aio.client import Client
from nats.js import JetStreamContext

from contracts.envelope import EventData
from contracts.topology import consumers_of, stream_name, streams_of
from servicekit.delivery import Handler, delivery_of, listen
from servicekit.service import Service
from servicekit.settings import ServiceSettings

log = structlog.get_logger()


class BusNotReady(RuntimeError):
    """The bus does not answer, or a stream or durable consumer of the topology is missing."""


def make_broker(name: str, settings: ServiceSettings) -> NatsBroker:
    return NatsBroker(
        settings.nats_url,
        name=name,
        security=NatsUserPassword(settings.nats_user, settings.nats_password.get_secret_value()),
        inbox_prefix=f"_INBOX_{name}",
        connect_timeout=2,
        reconnect_time_wait=1,
        # After 60 failed reconnects nats-py's loop spins; for ever, with a timeout around the start, and a watchdog.
        max_reconnect_attempts=-1,
        ping_interval=10,
        max_outstanding_pings=2,
        graceful_timeout=settings.graceful_seconds,
        ack_policy=AckPolicy.MANUAL,
        logger=None,
    )


async def connect(broker: NatsBroker, settings: ServiceSettings) -> Client:
    """Raises BusNotReady when the bus refuses us, or does not answer in `nats_connect_seconds`."""
    try:
        return await asyncio.wait_for(broker.connect(), settings.nats_connect_seconds)
    except TimeoutError as silent:
        raise BusNotReady(f"no answer from {settings.nats_url} in {settings.nats_connect_seconds} s") from silent
    except (nats.errors.Error, OSError) as refused:
        raise BusNotReady(f"{settings.nats_url} refuses {settings.nats_user}: {refused}") from refused


async def check_topology(stream: JetStreamContext, service: str) -> None:
    """A missing stream or consumer fails the start loudly: a service never makes one (apply_topology does)."""
    for name in streams_of(service):
        try:
            await stream.stream_info(name)
        except nats.js.errors.NotFoundError as missing:
            raise BusNotReady(f"stream {name} is missing; run python -m deploy.apply_topology") from missing
    for consumer in consumers_of(service):
        try:
            await stream.consumer_info(consumer.stream, consumer.name)
        except nats.js.errors.NotFoundError as missing:
            raise BusNotReady(f"consumer {consumer.name} is missing; run python -m deploy.apply_topology") from missing


def wire(
    service: Service,
    hears: Mapping[str, Mapping[type[EventData], Handler]],
    answers: Mapping[str, Callable[[Service, dict[str, Any]], Awaitable[dict[str, Any]]]],
) -> None:
    """Subscribe everything the service hears and answers. Raises KeyError when the topology does not have it."""
    durables = {consumer.owner: consumer for consumer in consumers_of(service.name)}
    by_name = {durables[owner].name: handlers for owner, handlers in hears.items()}
    service.broker.add_middleware(delivery_of(service, by_name))
    for owner, handlers in hears.items():
        listen(service, durables[owner], handlers)
    for subject, view in answers.items():
        _answer(service, subject, view)


def _answer(
    service: Service, subject: str, view: Callable[[Service, dict[str, Any]], Awaitable[dict[str, Any]]]
) -> None:
    async def reply(question: dict[str, Any]) -> dict[str, Any]:
        return await view(service, question)

    reply.__doc__ = view.__doc__
    service.broker.subscriber(subject, queue=service.name, title=subject)(reply)


async def ask(service: Service, subject: str, question: dict[str, Any], *, timeout_seconds: float) -> dict[str, Any]:
    """A read by request/reply; the answer comes to this service's private inbox and is not stored.

    Raises TimeoutError or nats.errors.Error when nobody answers: transient, the caller tries again later.
    """
    try:
        answer = await service.broker.request(question, subject, timeout=timeout_seconds)
    except IncorrectState as stopped:
        raise TimeoutError("the service is stopping and asks nobody any more") from stopped
    decoded = await answer.decode()
    if not isinstance(decoded, dict):
        raise TimeoutError(f"{subject} gave no usable answer")
    return decoded


async def watch(stream: JetStreamContext, service: str, settings: ServiceSettings) -> None:
    """Exit the process when the bus did not answer a question for `watchdog_limit_seconds`.

    nats-py can end its reconnecting for good (an authentication error in between), and nothing else would notice. Its
    own `flush` does not tell: while its loops are dead it returns at once, without asking the server.
    """
    loop = asyncio.get_running_loop()
    answered = loop.time()
    while True:
        await asyncio.sleep(settings.watchdog_interval_seconds)
        try:
            await stream.stream_info(stream_name(service))
            answered = loop.time()
        except nats.js.errors.APIError:
            answered = loop.time()  # an error is an answer
        except (nats.errors.Error, OSError, TimeoutError) as silent:
            log.warning("bus does not answer", error=repr(silent), silent_for=round(loop.time() - answered, 1))
        if loop.time() - answered > settings.watchdog_limit_seconds:
            log.error("bus silent too long; the process exits so that it is restarted")
            os._exit(71)


def asyncapi(service: Service) -> str:
    """The AsyncAPI document of what this service hears."""
    return AsyncAPI(service.broker, title=service.name, version="1").to_specification().to_json()
