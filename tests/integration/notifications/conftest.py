"""The notifications service itself, on real NATS and PostgreSQL, with a mail server and a receiver beside it."""

import base64
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy.local.issuer import Issuer
from servicekit.run import build_app
from services.notifications.app import wire
from tests.infra import NatsServer
from tests.integration.notifications.stage import DEPARTMENT, OTHER_DEPARTMENT, MailServer, Plans, Receiver


@dataclass
class Door:
    """The running service's HTTP door, and its database for what only a test may look at."""

    http: httpx.AsyncClient
    tokens: Issuer
    dsn: str

    def as_role(self, role: str, *, key: str | None = None, subject: str | None = None) -> dict[str, str]:
        department = DEPARTMENT if role == "department" else None
        token = self.tokens.mint(role, department=department, subject=subject)  # type: ignore[arg-type]
        return {"authorization": f"Bearer {token}", "idempotency-key": key or str(uuid4())}

    async def listed(self, **query: str) -> list[dict[str, object]]:
        answer = await self.http.get("/notifications", params=query, headers=self.as_role("office"))
        assert answer.status_code == 200, answer.text
        items: list[dict[str, object]] = answer.json()["items"]
        return items

    async def fetch(self, sql: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(sql)
            return rows
        finally:
            await connection.close()


Start = Callable[..., AbstractAsyncContextManager[Door]]


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
async def plans(bus: NatsServer) -> AsyncIterator[Plans]:
    plans = Plans(
        bus,
        {
            DEPARTMENT: [{"name": "张三", "email": "zhang@mzj.example"}],
            OTHER_DEPARTMENT: [{"name": "李四", "email": "li@swj.example"}],
            "office": [{"name": "王五", "email": "wang@office.example"}],
        },
    )
    await plans.answer()
    yield plans
    await plans.silence()


@pytest.fixture
def environment(
    bus: NatsServer,
    service_database: Callable[[str], str],
    tokens: Issuer,
    mail_server: MailServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """The service's settings, also put into this process's environment."""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"current": "k1", "keys": {"k1": base64.b64encode(os.urandom(32)).decode()}}))
    settings = {
        "DEPLOYMENT": "embedded",
        "CLOCK": "simulated",
        "SIMULATED_START": "2024-08-14T09:00:00+08:00",
        "DATABASE_URL": service_database("notifications"),
        "NATS_URL": bus.url,
        "NATS_USER": "notifications",
        "NATS_PASSWORD": bus.user("notifications"),
        "AUTH_ISSUER": tokens.name,
        "AUTH_JWKS": str(tokens.jwks),
        "ENCRYPTION_KEYS_FILE": str(keys),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(mail_server.port),
        "SMTP_TLS": "none",
        "SMTP_TIMEOUT_SECONDS": "2",
        "SMTP_SENDER": "openday@district.example",
        "WEBHOOK_TIMEOUT_SECONDS": "2",
        "CONTACTS_TIMEOUT_SECONDS": "0.5",
        "SEND_LEASE_SECONDS": "11",
        "RETRY_DELAYS_SECONDS": "[0.1, 0.2, 0.4]",
        "SENDER_IDLE_SECONDS": "0.05",
    }
    whole = {f"NOTIFICATIONS_{name}": value for name, value in settings.items()}
    for name, value in whole.items():
        monkeypatch.setenv(name, value)
    return whole


@pytest.fixture
def start(environment: dict[str, str], tokens: Issuer) -> Start:
    """`async with start() as door:` runs the service in this process."""

    @asynccontextmanager
    async def run() -> AsyncIterator[Door]:
        app = build_app(wire())
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://notifications") as http:
                yield Door(http, tokens, environment["NOTIFICATIONS_DATABASE_URL"])

    return run
