"""What the tests of livestream and feedback play against: plans as it speaks, and a service running in this process."""

import asyncio
import base64
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import asyncpg
import httpx

import contracts
from contracts.registry import read_event
from deploy.local.issuer import Issuer, Role
from servicekit.run import Wiring, build_app
from tests.infra import NatsServer

EXAMPLES = Path(contracts.__file__).parent / "examples"
CAMPAIGN = "00000000-0000-4000-8000-000000000001"
DEPARTMENT = "11640402MB0T000012"
OTHER_DEPARTMENT = "11640402MB0T000020"
NOW = "2024-09-27T09:00:00+08:00"


async def until(true: Callable[[], Awaitable[bool]], what: str, seconds: float = 15.0) -> None:
    """Poll until it is so; fail saying what did not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def event(event_type: str, /, *, department: str | None = DEPARTMENT, **data: Any) -> dict[str, Any]:
    """A fresh event like the recorded example."""
    document = json.loads((EXAMPLES / f"{event_type}.json").read_text(encoding="utf-8"))
    document |= {"id": str(uuid4()), "campaign": CAMPAIGN}
    if department is not None:
        document["department"] = department
    document["data"] |= data
    read_event(document)
    return cast(dict[str, Any], document)


def plan_filed(activity: str, *, online: bool = True, **more: Any) -> dict[str, Any]:
    """备案 of a plan with this one activity: a main venue and two branches."""
    filed = {
        "activity_id": activity,
        "name": "示例区应急管理局“政府开放日”",
        "starts_at": "2024-09-27T01:00:00Z",
        "ends_at": "2024-09-27T03:30:00Z",
        "forms": ["office"],
        "segments": ["qa"],
        "capacity": 30,
        "minimum": 25,
        "main_venue": {"key": "main", "name": "指挥中心"},
        "branch_venues": [{"key": "branch1", "name": "一号现场"}, {"key": "branch2", "name": "二号现场"}],
        "online": online,
    }
    return event("events.plans.plan-filed.v1", activities=[filed | more])


async def say(server: NatsServer, *documents: dict[str, Any]) -> None:
    """Publish events as the service that owns them."""
    client = await server.connect(documents[0]["type"].split(".")[1])
    try:
        stream = client.jetstream()
        for document in documents:
            # A new message id every time, so that the stream does not drop what the test means to send twice.
            headers = {"Nats-Msg-Id": str(uuid4())}
            await stream.publish(document["type"], json.dumps(document).encode(), headers=headers)
    finally:
        await client.close()


async def said(server: NatsServer, service: str, kind: str = "") -> list[dict[str, Any]]:
    """What a service said so far, first to last; of one kind where it is named."""
    client = await server.connect()
    try:
        stream, name = client.jetstream(), f"EVENTS_{service.upper()}"
        info = await stream.stream_info(name)
        documents = [
            json.loads((await stream.get_msg(name, sequence)).data or b"")
            for sequence in range(1, info.state.messages + 1)
        ]
    finally:
        await client.close()
    return [one for one in documents if not kind or one["type"].split(".")[2] == kind]


@dataclass
class Door:
    """The running service's HTTP door, and its database for what only a test may look at."""

    http: httpx.AsyncClient
    tokens: Issuer
    dsn: str

    def as_role(
        self, role: Role | None, *, department: str = DEPARTMENT, key: str | None = None, **more: str
    ) -> dict[str, str]:
        """Headers of a caller; `role` None is a resident without an account."""
        headers = {"idempotency-key": key or str(uuid4())} | more
        if role is not None:
            token = self.tokens.mint(role, department=department if role == "department" else None)
            headers["authorization"] = f"Bearer {token}"
        return headers

    async def post(
        self, path: str, body: Any = None, *, role: Role | None = None, key: str | None = None, **more: str
    ) -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.as_role(role, key=key, **more))

    async def get(self, path: str, *, role: Role | None = None, **query: str) -> httpx.Response:
        return await self.http.get(path, params=query, headers=self.as_role(role))

    async def done(self, path: str, body: Any = None, *, role: Role | None = None, **more: str) -> dict[str, Any]:
        """A POST that must succeed; what it answered."""
        answer = await self.post(path, body, role=role, **more)
        assert answer.is_success, answer.text
        return cast(dict[str, Any], answer.json())

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
            return rows
        finally:
            await connection.close()

    async def move(self, now: str) -> None:
        answer = await self.http.put("/simulation", json={"now": now}, headers=self.as_role("ops"))
        assert answer.status_code == 200, answer.text


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem, which must be this one."""
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return problem


def settings(service: str, server: NatsServer, dsn: str, tokens: Issuer, directory: Path) -> dict[str, str]:
    """The environment a service reads."""
    keys = directory / "keys.json"
    keys.write_text(json.dumps({"current": "k1", "keys": {"k1": base64.b64encode(os.urandom(32)).decode()}}))
    values = {
        "DEPLOYMENT": "embedded",
        "CLOCK": "simulated",
        "SIMULATED_START": NOW,
        "DATABASE_URL": dsn,
        "NATS_URL": server.url,
        "NATS_USER": service,
        "NATS_PASSWORD": server.user(service),
        "AUTH_ISSUER": tokens.name,
        "AUTH_JWKS": str(tokens.jwks),
        "ENCRYPTION_KEYS_FILE": str(keys),
    }
    return {f"{service.upper()}_{name}": value for name, value in values.items()}


@asynccontextmanager
async def serving(wiring: Wiring, tokens: Issuer) -> AsyncIterator[Door]:
    """The service, run in this process until the block ends."""
    app = build_app(wiring)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{wiring.name}") as http:
            yield Door(http, tokens, wiring.settings.database_url.get_secret_value())
