"""`python -m deploy.compose prepare|rehearse`: the files of the composed stack, and its rehearsal."""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from deploy.compose.prepare import NAMES, prepare

ROOT = Path(__file__).parents[2]
_NEXT = """made in {directory}
its token issuer and mail catcher are for trying out; docs/runbook.md says how to put yours in their place
next: docker compose up --build --wait"""
PLAIN = ("docker", "compose", "-f", "docker-compose.yml")
REHEARSAL = (*PLAIN, "-f", "deploy/compose.rehearsal.yml")


def _run(
    command: tuple[str, ...], environment: dict[str, str], *, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=ROOT, env=environment, check=check, text=True, capture_output=True)


def _loud(command: tuple[str, ...], environment: dict[str, str]) -> int:
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def rehearse(directory: Path) -> int:
    """Up from nothing, play the season, show sizes, down again. 0 when everything came out as expected."""
    stack = prepare(directory)
    environment = {
        **os.environ,
        "OPENDAY_SECRETS": str(directory.absolute()),
        "OPENDAY_PROJECT": os.environ.get("OPENDAY_PROJECT", "openday-rehearsal"),
        "OPENDAY_SIMULATED_START": stack["simulated_start"],
    }
    started = time.monotonic()
    try:
        if _loud((*REHEARSAL, "up", "--build", "--wait", "--quiet-pull"), environment):
            _loud((*REHEARSAL, "logs", "--tail", "40"), environment)
            return 1
        print(f"composed stack is up after {time.monotonic() - started:.1f} s", flush=True)
        refused = _refuses_the_simulated_clock(environment, stack)
        player = (sys.executable, "-m", "deploy.rehearsal", "--stack", str(directory / "stack.json"))
        code = _loud(player, environment)
        print(f"rehearsal ended with {code} after {time.monotonic() - started:.1f} s", flush=True)
        _show_sizes(environment)
        return code if refused else 1
    finally:
        _loud((*REHEARSAL, "down", "-v", "--remove-orphans"), environment)


def _refuses_the_simulated_clock(environment: dict[str, str], stack: dict[str, Any]) -> bool:
    """The plain file leaves DEPLOYMENT at production, which does not start on a simulated clock."""
    for name in NAMES:
        asked = (
            "-e",
            f"{name.upper()}_CLOCK=simulated",
            "-e",
            f"{name.upper()}_SIMULATED_START={stack['simulated_start']}",
        )
        done = _run((*PLAIN, "run", "--rm", "--no-deps", "-T", *asked, name), environment, check=False)
        if done.returncode == 0 or "refuses the simulated clock" not in done.stdout + done.stderr:
            print(f"{name} of the plain file took the simulated clock:\n{done.stdout}{done.stderr}", file=sys.stderr)
            return False
    print("the plain compose file refuses the simulated clock, in all services", flush=True)
    return True


def _show_sizes(environment: dict[str, str]) -> None:
    image = _run(("docker", "image", "inspect", "openday:local", "--format", "{{.Size}}"), environment).stdout
    print(f"image size {int(image) / 1_000_000:.0f} MB")
    identities = _run((*REHEARSAL, "ps", "-q"), environment).stdout.split()
    shown = ("docker", "stats", "--no-stream", "--format", "{{.Name}}\t{{.MemUsage}}", *identities)
    print(_run(shown, environment).stdout, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.compose", description=__doc__)
    parser.add_argument("what", choices=("prepare", "rehearse"))
    parser.add_argument(
        "--directory",
        type=Path,
        default=Path(os.environ.get("OPENDAY_SECRETS", ROOT / ".data" / "compose")),
        help="where passwords, keys and settings are kept (env OPENDAY_SECRETS)",
    )
    parser.add_argument("--json", action="store_true", help="prepare: print the addresses as JSON")
    chosen = parser.parse_args()
    if chosen.what == "rehearse":
        return rehearse(chosen.directory.absolute())
    stack = prepare(chosen.directory)
    print(json.dumps(stack["services"]) if chosen.json else _NEXT.format(directory=chosen.directory))
    return 0


if __name__ == "__main__":
    sys.exit(main())
