"""The running service: its pool, clock, bus and relay, and the one way to change something."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from faststream.nats import NatsBroker

from contracts.envelope import CloudEvent, EventData
from servicekit import event_log
from servicekit.clock import Clock
from servicekit.crypto import Sealer
from servicekit.database import Connection, Pool
from servicekit.relay import Relay
from servicekit.settings import ServiceSettings


@dataclass(frozen=True)
class Transaction:
    """One change: a database transaction and the business time it counts at."""

    connection: Connection
    now: datetime

    async def announce(
        self,
        data: EventData,
        *,
        aggregate: UUID,
        jurisdiction: str,
        campaign: UUID,
        department: str | None = None,
        activity: UUID | None = None,
    ) -> CloudEvent[Any]:
        """Put an event into the log and the outbox; it is published once this transaction has committed."""
        return await event_log.append(
            self.connection,
            data,
            aggregate=aggregate,
            at=self.now,
            jurisdiction=jurisdiction,
            campaign=campaign,
            department=department,
            activity=activity,
        )


@dataclass(frozen=True)
class Service:
    """What api, subscribers and timers of one process share."""

    name: str
    settings: ServiceSettings
    pool: Pool
    clock: Clock
    broker: NatsBroker
    relay: Relay
    sealer: Sealer | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction that commits at the end and wakes the relay, or changes nothing."""
        async with self.pool.acquire() as connection, connection.transaction():
            yield Transaction(connection, self.clock.now())
        self.relay.wake()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection for a view."""
        async with self.pool.acquire() as connection:
            yield connection

    def seal_key(self) -> Sealer:
        """The key ring for sensitive data. Raises RuntimeError where the service has none."""
        if self.sealer is None:
            raise RuntimeError(f"{self.name} needs ENCRYPTION_KEYS_FILE")
        return self.sealer
