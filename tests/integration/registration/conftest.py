"""The registration service itself, on real NATS and PostgreSQL."""

import base64
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from deploy.local.issuer import Issuer
from servicekit.run import build_app
from services.registration.app import wire
from tests.infra import NatsServer
from tests.integration.registration.stage import Stage

Start = Callable[[], AbstractAsyncContextManager[Stage]]


@pytest.fixture
def environment(
    bus: NatsServer,
    service_database: Callable[[str], str],
    tokens: Issuer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """The service's settings, also put into this process's environment."""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"current": "k1", "keys": {"k1": base64.b64encode(os.urandom(32)).decode()}}))
    settings = {
        "DEPLOYMENT": "embedded",
        "CLOCK": "simulated",
        "SIMULATED_START": "2024-08-26T09:00:00+08:00",
        "DATABASE_URL": service_database("registration"),
        "NATS_URL": bus.url,
        "NATS_USER": "registration",
        "NATS_PASSWORD": bus.user("registration"),
        "AUTH_ISSUER": tokens.name,
        "AUTH_JWKS": str(tokens.jwks),
        "ENCRYPTION_KEYS_FILE": str(keys),
    }
    whole = {f"REGISTRATION_{name}": value for name, value in settings.items()}
    for name, value in whole.items():
        monkeypatch.setenv(name, value)
    return whole


@pytest.fixture
def start(environment: dict[str, str], bus: NatsServer, tokens: Issuer) -> Start:
    """`async with start() as stage:` runs the service in this process, with the campaign open."""

    @asynccontextmanager
    async def run() -> AsyncIterator[Stage]:
        app = build_app(wire())
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://registration", timeout=30) as http:
                yield Stage(http, tokens, bus, environment["REGISTRATION_DATABASE_URL"])

    return run
