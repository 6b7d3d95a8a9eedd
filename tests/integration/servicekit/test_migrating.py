"""Migrations: each once, whole or not at all, and never a changed one."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from servicekit.migrations import MigrationRefused, migrate
from tests.infra import PostgresServer
from tests.integration.servicekit.toy import fetch


@pytest.fixture
async def bare(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """A database with nothing in it."""
    name = f"bare_{secrets.token_hex(4)}"
    await fetch(postgres_server.admin, f'create database "{name}"')
    yield postgres_server.dsn(name)
    await fetch(postgres_server.admin, f'drop database "{name}" with (force)')


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "toy" / "migrations"
    made.mkdir(parents=True)
    (made / "0001_create_pears.sql").write_text("create table pears (id integer primary key);")
    return made


async def tables(dsn: str) -> set[str]:
    rows = await fetch(dsn, "select tablename from pg_tables where schemaname = 'public'")
    return {row["tablename"] for row in rows}


async def test_every_migration_is_applied_once_spine_first(bare: str, directory: Path) -> None:
    first = await migrate(bare, [directory])
    assert first[0].startswith("spine/0001_")
    assert first[-1] == "toy/0001_create_pears.sql"
    assert {"pears", "event_log", "outbox", "inbox", "idempotency_keys"} <= await tables(bare)
    assert await migrate(bare, [directory]) == []
    (directory / "0002_create_plums.sql").write_text("create table plums (id integer primary key);")
    assert await migrate(bare, [directory]) == ["toy/0002_create_plums.sql"]


async def test_a_migration_that_changed_since_is_refused_and_nothing_is_applied(bare: str, directory: Path) -> None:
    await migrate(bare, [directory])
    (directory / "0001_create_pears.sql").write_text("create table pears (id bigint primary key);")
    (directory / "0002_create_plums.sql").write_text("create table plums (id integer primary key);")
    with pytest.raises(MigrationRefused, match=r"0001_create_pears\.sql has changed"):
        await migrate(bare, [directory])
    assert "plums" not in await tables(bare)


async def test_a_migration_this_release_does_not_have_is_refused(bare: str, directory: Path) -> None:
    await migrate(bare, [directory])
    (directory / "0001_create_pears.sql").unlink()
    with pytest.raises(MigrationRefused, match="not in this release"):
        await migrate(bare, [directory])


async def test_a_misnamed_migration_is_refused(bare: str, directory: Path) -> None:
    (directory / "2_plums.sql").write_text("select 1;")
    with pytest.raises(MigrationRefused, match=r"2_plums\.sql"):
        await migrate(bare, [directory])
    assert await tables(bare) == {"applied_migrations"}


async def test_a_migration_that_fails_leaves_nothing_of_itself_and_can_be_mended(bare: str, directory: Path) -> None:
    broken = directory / "0002_create_plums.sql"
    broken.write_text("create table plums (id integer primary key); select no_such_function();")
    with pytest.raises(asyncpg.UndefinedFunctionError):
        await migrate(bare, [directory])
    assert "plums" not in await tables(bare)
    assert "pears" in await tables(bare), "what came before stays"
    broken.write_text("create table plums (id integer primary key);")
    assert await migrate(bare, [directory]) == ["toy/0002_create_plums.sql"]


async def test_a_migration_that_cannot_be_recorded_leaves_nothing_of_itself(bare: str, directory: Path) -> None:
    taken = "insert into applied_migrations (name, checksum) values ('toy/0002_create_plums.sql', '-');"
    (directory / "0002_create_plums.sql").write_text(f"create table plums (id integer primary key); {taken}")
    with pytest.raises(asyncpg.UniqueViolationError):
        await migrate(bare, [directory])
    assert "plums" not in await tables(bare)


async def test_replicas_that_migrate_at_once_apply_each_migration_once(bare: str, directory: Path) -> None:
    (directory / "0002_fill_pears.sql").write_text("select pg_sleep(0.2); insert into pears values (1);")
    done = await asyncio.gather(*(migrate(bare, [directory]) for _ in range(4)))
    applied = [name for names in done for name in names]
    assert len(applied) == len(set(applied))
    assert "toy/0002_fill_pears.sql" in applied
    assert len(await fetch(bare, "select * from pears")) == 1
