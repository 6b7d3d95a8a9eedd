"""A database and a role per service; no role reaches another's database."""

import asyncio
import re
from collections.abc import Mapping

import asyncpg

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,30}$")


async def ensure_databases(admin_dsn: str, passwords: Mapping[str, str]) -> list[str]:
    """Create what is missing and set the passwords given; `passwords` maps a service to its role's. Idempotent.

    Returns the databases created. `admin_dsn` is a superuser's.
    """
    connection = await asyncpg.connect(admin_dsn)
    created = []
    try:
        await _close_to_public(connection, "postgres")
        await _close_to_public(connection, "template1")
        for name, password in passwords.items():
            await _ensure_role(connection, name, password)
            if not await connection.fetchval("select true from pg_database where datname = $1", name):
                # A statement cannot take the name of a database as a parameter; _ensure_role checked it.
                await connection.execute(f'create database "{name}" owner "{name}"')
                created.append(name)
            await _close_to_public(connection, name)
    finally:
        await connection.close()
    return created


async def _ensure_role(connection: "asyncpg.Connection[asyncpg.Record]", name: str, password: str) -> None:
    if not _NAME.match(name):
        raise ValueError(f"{name!r} cannot name a role")
    exists = await connection.fetchval("select true from pg_roles where rolname = $1", name)
    verb = "alter" if exists else "create"
    quoted: str = await connection.fetchval("select quote_literal($1::text)", password)
    await connection.execute(
        f'{verb} role "{name}" login nosuperuser nocreatedb nocreaterole noreplication connection limit 40'
        f" password {quoted}"
    )


async def _close_to_public(connection: "asyncpg.Connection[asyncpg.Record]", database: str) -> None:
    """PostgreSQL lets everybody connect to every database unless told otherwise."""
    await connection.execute(f'revoke connect, temporary on database "{database}" from public')


def main() -> int:
    """For the composed stack: env ADMIN_DSN, and <SERVICE>_DB_PASSWORD for each service given as an argument."""
    import os
    import sys

    passwords = {name: os.environ[f"{name.upper()}_DB_PASSWORD"] for name in sys.argv[1:]}
    for name in asyncio.run(ensure_databases(os.environ["ADMIN_DSN"], passwords)):
        print(f"created database {name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
