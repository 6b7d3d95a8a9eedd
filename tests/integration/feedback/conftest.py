"""The feedback service itself, on real NATS and PostgreSQL, with livestream played by the test."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts.policy import load_pack
from deploy.local.issuer import Issuer
from services.feedback.app import wire
from tests.infra import NatsServer
from tests.integration.livestream.stage import (
    CAMPAIGN,
    DEPARTMENT,
    Door,
    event,
    plan_filed,
    say,
    serving,
    settings,
    until,
)

PACK = load_pack("640402-2024")


@pytest.fixture
def environment(
    bus: NatsServer,
    service_database: Callable[[str], str],
    tokens: Issuer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """The service's settings, also put into this process's environment."""
    values = settings("feedback", bus, service_database("feedback"), tokens, tmp_path)
    values |= {
        "FEEDBACK_FETCH_IDLE_SECONDS": "0.05",
        "FEEDBACK_FETCH_TIMEOUT_SECONDS": "0.5",
        "FEEDBACK_FETCH_DELAYS_SECONDS": "[0.1, 0.2]",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


@pytest.fixture
async def door(environment: dict[str, str], tokens: Issuer) -> AsyncIterator[Door]:
    async with serving(wire(), tokens) as door:
        yield door


@pytest.fixture
async def activity(door: Door, bus: NatsServer) -> str:
    """A filed activity of a campaign with the district's pack; not ended yet."""
    identity = str(uuid4())
    opened = event(
        "events.plans.campaign-opened.v1",
        department=None,
        campaign_id=CAMPAIGN,
        pack=PACK.model_dump(mode="json"),
        roster=[{"department": DEPARTMENT, "name": "示例区应急管理局(演练)"}],
    )
    await say(bus, opened, plan_filed(identity))
    await known(door, "activities where name is not null")
    await known(door, "campaigns")
    return identity


@pytest.fixture
async def ended(door: Door, activity: str, bus: NatsServer) -> str:
    """An activity that has ended."""
    await end(door, activity, bus)
    return activity


async def end(door: Door, activity: str, bus: NatsServer) -> None:
    await say(bus, event("events.plans.activity-ended.v1", activity_id=activity))
    await known(door, "activities where ended_at is not null")


async def known(door: Door, what: str) -> None:
    """Wait until feedback's database holds a row of this."""

    async def there() -> bool:
        return bool(await door.fetch(f"select from {what}"))

    await until(there, what)


@dataclass
class Livestream:
    """livestream as feedback knows it: it says that a question was asked, and answers what was asked."""

    server: NatsServer
    texts: dict[str, str | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    _client: Client | None = None

    async def answer(self) -> None:
        """Begin to answer."""
        self._client = await self.server.connect("livestream")
        await self._client.subscribe("queries.livestream.question.v1", cb=self._reply)
        await self._client.flush()

    async def silence(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _reply(self, message: Msg) -> None:
        question = json.loads(message.data)["question"]
        self.asked.append(question)
        await message.respond(json.dumps({"text": self.texts.get(question)}).encode())

    def question(self, activity: str, text: str | None) -> dict[str, Any]:
        identity = str(uuid4())
        self.texts[identity] = text
        return event("events.livestream.question-asked.v1", question_id=identity, activity_id=activity)


@pytest.fixture
async def livestream(bus: NatsServer) -> AsyncIterator[Livestream]:
    """Does not answer until told to."""
    livestream = Livestream(bus)
    yield livestream
    await livestream.silence()
