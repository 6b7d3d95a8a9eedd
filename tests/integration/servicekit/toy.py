"""A service with no domain, to try the spine with: things with a version, and what came off the bus.

It goes by the name of deadlines, since the topology only knows real services; its events are borrowed too.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

import contracts
from contracts.deadlines.events import ObjectionDecided
from contracts.envelope import CloudEvent
from contracts.plans.events import PlanReturned, PlanSubmitted
from deploy.local.issuer import Issuer
from servicekit.problems import Finding, NotFound, Refused
from servicekit.run import Wiring, build_app
from servicekit.service import Service, Transaction
from servicekit.settings import ServiceSettings
from servicekit.timers import Timers
from servicekit.writes import Reading, Writing, answer, check_version
from tests.infra import NatsServer

NAME = "deadlines"
CONSUMER = "deadlines-plans"
HEARD = PlanSubmitted.TYPE
ALSO_HEARD = PlanReturned.TYPE
UNHEARD = "events.plans.plan-cancelled.v1"
EXAMPLES = Path(contracts.__file__).parent / "examples"
DECIDED = datetime(2024, 9, 1, tzinfo=UTC)
T = TypeVar("T", bound=Callable[..., Any])
CAMPAIGN = UUID("00000000-0000-4000-8000-000000000001")


def cuts_connections(test: T) -> T:
    """Marks a test that cuts connections."""
    marks = (pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.usefixtures("cut_off"))
    return cast(T, marks[1](marks[0](test)))


TABLES = """
create table things (id uuid primary key, version integer not null default 1, name text not null unique);
create table effects (
    number bigint generated always as identity,
    event_id uuid not null,
    correlation text not null,
    at timestamptz not null
);
create table alarms (at timestamptz not null);
"""


class ThingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=200)


class Thing(ThingIn):
    id: UUID
    version: int


class NameForbidden(Refused):
    code, status, title = "name-forbidden", 409, "名称不能使用"


def said(text: str) -> ObjectionDecided:
    """Any event of ours; `rule` carries the text."""
    return ObjectionDecided.model_validate(
        {
            "violation_id": uuid4(),
            "rule": text,
            "clause": "1",
            "outcome": "upheld",
            "decided_at": "2024-09-01T00:00:00Z",
        }
    )


async def announce(tx: Transaction, identity: UUID, text: str) -> CloudEvent[Any]:
    return await tx.announce(said(text), aggregate=identity, jurisdiction="640402", campaign=CAMPAIGN)


async def add_thing(tx: Transaction, body: ThingIn) -> Thing:
    identity = uuid4()
    await tx.connection.execute("insert into things (id, name) values ($1, $2)", identity, body.name)
    await announce(tx, identity, body.name)
    if body.name == "refused":
        finding = Finding(code="name", field="name", detail="此名不可", clause="4.2")
        raise NameForbidden("不能用这个名称", clause="4.2", fix="换一个", errors=[finding])
    if body.name == "broken":
        raise LookupError("a mistake of ours, with s3cret details")
    return Thing(id=identity, version=1, name=body.name)


async def rename_thing(tx: Transaction, identity: UUID, expected: int, body: ThingIn) -> Thing:
    version = await tx.connection.fetchval("select version from things where id = $1 for update", identity)
    check_version(expected, version)
    await tx.connection.execute("update things set name = $2, version = version + 1 where id = $1", identity, body.name)
    await announce(tx, identity, body.name)
    return Thing(id=identity, version=version + 1, name=body.name)


def _router() -> APIRouter:
    router = APIRouter()

    @router.post("/things", status_code=201, response_model=Thing)
    async def add(write: Writing, body: ThingIn) -> Response:
        return await write.once(lambda tx: add_thing(tx, body), status=201)

    @router.put("/things/{identity}", response_model=Thing)
    async def rename(write: Writing, identity: UUID, body: ThingIn) -> Response:
        version = write.require_version()
        return await write.run(lambda tx: rename_thing(tx, identity, version, body))

    @router.get("/things/{identity}", response_model=Thing)
    async def thing(request: Request, actor: Reading, identity: UUID) -> Response:
        actor.require("office")
        service: Service = request.app.state.service
        async with service.reading() as connection:
            row = await connection.fetchrow("select id, version, name from things where id = $1", identity)
        if row is None:
            raise NotFound("没有这个东西")
        return answer(Thing(**dict(row)))

    return router


@dataclass
class Toy:
    """One running toy. `behave` is asked at every delivery, before the effect; it may raise."""

    app: FastAPI
    http: httpx.AsyncClient
    tokens: Issuer
    dsn: str

    @property
    def service(self) -> Service:
        service: Service = self.app.state.service
        return service

    def as_role(self, role: str = "office", *, key: str | None = None, **headers: str) -> dict[str, str]:
        token = self.tokens.mint(cast(Any, role))
        return {"authorization": f"Bearer {token}", "idempotency-key": key or str(uuid4()), **headers}

    async def add(self, name: str, *, key: str | None = None) -> httpx.Response:
        return await self.http.post("/things", json={"name": name}, headers=self.as_role(key=key))

    async def fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        return await fetch(self.dsn, sql, *values)

    async def effects(self) -> list[str]:
        return [str(row["event_id"]) for row in await self.fetch("select event_id from effects order by number")]


async def fetch(dsn: str, sql: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(sql, *values)
        return rows
    finally:
        await connection.close()


Behave = Callable[[CloudEvent[Any]], Awaitable[None]]


async def _well(_event: CloudEvent[Any]) -> None:
    """Handles whatever comes."""


@dataclass
class Hearing:
    """How the toy takes what it hears; tests replace `behave`."""

    behave: Behave = _well
    tries: list[tuple[float, str]] = field(default_factory=list)

    async def hear(self, tx: Transaction, event: CloudEvent[Any]) -> None:
        await tx.connection.execute(
            "insert into effects (event_id, correlation, at) values ($1, $2, $3)", event.id, event.correlationid, tx.now
        )
        self.tries.append((time.monotonic(), str(event.id)))
        await self.behave(event)
        await announce(tx, uuid4(), "heard")


def settings(bus: NatsServer, dsn: str, tokens: Issuer, **other: Any) -> ServiceSettings:
    chosen: dict[str, Any] = {
        "deployment": "embedded",
        "database_url": dsn,
        "nats_url": bus.url,
        "nats_user": NAME,
        "nats_password": bus.user(NAME),
        "auth_issuer": tokens.name,
        "auth_jwks": str(tokens.jwks),
        "relay_idle_seconds": 0.05,
        "timer_idle_seconds": 0.05,
        "delivery_attempts": 3,
        "delivery_delays_seconds": (0.05, 0.3),
        "publish_timeout_seconds": 2.0,
        "graceful_seconds": 5.0,
        **other,
    }
    return ServiceSettings(**chosen)


def toy_app(chosen: ServiceSettings, hearing: Hearing) -> FastAPI:
    async def next_alarm(connection: Any) -> Any:
        return await connection.fetchval("select min(at) from alarms")

    async def fire(service: Service) -> int:
        async with service.transaction() as tx:
            gone = await tx.connection.execute("delete from alarms where at <= $1", tx.now)
        return int(gone.rpartition(" ")[2])

    return build_app(
        Wiring(
            name=NAME,
            title="toy",
            description="The spine and nothing else.",
            settings=chosen,
            routers=[_router()],
            migrations=Path(__file__).parent,
            hears={"plans": {PlanSubmitted: hearing.hear, PlanReturned: hearing.hear}},
            timers=Timers(next_alarm, fire),
        )
    )


def event(kind: str = HEARD, **changes: Any) -> dict[str, Any]:
    """A fresh event of plans like the recorded example."""
    document = json.loads((EXAMPLES / f"{kind}.json").read_text(encoding="utf-8"))
    return cast(dict[str, Any], {**document, "id": str(uuid4()), **changes})


async def publish(bus: NatsServer, document: dict[str, Any] | bytes, subject: str | None = None) -> None:
    """As plans, under a new message id, so that the stream does not drop repeats."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    named = subject or (document["type"] if isinstance(document, dict) else HEARD)
    client = await bus.connect("plans")
    try:
        await client.jetstream().publish(named, raw, headers={"Nats-Msg-Id": str(uuid4())})
    finally:
        await client.close()


async def until(true: Callable[[], bool | Awaitable[bool]], what: str, seconds: float = 15.0) -> None:
    """Poll until it is so; fail saying what did not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = true()
        if await found if isinstance(found, Awaitable) else found:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


async def settled(bus: NatsServer) -> bool:
    """Whether the toy's consumer has nothing to deliver and nothing in hand."""
    client = await bus.connect()
    try:
        info = await client.jetstream().consumer_info("EVENTS_PLANS", CONSUMER)
    finally:
        await client.close()
    return not info.num_pending and not info.num_ack_pending


@dataclass
class Kept:
    """One message of a stream."""

    subject: str
    headers: dict[str, str]
    data: bytes


async def kept(bus: NatsServer, stream: str) -> list[Kept]:
    """Everything in a stream, first to last."""
    client = await bus.connect()
    try:
        context = client.jetstream()
        state = (await context.stream_info(stream)).state
        if not state.messages:
            return []
        found = [await context.get_msg(stream, sequence) for sequence in range(state.first_seq, state.last_seq + 1)]
        return [Kept(raw.subject or "", dict(raw.headers or {}), raw.data or b"") for raw in found]
    finally:
        await client.close()
