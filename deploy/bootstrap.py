"""Make .venv from the hash-locked requirements. Runs on whatever python3 there is, with its standard library alone.

Keeps to what Python 3.6 understands, so that an old one can say that it is too old.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
from pathlib import Path

NEEDED = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements" / "dev.txt"
SAY_EVERY_SECONDS = 10


def too_old() -> str:
    """What to do about it, in words."""
    here = f"{sys.executable} is Python {sys.version_info[0]}.{sys.version_info[1]}; 3.{NEEDED[1]} or newer is needed."
    for minor in range(20, NEEDED[1] - 1, -1):
        name = f"python3.{minor}"
        if shutil.which(name):
            return f"{here} {name} is installed: give make PYTHON={name}"
    return f"{here} Install one, or give make PYTHON=/path/to/it"


def make_venv() -> None:
    """With the interpreter's own pip; where a distribution took that out, with the pip it has instead."""
    if (VENV / "bin" / "python").exists():
        return
    if _quietly(sys.executable, "-m", "venv", str(VENV)):
        return
    shutil.rmtree(str(VENV), ignore_errors=True)
    if not _quietly(sys.executable, "-m", "pip", "--version"):
        raise SystemExit("this Python can neither make a virtual environment nor run pip; install python3-venv")
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", str(VENV)])


def install(started: float) -> None:
    """Exactly what is locked, every file with its hash; says every few seconds that it is still at it."""
    python = str(VENV / "bin" / "python")
    pip = [python, "-m", "pip"]
    if not (VENV / "bin" / "pip").exists():
        pip = [sys.executable, "-m", "pip", "--python", python]
    flags = ["--require-hashes", "--disable-pip-version-check", "--no-input", "-qq", "--progress-bar", "off"]
    running = subprocess.Popen([*pip, "install", *flags, "-r", str(REQUIREMENTS)])
    said = 0.0
    while running.poll() is None:
        time.sleep(0.2)
        if time.monotonic() - started - said >= SAY_EVERY_SECONDS:
            said = time.monotonic() - started
            say(started, "still installing")
    if running.returncode:
        raise SystemExit("installing the requirements failed; see above")


def say(started: float, line: str) -> None:
    print(f"[{time.monotonic() - started:6.1f} s] {line}", flush=True)


def _quietly(*command: str) -> bool:
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def main() -> None:
    if sys.version_info[:2] < NEEDED:
        raise SystemExit(too_old())
    started = time.monotonic()
    stamp = VENV / "installed"
    with REQUIREMENTS.open("rb") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)  # two makes at once
        wanted = hashlib.sha256(locked.read()).hexdigest()
        if stamp.exists() and stamp.read_text().strip() == wanted:
            return
        say(started, "installing the locked requirements into .venv (once)")
        make_venv()
        install(started)
        stamp.write_text(wanted + "\n")
        say(started, "installed")


if __name__ == "__main__":
    main()
