"""What runs between the supervisor and a program: tie its life to the supervisor's, drop root, then become it.

Run with nothing but the standard library (`python -I -S child.py`), so that it costs a few milliseconds. It exists
because a `preexec_fn` may deadlock once the parent has threads.
"""

import argparse
import ctypes
import os
import pwd
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True, help="who must be alive")
    parser.add_argument("--death-signal", type=int, default=int(signal.SIGKILL))
    parser.add_argument("--user", help="run as this user; only root can")
    parser.add_argument("command", nargs="+")
    chosen = parser.parse_args()
    # A group of its own, so that Ctrl-C reaches only the supervisor, which stops everything in the right order.
    os.setpgid(0, 0)
    if chosen.user:
        entry = pwd.getpwnam(chosen.user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        os.environ["HOME"] = "/"
    if sys.platform == "linux":
        # After the change of user, which clears it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, chosen.death_signal, 0, 0, 0)
    if os.getppid() != chosen.parent:
        raise SystemExit(1)  # the supervisor died in between
    os.execvp(chosen.command[0], chosen.command)  # noqa: S606 - the whole purpose


if __name__ == "__main__":
    main()
