"""How every service starts and stops: pool, clock, bus, relay, timers, watchdog; and the reverse, drained."""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from typing import Any

import nats.errors
import structlog
import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response
from faststream.nats import NatsBroker

from contracts.envelope import EventData
from servicekit import bus
from servicekit.auth import TokenReader
from servicekit.clock import Clock, SystemClock
from servicekit.crypto import Sealer
from servicekit.database import Pool, open_pool
from servicekit.delivery import Handler
from servicekit.housekeeping import keep_house
from servicekit.http import make_app
from servicekit.logs import configure_logs
from servicekit.migrations import migrate
from servicekit.relay import Relay
from servicekit.service import Service
from servicekit.settings import ServiceSettings
from servicekit.simulation import Pending, restore_clock, simulation_door
from servicekit.timers import Timers, run_timers

log = structlog.get_logger()

_START_FAILED = 3

Background = Callable[[Service], Coroutine[Any, Any, None]]
Query = Callable[[Service, dict[str, Any]], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Wiring:
    """What makes one service this service; written in its app.py, the only file that chooses."""

    name: str
    title: str
    description: str
    settings: ServiceSettings
    routers: Sequence[APIRouter]
    migrations: Path
    hears: Mapping[str, Mapping[type[EventData], Handler]] = field(default_factory=dict)
    """Owner of a stream -> event class -> handler."""
    answers: Mapping[str, Query] = field(default_factory=dict)
    """Subject `queries.<name>.<what>.v1` -> view."""
    timers: Timers | None = None
    pending: Pending | None = None
    """How much the service still has to do right now besides outbox and timers; a rehearsal waits for it."""
    background: Sequence[Background] = ()
    opened: Callable[[Service], Awaitable[None]] | None = None
    """Runs once before the service takes any work."""


def build_app(wiring: Wiring) -> FastAPI:
    """The service's HTTP app; everything else it runs lives in the app's lifespan."""
    settings = wiring.settings
    routers = [*wiring.routers, _asyncapi_door()]
    if settings.clock == "simulated":
        routers.append(simulation_door(wiring.timers, wiring.pending))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = await open_pool(
            settings.database_url.get_secret_value(),
            minimum=settings.pool_min,
            maximum=settings.pool_max,
            statement_timeout=settings.statement_timeout_seconds,
            name=wiring.name,
        )
        try:
            async with _running(wiring, app, pool):
                yield
        finally:
            with suppress(TimeoutError):
                await asyncio.wait_for(pool.close(), settings.graceful_seconds)

    return make_app(wiring.title, wiring.description, lifespan, routers, settings.max_body_bytes)


@asynccontextmanager
async def _running(wiring: Wiring, app: FastAPI, pool: Pool) -> AsyncIterator[None]:
    settings = wiring.settings
    clock: Clock = await restore_clock(pool, settings.start) if settings.clock == "simulated" else SystemClock()
    broker = bus.make_broker(wiring.name, settings)
    app.state.stopping = False
    tasks: list[asyncio.Task[None]] = []
    try:
        tasks += await _open(wiring, app, pool, clock, broker)
        log.info("service started", http_port=settings.http_port, clock=settings.clock, deployment=settings.deployment)
        yield
    finally:
        app.state.stopping = True
        try:
            await broker.stop()  # lets handlers finish, before what they need goes
        except (nats.errors.Error, OSError, TimeoutError) as lost:
            log.warning("the bus was away when the service stopped", error=repr(lost))
        await _stop(tasks, settings.graceful_seconds)
        log.info("service stopped")


async def _open(wiring: Wiring, app: FastAPI, pool: Pool, clock: Clock, broker: NatsBroker) -> list[asyncio.Task[None]]:
    """Connect, check, listen, and begin the loops that run beside the requests."""
    settings = wiring.settings
    client = await bus.connect(broker, settings)
    stream = client.jetstream(timeout=settings.publish_timeout_seconds)
    await bus.check_topology(stream, wiring.name)
    relay = Relay(
        pool,
        stream,
        batch=settings.relay_batch,
        idle_seconds=settings.relay_idle_seconds,
        timeout_seconds=settings.publish_timeout_seconds,
        attempts=settings.publish_attempts,
    )
    sealer = Sealer.from_file(settings.encryption_keys_file) if settings.encryption_keys_file else None
    service = Service(wiring.name, settings, pool, clock, broker, relay, sealer)
    app.state.service, app.state.stream, app.state.tokens = service, stream, TokenReader(settings)
    if wiring.opened is not None:
        await wiring.opened(service)
    bus.wire(service, wiring.hears, wiring.answers)
    await broker.start()
    jobs = [
        relay.run(),
        bus.watch(stream, wiring.name, settings),
        keep_house(service),
        *(job(service) for job in wiring.background),
    ]
    if wiring.timers is not None:
        jobs.append(run_timers(service, wiring.timers))
    return [asyncio.create_task(_must_run(job)) for job in jobs]


async def _stop(tasks: Collection[asyncio.Task[None]], seconds: float) -> None:
    """Cancel, and again whoever is still there: libraries' wait_for can swallow a cancellation (before Python 3.12)."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=seconds + 1)


async def _must_run(job: Coroutine[Any, Any, None]) -> None:
    """A loop of the service that ends by itself leaves a half-dead service; better a dead one, which is restarted."""
    try:
        await job
    except asyncio.CancelledError:
        raise
    except BaseException:
        log.exception("a loop of the service died; the process exits so that it is restarted", job=str(job))
        os._exit(70)
    log.error("a loop of the service ended; the process exits so that it is restarted", job=str(job))
    os._exit(70)


def _asyncapi_door() -> APIRouter:
    router = APIRouter()

    @router.get("/asyncapi.json", tags=["ops"])
    async def asyncapi(request: Request) -> Response:
        """AsyncAPI 3.0: what this service hears. (What everybody says: contracts/schemas.)"""
        service: Service = request.app.state.service
        return Response(bus.asyncapi(service), media_type="application/json")

    return router


def main(name: str, wire: Callable[[], Wiring]) -> None:
    """`python -m services.<name> serve|migrate`."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{name}", description=wire.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="run the service until SIGTERM")
    commands.add_parser("migrate", help="apply migrations to the service's database and exit")
    command = parser.parse_args().command
    wiring = wire()
    configure_logs(wiring.name, wiring.settings.log_level)
    if command == "migrate":
        applied = asyncio.run(migrate(wiring.settings.database_url.get_secret_value(), [wiring.migrations]))
        log.info("migrations applied", migrations=applied)
        return
    app = build_app(wiring)
    config = uvicorn.Config(
        app,
        host=wiring.settings.http_host,
        port=wiring.settings.http_port,
        loop="uvloop",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=int(wiring.settings.graceful_seconds),
        lifespan="on",
    )
    server = _Server(config, app)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(_START_FAILED)


class _Server(uvicorn.Server):
    """Says that it stops before it waits for connections to end: a stream of events ends only when told."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._served = app

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._served.state.stopping = True
        await super().shutdown(sockets)
