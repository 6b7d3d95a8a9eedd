"""What the tests of registration play: plans as it says things, residents and the department as they ask."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from contracts.envelope import NO_PREVIOUS
from contracts.policy import PolicyPack, load_pack
from contracts.registry import read_event
from deploy.local.issuer import Issuer
from tests.infra import NatsServer

CAMPAIGN = UUID("00000000-0000-4000-8000-000000000001")
PLAN = UUID("00000000-0000-4000-8000-000000000002")
DEPARTMENT = "11640402MB0T000012"
OTHER_DEPARTMENT = "11640402MB0T000020"
STARTS = datetime.fromisoformat("2024-09-19T09:00:00+08:00")
ENDS = datetime.fromisoformat("2024-09-19T11:30:00+08:00")
PACK = load_pack("640402-2024")


async def until(true: Callable[[], Awaitable[bool]], what: str, seconds: float = 15.0) -> None:
    """Poll until it is so; fail saying what did not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if await true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def event(kind: str, **data: Any) -> dict[str, Any]:
    """An event as plans publishes it."""
    document = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/services/plans",
        "type": f"events.plans.{kind}.v1",
        "subject": f"plan/{PLAN}",
        "time": "2024-08-20T01:00:00Z",
        "datacontenttype": "application/json",
        "jurisdiction": "640402",
        "campaign": str(CAMPAIGN),
        "department": DEPARTMENT,
        "aggregateid": f"plan/{PLAN}",
        "aggregateversion": 1,
        "previousdigest": NO_PREVIOUS,
        "correlationid": "0af7651916cd43dd8448eb211c80319c",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "data": json.loads(json.dumps(data, default=_plain)),
    }
    read_event(document)
    return document


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def opened(pack: dict[str, Any] | None = None) -> dict[str, Any]:
    document = pack or PACK.model_dump(mode="json")
    digest = PolicyPack.model_validate(document).digest
    return event(
        "campaign-opened", campaign_id=CAMPAIGN, year=2024, pack_id=PACK.id, pack_version="1",
        pack_digest=digest, pack=document, roster=[{"department": DEPARTMENT, "name": "审批服务管理局（演练）"}],
        opened_at="2024-08-14T01:00:00Z",
    )  # fmt: skip


def filed(activity: UUID, *, capacity: int = 40, dated: bool = True) -> dict[str, Any]:
    one = {
        "activity_id": activity, "name": "审批服务管理局“政府开放日”", "forms": ["enter_office"],
        "starts_at": STARTS if dated else None, "ends_at": ENDS if dated else None, "segments": ["question"],
        "capacity": capacity, "minimum": 25, "main_venue": {"key": "main", "name": "主会场"}, "branch_venues": [],
        "online": False,
    }  # fmt: skip
    return event(
        "plan-filed", plan_id=PLAN, filing_number="640402-2024-0001", version=1, digest="0" * 64, title="方案",
        submitted_at="2024-08-19T01:00:00Z", filed_at="2024-08-20T01:00:00Z", activities=[one],
    )  # fmt: skip


def announced(activity: UUID, announcement: UUID | None = None) -> dict[str, Any]:
    return event(
        "announcement-issued", announcement_id=announcement or uuid4(), activity_id=activity, plan_id=PLAN,
        occurrence=1, channels=[], at="2024-08-20T02:00:00Z",
    )  # fmt: skip


def rescheduled(activity: UUID, starts_at: str, ends_at: str) -> dict[str, Any]:
    return event(
        "activity-rescheduled", activity_id=activity, plan_id=PLAN, occurrence=2, old_starts_at=STARTS,
        old_ends_at=ENDS, starts_at=starts_at, ends_at=ends_at, rescheduled_at=STARTS, reason="天气",
    )  # fmt: skip


def called_off(activity: UUID) -> dict[str, Any]:
    return event(
        "activity-cancelled", activity_id=activity, plan_id=PLAN, starts_at=STARTS,
        cancelled_at="2024-09-06T01:00:00Z", reason="防汛",
    )  # fmt: skip


def ended(activity: UUID) -> dict[str, Any]:
    return event("activity-ended", activity_id=activity, plan_id=PLAN, occurrence=1, at=ENDS, basis="scheduled")


def person(number: int, **changes: Any) -> dict[str, Any]:
    """A participant of age; another number is another person."""
    return {
        "name": f"演练群众{number}",
        "phone": f"1380000{number:04d}",
        "email": f"participant{number}@example.org",
        "birth_date": "1980-05-05",
        "category": "worker",
        "tie": "lives",
        "consent": True,
    } | changes


@dataclass
class Stage:
    """The running service, its database for what only a test may look at, and the bus."""

    http: httpx.AsyncClient
    tokens: Issuer
    server: NatsServer
    dsn: str
    activity: UUID = field(default_factory=uuid4)

    def headers(self, role: str | None = None, *, secret: str | None = None, department: str = DEPARTMENT) -> Any:
        made = {"idempotency-key": str(uuid4())}
        if role is not None:
            token = self.tokens.mint(role, department=department if role == "department" else None)  # type: ignore[arg-type]
            made["authorization"] = f"Bearer {token}"
        if secret is not None:
            made["x-registration-secret"] = secret
        return made

    async def say(self, *documents: dict[str, Any], as_user: str = "plans") -> None:
        """Publish events as the service that owns them, each under a message id of its own."""
        client = await self.server.connect(as_user)
        try:
            for document in documents:
                await client.jetstream().publish(
                    document["type"], json.dumps(document).encode(), headers={"Nats-Msg-Id": str(uuid4())}
                )
        finally:
            await client.close()

    async def heard(self) -> None:
        """Everything that was said has been handled."""

        async def settled() -> bool:
            answer = await self.http.get("/simulation", headers=self.headers("ops"))
            assert answer.status_code == 200, answer.text
            return answer.json()["unsettled"] == {}  # type: ignore[no-any-return]

        await until(settled, "settled")

    async def open(self, *, capacity: int = 40) -> None:
        """The campaign is open and the activity announced."""
        await self.say(opened(), filed(self.activity, capacity=capacity), announced(self.activity))
        await self.heard()

    async def clock(self, at: str | datetime) -> None:
        instant = at if isinstance(at, str) else at.isoformat()
        answer = await self.http.put("/simulation", json={"now": instant}, headers=self.headers("ops"))
        assert answer.status_code == 200, answer.text
        await self.heard()

    async def post(self, path: str, body: Any = None, **who: Any) -> httpx.Response:
        return await self.http.post(path, json=body, headers=self.headers(**who))

    async def register(self, body: dict[str, Any], activity: UUID | None = None) -> httpx.Response:
        return await self.post(f"/activities/{activity or self.activity}/registrations", body)

    async def registered(self, number: int, **changes: Any) -> dict[str, Any]:
        answer = await self.register(person(number, **changes))
        assert answer.status_code == 201, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt

    async def check_in(self, *registrations: str, at: str = "2024-09-19T09:05:00+08:00") -> httpx.Response:
        body = {"check_ins": [{"registration_id": one, "at": at} for one in registrations]}
        return await self.post(f"/activities/{self.activity}/check-ins", body, role="department")

    async def shown(self) -> dict[str, Any]:
        answer = await self.http.get(f"/activities/{self.activity}")
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def said(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What registration has published so far, in order."""
        client = await self.server.connect()
        try:
            stream = client.jetstream()
            info = await stream.stream_info("EVENTS_REGISTRATION")
            found = [
                json.loads((await stream.get_msg("EVENTS_REGISTRATION", number)).data or b"")
                for number in range(1, info.state.messages + 1)
            ]
        finally:
            await client.close()
        return [one for one in found if kind is None or one["type"] == f"events.registration.{kind}.v1"]

    async def fetch(self, sql: str, *arguments: Any) -> list[Any]:
        connection = await asyncpg.connect(self.dsn)
        try:
            rows: list[Any] = await connection.fetch(sql, *arguments)
            return rows
        finally:
            await connection.close()

    async def everything_stored(self) -> str:
        """Every row of every table, as text."""
        tables = await self.fetch("select tablename from pg_tables where schemaname = 'public' order by 1")
        parts = []
        for table in tables:
            rows = await self.fetch(f'select t::text as line from "{table["tablename"]}" t')
            parts += [f"{table['tablename']}: {row['line']}" for row in rows]
        return "\n".join(parts)
