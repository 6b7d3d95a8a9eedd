"""A deadlines service on the real NATS and PostgreSQL, told facts as their owners tell them; its clock is simulated."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from nats.aio.client import Client

from contracts.envelope import NO_PREVIOUS, CloudEvent, EventData, digest_of, owner_of
from contracts.plans.events import CampaignOpened, RosterEntry
from contracts.topology import consumers_of
from deploy.local.issuer import Issuer
from servicekit.run import build_app
from services.deadlines.app import wire
from tests.infra import NatsServer
from tests.unit.deadlines.story import CAMPAIGN_ID, DEPARTMENT, PACK, at

OTHER = "11640402MB0T000020"
STREAM = "EVENTS_DEADLINES"


async def until(true: Callable[[], Awaitable[Any]], what: str, seconds: float = 20.0) -> Any:
    """Poll until it gives something; fail saying what did not come."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if found := await true():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def opened(*departments: str) -> CampaignOpened:
    return CampaignOpened(
        campaign_id=CAMPAIGN_ID,
        year=PACK.year,
        pack_id=PACK.id,
        pack_version=PACK.version,
        pack_digest=PACK.digest,
        pack=PACK.model_dump(mode="json"),
        roster=[RosterEntry(department=code, name="演练局") for code in departments or (DEPARTMENT,)],
        opened_at=at("08-14 09:00"),
    )


def document(fact: EventData, department: str | None = DEPARTMENT, event_id: UUID | None = None) -> dict[str, Any]:
    """The fact as its owner publishes it."""
    about = f"{fact.AGGREGATE}/{uuid4()}"
    return CloudEvent[Any](
        id=event_id or uuid4(),
        source=f"/services/{owner_of(fact.TYPE)}",
        type=fact.TYPE,
        subject=about,
        time=at("08-14 09:00"),
        jurisdiction="640402",
        campaign=CAMPAIGN_ID,
        department=None if isinstance(fact, CampaignOpened) else department,
        aggregateid=about,
        aggregateversion=1,
        previousdigest=NO_PREVIOUS,
        correlationid=secrets.token_hex(8),
        traceparent=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",
        data=fact,
    ).document()


@dataclass
class Bus:
    """The users of those whom deadlines hears, to say things with, and ops' to look with."""

    heard: dict[str, Client]
    ops: Client

    async def say(self, *facts: EventData, department: str | None = DEPARTMENT) -> None:
        await self.publish(*(document(fact, department) for fact in facts))

    async def publish(self, *documents: dict[str, Any]) -> None:
        """Each under a message id of its own, so that the stream keeps what a test means to send twice."""
        for entry in documents:
            await (
                self.heard[owner_of(entry["type"])]
                .jetstream()
                .publish(entry["type"], json.dumps(entry).encode(), headers={"Nats-Msg-Id": secrets.token_hex(8)})
            )

    async def raw(self, subject: str, body: bytes) -> None:
        await self.heard[owner_of(subject)].jetstream().publish(subject, body)

    async def messages(self, stream: str = STREAM) -> list[Any]:
        context = self.ops.jetstream()
        count = (await context.stream_info(stream)).state.messages
        return [await context.get_msg(stream, sequence) for sequence in range(1, count + 1)]

    async def said(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What deadlines said so far."""
        documents = [json.loads(message.data or b"") for message in await self.messages()]
        return [entry for entry in documents if kind is None or entry["type"] == f"events.deadlines.{kind}.v1"]

    async def quiet(self) -> bool:
        """Everything published so far was handled."""
        for consumer in consumers_of("deadlines"):
            info = await self.ops.jetstream().consumer_info(consumer.stream, consumer.name)
            if info.num_pending or info.num_ack_pending:
                return False
        return True


@dataclass
class Deadlines:
    """The running service, asked through its HTTP door."""

    http: httpx.AsyncClient
    tokens: Issuer
    bus: Bus
    dsn: str
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    def as_(self, who: str) -> dict[str, str]:
        """A role's headers, or a department's by its code."""
        if who not in self.headers:
            role: Any = who if who in ("office", "ops", "frontend", "auditor") else "department"
            token = self.tokens.mint(role, department=who if role == "department" else None)
            self.headers[who] = {"authorization": f"Bearer {token}"}
        return self.headers[who]

    async def get(self, path: str, who: str = "office", **query: Any) -> httpx.Response:
        return await self.http.get(path, params=query, headers=self.as_(who))

    async def post(self, path: str, body: Any, who: str = "office", **headers: str) -> httpx.Response:
        return await self.http.post(
            path, json=body, headers={**self.as_(who), "idempotency-key": secrets.token_hex(8), **headers}
        )

    async def board(self, who: str = "office") -> dict[str, Any]:
        answer = await self.get("/board", who, campaign=str(CAMPAIGN_ID))
        assert answer.status_code == 200, answer.text
        board: dict[str, Any] = answer.json()
        return board

    async def clock(self, text: str) -> None:
        """Move the clock, and wait until everything due has been done and said."""
        moved = await self.http.put("/simulation", json={"now": at(text).isoformat()}, headers=self.as_("ops"))
        assert moved.status_code == 200, moved.text
        await self.settled()

    async def settled(self) -> None:
        """Nothing left to do, twice in a row without anything having happened in between."""
        before: list[int] = []

        async def still() -> bool:
            nonlocal before
            state = (await self.http.get("/simulation", headers=self.as_("ops"))).json()
            unchanged, before = state["progress"] == before, state["progress"]
            return unchanged and not state["unsettled"]

        await until(still, "everything settled")

    async def hear(self, *facts: EventData, department: str | None = DEPARTMENT) -> None:
        """Say the facts and wait until they were handled."""
        await self.bus.say(*facts, department=department)
        await self.settled()

    async def deadline(self, rule: str, department: str = DEPARTMENT) -> dict[str, Any]:
        page = (await self.get("/deadlines", department=department, limit=200)).json()
        found: dict[str, Any] = next(line for line in page["items"] if line["rule"] == rule)
        return found

    async def violation(self, rule: str, department: str = DEPARTMENT) -> dict[str, Any]:
        page = (await self.get("/violations", department=department, limit=200)).json()
        found: dict[str, Any] = next(line for line in page["items"] if line["rule"] == rule)
        return found

    async def contents(self) -> str:
        """A digest of every table a judgement writes, to show that nothing changed."""
        connection = await asyncpg.connect(self.dsn)
        try:
            tables = ("campaigns", "scopes", "facts", "deadlines", "violations", "decisions", "event_log")
            texts = {
                table: await connection.fetchval(
                    f"select coalesce(string_agg(t::text, '|' order by t::text), '') from {table} t"
                )
                for table in tables
            }
        finally:
            await connection.close()
        return digest_of(texts)


Start = Callable[[], AbstractAsyncContextManager[Deadlines]]


@pytest.fixture
async def said(bus: NatsServer) -> AsyncIterator[Bus]:
    owners = [consumer.owner for consumer in consumers_of("deadlines")]
    clients = Bus({owner: await bus.connect(owner) for owner in owners}, await bus.connect())
    yield clients
    for client in clients.heard.values():
        await client.close()
    await clients.ops.close()


@pytest.fixture
def start(
    bus: NatsServer,
    said: Bus,
    service_database: Callable[[str], str],
    tokens: Issuer,
    monkeypatch: pytest.MonkeyPatch,
) -> Start:
    """`async with start() as deadlines:` runs the service in this process; again on the same database."""
    dsn = service_database("deadlines")
    settings = {
        "DEPLOYMENT": "embedded",
        "CLOCK": "simulated",
        "SIMULATED_START": at("08-14 09:00").isoformat(),
        "DATABASE_URL": dsn,
        "NATS_URL": bus.url,
        "NATS_USER": "deadlines",
        "NATS_PASSWORD": bus.user("deadlines"),
        "AUTH_ISSUER": tokens.name,
        "AUTH_JWKS": str(tokens.jwks),
        "DELIVERY_ATTEMPTS": "2",
        "DELIVERY_DELAYS_SECONDS": "[0.05]",
        "TIMER_IDLE_SECONDS": "0.02",
        "RELAY_IDLE_SECONDS": "0.05",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"DEADLINES_{name}", value)

    @asynccontextmanager
    async def run() -> AsyncIterator[Deadlines]:
        app = build_app(wire())
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://deadlines") as http:
                yield Deadlines(http, tokens, said, dsn)

    return run


@pytest.fixture
async def deadlines(start: Start) -> AsyncIterator[Deadlines]:
    async with start() as running:
        yield running
