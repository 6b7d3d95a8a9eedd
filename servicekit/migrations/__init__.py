"""Numbered SQL, applied once each, under an advisory lock, with its checksum remembered."""

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import asyncpg

SPINE = Path(__file__).parent
_NAME = re.compile(r"^\d{4}_[a-z]+(?:_[a-z0-9]+)*\.sql$")
_LOCK = 7_303_011  # any number, the same for every process that migrates this database


class MigrationRefused(RuntimeError):
    """A migration that was applied has changed since, is missing, or is misnamed."""


async def migrate(dsn: str, directories: Sequence[Path]) -> list[str]:
    """Apply what is not applied yet, spine first, each file in a transaction of its own. Returns their names."""
    connection = await asyncpg.connect(dsn, server_settings={"lock_timeout": "10s", "statement_timeout": "5min"})
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await connection.execute(
            "create table if not exists applied_migrations (name text primary key, checksum text not null,"
            " applied_at timestamptz not null default clock_timestamp())"
        )
        rows = await connection.fetch("select name, checksum from applied_migrations")
        applied = {row["name"]: row["checksum"] for row in rows}
        files = list(_files(directories))
        _refuse_changed(applied, files)
        fresh = [(name, path) for name, path in files if name not in applied]
        for name, path in fresh:
            text = path.read_text(encoding="utf-8")
            async with connection.transaction():
                await connection.execute(text)
                await connection.execute(
                    "insert into applied_migrations (name, checksum) values ($1, $2)", name, _checksum(path)
                )
        return [name for name, _ in fresh]
    finally:
        await connection.close()


def _files(directories: Sequence[Path]) -> list[tuple[str, Path]]:
    found = []
    for directory in (SPINE, *directories):
        owner = "spine" if directory == SPINE else directory.parent.name
        for path in sorted(directory.glob("*.sql")):
            if not _NAME.match(path.name):
                raise MigrationRefused(f"{path.name}: a migration is named NNNN_verb_noun.sql")
            found.append((f"{owner}/{path.name}", path))
    return found


def _refuse_changed(applied: dict[str, str], files: list[tuple[str, Path]]) -> None:
    known = dict(files)
    for name, checksum in applied.items():
        if name not in known:
            raise MigrationRefused(f"{name} was applied to this database but is not in this release")
        if _checksum(known[name]) != checksum:
            raise MigrationRefused(f"{name} has changed since it was applied; write a new migration instead")


def _checksum(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
