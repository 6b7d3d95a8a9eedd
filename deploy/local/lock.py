"""One stack per data directory: a file lock, which the system releases when its holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_LOOKS = 8


class AlreadyRunning(RuntimeError):
    """Another supervisor holds the data directory."""


@contextmanager
def hold_lock(data: Path) -> Iterator[None]:
    """Raises AlreadyRunning, naming the process that holds it."""
    with (data / "lock").open("a+", encoding="utf-8") as file:
        # Who only looks (`holder_of`) holds it for an instant too.
        for _ in range(_LOOKS):
            if held := _try_lock(file):
                break
            time.sleep(0.05)
        if not held:
            raise AlreadyRunning(
                f"a stack already runs on {data} (process {holder_of(data)}); stop it with"
                f" `python -m deploy.local stop --data-dir {data}`,"
                " or give another OPENDAY_DATA_DIR and OPENDAY_PORT_BASE"
            )
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
        file.truncate(0)


def holder_of(data: Path) -> int | None:
    """The process that holds the directory now; None when nobody does."""
    path = data / "lock"
    if not path.exists():
        return None
    with path.open("a+", encoding="utf-8") as file:
        if _try_lock(file):
            return None
        file.seek(0)
        text = file.read().strip()
    return int(text) if text.isdigit() else None


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
