"""Keeps the stack's processes running: starts them, waits until they answer, restarts what dies, stops in order."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.programs import CHECKOUT, PortTaken, Program, is_free, listener, owns_port

BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_SECONDS = 60.0
"""Who ran this long starts again at once the next time it dies."""

_POLL_SECONDS = 0.05
_LOG_KEPT_BYTES = 20 * 1024**2
_TAIL_LINES = 15
_FORMER_SECONDS = 2.0

Announce = Callable[[str], None]


class StartFailed(RuntimeError):
    """A program ended, or did not answer in time, before it was ever ready."""


@dataclass
class Child:
    """One program and the process it currently is."""

    program: Program
    log: Path
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    since: float = field(default_factory=time.time)
    stopping: bool = False
    keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process and self.process.returncode is None else None

    def tail(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])


class Supervisor:
    """`announce` gets one line for everything worth a person's attention."""

    def __init__(self, logs: Path, announce: Announce) -> None:
        self._logs = logs
        self._announce = announce
        self.children: dict[str, Child] = {}

    async def start(self, *programs: Program) -> None:
        """Start together, return when all are ready. Raises PortTaken or StartFailed, with the log's end."""
        for program in programs:
            for setting, port in program.listens.items():
                await _await_free(program.name, setting, port)
        # Not a task group: it would wrap the one error that says what to do. The caller stops the others.
        await asyncio.gather(*(self._first_start(program) for program in programs))

    async def stop(self, names: Iterable[str]) -> None:
        """Stop these together: each gets its signal, and after its time SIGKILL."""
        found = [self.children[name] for name in names if name in self.children]
        await asyncio.gather(*(self._stop_one(child) for child in found))

    async def _first_start(self, program: Program) -> None:
        child = Child(program, self._log_of(program))
        self.children[program.name] = child
        started = time.monotonic()
        await self._spawn(child)
        if not await self._becomes_ready(child):
            await self._stop_one(child)
            raise StartFailed(f"{program.name} did not come up; the end of {child.log}:\n{child.tail()}")
        self._announce(f"{program.name} is ready ({time.monotonic() - started:.1f} s)")
        child.keeper = asyncio.create_task(self._keep(child))

    async def _spawn(self, child: Child) -> None:
        program = child.program
        with child.log.open("ab") as output:
            child.process = await asyncio.create_subprocess_exec(
                *program.argv(),
                env=program.full_environment(),
                cwd="/" if program.user else CHECKOUT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        child.since = time.time()

    async def _becomes_ready(self, child: Child) -> bool:
        """Poll until it answers, and the one who answers is ours; False when it ended or took too long."""
        deadline = time.monotonic() + child.program.ready_seconds
        while child.pid is not None and not child.stopping and time.monotonic() < deadline:
            with contextlib.suppress(OSError, TimeoutError):
                if await child.program.ready() and self._is_ours(child):
                    return True
            await asyncio.sleep(_POLL_SECONDS)
        return False

    def _is_ours(self, child: Child) -> bool:
        pid = child.pid
        return pid is not None and all(owns_port(pid, port) for port in child.program.listens.values())

    async def _keep(self, child: Child) -> None:
        """Restart the program each time it ends by itself, later each time it does so quickly."""
        quick_deaths = 0
        while True:
            assert child.process is not None
            code = await child.process.wait()
            if child.stopping:
                return
            lived = time.time() - child.since
            quick_deaths = quick_deaths + 1 if lived < STEADY_SECONDS else 0
            delay = BACKOFF_SECONDS[min(max(quick_deaths - 1, 0), len(BACKOFF_SECONDS) - 1)]
            name = child.program.name
            how = f"signal {-code}" if code < 0 else f"code {code}"
            self._announce(f"{name} died ({how}) after {lived:.0f} s; starts again in {delay:g} s, see {child.log}")
            await asyncio.sleep(delay)
            child.restarts += 1
            await self._spawn(child)
            if await self._becomes_ready(child):
                self._announce(f"{name} is back (restart {child.restarts})")
            elif child.pid is not None and not child.stopping:
                self._announce(f"{name} runs but does not answer in {child.program.ready_seconds:g} s; killed")
                child.process.kill()

    async def _stop_one(self, child: Child) -> None:
        child.stopping = True
        if child.process is not None and child.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(child.program.stop_signal)
            try:
                await asyncio.wait_for(child.process.wait(), child.program.stop_seconds)
            except TimeoutError:
                self._announce(f"{child.program.name} did not stop in {child.program.stop_seconds:g} s; killed")
                with contextlib.suppress(ProcessLookupError):
                    child.process.kill()
                await child.process.wait()
        if child.keeper is not None:
            child.keeper.cancel()
            await asyncio.gather(child.keeper, return_exceptions=True)

    def _log_of(self, program: Program) -> Path:
        """The program's log; one earlier is kept when it has grown large."""
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._logs / f"{program.name}.log"
        if path.exists() and path.stat().st_size > _LOG_KEPT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path


async def _await_free(name: str, setting: str, port: int) -> None:
    """Raises PortTaken. A stack that was killed a moment ago may still be closing: it gets a little time."""
    for _ in range(int(_FORMER_SECONDS / _POLL_SECONDS)):
        if is_free(port):
            return
        await asyncio.sleep(_POLL_SECONDS)
    raise PortTaken(
        f"{listener(port)} already listens on port {port}, where {name} should;"
        f" set OPENDAY_PORT_BASE, or OPENDAY_PORT_{setting.upper()} alone, to use another"
    )
