"""The pool of one service's database."""

import json
from typing import Any, TypeAlias

import asyncpg

# asyncpg's classes are generic for type checkers only, so these are names for them, not values.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

TRANSIENT: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection cut in the middle of an exchange
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
"""What a database says that may be otherwise in a moment; trying again is worth it."""

LOST: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a loop that will come round again lives through: a lost connection ends the turn, not the loop."""


async def open_pool(dsn: str, *, minimum: int, maximum: int, statement_timeout: float, name: str) -> Pool:
    """A pool made inside the running loop; JSON goes in and comes out as Python values."""
    return await asyncpg.create_pool(
        dsn,
        min_size=minimum,
        max_size=maximum,
        command_timeout=statement_timeout,
        timeout=10,
        init=_with_json,
        server_settings={
            "application_name": name,
            "timezone": "UTC",
            "statement_timeout": str(int(statement_timeout * 1000)),
            "idle_in_transaction_session_timeout": "30000",
        },
    )


async def _with_json(connection: Any) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, encoder=lambda value: json.dumps(value, ensure_ascii=False), decoder=json.loads, schema="pg_catalog"
        )
