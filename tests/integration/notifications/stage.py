"""What the tests of notifications play against: a mail server, a front-end's receiver, plans as it answers and says."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from nats.aio.client import Client
from nats.aio.msg import Msg

import contracts
from contracts.registry import read_event
from deploy.local.programs import HOST, free_port
from tests.infra import NatsServer

EXAMPLES = Path(contracts.__file__).parent / "examples"
CAMPAIGN = UUID("00000000-0000-4000-8000-000000000001")
DEPARTMENT = "11640402MB0T000012"
OTHER_DEPARTMENT = "11640402MB0T000020"
RAISED = "events.deadlines.violation-raised.v1"
OPENED = "events.plans.campaign-opened.v1"


async def until(true: Callable[[], bool | Awaitable[bool]], what: str, seconds: float = 15.0) -> None:
    """Poll until it is so; fail saying what did not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = true()
        if await found if isinstance(found, Awaitable) else found:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


class MailServer:
    """An SMTP server that can refuse, or never answer. `stop` and `start` take it away and bring it back."""

    def __init__(self) -> None:
        self.port = free_port()
        self.refusal: str | None = None
        self.hold = threading.Event()
        self.hold.set()
        self.in_data = threading.Event()
        self.mails: list[tuple[list[str], EmailMessage]] = []
        self._controller: Controller | None = None

    def start(self) -> None:
        self._controller = Controller(self, hostname=HOST, port=self.port)
        self._controller.start()

    def stop(self) -> None:
        self.hold.set()
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refusal is not None:
            return self.refusal.format(address=address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        mail = message_from_bytes(cast(bytes, envelope.content), policy=policy.default)
        self.mails.append((list(envelope.rcpt_tos), mail))  # taken, whether or not the sender hears of it
        self.in_data.set()
        while not self.hold.is_set():
            await asyncio.sleep(0.01)
        return "250 kept"

    def to(self, address: str, event_id: UUID | None = None) -> list[EmailMessage]:
        return [
            mail
            for recipients, mail in self.mails
            if address in recipients and (event_id is None or mail["X-Openday-Event-Id"] == str(event_id))
        ]


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes


class Receiver:
    """A front-end's webhook receiver on a thread of its own; `answers` are given first, then 204."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.requests.append(Received(headers, body))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://{HOST}:{self._server.server_port}/hooks?token=t0p"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass
class Plans:
    """plans as notifications knows it: it says what happened, and answers who is to be written to."""

    server: NatsServer
    contacts: dict[str, list[dict[str, str]]]
    asked: list[dict[str, Any]] = field(default_factory=list)
    _client: Client | None = None

    async def answer(self) -> None:
        """Begin to answer."""
        self._client = await self.server.connect("plans")
        await self._client.subscribe("queries.plans.contacts.v1", cb=self._reply)
        await self._client.flush()

    async def silence(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _reply(self, message: Msg) -> None:
        question = json.loads(message.data)
        self.asked.append(question)
        found = self.contacts.get(question["department"] or "office", [])
        await message.respond(json.dumps({"contacts": found}).encode())

    async def say(self, document: dict[str, Any]) -> None:
        """Publish an event as the service that owns it."""
        owner = document["type"].split(".")[1]
        client = await self.server.connect(owner)
        try:
            stream = client.jetstream()
            # A new message id every time, so that the stream does not drop what the test means to send twice.
            await stream.publish(document["type"], json.dumps(document).encode(), headers={"Nats-Msg-Id": str(uuid4())})
        finally:
            await client.close()


@dataclass
class Owner:
    """registration or feedback as notifications knows it: whom to write to, by the question's id (None: everybody)."""

    server: NatsServer
    name: str
    key: str
    contacts: dict[str | None, list[dict[str, str]]]
    asked: list[dict[str, Any]] = field(default_factory=list)

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        client = await self.server.connect(self.name)
        await client.subscribe(f"queries.{self.name}.contacts.v1", cb=self._reply)
        await client.flush()
        try:
            yield
        finally:
            await client.close()

    async def _reply(self, message: Msg) -> None:
        question = json.loads(message.data)
        self.asked.append(question)
        await message.respond(json.dumps({"contacts": self.contacts.get(question[self.key], [])}).encode())


def event(
    event_type: str, /, *, campaign: UUID = CAMPAIGN, department: str = DEPARTMENT, **data: Any
) -> dict[str, Any]:
    """A fresh event like the recorded example."""
    document = json.loads((EXAMPLES / f"{event_type}.json").read_text(encoding="utf-8"))
    document |= {"id": str(uuid4()), "campaign": str(campaign)}
    if event_type != OPENED:
        document["department"] = department
    document["data"] |= data
    read_event(document)
    return cast(dict[str, Any], document)


def campaign_opened(campaign: UUID = CAMPAIGN) -> dict[str, Any]:
    pack = {
        "jurisdiction": {"code": "640402", "name": "示例区"},
        "rules": [{"id": "publicity", "title": "活动前宣传", "clause": "3.1", "sentence": "应在活动前宣传。"}],
        "requirements": [{"id": "headcount", "title": "参加人数", "clause": "2.2", "sentence": "人数不得低于规定。"}],
    }
    roster = [
        {"department": DEPARTMENT, "name": "民政局(演练)"},
        {"department": OTHER_DEPARTMENT, "name": "水务局(演练)"},
    ]
    return event(OPENED, campaign=campaign, campaign_id=str(campaign), pack=pack, roster=roster)


def filed(activity: UUID) -> dict[str, Any]:
    """plan-filed of one activity, by the name participants are told."""
    document = event("events.plans.plan-filed.v1")
    [one] = document["data"]["activities"]
    one |= {"activity_id": str(activity), "name": "民政局(演练)“政府开放日”", "starts_at": "2024-09-05T01:00:00Z"}
    return document


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def heard_by_ops(server: NatsServer) -> AsyncIterator[Callable[[], Awaitable[list[dict[str, Any]]]]]:
    """What notifications said so far, read from its stream."""
    client = await server.connect()
    stream = client.jetstream()

    async def said() -> list[dict[str, Any]]:
        info = await stream.stream_info("EVENTS_NOTIFICATIONS")
        return [
            json.loads((await stream.get_msg("EVENTS_NOTIFICATIONS", sequence)).data or b"")
            for sequence in range(1, info.state.messages + 1)
        ]

    try:
        yield said
    finally:
        await client.close()
