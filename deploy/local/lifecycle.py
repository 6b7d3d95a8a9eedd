"""A stack's life in the foreground: lock, start, do the work, stop in order, whatever ends it."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.lock import hold_lock
from deploy.local.memory import PeakWatch
from deploy.local.nats_server import write_private
from deploy.local.settings import StackSettings
from deploy.local.stack import Stack

_STATE_SECONDS = 1.0


@dataclass
class Console:
    """Progress for people: each line with the seconds since the start, also kept in the supervisor's log."""

    log: Path
    started: float = field(default_factory=time.monotonic)

    def __call__(self, line: str) -> None:
        with contextlib.suppress(OSError):  # a terminal that was closed does not stop the stack from stopping
            print(f"[{time.monotonic() - self.started:6.1f} s] {line}", flush=True)
        with self.log.open("a", encoding="utf-8") as handle:
            handle.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {line}\n")


@dataclass
class Running:
    """What the work gets: the stack, the memory watch, and a place to say how far it is (`phase`)."""

    stack: Stack
    peak: PeakWatch = field(default_factory=PeakWatch)
    phase: str = "starting"
    started_at: float = field(default_factory=time.time)

    def state(self) -> dict[str, Any]:
        children = self.stack.supervisor.children.values()
        return {
            "pid": os.getpid(),
            "kind": self.stack.settings.kind,
            "phase": self.phase,
            "started_at": self.started_at,
            "ports": dict(self.stack.settings.ports),
            "peak_pss": self.peak.peak_bytes,
            "processes": [
                {"name": child.program.name, "pid": child.pid, "restarts": child.restarts, "since": child.since}
                for child in children
            ],
        }

    def write_state(self) -> None:
        write_private(self.stack.settings.data / "state.json", json.dumps(self.state(), indent=2) + "\n")


Work = Callable[[Running], Awaitable[int]]


def wipe(settings: StackSettings) -> None:
    """Forget everything the stack kept. Only ever a directory that is marked as a stack's; nobody may be using it."""
    if not settings.data.exists():
        return
    settings.claim()  # raises when it holds something else
    with hold_lock(settings.data):
        cluster = settings.data / "postgres"
        if cluster.is_symlink():
            shutil.rmtree(cluster.resolve(), ignore_errors=True)
        for path in settings.data.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path.name not in ("lock", "openday-stack"):
                path.unlink()


def live(settings: StackSettings, work: Work) -> int:
    """Bring the stack up, do the work, take it down. The work's exit code; 130 when somebody stopped it before."""
    settings.claim()
    with hold_lock(settings.data):
        settings.logs.mkdir(mode=0o700, exist_ok=True)
        return asyncio.run(_live(settings, work))


async def _live(settings: StackSettings, work: Work) -> int:
    console = Console(settings.logs / "supervisor.log")
    running = Running(Stack.open(settings, console))
    task = asyncio.create_task(_up_and_work(running, work))
    _stop_on_signals(task, console)
    beside = [asyncio.create_task(running.peak.run()), asyncio.create_task(_keep_state(running))]
    try:
        return await task
    except asyncio.CancelledError:
        return 130
    finally:
        running.phase = "stopping"
        for other in beside:
            other.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        console("stopping: services, then the catchers, NATS, PostgreSQL")
        await running.stack.down()
        running.phase = "stopped"
        running.write_state()
        console(f"stopped; everything is kept in {settings.data}")


async def _up_and_work(running: Running, work: Work) -> int:
    await running.stack.up()
    running.phase = "ready"
    running.write_state()
    return await work(running)


async def _keep_state(running: Running) -> None:
    while True:
        running.write_state()
        await asyncio.sleep(_STATE_SECONDS)


def _stop_on_signals(task: asyncio.Task[int], console: Console) -> None:
    """The first signal stops in order; the second ends at once, and the children die with this process."""
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        if task.done() or task.cancelling():
            console("second signal: everything is killed")
            os._exit(130)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
