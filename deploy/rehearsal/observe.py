"""实有结果: what came of the season, read at the services' doors and from what the mail and webhook catchers hold."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from typing import Any

import nats

from contracts.topology import DEAD_LETTERS
from deploy.rehearsal.doors import Doors, Json
from deploy.rehearsal.record import (
    Counts,
    DeadlineRow,
    Fact,
    Message,
    Record,
    RefusalRow,
    ViolationRow,
    in_order,
)
from deploy.rehearsal.scene import Stage
from deploy.rehearsal.script import Season
from deploy.rehearsal.stack import Stack

Aggregate = tuple[str, str]
"""The service that owns it, and `<kind>/<id>`."""

_PARALLEL = 8
_DELIVERY_SECONDS = 60.0
_PAUSE_SECONDS = 0.2
_UNDER_WAY = ("accepted", "sending")
_PEOPLE = {"registration": "participant", "suggestion": "suggester"}


def _detail(name: str, data: Mapping[str, Any]) -> str | None:
    """What a fact must say besides that it happened."""
    match name:
        case "headcount-recorded":
            return f"到场 {data['present']} 计入 {data['counted']}"
        case "adoption-table-published":
            return f"{data['decided']}/{data['received']}"
        case "registration-cancelled":
            return str(data["because"])
        case "suggestion-received":
            return str(data["source"])
        case "suggestion-decided":
            return str(data["decision"])
        case "venue-connected":
            return str(data["venue"])
        case "venue-lost":
            return f"{data['venue']}{' 正在播出' if data['was_on_air'] else ''}"
        case "on-air-switched":
            return f"{data['previous']} → {data['venue']} {data['cause']}"
        case "session-ended":
            return f"{data['viewers_peak']}/{data['viewers_total']}"
        case _:
            return None


class Observer:
    """Reads one campaign. Whatever is wrong in itself, whatever the season, goes to `faults`."""

    def __init__(self, doors: Doors, stack: Stack, season: Season, stage: Stage, hook: str) -> None:
        self._doors = doors
        self._stack = stack
        self._season = season
        self._campaign = stage.campaign
        self._addresses = stage.addresses
        self._subjects: dict[str, str] = {}
        self._hook = hook
        self._facts: dict[str, Fact] = {}
        self.faults: list[str] = []
        self.chains = 0

    async def record(self, board: Json, refusals: list[RefusalRow], aggregates: Iterable[Aggregate]) -> Record:
        """Everything, as rows. `aggregates` are those the rehearsal made; those of deadlines the board names."""
        rows = [row for department in board["departments"] for row in department["deadlines"]]
        violations = [row for department in board["departments"] for row in department["violations"]]
        owned = {("deadlines", f"deadline/{row['deadline_id']}") for row in rows}
        owned |= {("deadlines", f"violation/{row['violation_id']}") for row in violations}
        await self._read_chains(sorted({*aggregates, *owned}))
        await self._deliveries()
        messages = [*await self._mails(), *await self._pushes()]
        await self._leftovers()
        return Record(
            counts=Counts.model_validate(board["counts"]),
            deadlines=in_order(self._deadline(row) for row in rows),
            violations=[self._violation(row) for row in violations],
            refusals=refusals,
            facts=list(self._facts.values()),
            messages=messages,
            unsupervised=sorted(entry["rule"] for entry in board["unsupervised"]),
            faults=self.faults,
        )

    def _deadline(self, line: Json) -> DeadlineRow:
        return DeadlineRow(
            department=self._number(line["department"]),
            rule=line["rule"],
            occurrence=line["occurrence"],
            clause=line["clause"],
            due=line["due_date"],
            state=line["state"],
            opened=line["opened_at"],
            at=line["met_at"],
            extended=line["extended"],
        )

    def _violation(self, line: Json) -> ViolationRow:
        return ViolationRow(
            department=self._number(line["department"]),
            rule=line["rule"],
            occurrence=line["occurrence"],
            kind=line["kind"],
            clause=line["clause"],
            due=line["due_date"],
            occurred=line["occurred_at"],
            state=line["state"],
            at=line["withdrawn_at"] or line["waived_at"] or line["cured_at"],
            days_late=line["days_late"],
            cause=line["withdrawn_cause"],
        )

    def _number(self, code: str) -> int:
        number = self._season.number_of(code)
        assert number is not None
        return number

    async def _read_chains(self, aggregates: Iterable[Aggregate]) -> None:
        """事件链: every event of each aggregate, and whether its chain of digests verifies."""
        gate = asyncio.Semaphore(_PARALLEL)

        async def read(service: str, aggregate: str) -> Json:
            async with gate:
                return await self._doors.get(service, f"/audit/{aggregate}", "auditor")

        for chain in await asyncio.gather(*(read(*aggregate) for aggregate in aggregates)):
            self.chains += 1
            if not chain["verified"]:
                self.faults.append(f"事件链不完整 {chain['aggregate']}: {'; '.join(chain['faults'])}")
            for entry in chain["events"]:
                self._facts[entry["event"]["id"]] = self._fact(entry["event"])
                self._subjects[entry["event"]["id"]] = entry["event"]["subject"]

    def _fact(self, event: Mapping[str, Any]) -> Fact:
        _, owner, name, _ = event["type"].split(".")
        of_rule = owner == "deadlines"
        return Fact(
            event=name,
            department=self._season.number_of(event.get("department")),
            rule=event["data"].get("rule") if of_rule else None,
            occurrence=event["data"].get("occurrence") if of_rule else None,
            at=event["time"],
            detail=_detail(name, event["data"]),
        )

    async def _mails(self) -> list[Message]:
        found = []
        sent: set[tuple[str, str]] = set()
        for mail in await self._doors.outside("GET", f"{self._stack.mail}/messages"):
            event = mail["headers"].get("x-openday-event-id", "")
            about = self._facts.get(event)
            if about is None:
                self.faults.append(f"邮件不知为何而发: {mail['subject']} → {mail['to']}")
                continue
            for to in mail["envelope_to"]:
                if (event, to) in sent:
                    self.faults.append(f"邮件重复: {mail['subject']} → {to}")
                sent.add((event, to))
                found.append(Message(channel="mail", to=self._recipient(event, to), about=about))
        return found

    def _recipient(self, event: str, to: str) -> str:
        """Whose own registration or suggestion it is, if it went to the address they left; else the address."""
        subject = self._subjects[event]
        return _PEOPLE.get(subject.partition("/")[0], to) if self._addresses.get(subject) == to else to

    async def _pushes(self) -> list[Message]:
        found = []
        for push in await self._doors.outside("GET", f"{self._stack.webhook}/received?hook={self._hook}"):
            if not 200 <= push["answered"] < 300:
                continue  # the receiver refused it, so it has to come again
            event = push["json"] or {}
            about = self._facts.get(event.get("id", ""))
            if push["verified"] is not True:
                self.faults.append(f"Webhook 签名未通过: {event.get('type')} {event.get('id')}")
            if about is None:
                self.faults.append(f"Webhook 不知为何而发: {event.get('type')} {event.get('id')}")
            else:
                found.append(Message(channel="webhook", to="frontend", about=about))
        return found

    async def _deliveries(self) -> None:
        """通知: every notification of the campaign was delivered; one that waits for its next attempt is waited for."""
        ends = time.monotonic() + _DELIVERY_SECONDS
        while True:
            pages = self._doors.pages("notifications", "/notifications", "office", campaign=self._campaign)
            # Suppressed: nobody to write to. Should there have been, the mail is missed among the messages.
            undelivered = [line async for line in pages if line["state"] not in ("delivered", "suppressed")]
            if all(line["state"] not in _UNDER_WAY for line in undelivered) or time.monotonic() > ends:
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        for line in undelivered:
            what = f"{line['event_type']} {line['channel']} → {line['audience']}"
            self.faults.append(f"通知未送达: {what} {line['state']} {line['detail'] or ''}")

    async def _leftovers(self) -> None:
        """死信和滞留的事件: nothing was put aside."""
        for service, url in self._stack.services.items():
            for line in (await self._doors.text(f"{url}/metrics")).splitlines():
                if line.startswith("outbox_parked ") and float(line.rsplit(" ", 1)[1]) > 0:
                    self.faults.append(f"{service} 有滞留的事件: {line}")
        if self._stack.nats is None:
            return
        there = self._stack.nats
        client = await nats.connect(there["url"], user=there["user"], password=there["password"], connect_timeout=5)
        try:
            letters = (await client.jetstream().stream_info(DEAD_LETTERS)).state.messages
        finally:
            await client.close()
        if letters:
            self.faults.append(f"有 {letters} 封死信")
