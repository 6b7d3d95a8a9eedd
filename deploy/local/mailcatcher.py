"""Takes every mail the stack sends and delivers none: SMTP in, an inbox to read over HTTP.

GET /             the inbox as a page               GET /messages[?to=]   all of them as JSON, oldest first
GET /messages/N   one, with its headers and text    GET /messages/N/raw   as it came
PUT /answers/ADDRESS {"code": 451, "times": 2}      refuse the next mails to somebody
DELETE /messages  forget everything
"""

import argparse
import asyncio
import email
import email.message
import email.policy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from deploy.local.catcher import MAX_BODY_BYTES, PlannedAnswers, Records, page, serve
from deploy.local.programs import HOST


class Inbox:
    """Also aiosmtpd's handler; its method names are that library's."""

    def __init__(self, directory: Path) -> None:
        self.records = Records(directory / "messages.jsonl")
        self.answers = PlannedAnswers()
        self._directory = directory

    def raw(self, number: int) -> Path:
        return self._directory / f"{number:06}.eml"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if code := self.answers.next_for(address):
            return f"{code} answer planned for this receiver"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        record = self.records.add(_record(envelope.mail_from or "", list(envelope.rcpt_tos), content))
        self.raw(record["id"]).write_bytes(content)
        return f"250 kept as {record['id']}"

    async def listen(self, host: str, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, data_size_limit=MAX_BODY_BYTES, hostname="mailcatcher", loop=loop),
            host,
            port,
        )


def _record(sender: str, receivers: list[str], content: bytes) -> dict[str, Any]:
    message = email.message_from_bytes(content, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    return {
        "received_at": datetime.now(UTC).isoformat(),
        "envelope_from": sender,
        "envelope_to": receivers,
        "from": str(message.get("from", "")),
        "to": str(message.get("to", "")),
        "subject": str(message.get("subject", "")),
        "date": str(message.get("date", "")),
        "message_id": str(message.get("message-id", "")),
        "headers": {name.lower(): str(value) for name, value in message.items()},
        "text": _text(body),
    }


def _text(body: email.message.MIMEPart | None) -> str:
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except LookupError:  # a character set nobody knows
        return ""


def routes(inbox: Inbox) -> list[Route]:
    async def show(request: Request) -> Response:
        rows = [(m["received_at"], ", ".join(m["envelope_to"]), m["subject"], m["text"]) for m in inbox.records.all]
        return HTMLResponse(page("演练邮箱", ["收到", "收件人", "主题", "正文"], rows[::-1]))

    async def messages(request: Request) -> Response:
        to = request.query_params.get("to")
        return JSONResponse([m for m in inbox.records.all if to is None or to in m["envelope_to"]])

    async def forget(request: Request) -> Response:
        for message in inbox.records.all:
            inbox.raw(message["id"]).unlink(missing_ok=True)
        inbox.records.clear()
        return Response(status_code=204)

    async def one(request: Request) -> Response:
        number = request.path_params["number"]
        found = [m for m in inbox.records.all if m["id"] == number]
        return JSONResponse(found[0]) if found else JSONResponse({"detail": "no such message"}, 404)

    async def raw(request: Request) -> Response:
        file = inbox.raw(request.path_params["number"])
        return PlainTextResponse(file.read_bytes()) if file.exists() else PlainTextResponse("no such message", 404)

    async def plan(request: Request) -> Response:
        wanted = await request.json()
        inbox.answers.plan(request.path_params["address"], int(wanted["code"]), int(wanted["times"]))
        return Response(status_code=204)

    return [
        Route("/", show),
        Route("/messages", messages, methods=["GET"]),
        Route("/messages", forget, methods=["DELETE"]),
        Route("/messages/{number:int}", one),
        Route("/messages/{number:int}/raw", raw),
        Route("/answers/{address}", plan, methods=["PUT"]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.mailcatcher", description="Catch mail, deliver none.")
    parser.add_argument("--directory", type=Path, required=True, help="where mails are kept")
    parser.add_argument("--host", default=HOST, help="the address to listen on")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    chosen = parser.parse_args()
    inbox = Inbox(chosen.directory)
    serve(
        list(routes(inbox)),
        chosen.http_port,
        lambda: inbox.listen(chosen.host, chosen.smtp_port),
        host=chosen.host,
    )


if __name__ == "__main__":
    main()
