"""The simulated clock's door, for rehearsals. It exists only where settings allow the simulated clock.

The rehearsal moves every service to the next instant at which anything falls due, lets everything settle, and goes
on; that is what makes two rehearsals alike. Where the clock stands is kept in the database, so a restarted service
goes on from there.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from nats.js import JetStreamContext
from pydantic import AwareDatetime, BaseModel, ConfigDict

from contracts.topology import consumers_of
from servicekit import event_log
from servicekit.auth import Actor, actor_of
from servicekit.clock import ClockMovedBack, SimulatedClock
from servicekit.database import Connection, Pool
from servicekit.problems import Refused
from servicekit.service import Service
from servicekit.timers import Timers


class ClockRefused(Refused):
    code, status, title = "clock-moved-back", 409, "模拟时钟只能向前"


class MoveClock(BaseModel):
    model_config = ConfigDict(extra="forbid")
    now: AwareDatetime


class Simulation(BaseModel):
    """Where this service stands. It is settled when `unsettled` is empty; `progress` changes when anything happens."""

    now: datetime
    next_timer_at: datetime | None
    unsettled: dict[str, int]
    progress: list[int]


Pending = Callable[[Connection], Awaitable[int]]


async def restore_clock(pool: Pool, start: datetime) -> SimulatedClock:
    """The clock where it last stood, or at its start."""
    stands_at = await pool.fetchval("select stands_at from simulated_clock")
    return SimulatedClock(stands_at or start)


def simulation_door(timers: Timers | None, pending: Pending | None) -> APIRouter:
    """`pending` counts what else the service still has to do now (messages to send)."""
    router = APIRouter(prefix="/simulation", tags=["simulation"])

    @router.get("")
    async def where(request: Request, actor: Annotated[Actor, Depends(actor_of)]) -> Simulation:
        """Where the simulated clock stands, what falls due next, and what is not settled yet."""
        actor.require("ops")
        return await _state(request.app.state.service, request.app.state.stream, timers, pending)

    @router.put("")
    async def move(body: MoveClock, request: Request, actor: Annotated[Actor, Depends(actor_of)]) -> Simulation:
        """Move the simulated clock forward."""
        actor.require("ops")
        service: Service = request.app.state.service
        assert isinstance(service.clock, SimulatedClock)
        try:
            service.clock.move_to(body.now)
        except ClockMovedBack as back:
            raise ClockRefused(str(back)) from back
        async with service.reading() as connection:
            await connection.execute(
                "insert into simulated_clock (stands_at) values ($1) on conflict (only_row) do update"
                " set stands_at = greatest(simulated_clock.stands_at, excluded.stands_at)",
                body.now,
            )
        return await _state(service, request.app.state.stream, timers, pending)

    return router


async def _state(
    service: Service, stream: JetStreamContext, timers: Timers | None, pending: Pending | None
) -> Simulation:
    now = service.clock.now()
    waiting, progress = 0, []
    # Consumers before outboxes: what a handler committed is in the outbox before its message is acknowledged.
    for consumer in consumers_of(service.name):
        info = await stream.consumer_info(consumer.stream, consumer.name)
        waiting += (info.num_pending or 0) + (info.num_ack_pending or 0)
        progress.append(info.ack_floor.stream_seq if info.ack_floor else 0)
    async with service.reading() as connection:
        unsettled = {"messages": waiting, "outbox": await event_log.unpublished(connection)}
        unsettled["other"] = await pending(connection) if pending else 0
        next_at = await timers.next_at(connection) if timers else None
        progress.append(await connection.fetchval("select coalesce(max(sequence), 0) from event_log"))
    unsettled["timers"] = 1 if next_at is not None and next_at <= now else 0
    return Simulation(
        now=now,
        next_timer_at=next_at,
        unsettled={what: count for what, count in unsettled.items() if count},
        progress=progress,
    )
