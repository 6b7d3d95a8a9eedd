"""The embedded stack's commands: `python -m deploy.local run|up|stop|status|rehearsal|wipe|token`."""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import asyncpg
import nats.errors

from deploy.apply_topology import TopologyRefused
from deploy.local import report, season
from deploy.local.issuer import ROLES
from deploy.local.lifecycle import Running, live, wipe
from deploy.local.lock import AlreadyRunning, holder_of
from deploy.local.memory import mebibytes
from deploy.local.nats_server import ServerMissing
from deploy.local.programs import CHECKOUT, PortTaken, lives
from deploy.local.settings import SettingWrong, StackSettings
from deploy.local.stack import Stack
from deploy.local.supervisor import StartFailed
from servicekit.migrations import MigrationRefused

REFUSED = (
    SettingWrong,
    AlreadyRunning,
    PortTaken,
    StartFailed,
    ServerMissing,
    TopologyRefused,
    MigrationRefused,
    ValueError,
)
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, nats.errors.Error, OSError, TimeoutError)

_STOP_SECONDS = 120.0
_UP_SECONDS = 900.0


def run(settings: StackSettings, chosen: argparse.Namespace) -> int:
    """In the foreground until Ctrl-C; with the season played once, unless told otherwise."""
    if chosen.fresh:
        wipe(settings)

    async def work(running: Running) -> int:
        code = 0
        if chosen.season and settings.clock == "simulated":
            code = await season.play_once(running)
        print(report.addresses(running.stack), flush=True)
        running.phase = "up"
        running.write_state()
        running.stack.announce("up; Ctrl-C stops it, the data is kept" + ("" if code == 0 else " (season: see above)"))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return 0  # being stopped is how this work ends
        return code

    return live(settings, work)


def rehearse(settings: StackSettings, chosen: argparse.Namespace) -> int:
    """Play the season on a fresh stack, compare, take everything down; the player's exit code."""
    wipe(settings)

    async def work(running: Running) -> int:
        code = await season.play(running)
        running.stack.announce(f"peak memory of the whole stack: {mebibytes(running.peak.peak_bytes)} (PSS)")
        return code

    return live(settings, work)


def up(settings: StackSettings, chosen: argparse.Namespace) -> int:
    """`run` in the background; returns when it is up."""
    if (holder := holder_of(settings.data)) is not None:
        raise AlreadyRunning(f"a stack already runs on {settings.data} (process {holder})")
    settings.claim()
    settings.logs.mkdir(mode=0o700, exist_ok=True)
    console = settings.logs / "console.log"
    command = [sys.executable, "-m", "deploy.local", "run", *chosen.given]
    with console.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    with console.open(encoding="utf-8") as lines:
        deadline = time.monotonic() + _UP_SECONDS
        while time.monotonic() < deadline:
            sys.stdout.write(lines.read())
            sys.stdout.flush()
            if process.poll() is not None:
                return process.returncode or 1
            found = report.status(settings)
            if found["running"] and found["pid"] == process.pid and found["phase"] == "up":
                sys.stdout.write(lines.read())
                return 0
            time.sleep(0.1)
    print(f"not up after {_UP_SECONDS:.0f} s; see {console}", file=sys.stderr)
    return 1


def stop(settings: StackSettings, chosen: argparse.Namespace) -> int:
    """Stop the stack of a directory, wherever it was started, and wait until it is gone."""
    holder = holder_of(settings.data)
    if holder is None:
        print(f"no stack runs on {settings.data}")
        return 0
    os.kill(holder, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while lives(holder):
        if time.monotonic() > deadline:
            print(f"process {holder} did not stop in {_STOP_SECONDS:.0f} s", file=sys.stderr)
            return 1
        time.sleep(0.05)
    print(f"stopped; everything is kept in {settings.data}")
    return 0


def forget(settings: StackSettings, chosen: argparse.Namespace) -> int:
    """Stop the stack of a directory and remove everything it kept, wherever PostgreSQL's part of it is."""
    if settings.is_ours():
        stop(settings, chosen)
        wipe(settings)
        print(f"{settings.data} is empty")
    return 0


def status(settings: StackSettings, chosen: argparse.Namespace) -> int:
    """What runs and what it takes; exit code 3 when nothing does."""
    found = report.status(settings)
    print(json.dumps(found, indent=2) if chosen.json else report.status_lines(found))
    return 0 if found["running"] else 3


def token(settings: StackSettings, chosen: argparse.Namespace) -> int:
    """Print a new bearer token."""
    if not settings.is_ours():
        raise SettingWrong(f"{settings.data} has no stack yet; make run makes one")
    issuer = Stack.open(settings, print).issuer
    print(issuer.mint(chosen.role, department=chosen.department, seconds=chosen.seconds))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, action: object, kind: str = "run") -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=str(action.__doc__), description=str(action.__doc__))
        added.add_argument("--data-dir", help=f"env OPENDAY_DATA_DIR; default .data/{kind} in the checkout")
        added.add_argument("--port-base", help="env OPENDAY_PORT_BASE; a number, or `auto` for free ports")
        added.add_argument("--port", action="append", default=[], metavar="NAME=N", help="env OPENDAY_PORT_<NAME>")
        added.add_argument("--json", action="store_true", help="as JSON where the command prints data")
        added.set_defaults(action=action, kind=kind, clock=None)
        return added

    for name, action in (("run", run), ("up", up)):
        starting = command(name, action)
        starting.add_argument("--clock", choices=("simulated", "system"), help="env OPENDAY_CLOCK; default simulated")
        starting.add_argument("--no-season", dest="season", action="store_false", help="do not play the season")
        starting.add_argument("--fresh", action="store_true", help="forget the stack's data first")
    command("stop", stop)
    command("status", status)
    command("wipe", forget)
    command("rehearsal", rehearse, "rehearsal")
    minting = command("token", token)
    minting.add_argument("role", choices=ROLES)
    minting.add_argument("--department", help="USCC, for a department's token")
    minting.add_argument("--seconds", type=float, default=86400.0, help="how long it is good for; default a day")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    chosen = _parser().parse_args(given)
    chosen.given = given[1:]
    try:
        settings = StackSettings.read(
            chosen.kind, data=chosen.data_dir, port_base=chosen.port_base, ports=chosen.port, clock=chosen.clock
        )
        code: int = chosen.action(settings, chosen)
    except (
        SettingWrong,
        AlreadyRunning,
        PortTaken,
        StartFailed,
        ServerMissing,
        TopologyRefused,
        ValueError,
    ) as refused:
        print(f"{refused}", file=sys.stderr)
        return 2
    return code


if __name__ == "__main__":
    raise SystemExit(main())
