"""A plans service on the real NATS and PostgreSQL, asked through its HTTP door; its clock is simulated."""

import asyncio
import base64
import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from stdnum.cn import uscc

from deploy.local.issuer import Issuer, Role
from servicekit.clock import SimulatedClock
from servicekit.run import build_app
from services.plans.app import wire
from tests.infra import NatsServer

PACK = "640402-2024"
OPENS = "2024-08-14T09:00:00+08:00"


def code(number: int) -> str:
    """A valid USCC."""
    body = f"11640402{number:09d}"
    return body + uscc.calc_check_digit(body)


EDUCATION, WATER, STRANGER = code(1), code(2), code(3)


def at(text: str) -> datetime:
    """`09-12 09:00` of the season, in +08:00."""
    return datetime.fromisoformat(f"2024-{text}:00+08:00")


@dataclass
class Plans:
    """The running service. `changed` tells whether any row of any table did between two snapshots."""

    app: FastAPI
    http: httpx.AsyncClient
    tokens: Issuer
    bus: NatsServer
    dsn: str
    campaign: str = ""
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    def as_(self, who: str) -> dict[str, str]:
        if who not in self.headers:
            if who in ("office", "ops", "frontend", "auditor"):
                token = self.tokens.mint(cast(Role, who))
            else:
                token = self.tokens.mint("department", department=who)
            self.headers[who] = {"Authorization": f"Bearer {token}"}
        return self.headers[who]

    async def post(
        self, who: str, path: str, body: Any = None, *, key: str | None = None, etag: str | None = None
    ) -> httpx.Response:
        headers = {**self.as_(who), "Idempotency-Key": key or secrets.token_hex(8)}
        if etag is not None:
            headers["If-Match"] = etag
        return await self.http.post(path, json=body, headers=headers)

    async def done(self, who: str, path: str, body: Any = None) -> Any:
        answer = await self.post(who, path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def get(self, who: str, path: str) -> httpx.Response:
        return await self.http.get(path, headers=self.as_(who))

    async def put(self, who: str, path: str, body: Any, etag: str | None) -> httpx.Response:
        return await self.http.put(path, json=body, headers={**self.as_(who), **({"If-Match": etag} if etag else {})})

    def move_to(self, text: str) -> None:
        clock = self.app.state.service.clock
        assert isinstance(clock, SimulatedClock)
        clock.move_to(at(text))

    async def snapshot(self) -> dict[str, str]:
        """A digest of every row of every table."""
        connection = await asyncpg.connect(self.dsn)
        try:
            tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
            return {
                name: await connection.fetchval(
                    "select count(*) || ':' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '')"
                    f" from {name} t"
                )
                for name in sorted(row["tablename"] for row in tables)
                if name != "outbox"  # the relay empties it
            }
        finally:
            await connection.close()

    async def events(self, *, until: str) -> list[dict[str, Any]]:
        """Everything on the stream, once an event of type `events.plans.<until>.v1` is there."""
        client = await self.bus.connect()
        try:
            stream = client.jetstream()
            deadline = time.monotonic() + 15
            found: list[dict[str, Any]] = []
            while time.monotonic() < deadline:
                last = (await stream.stream_info("EVENTS_PLANS")).state.last_seq
                for sequence in range(len(found) + 1, last + 1):
                    message = await stream.get_msg("EVENTS_PLANS", sequence)
                    event = json.loads(message.data or b"")
                    assert event["type"] == message.subject
                    found.append(event)
                if any(event["type"] == f"events.plans.{until}.v1" for event in found):
                    return found
                await asyncio.sleep(0.02)
            pytest.fail(f"no {until} on the stream: {[event['type'] for event in found]}")
        finally:
            await client.close()

    async def becomes(self, activity: str, state: str) -> dict[str, Any]:
        """The activity, once the timers brought it there."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            shown: dict[str, Any] = (await self.get("office", f"/activities/{activity}")).json()
            if shown["state"] == state:
                return shown
            await asyncio.sleep(0.02)
        pytest.fail(f"activity is {shown['state']}, not {state}")

    # given

    async def opened(self, *departments: str) -> str:
        """An open campaign of these departments (education and water by default)."""
        body = campaign_body(*(departments or (EDUCATION, WATER)))
        self.campaign = (await self.done("office", "/campaigns", body))["id"]
        await self.done("office", f"/campaigns/{self.campaign}/open")
        return self.campaign

    async def drafted(self, who: str = EDUCATION, **changes: Any) -> dict[str, Any]:
        body = {"campaign_id": self.campaign, "content": content(**changes)}
        plan: dict[str, Any] = await self.done(who, "/plans", body)
        return plan

    async def filed(self, who: str = EDUCATION, **changes: Any) -> tuple[str, str]:
        """A filed plan and its one activity."""
        plan = await self.drafted(who, **changes)
        await self.done(who, f"/plans/{plan['id']}/submit")
        await self.done("office", f"/plans/{plan['id']}/file")
        return plan["id"], plan["activities"][0]["activity_id"]


def campaign_body(*departments: str) -> dict[str, Any]:
    return {
        "pack_id": PACK,
        "roster": [
            {
                "department": department,
                "name": f"{number}号局（演练）",
                "contacts": [{"name": f"联系人{number}", "email": f"d{number}@dept.example", "phone": "0954-2030405"}],
            }
            for number, department in enumerate(departments, start=1)
        ],
        "office_contacts": [{"name": "值班员", "email": "office@district.example"}],
    }


def content(**changes: Any) -> dict[str, Any]:
    """A complete plan's content; `changes` go into its one activity, except `theme`."""
    theme = changes.pop("theme", "走进教育")
    activity = {
        "key": "day",
        "starts_at": "2024-09-12T09:00:00+08:00",
        "ends_at": "2024-09-12T11:30:00+08:00",
        "forms": ["enter_office"],
        "segments": ["question"],
        "agenda": ["参观办事大厅", "座谈问答"],
        "capacity": 40,
        "main_venue": {"key": "main", "name": "局机关"},
        "branch_venues": [{"key": "b1", "name": "第二小学"}],
        "online": True,
        **changes,
    }
    return {"theme": theme, "activities": [activity]}


ITEMS = dict.fromkeys(
    (
        *("registration_method", "participant_number", "theme", "attending_leaders", "organiser", "time_and_place"),
        *("invitees", "content", "form", "contact_person", "contact_phone", "email", "tips"),
    ),
    "内容",
)


def announcement(**changes: Any) -> dict[str, Any]:
    return {
        "items": ITEMS,
        "stated_date": "2024-09-12",
        "stated_weekday": "星期四",
        "channels": [
            {"channel": "government_website", "column": "plans_and_announcements"},
            {"channel": "new_media"},
        ],
        **changes,
    }


def report(**changes: Any) -> dict[str, Any]:
    return {
        "text": "活动情况",
        "photos": [{"url": "https://files.example/1.jpg", "sha256": "a" * 64}],
        "channels": [
            {"channel": "government_website", "column": "activity_reports"},
            {"channel": "new_media"},
        ],
        **changes,
    }


Start = Callable[[], Any]


@pytest.fixture
def settings(
    bus: NatsServer,
    service_database: Callable[[str], str],
    tokens: Issuer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """PLANS_* in the environment; gives the DSN of a fresh database."""
    dsn = service_database("plans")
    keys = tmp_path / "keys.json"
    ring = {"current": "k1", "keys": {"k1": base64.b64encode(os.urandom(32)).decode()}}
    keys.write_text(json.dumps(ring), encoding="utf-8")
    for name, value in {
        "DEPLOYMENT": "rehearsal",
        "CLOCK": "simulated",
        "SIMULATED_START": OPENS,
        "DATABASE_URL": dsn,
        "NATS_URL": bus.url,
        "NATS_USER": "plans",
        "NATS_PASSWORD": bus.user("plans"),
        "AUTH_ISSUER": tokens.name,
        "AUTH_JWKS": str(tokens.jwks),
        "ENCRYPTION_KEYS_FILE": str(keys),
        "TIMER_IDLE_SECONDS": "0.02",
        "POOL_MAX": "6",
    }.items():
        monkeypatch.setenv(f"PLANS_{name}", value)
    return dsn


@pytest.fixture
async def start(settings: str, bus: NatsServer, tokens: Issuer) -> AsyncIterator[Start]:
    """Starts a replica of plans; replicas share one database."""

    @asynccontextmanager
    async def run() -> AsyncIterator[Plans]:
        app = build_app(wire())
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://plans.test") as http,
        ):
            yield Plans(app, http, tokens, bus, settings)

    async with AsyncExitStack() as stack:

        async def one() -> Plans:
            return await stack.enter_async_context(run())

        yield one


@pytest.fixture
async def plans(start: Start) -> Plans:
    started: Plans = await start()
    return started
