"""The embedded stack as a user meets it: its commands as processes, on free ports and fresh directories."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from contracts.topology import SERVICES
from deploy.local.programs import CHECKOUT, HOST, lives
from deploy.local.settings import StackSettings
from deploy.local.stack import Stack
from tests.infra import elsewhere

NAMES = [service.name for service in SERVICES]
SERVERS = ["nats", "postgres", "mailcatcher", "webhookcatcher"]
DEADLINE = 60.0


@dataclass(frozen=True)
class Commands:
    """`python -m deploy.local …` on one data directory."""

    data: Path

    def call(self, command: str, *flags: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "deploy.local", command, "--data-dir", str(self.data), *flags]
        return subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False)

    def up(self) -> None:
        outcome = self.call("up", "--no-season", "--port-base", "auto")
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.call("status", "--json").stdout)
        return found

    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "stack.json").read_text())
        return found

    def token(self, role: str) -> dict[str, str]:
        return {"authorization": f"Bearer {(self.data / 'tokens' / f'{role}.jwt').read_text()}"}

    def simulation(self, service: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.told()['services'][service]}/simulation", headers=self.token("ops"))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def ports(self) -> list[str]:
        return [f"{name}={port}" for name, port in self.status()["ports"].items()]

    def pids(self) -> set[int]:
        """The supervisor and everything below it."""
        supervisor = psutil.Process(self.status()["pid"])
        return {supervisor.pid, *(child.pid for child in supervisor.children(recursive=True))}


def until(condition: Callable[[], bool], words: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, words
        time.sleep(0.05)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Where an unprivileged PostgreSQL user can pass through, should the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="openday-stack-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="module")
def stack(place: Path) -> Iterator[Commands]:
    commands = Commands(place / "first")
    commands.up()
    yield commands
    commands.call("wipe")


def test_everything_runs_and_says_what_it_takes(stack: Commands) -> None:
    found = stack.status()
    assert (found["running"], found["phase"]) == (True, "up")
    assert sorted(process["name"] for process in found["processes"]) == sorted([*NAMES, *SERVERS])
    for process in found["processes"]:
        assert process["restarts"] == 0
        assert 0 < process["memory"]["pss"] <= process["memory"]["rss"]
    assert found["total"]["pss"] >= sum(process["memory"]["pss"] for process in found["processes"]) * 0.9
    assert found["peak_pss"] > 0
    text = stack.call("status").stdout
    assert all(name in text for name in NAMES)
    for name in [*NAMES, *SERVERS]:
        assert (stack.data / "logs" / f"{name}.log").exists()


def test_what_is_secret_only_the_owner_can_read(stack: Commands) -> None:
    secret = [stack.data / "stack.json", stack.data / "nats" / "nats.conf", *(stack.data / "tokens").iterdir()]
    secret += [file for file in (stack.data / "secrets").iterdir() if file.name != "jwks.json"]
    for file in secret:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    for directory in ("tokens", "secrets", "logs", "mail", "webhooks", "nats"):
        assert stat.S_IMODE((stack.data / directory).stat().st_mode) == 0o700, directory
    passwords = json.loads((stack.data / "secrets" / "passwords.json").read_text())
    written = "".join(file.read_text(errors="replace") for file in (stack.data / "logs").iterdir())
    for password in [*passwords["nats"].values(), *passwords["postgres"].values()]:
        assert password not in written


def test_everything_listens_on_this_machine_alone(stack: Commands) -> None:
    for pid in stack.pids():
        for link in psutil.Process(pid).net_connections(kind="tcp"):
            if link.status == psutil.CONN_LISTEN:
                assert link.laddr.ip == HOST, psutil.Process(pid).name()


@pytest.mark.parametrize("service", NAMES)
def test_tokens_of_the_stack_open_its_doors_and_no_other(stack: Commands, service: str) -> None:
    door = f"{stack.told()['services'][service]}/simulation"
    assert httpx.get(door, headers=stack.token("ops")).status_code == 200
    assert httpx.get(door, headers=stack.token("office")).status_code == 403
    assert httpx.get(door).status_code == 401
    minted = stack.call("token", "ops", "--seconds", "60").stdout.strip()
    assert httpx.get(door, headers={"authorization": f"Bearer {minted}"}).status_code == 200
    expired = stack.call("token", "ops", "--seconds=-3600").stdout.strip()
    assert httpx.get(door, headers={"authorization": f"Bearer {expired}"}).status_code == 401


def test_a_role_reaches_its_own_database_and_no_other(stack: Commands) -> None:
    server = stack.told()["postgres"]

    async def try_all() -> dict[tuple[str, str], bool]:
        return {(role, name): await _enters(server, role, name) for role in NAMES for name in [*NAMES, "postgres"]}

    reached = elsewhere(try_all())
    assert {pair for pair, entered in reached.items() if entered} == {(name, name) for name in NAMES}


async def _enters(server: dict[str, Any], role: str, database: str) -> bool:
    try:
        connection = await asyncpg.connect(
            host=server["host"], port=server["port"], user=role, password=server["passwords"][role], database=database
        )
    except asyncpg.InsufficientPrivilegeError:
        return False
    await connection.close()
    return True


def test_the_database_of_a_stack_survives_a_power_cut(stack: Commands) -> None:
    server = stack.told()["postgres"]

    async def ask(setting: str) -> str:
        password = server["passwords"]["postgres"]
        connection = await asyncpg.connect(
            host=server["host"], port=server["port"], user="postgres", password=password, database="postgres"
        )
        value: str = await connection.fetchval(f"show {setting}")
        await connection.close()
        return value

    assert [elsewhere(ask(name)) for name in ("fsync", "full_page_writes", "synchronous_commit")] == ["on"] * 3


@pytest.mark.parametrize("service", NAMES)
def test_a_service_migrates_by_its_own_command_too(stack: Commands, service: str) -> None:
    """The stack migrates inside its own process; a deployment uses the command."""
    settings = StackSettings.read("run", data=str(stack.data), port_base=None, ports=stack.ports())
    environment = Stack.open(settings, print).service_environment(service)
    line = [sys.executable, "-m", f"services.{service}", "migrate"]
    given = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run(line, cwd=CHECKOUT, env=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert '"migrations": []' in done.stdout + done.stderr, "the stack had not applied them all"


def test_a_second_start_on_the_directory_says_that_it_runs(stack: Commands) -> None:
    for command in ("run", "up"):
        refused = stack.call(command, "--no-season")
        assert refused.returncode == 2
        assert f"already runs on {stack.data}" in refused.stderr
    assert stack.status()["running"]


def test_a_killed_service_comes_back(stack: Commands) -> None:
    def process(name: str) -> dict[str, Any]:
        return next(found for found in stack.status()["processes"] if found["name"] == name)

    before = process("notifications")["pid"]
    os.kill(before, signal.SIGKILL)
    until(lambda: process("notifications")["pid"] not in (None, before), "notifications was not started again")
    url = f"{stack.told()['services']['notifications']}/readyz"
    until(lambda: _status_of(url) == 200, "notifications is not ready again")
    assert process("notifications")["restarts"] == 1
    assert "notifications died (signal 9)" in (stack.data / "logs" / "supervisor.log").read_text()


def _status_of(url: str) -> int | None:
    try:
        return httpx.get(url).status_code
    except httpx.TransportError:
        return None


def test_two_stacks_run_side_by_side(stack: Commands, place: Path) -> None:
    second = Commands(place / "second")
    second.up()
    door = f"{second.told()['services']['plans']}/simulation"
    assert httpx.get(door, headers=second.token("ops")).status_code == 200
    assert httpx.get(door, headers=stack.token("ops")).status_code == 401, "each stack has its own issuer"
    started = time.monotonic()
    assert second.call("stop").returncode == 0
    assert time.monotonic() - started < 30
    assert second.status()["running"] is False
    assert second.call("status").returncode == 3
    log = (second.data / "logs" / "supervisor.log").read_text()
    assert "did not stop" not in log
    assert stack.simulation("plans")["now"]
    assert second.call("wipe").returncode == 0
    assert not (second.data / "stack.json").exists()


def test_a_foreign_process_on_a_port_is_named_with_the_setting(place: Path) -> None:
    with socket.create_server((HOST, 0)) as foreign:
        port = foreign.getsockname()[1]
        commands = Commands(place / "third")
        refused = commands.call("run", "--no-season", "--port-base", "auto", "--port", f"nats={port}")
    assert refused.returncode == 2
    assert f"port {port}, where nats should" in refused.stderr
    assert "OPENDAY_PORT_NATS" in refused.stderr
    assert commands.call("wipe").returncode == 0


def test_nothing_outlives_a_killed_supervisor_and_nothing_is_lost(stack: Commands) -> None:
    later = "2024-08-15T01:00:00Z"
    for service in NAMES:
        door = f"{stack.told()['services'][service]}/simulation"
        assert httpx.put(door, headers=stack.token("ops"), json={"now": later}).status_code == 200
    family = stack.pids()
    assert len(family) > len(NAMES) + len(SERVERS)
    os.kill(stack.status()["pid"], signal.SIGKILL)
    until(lambda: not any(lives(pid) for pid in family), "a process outlived the supervisor")
    assert stack.status()["running"] is False
    stack.up()
    assert {stack.simulation(service)["now"] for service in NAMES} == {later}


def test_stop_stops_everything_and_keeps_the_data(stack: Commands) -> None:
    family = stack.pids()
    assert stack.call("stop").returncode == 0
    assert not [pid for pid in family if lives(pid)]
    assert (stack.data / "postgres" / "PG_VERSION").exists()
    assert "no stack runs" in stack.call("stop").stdout
