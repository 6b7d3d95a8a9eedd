"""Playing the rehearsal season on a running stack, and remembering that it was played."""

import asyncio
import contextlib
import json
import sys
from datetime import UTC, datetime

from deploy.local.lifecycle import Running
from deploy.local.programs import CHECKOUT, Program
from deploy.local.settings import StackSettings

_PLAYER = "deploy.rehearsal"
_STOP_SECONDS = 5.0
_PLAYED, _DIFFERS, _INTERRUPTED = "played", "differs", "interrupted"


async def play_once(running: Running) -> int:
    """Play the season if this stack has not seen all of it, else show its board; the player's exit code."""
    before = played(running.stack.settings)
    if before is None:
        return await play(running)
    if before == _INTERRUPTED:
        running.stack.announce("the season was interrupted; it goes on from there (FRESH=1 make run starts it anew)")
        return await play(running)
    running.stack.announce("the season was played before and is kept; FRESH=1 make run plays it again")
    if before == _DIFFERS:
        running.stack.announce("it had not come to what was expected")
    return await _run_player(running, "board")


async def play(running: Running) -> int:
    """Play and check the season. The player shows its own progress and the board. 0: as expected."""
    settings = running.stack.settings
    running.phase = "playing"
    running.stack.announce("playing the season")
    _mark(settings, _INTERRUPTED)  # until it has ended
    code = await _run_player(running, "play")
    if code in (0, 1):
        _mark(settings, _PLAYED if code == 0 else _DIFFERS)
    return code


def played(settings: StackSettings) -> str | None:
    """`played`, `differs` (from what was expected) or `interrupted`; None when it never began."""
    if not settings.played_mark.exists():
        return None
    outcome: str = json.loads(settings.played_mark.read_text(encoding="utf-8"))["outcome"]
    return outcome


def _mark(settings: StackSettings, outcome: str) -> None:
    mark = {"outcome": outcome, "at": datetime.now(UTC).isoformat()}
    settings.played_mark.write_text(json.dumps(mark) + "\n", encoding="utf-8")


async def _run_player(running: Running, what: str) -> int:
    """Run the player in the foreground, its output on this terminal, its life tied to this process's."""
    command = (sys.executable, "-m", _PLAYER, what, "--stack", str(running.stack.settings.stack_file))
    program = Program("player", command)
    process = await asyncio.create_subprocess_exec(
        *program.argv(), env=program.full_environment(), cwd=CHECKOUT, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _STOP_SECONDS)
