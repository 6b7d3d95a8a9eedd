"""The mail and webhook catchers as processes: what comes in can be read, checked, and made to fail."""

import json
import smtplib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook

from deploy.local.programs import CHECKOUT, HOST, Program, free_port
from tests.infra import running

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(frozen=True)
class Catcher:
    http: httpx.Client
    smtp: int = 0


async def _answers(port: int) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            return (await client.get(f"http://{HOST}:{port}/")).status_code == 200
        except httpx.TransportError:
            return False


def _run(module: str, directory: Path, flags: dict[str, int], http: int) -> Program:
    arguments = [str(part) for flag in flags.items() for part in flag]
    return Program(
        "catcher",
        (sys.executable, "-m", module, "--directory", str(directory), *arguments),
        environment={"PYTHONPATH": str(CHECKOUT)},
        ready=lambda: _answers(http),
    )


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Catcher]:
    smtp, http = free_port(), free_port()
    program = _run("deploy.local.mailcatcher", tmp_path / "mail", {"--smtp-port": smtp, "--http-port": http}, http)
    with running(program, tmp_path / "log"), httpx.Client(base_url=f"http://{HOST}:{http}") as client:
        yield Catcher(client, smtp)


@pytest.fixture
def hooks(tmp_path: Path) -> Iterator[Catcher]:
    port = free_port()
    program = _run("deploy.local.webhookcatcher", tmp_path / "hooks", {"--port": port}, port)
    with running(program, tmp_path / "log"), httpx.Client(base_url=f"http://{HOST}:{port}") as client:
        yield Catcher(client)


def send(port: int, to: str, subject: str, text: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "office@district.example", to, subject
    message.set_content(text)
    with smtplib.SMTP(HOST, port, timeout=10) as connection:
        connection.send_message(message)


def test_a_chinese_mail_can_be_read(mail: Catcher) -> None:
    send(mail.smtp, "a@department.example", "逾期提醒:实施方案", "应于 2024-08-20 前报送。<b>[3.1]</b>")
    send(mail.smtp, "b@department.example", "另一封", "正文")
    first, second = mail.http.get("/messages").json()
    assert (first["subject"], first["text"].strip()) == ("逾期提醒:实施方案", "应于 2024-08-20 前报送。<b>[3.1]</b>")
    assert first["envelope_to"] == ["a@department.example"]
    assert mail.http.get("/messages", params={"to": "b@department.example"}).json() == [second]
    assert mail.http.get("/messages/1").json() == first
    assert mail.http.get("/messages/9").status_code == 404
    assert b"To: a@department.example" in mail.http.get("/messages/1/raw").content
    inbox = mail.http.get("/").text
    assert "逾期提醒:实施方案" in inbox
    assert "<b>" not in inbox, "what comes from outside is escaped"


def test_mail_can_be_refused_a_few_times(mail: Catcher) -> None:
    mail.http.put("/answers/a@department.example", json={"code": 451, "times": 1}).raise_for_status()
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(mail.smtp, "a@department.example", "一", "正文")
    assert refused.value.recipients["a@department.example"][0] == 451
    send(mail.smtp, "a@department.example", "二", "正文")
    assert [message["subject"] for message in mail.http.get("/messages").json()] == ["二"]
    assert mail.http.delete("/messages").status_code == 204
    assert mail.http.get("/messages").json() == []


def post(hooks: Catcher, body: str, secret: str = SECRET, sent_at: datetime | None = None) -> int:
    at = sent_at or datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, body),
    }
    return hooks.http.post("/hooks/frontend", content=body.encode(), headers=headers).status_code


def test_signatures_are_verified(hooks: Catcher) -> None:
    assert post(hooks, '{"before": "the secret"}') == 204
    assert hooks.http.get("/received").json()[0]["verified"] is None
    hooks.http.put("/hooks/frontend/secret", json={"secret": SECRET}).raise_for_status()
    post(hooks, '{"type": "审核"}')
    post(hooks, "{}", secret="whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
    post(hooks, "{}", sent_at=datetime.now(UTC) - timedelta(minutes=10))
    received = hooks.http.get("/received", params={"hook": "frontend"}).json()
    assert [record["verified"] for record in received] == [True, True, False, False]
    assert received[1]["json"] == {"type": "审核"}
    assert received[1]["headers"]["webhook-id"] == "msg_1"
    assert hooks.http.get("/received", params={"hook": "other"}).json() == []
    assert "审核" in hooks.http.get("/").text


def test_a_receiver_can_fail_a_few_times_and_forget(hooks: Catcher) -> None:
    hooks.http.put("/hooks/frontend/answer", json={"code": 503, "times": 2}).raise_for_status()
    assert [post(hooks, json.dumps(number)) for number in range(3)] == [503, 503, 204]
    assert [record["answered"] for record in hooks.http.get("/received").json()] == [503, 503, 204]
    assert hooks.http.delete("/received").status_code == 204
    assert hooks.http.get("/received").json() == []
