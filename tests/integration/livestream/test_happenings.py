"""The stream of happenings, from a service of its own process: resumed, bounded, and no hindrance to stopping."""

import asyncio
import json
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.issuer import Issuer
from deploy.local.programs import HOST, free_port
from tests.infra import ROOT, NatsServer
from tests.integration.livestream.conftest import heard
from tests.integration.livestream.stage import Door, plan_filed, refused, say, until


@asynccontextmanager
async def process(environment: dict[str, str], tokens: Issuer, **more: str) -> AsyncIterator[tuple[Door, Process]]:
    """`python -m services.livestream serve`, answering."""
    port = free_port()
    values = {**os.environ, **environment, "LIVESTREAM_HTTP_PORT": str(port), **more}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.livestream", "serve", cwd=ROOT, env=values, stdout=asyncio.subprocess.DEVNULL
    )
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", timeout=20) as http:

        async def ready() -> bool:
            try:
                return (await http.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        try:
            await until(ready, "the service is ready", 30)
            yield Door(http, tokens, environment["LIVESTREAM_DATABASE_URL"]), running
        finally:
            if running.returncode is None:
                running.kill()
            await running.wait()


async def live(door: Door, bus: NatsServer) -> tuple[str, dict[str, str]]:
    """A live session with its main venue and a branch linked, and its keys."""
    activity = str(uuid4())
    await say(bus, plan_filed(activity))
    await heard(door, activity)
    created = await door.done(f"/activities/{activity}/session", role="operator")
    keys = {one["venue"]: one["key"] for one in created["ingest_keys"]}
    for venue in ("main", "branch1"):
        await door.done("/hooks/publish", {"key": keys[venue]})
    identity: str = created["session"]["id"]
    await door.done(f"/sessions/{identity}/start", role="operator")
    return identity, keys


class Stream:
    """Server-sent events as they come."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()

    async def message(self) -> tuple[int, str, dict[str, Any]]:
        """The next message's number, name and data; comments are skipped."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(10):
            async for line in self._lines:
                name, _, value = line.partition(": ")
                if line and name:
                    fields[name] = value
                elif fields:
                    return int(fields["id"]), fields["event"], json.loads(fields["data"])
        raise AssertionError("the stream ended")

    async def comment(self) -> str:
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith(": "):
                    return line[2:]
        raise AssertionError("the stream ended")

    async def end(self) -> None:
        async with asyncio.timeout(10):
            async for line in self._lines:
                assert not line.startswith("id")


@asynccontextmanager
async def following(door: Door, session: str, **headers: str) -> AsyncIterator[Stream]:
    path, headers = f"/sessions/{session}/events", door.as_role("operator", **headers)
    async with door.http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield Stream(answer)


async def test_a_stream_tells_resumes_and_ends(environment: dict[str, str], tokens: Issuer, bus: NatsServer) -> None:
    async with process(environment, tokens) as (door, _):
        session, keys = await live(door, bus)
        async with following(door, session) as stream:
            seen = [await stream.message() for _ in range(4)]
            assert [name for _, name, _ in seen] == [
                "venue-connected", "venue-connected", "session-started", "on-air-switched",
            ]  # fmt: skip
            await door.done(f"/sessions/{session}/on-air", {"venue": "branch1", "epoch": 1}, role="operator")
            number, name, data = await stream.message()
            assert (number, name, data["venue"], data["epoch"]) == (5, "on-air-switched", "branch1", 2)
        await door.done("/hooks/done", {"key": keys["branch1"]})
        async with following(door, session, **{"last-event-id": "5"}) as stream:
            missed = [await stream.message() for _ in range(2)]
            assert [(number, name) for number, name, _ in missed] == [(6, "venue-lost"), (7, "on-air-switched")]
            assert missed[1][2]["cause"] == "fallback"
            body = {"viewers_peak": 10, "viewers_total": 20}
            await door.done(f"/sessions/{session}/end", body, role="operator")
            assert (await stream.message())[1] == "session-ended"
            await stream.end()
        over = await door.http.get(
            f"/sessions/{session}/events", headers=door.as_role("operator", **{"last-event-id": "8"})
        )
        assert over.status_code == 204


async def test_an_open_stream_does_not_hold_up_stopping(
    environment: dict[str, str], tokens: Issuer, bus: NatsServer
) -> None:
    async with process(environment, tokens) as (door, running):
        session, _ = await live(door, bus)
        async with following(door, session) as stream:
            await stream.message()
            started = time.monotonic()
            running.send_signal(signal.SIGTERM)
            for _ in range(3):
                await stream.message()
            await stream.end()
            await asyncio.wait_for(running.wait(), 12)
        assert running.returncode in (0, -signal.SIGTERM)
        assert time.monotonic() - started < 10  # the grace for requests that do not end is 15 s


async def test_streams_are_bounded_and_beat(environment: dict[str, str], tokens: Issuer, bus: NatsServer) -> None:
    bounds = {"LIVESTREAM_FOLLOW_LIMIT": "1", "LIVESTREAM_FOLLOW_HEARTBEAT_SECONDS": "0.2"}
    async with process(environment, tokens, **bounds) as (door, _):
        session, _ = await live(door, bus)
        path = f"/sessions/{session}/events"
        async with following(door, session, **{"last-event-id": "4"}) as stream:
            assert await stream.comment() == "following"
            assert await stream.comment() == "still here"
            async with asyncio.timeout(10):  # one too many would be a stream without end
                refused(await door.get(path, role="operator"), 503, "try-again")

        async def free() -> bool:
            async with door.http.stream("GET", path, headers=door.as_role("operator")) as answer:
                return answer.status_code == 200

        await until(free, "the place of a client that left is free")
        refused(await door.get(path), 401, "unauthenticated")
        wrong = await door.http.get(path, headers=door.as_role("operator", **{"last-event-id": "five"}))
        refused(wrong, 400, "bad-request")
        assert (await door.get(f"/sessions/{uuid4()}/events", role="operator")).status_code == 404
