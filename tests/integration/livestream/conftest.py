"""The livestream service itself, on real NATS and PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.issuer import Issuer
from services.livestream.app import wire
from tests.infra import NatsServer
from tests.integration.livestream.stage import Door, plan_filed, say, serving, settings, until


@pytest.fixture
def environment(
    bus: NatsServer,
    service_database: Callable[[str], str],
    tokens: Issuer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """The service's settings, also put into this process's environment."""
    values = settings("livestream", bus, service_database("livestream"), tokens, tmp_path)
    values["LIVESTREAM_FOLLOW_POLL_SECONDS"] = "0.05"
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


@pytest.fixture
async def door(environment: dict[str, str], tokens: Issuer) -> AsyncIterator[Door]:
    async with serving(wire(), tokens) as door:
        yield door


@pytest.fixture
async def activity(door: Door, bus: NatsServer) -> str:
    """An online activity that livestream has heard of."""
    identity = str(uuid4())
    await say(bus, plan_filed(identity))
    await heard(door, identity)
    return identity


async def heard(door: Door, activity: str) -> None:
    async def known() -> bool:
        return bool(await door.fetch("select from activities where id = $1::uuid", activity))

    await until(known, "livestream heard of the activity")
