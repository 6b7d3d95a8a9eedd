"""The relay: moves the outbox to JetStream. One active per service, whatever the number of replicas.

An event leaves the outbox only after its stream acknowledged it, so it is published at least once; its id is the
Nats-Msg-Id, so a second publication inside the duplicate window is dropped by the stream.
"""

import asyncio
from contextlib import suppress
from typing import Protocol

import asyncpg
import nats.errors
import nats.js.errors
import rfc8785
import structlog

from contracts.envelope import CONTENT_TYPE
from contracts.topology import MAX_MESSAGE_BYTES
from servicekit import metrics
from servicekit.database import LOST, Connection, Pool

log = structlog.get_logger()

_LOCK = 7_303_012
_BATCH = """
select outbox.sequence, event_log.event_id, event_log.type, event_log.event, outbox.attempts
from outbox join event_log using (sequence)
where outbox.parked_at is null order by outbox.sequence limit $1
"""
_REFUSED = """
update outbox set attempts = attempts + 1, last_error = $2,
    parked_at = case when attempts + 1 >= $3 then clock_timestamp() end
where sequence = $1 returning parked_at is not null
"""


_HEADERS_BYTES = 512
"""More than the headers of a message of ours; the server counts them, and drops the connection beyond its limit."""


class EventTooLarge(ValueError):
    """No stream would ever take it."""


class Stream(Protocol):
    async def publish(
        self, subject: str, payload: bytes, timeout: float | None = None, *, headers: dict[str, str] | None = None
    ) -> object: ...


_LOST: tuple[type[Exception], ...] = (*LOST, nats.errors.Error)
_REFUSALS = (nats.js.errors.APIError, nats.errors.MaxPayloadError, EventTooLarge)


class Relay:
    def __init__(
        self, pool: Pool, stream: Stream, *, batch: int, idle_seconds: float, timeout_seconds: float, attempts: int
    ) -> None:
        self._pool = pool
        self._stream = stream
        self._batch = batch
        self._idle = idle_seconds
        self._timeout = timeout_seconds
        self._attempts = attempts
        self._work = asyncio.Event()

    def wake(self) -> None:
        """Something was committed; called after the commit, so that nobody waits for the idle poll."""
        self._work.set()

    async def run(self) -> None:
        """Relay until cancelled. A lost database or bus ends the turn, not the relay."""
        while True:
            try:
                await self._hold_and_relay()
            except _LOST as lost:
                log.warning("relay interrupted", error=repr(lost))
                await asyncio.sleep(self._idle)

    async def _hold_and_relay(self) -> None:
        """Take the lock on a connection of its own (it goes with the session, should this process die) and relay."""
        async with self._pool.acquire() as connection:
            while not await connection.fetchval("select pg_try_advisory_lock($1)", _LOCK):
                await asyncio.sleep(self._idle)
            # The pool gives the lock back together with the connection, also when this turn ends in an error.
            while True:
                self._work.clear()
                if not await self.relay_batch(connection):
                    await self._wait()

    async def _wait(self) -> None:
        # Not wait_for: before Python 3.12 it swallows a cancellation that meets the wake-up, and the stop hangs.
        with suppress(TimeoutError):
            async with asyncio.timeout(self._idle):
                await self._work.wait()

    async def relay_batch(self, connection: Connection) -> bool:
        """Publish one batch; True when there may be more to do at once."""
        rows = await connection.fetch(_BATCH, self._batch)
        if not rows:
            metrics.WAITING.set(0)
            return False
        outcomes = await asyncio.gather(*(self._publish(row) for row in rows))
        done = [row["sequence"] for row, error in zip(rows, outcomes, strict=True) if error is None]
        await connection.execute("delete from outbox where sequence = any($1::bigint[])", done)
        refused = 0
        for row, error in zip(rows, outcomes, strict=True):
            if error is None:
                metrics.PUBLISHED.labels(row["type"]).inc()
            elif isinstance(error, _REFUSALS):
                await self._note_refusal(connection, row, error)
                refused += 1
        unreachable = len(rows) - len(done) - refused
        metrics.WAITING.set(unreachable)
        if unreachable:
            raise nats.errors.Error(f"the bus did not acknowledge {unreachable} of {len(rows)} events")
        if refused:
            await asyncio.sleep(self._idle)
        return True

    async def _publish(self, row: asyncpg.Record) -> Exception | None:
        payload = rfc8785.dumps(row["event"])
        if len(payload) + _HEADERS_BYTES > MAX_MESSAGE_BYTES:
            return EventTooLarge(f"{len(payload)} bytes")
        try:
            await self._stream.publish(
                row["type"],
                payload,
                timeout=self._timeout,
                headers={"Nats-Msg-Id": str(row["event_id"]), "content-type": CONTENT_TYPE},
            )
        except (nats.errors.Error, TimeoutError, OSError) as error:
            return error
        return None

    async def _note_refusal(self, connection: Connection, row: asyncpg.Record, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"  # nats-py's errors say nothing in their repr
        parked = await connection.fetchval(_REFUSED, row["sequence"], reason, self._attempts)
        log.warning("stream refused an event", type=row["type"], event_id=str(row["event_id"]), error=reason)
        if parked:
            log.error("event parked", type=row["type"], event_id=str(row["event_id"]))
        metrics.PARKED.set(await connection.fetchval("select count(*) from outbox where parked_at is not null"))
