"""One process of the stack, as data: how it is started, how it is stopped, and where it answers."""

import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil  # type: ignore[import-untyped]

CHECKOUT = Path(__file__).resolve().parents[2]
_CHILD = Path(__file__).parent / "child.py"
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "LD_LIBRARY_PATH")

HOST = "127.0.0.1"


class PortTaken(RuntimeError):
    """Somebody else listens where one of ours should."""


async def _always() -> bool:
    return True


@dataclass(frozen=True)
class Program:
    """`ready` is polled until true; it may raise OSError or TimeoutError meanwhile. Seconds are system time."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    listens: Mapping[str, int] = field(default_factory=dict)
    """Every port it listens on, by the name the port has in the settings."""
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 20.0
    death_signal: signal.Signals = signal.SIGKILL
    ready: Callable[[], Awaitable[bool]] = _always
    ready_seconds: float = 60.0

    def argv(self) -> list[str]:
        """The command line, through `child`, which ties the program's life to this process's."""
        line = [sys.executable, "-I", "-S", str(_CHILD), "--parent", str(os.getpid())]
        line += ["--death-signal", str(int(self.death_signal))]
        if self.user:
            line += ["--user", self.user]
        return [*line, "--", *self.command]

    def full_environment(self) -> dict[str, str]:
        """What the program sees: a few things of the machine and what it was given, nothing else."""
        inherited = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {**inherited, "PYTHONUNBUFFERED": "1", **self.environment}


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port nobody listens on now. Somebody may take it before we do; whoever starts a server checks that."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def owns_port(pid: int, port: int) -> bool:
    """Whether this process, or a child of it, is the one that listens there."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return any(
            link.laddr.port == port
            for member in family
            for link in member.net_connections(kind="tcp")
            if link.status == psutil.CONN_LISTEN
        )
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def lives(pid: int) -> bool:
    """Whether a process runs; a zombie does not, it only waits to be noticed."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def listener(port: int) -> str:
    """Who listens on a port, as far as this user may see."""
    try:
        for link in psutil.net_connections(kind="tcp"):
            if link.status == psutil.CONN_LISTEN and link.laddr.port == port and link.pid:
                return f"{psutil.Process(link.pid).name()} (process {link.pid})"
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        pass
    return "another process"
