"""The supervisor with small programs: ready, dead, restarted, stubborn, orphaned, and the wrong one on the port."""

import asyncio
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from deploy.local import supervisor as supervising
from deploy.local.programs import CHECKOUT, HOST, PortTaken, Program, free_port, lives, owns_port
from deploy.local.supervisor import StartFailed, Supervisor

DEADLINE = 20.0


class Spoken:
    """What the supervisor announced."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)

    def has(self, words: str) -> bool:
        return any(words in line for line in self.lines)


@pytest.fixture
def spoken() -> Spoken:
    return Spoken()


@pytest.fixture
async def supervisor(tmp_path: Path, spoken: Spoken) -> AsyncIterator[Supervisor]:
    made = Supervisor(tmp_path / "logs", spoken)
    yield made
    await made.stop(list(made.children))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not condition():
            await asyncio.sleep(0.02)


def shell(name: str, script: str, **options: object) -> Program:
    return Program(name, ("/bin/sh", "-c", script), **options)  # type: ignore[arg-type]


def web_server(port: int) -> Program:
    def ready() -> Awaitable[bool]:
        return asyncio.to_thread(_answers, port)

    command = (sys.executable, "-m", "http.server", str(port), "--bind", HOST, "--directory", "/nonexistent")
    return Program("web", command, listens={"web": port}, ready=ready)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status in (200, 404)
    finally:
        connection.close()


async def test_what_dies_is_started_again_and_said(supervisor: Supervisor, spoken: Spoken) -> None:
    await supervisor.start(web_server(free_port()))
    child = supervisor.children["web"]
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: spoken.has("web is back"))
    assert spoken.has("web died (signal 9)")
    assert child.pid not in (None, first)
    assert child.restarts == 1


async def test_what_keeps_dying_waits_longer_each_time(supervisor: Supervisor, spoken: Spoken) -> None:
    await supervisor.start(shell("weak", "sleep 0.1; exit 3"))
    await until(lambda: sum("weak died (code 3)" in line for line in spoken.lines) == 3)
    delays = [line.split("starts again in ")[1].split(" s")[0] for line in spoken.lines if "died" in line]
    assert delays == ["0.5", "1", "2"]


async def test_a_program_that_never_comes_up_fails_the_start_with_the_end_of_its_log(supervisor: Supervisor) -> None:
    async def never() -> bool:
        return False

    with pytest.raises(StartFailed, match="the port is cursed"):
        await supervisor.start(shell("cursed", "echo the port is cursed >&2; exit 1", ready=never))


async def test_a_foreign_server_on_the_port_is_named_with_the_setting(supervisor: Supervisor) -> None:
    with socket.create_server((HOST, 0)) as foreign:
        port = foreign.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port}, where web should; set OPENDAY_PORT_BASE.*OPENDAY_PORT_WEB"):
            await supervisor.start(web_server(port))
    assert supervisor.children == {}


async def test_an_answer_from_somebody_else_is_not_taken_for_ours(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody took the port between our looking and our starting."""
    monkeypatch.setattr(supervising, "is_free", lambda _: True)
    with socket.create_server((HOST, 0)) as foreign:
        port = foreign.getsockname()[1]
        assert owns_port(os.getpid(), port)
        impostor = shell("web", "sleep 60", listens={"web": port}, ready_seconds=0.5)
        with pytest.raises(StartFailed, match="did not come up"):
            await supervisor.start(impostor)


async def test_who_does_not_stop_is_killed(supervisor: Supervisor, spoken: Spoken, tmp_path: Path) -> None:
    trapped = tmp_path / "trapped"

    async def ready() -> bool:
        return await asyncio.to_thread(trapped.exists)

    script = f"trap '' TERM; : > {trapped}; while :; do sleep 0.1; done"
    await supervisor.start(shell("stubborn", script, stop_seconds=0.3, ready=ready))
    pid = supervisor.children["stubborn"].pid
    await supervisor.stop(["stubborn"])
    assert spoken.has("stubborn did not stop in 0.3 s; killed")
    assert pid is not None
    assert not psutil.pid_exists(pid)


async def test_being_stopped_is_not_dying(supervisor: Supervisor, spoken: Spoken) -> None:
    await supervisor.start(web_server(free_port()))
    await supervisor.stop(["web"])
    await asyncio.sleep(0.1)
    assert [line.split(" (")[0] for line in spoken.lines] == ["web is ready"]


async def test_a_stop_while_it_waits_to_restart_is_a_stop(supervisor: Supervisor, spoken: Spoken) -> None:
    await supervisor.start(shell("weak", "exit 1"))
    await until(lambda: spoken.has("weak died"))
    await supervisor.stop(["weak"])
    assert supervisor.children["weak"].restarts == 0, "it was started again after it was stopped"


async def test_a_program_sees_only_what_it_was_given(supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANS_DATABASE_URL", "postgresql://somebody-elses")
    await supervisor.start(shell("nosy", "env; echo done; sleep 60", environment={"GIVEN": "yes"}))
    log = supervisor.children["nosy"].log
    await until(lambda: "done" in log.read_text())
    seen = log.read_text()
    assert "GIVEN=yes" in seen
    assert "somebody-elses" not in seen


def test_children_of_a_killed_supervisor_die_too(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys; from pathlib import Path\n"
        "from deploy.local.programs import Program; from deploy.local.supervisor import Supervisor\n"
        "async def main():\n"
        f"    made = Supervisor(Path({str(tmp_path)!r}), lambda line: None)\n"
        "    await made.start(Program('sleeper', ('sleep', '60')))\n"
        "    print(made.children['sleeper'].pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        orphan = int(parent.stdout.readline())
        deadline = time.monotonic() + 5
        while psutil.Process(orphan).name() != "sleep":  # until then it is `child`, which looks after itself
            assert time.monotonic() < deadline
            time.sleep(0.02)
        parent.kill()
    while lives(orphan):
        assert time.monotonic() < deadline, "the child outlived its supervisor"
        time.sleep(0.02)
