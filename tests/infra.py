"""Real servers for tests: NATS with the topology's users and streams, PostgreSQL with a fresh database per test.

`TEST_BACKEND` says where they come from: `embedded` (the default: the wheels' servers on free ports),
`containers` (testcontainers, needs Docker), `urls`: servers that run already and are there for tests alone, since their
streams are deleted: TEST_NATS_URL, TEST_NATS_PASSWORD_<USER> for each user, TEST_POSTGRES_HOST, _PORT, _PASSWORD.
Fixtures are plain functions and objects, usable from sync and async tests alike.
"""

import asyncio
import os
import secrets
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import nats
import pytest
from nats.aio.client import Client

from contracts.topology import inbox_prefix
from deploy.apply_topology import apply
from deploy.local import postgres_server as pg
from deploy.local.issuer import Issuer, open_issuer
from deploy.local.nats_server import nats_program
from deploy.local.programs import HOST, Program, free_port, owns_port
from deploy.nats.config import OPS, USERS
from servicekit.migrations import migrate

ROOT = Path(__file__).resolve().parents[1]
BACKEND = os.environ.get("TEST_BACKEND", "embedded")
T = TypeVar("T")


@dataclass(frozen=True)
class NatsServer:
    """`reset()` empties every stream and makes every consumer start over."""

    url: str
    passwords: dict[str, str]

    def user(self, name: str) -> str:
        """The password of a service's user, or of `ops`."""
        return self.passwords[name]

    async def connect(self, user: str = OPS, **options: Any) -> Client:
        """A connection as this user, with the private inbox its rights name. The caller closes it."""
        prefix = "_INBOX" if user == OPS else inbox_prefix(user)
        bounded = {"allow_reconnect": False, "connect_timeout": 5, "max_reconnect_attempts": 1}
        settings: dict[str, Any] = {**bounded, "inbox_prefix": prefix, **options}
        return await nats.connect(self.url, user=user, password=self.user(user), **settings)

    def reset(self) -> None:
        elsewhere(self._reset())

    async def _reset(self) -> None:
        client = await self.connect()
        try:
            context = client.jetstream()
            for info in await context.streams_info():
                # Deleted and made anew: an append-only stream refuses to be purged.
                await context.delete_stream(info.config.name or "")
        finally:
            await client.close()
        await apply(self.url, OPS, self.user(OPS))


@dataclass
class PostgresServer:
    """`dsn(...)` names one role and database of it; `admin` is a superuser."""

    host: str
    port: int
    password: str
    _templates: dict[str, str] = field(default_factory=dict)

    def dsn(self, database: str, user: str = pg.SUPERUSER, password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@{self.host}:{self.port}/{database}"

    @property
    def admin(self) -> str:
        return self.dsn("postgres")

    async def template(self, service: str) -> str:
        """A migrated database of a service, made once a session and copied for each test."""
        if service not in self._templates:
            name = f"template_{service}_{secrets.token_hex(4)}"
            await _execute(
                self.admin,
                f'do $$ begin create role "{service}"; exception when duplicate_object then null; end $$',
                f"alter role \"{service}\" login password '{service}'",
                f'create database "{name}" owner "{service}"',
            )
            directory = ROOT / "services" / service / "migrations"
            await migrate(self.dsn(name, service, service), [directory] if directory.is_dir() else [])
            self._templates[service] = name
        return self._templates[service]

    async def database(self, service: str) -> tuple[str, str]:
        """A fresh database of a service: its name and the DSN of the service's role."""
        template = await self.template(service)
        name = f"{service}_{secrets.token_hex(4)}"
        await _execute(self.admin, f'create database "{name}" template "{template}" owner "{service}"')
        return name, self.dsn(name, service, service)


async def _execute(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def elsewhere(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop of its own, also from inside a running one."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 - handed to the caller below
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


@contextmanager
def running(program: Program, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the block ends. Fails with its log when it does not come up."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            program.argv(),
            env=program.full_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
        )
    try:
        elsewhere(_until_ready(program, process, log))
        yield process
    finally:
        process.send_signal(program.stop_signal)
        try:
            process.wait(program.stop_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _until_ready(program: Program, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + program.ready_seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if await program.ready():
                assert all(owns_port(process.pid, port) for port in program.listens.values()), "not our server"
                return
        except (OSError, TimeoutError):
            pass
        await asyncio.sleep(0.02)
    written = await asyncio.to_thread(log.read_text, errors="replace")
    pytest.fail(f"{program.name} did not come up:\n{written[-4000:]}", pytrace=False)


@pytest.fixture(scope="session")
def server_directory() -> Iterator[Path]:
    """Where the session's servers keep their files; an unprivileged user may pass through, not look."""
    with tempfile.TemporaryDirectory(prefix="openday-test-") as name:
        directory = Path(name)
        directory.chmod(0o711)
        yield directory


@pytest.fixture(scope="session")
def nats_server(server_directory: Path) -> Iterator[NatsServer]:
    """One NATS server a session, topology applied. Take `bus` to have it empty."""
    if BACKEND == "urls":
        names = {user: os.environ[f"TEST_NATS_PASSWORD_{user.upper()}"] for user in USERS}
        elsewhere(apply(os.environ["TEST_NATS_URL"], OPS, names[OPS]))
        yield NatsServer(os.environ["TEST_NATS_URL"], names)
        return
    passwords = {user: secrets.token_urlsafe(12) for user in USERS}
    if BACKEND == "containers":
        from tests.containers import nats_container

        with nats_container(server_directory, passwords) as url:
            elsewhere(apply(url, OPS, passwords[OPS]))
            yield NatsServer(url, passwords)
        return
    port = free_port()
    program = nats_program(
        server_directory / "nats",
        port=port,
        passwords=passwords,
        server_name=f"test-{secrets.token_hex(4)}",
        # Tests survive no power cut; syncing each message would only slow them down.
        sync_interval="10s",
    )
    with running(program, server_directory / "nats.log"):
        url = f"nats://{HOST}:{port}"
        elsewhere(apply(url, OPS, passwords[OPS]))
        yield NatsServer(url, passwords)


@pytest.fixture
def bus(nats_server: NatsServer) -> NatsServer:
    """The session's NATS server with empty streams and consumers that start over."""
    nats_server.reset()
    return nats_server


@pytest.fixture(scope="session")
def postgres_server(server_directory: Path) -> Iterator[PostgresServer]:
    """One PostgreSQL server a session. Take `service_database` for a database."""
    if BACKEND == "urls":
        password = os.environ["TEST_POSTGRES_PASSWORD"]
        yield PostgresServer(
            os.environ.get("TEST_POSTGRES_HOST", HOST), int(os.environ["TEST_POSTGRES_PORT"]), password
        )
        return
    if BACKEND == "containers":
        from tests.containers import postgres_container

        with postgres_container() as (host, port, password):
            yield PostgresServer(host, port, password)
        return
    placement = pg.place(server_directory / "postgres")
    password = secrets.token_urlsafe(12)
    pg.initialise(placement, password, durable=False)
    port = free_port()
    program = pg.postgres_program(placement, port=port, password=password, durable=False)
    with running(program, server_directory / "postgres.log"):
        yield PostgresServer(HOST, port, password)


@pytest.fixture
def service_database(postgres_server: PostgresServer) -> Iterator[Callable[[str], str]]:
    """`service_database("plans")` makes a fresh, migrated database and returns the DSN of the service's role."""
    made: list[str] = []

    def make(service: str) -> str:
        name, dsn = elsewhere(postgres_server.database(service))
        made.append(name)
        return dsn

    yield make
    if made:
        elsewhere(_execute(postgres_server.admin, *(f'drop database "{name}" with (force)' for name in made)))


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """The test issuer: `tokens.mint("office")`, `tokens.mint("department", department=uscc)`, `tokens.jwks`."""
    return open_issuer(tmp_path_factory.mktemp("issuer"), name="https://issuer.test")
