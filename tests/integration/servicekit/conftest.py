"""The toy service, and servers that a test may take away."""

import asyncio
import gc
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from deploy.apply_topology import apply
from deploy.local.issuer import Issuer
from deploy.local.nats_server import nats_program
from deploy.local.programs import HOST, free_port
from deploy.nats.config import OPS, USERS
from tests.infra import NatsServer, PostgresServer, elsewhere, running
from tests.integration.servicekit.toy import NAME, TABLES, Hearing, Toy, fetch, settings, toy_app

StartToy = Callable[..., AbstractAsyncContextManager[Toy]]


@pytest.fixture(autouse=True, scope="session")
def plain_logs() -> None:
    """structlog's own default draws a traceback with every local variable, which takes seconds."""
    plain: list[structlog.typing.Processor] = [
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(),
    ]
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, *plain])


@pytest.fixture
def cut_off() -> Iterator[None]:
    """For tests that cut connections: drivers leave the socket of a cut connection to the garbage collector."""
    yield
    gc.collect()


@pytest.fixture
def dsn(service_database: Callable[[str], str]) -> str:
    """A database with the spine and the toy's tables."""
    made = service_database(NAME)
    for statement in TABLES.strip().split(";\n"):
        elsewhere(fetch(made, statement))
    return made


@pytest.fixture
def hearing() -> Hearing:
    return Hearing()


@pytest.fixture
def start(bus: NatsServer, dsn: str, tokens: Issuer, hearing: Hearing) -> StartToy:
    """`async with start(relay_batch=10) as toy:` runs a toy in this process; settings as keywords."""

    @asynccontextmanager
    async def run(server: NatsServer = bus, **other: Any) -> AsyncIterator[Toy]:
        app = toy_app(settings(server, dsn, tokens, **other), hearing)
        async with app.router.lifespan_context(app):
            # A failure of ours is answered as a client would see it, not raised into the test.
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://toy") as http:
                yield Toy(app, http, tokens, dsn)

    return run


@dataclass
class Wire:
    """A TCP connection to a server that a test can cut, and mend, without touching the server."""

    host: str
    port: int
    there: tuple[str, int]
    _server: asyncio.Server | None = None
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._join, self.host, self.port)

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self.there)
        self._ends |= {writer, far_writer}
        await asyncio.gather(_pour(reader, far_writer), _pour(far_reader, writer))


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await source.read(65536):
            sink.write(some)
            await sink.drain()
    sink.close()


@pytest.fixture
async def wire(postgres_server: PostgresServer) -> AsyncIterator[Wire]:
    """A wire to the database server; put its port into a DSN."""
    wire = Wire(HOST, free_port(), (postgres_server.host, postgres_server.port))
    await wire.mend()
    yield wire
    await wire.cut()


@dataclass
class FrailNats:
    """A NATS server of the test's own, that can be stopped and started again on the same port and store."""

    server: NatsServer
    port: int
    directory: Path
    _up: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        program = nats_program(
            self.directory / "nats",
            port=self.port,
            passwords=self.server.passwords,
            server_name=f"frail-{secrets.token_hex(4)}",
            sync_interval="10s",
        )
        self._up.enter_context(running(program, self.directory / "nats.log"))

    def stop(self) -> None:
        self._up.close()


@pytest.fixture
def frail_nats(tmp_path: Path) -> Iterator[FrailNats]:
    passwords = {user: secrets.token_urlsafe(12) for user in USERS}
    port = free_port()
    frail = FrailNats(NatsServer(f"nats://{HOST}:{port}", passwords), port, tmp_path)
    frail.start()
    elsewhere(apply(frail.server.url, OPS, passwords[OPS]))
    yield frail
    frail.stop()
