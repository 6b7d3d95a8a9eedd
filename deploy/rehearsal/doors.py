"""服务的大门: the services' public HTTP doors, with a token for each role. Nothing else of a service is touched.

Every write carries an `Idempotency-Key` made from what is written, so it is sent again safely when no answer came, and
a rehearsal that was cut short can be begun again: what was done before answers as it did then.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from deploy.rehearsal.clock import Snapshot

Json = dict[str, Any]
Mint = Callable[[str, str | None], str]
"""Role and, for a department's token, its USCC -> bearer token."""

PUBLIC = "public"
"""Who needs no account: no token is sent."""

_AWAY = (502, 503, 504)
_PAUSE_SECONDS = 0.2


class Refusal(Exception):
    """A door said no: its problem document."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code: str = str(problem.get("code", status))
        self.clause: str | None = problem.get("clause")
        self.findings: list[str] = [str(finding.get("code")) for finding in problem.get("errors", [])]
        self.detail: str = str(problem.get("detail", ""))
        details = [str(finding.get("detail")) for finding in problem.get("errors", [])]
        super().__init__(f"{status} {self.code} {self.detail} {'；'.join(details)}".strip())


class NoAnswer(OSError):
    """A service did not answer within the time limit (system time)."""


class Doors:
    """`services` maps a name to its URL; `seconds` is how long a service that is being restarted is waited for."""

    def __init__(self, client: httpx.AsyncClient, services: Mapping[str, str], mint: Mint, seconds: float = 30.0):
        self.services = dict(services)
        self._client = client
        self._mint = mint
        self._seconds = seconds
        self._tokens: dict[tuple[str, str | None], str] = {}

    async def get(
        self, service: str, path: str, role: str, department: str | None = None, query: Mapping[str, str] | None = None
    ) -> Json:
        """`department` is whose token is used. Raises Refusal, NoAnswer."""
        answer = await self._send("GET", service, path, role, department, params=query)
        return self._json(answer)

    async def post(
        self,
        service: str,
        path: str,
        body: Json | None,
        role: str,
        department: str | None = None,
        *,
        key: str,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """Raises Refusal, NoAnswer."""
        headers = {**(headers or {}), "idempotency-key": quote(key, safe="-./")}
        answer = await self._send("POST", service, path, role, department, json=body, headers=headers)
        return self._json(answer)

    async def put(
        self, service: str, path: str, body: Json, role: str, department: str | None = None, *, etag: str | None = None
    ) -> Json:
        """Raises Refusal, NoAnswer."""
        headers = {"if-match": etag} if etag else {}
        return self._json(await self._send("PUT", service, path, role, department, json=body, headers=headers))

    async def delete(self, service: str, path: str, role: str) -> Json:
        """Raises Refusal, NoAnswer."""
        return self._json(await self._send("DELETE", service, path, role, None))

    async def pages(
        self, service: str, path: str, role: str, whose: str | None = None, **query: str
    ) -> AsyncIterator[Json]:
        """Every item of a list, page by page. `whose`: the USCC of a department's token."""
        after: dict[str, str] = {}
        while True:
            page = await self.get(service, path, role, whose, query={**query, **after, "limit": "200"})
            for item in page["items"]:
                yield item
            if page["next"] is None:
                return
            after = {"after": str(page["next"])}

    async def outside(self, method: str, url: str, body: Json | None = None) -> Any:
        """Something of the stack that is no service (a catcher). Raises httpx.HTTPError."""
        answer = await self._client.request(method, url, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def text(self, url: str, accept: str = "*/*") -> str:
        """A page of text that needs no token. Raises httpx.HTTPError."""
        answer = await self._client.get(url, headers={"accept": accept})
        answer.raise_for_status()
        return answer.text

    async def _send(
        self, method: str, service: str, path: str, role: str, department: str | None, **options: Any
    ) -> httpx.Response:
        if role != PUBLIC:
            bearer = f"Bearer {self._token(role, department)}"
            options["headers"] = {**options.get("headers", {}), "authorization": bearer}
        ends = time.monotonic() + self._seconds
        while True:
            try:
                answer = await self._client.request(method, self.services[service] + path, **options)
            except httpx.TransportError as away:
                trouble: object = away
            else:
                if answer.status_code not in _AWAY:
                    return answer
                trouble = answer.text
            if time.monotonic() > ends:
                raise NoAnswer(f"{service} {method} {path}: {trouble!r}")
            await asyncio.sleep(_PAUSE_SECONDS)

    def _token(self, role: str, department: str | None) -> str:
        who = (role, department)
        if who not in self._tokens:
            self._tokens[who] = self._mint(role, department)
        return self._tokens[who]

    def _json(self, answer: httpx.Response) -> Json:
        try:
            document: Json = answer.json()
        except ValueError:
            document = {"detail": answer.text[:500]}
        if answer.is_success:
            return document
        raise Refusal(answer.status_code, document)


class SimulationDoor:
    """One service's simulated clock."""

    def __init__(self, doors: Doors, name: str) -> None:
        self._doors = doors
        self.name = name

    async def look(self) -> Snapshot:
        state = await self._doors.get(self.name, "/simulation", "ops")
        due = state["next_timer_at"]
        return Snapshot(
            now=datetime.fromisoformat(state["now"]),
            next_timer_at=datetime.fromisoformat(due) if due else None,
            unsettled=state["unsettled"],
            progress=state["progress"],
        )

    async def move_to(self, instant: datetime) -> None:
        await self._doors.put(self.name, "/simulation", {"now": instant.isoformat()}, "ops")
