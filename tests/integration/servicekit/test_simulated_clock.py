"""The simulated clock: forward only, kept over a restart, and nowhere near a real deployment."""

from typing import Any

import pytest
from pydantic import ValidationError

from deploy.local.issuer import Issuer
from tests.infra import NatsServer
from tests.integration.servicekit.conftest import StartToy
from tests.integration.servicekit.toy import Hearing, Toy, event, publish, settings, until

START = "2024-08-14T09:00:00+08:00"
LATER = "2024-08-20T09:00:00+08:00"
SIMULATED: dict[str, Any] = {"clock": "simulated", "simulated_start": START, "deployment": "rehearsal"}


async def where(toy: Toy) -> dict[str, Any]:
    answer = await toy.http.get("/simulation", headers=toy.as_role("ops"))
    assert answer.status_code == 200, answer.text
    state: dict[str, Any] = answer.json()
    return state


async def move(toy: Toy, to: str, role: str = "ops") -> tuple[int, dict[str, Any]]:
    answer = await toy.http.put("/simulation", json={"now": to}, headers=toy.as_role(role))
    return answer.status_code, answer.json()


def test_a_real_deployment_refuses_it(bus: NatsServer, tokens: Issuer) -> None:
    with pytest.raises(ValidationError, match="refuses the simulated clock"):
        settings(bus, "postgresql://", tokens, clock="simulated", simulated_start=START, deployment="production")
    with pytest.raises(ValidationError, match="SIMULATED_START"):
        settings(bus, "postgresql://", tokens, clock="simulated")


async def test_under_the_system_s_clock_there_is_no_door(start: StartToy) -> None:
    async with start() as toy:
        assert (await toy.http.get("/simulation", headers=toy.as_role("ops"))).status_code == 404
        assert (await move(toy, LATER))[0] == 404


async def test_it_stands_until_it_is_moved_and_only_moves_forward(start: StartToy) -> None:
    async with start(**SIMULATED) as toy:
        assert (await where(toy))["now"] == "2024-08-14T01:00:00Z"
        await toy.add("first")
        assert (await move(toy, LATER))[0] == 200
        status, problem = await move(toy, START)
        assert (status, problem["code"]) == (409, "clock-moved-back")
        await toy.add("second")
        rows = await toy.fetch("select occurred_at, recorded_at from event_log order by sequence")
    assert [row["occurred_at"].isoformat() for row in rows] == [
        "2024-08-14T01:00:00+00:00",
        "2024-08-20T01:00:00+00:00",
    ]
    assert all(row["recorded_at"].year >= 2025 for row in rows), "when it was written down is the system's time"


async def test_it_goes_on_from_where_it_stood(start: StartToy) -> None:
    async with start(**SIMULATED) as toy:
        await move(toy, LATER)
    async with start(**SIMULATED) as toy:
        assert (await where(toy))["now"] == "2024-08-20T01:00:00Z"
        assert (await move(toy, START))[0] == 409


async def test_only_ops_may_look_and_move(start: StartToy) -> None:
    async with start(**SIMULATED) as toy:
        assert (await move(toy, LATER, "office"))[0] == 403
        assert (await toy.http.get("/simulation", headers=toy.as_role("office"))).status_code == 403
        assert (await toy.http.put("/simulation", json={"now": LATER})).status_code == 401
        assert (await move(toy, "2024-08-20T09:00:00"))[0] == 422, "a time without an offset is no instant"
        assert (await where(toy))["now"] == "2024-08-14T01:00:00Z"


async def test_what_is_not_settled_is_said_until_it_is(start: StartToy, bus: NatsServer, hearing: Hearing) -> None:
    failing = True

    async def behave(_event: object) -> None:
        if failing:
            raise OSError("not now")

    hearing.behave = behave
    async with start(**SIMULATED) as toy:
        before = await where(toy)
        assert before["unsettled"] == {}
        await publish(bus, event())
        await until(lambda: bool(hearing.tries), "a delivery")
        assert (await where(toy))["unsettled"].get("messages") == 1
        failing = False

        async def all_settled() -> bool:
            return not (await where(toy))["unsettled"]

        await until(all_settled, "everything settled")
        after = await where(toy)
        assert await toy.effects()
    assert after["progress"] != before["progress"]


async def test_timers_follow_the_simulated_clock(start: StartToy) -> None:
    async with start(**SIMULATED) as toy:
        await toy.fetch(f"insert into alarms (at) values ('{LATER}')")
        assert (await where(toy))["next_timer_at"] == "2024-08-20T01:00:00Z"
        assert (await where(toy))["unsettled"] == {}
        await move(toy, LATER)

        async def rung() -> bool:
            return (await where(toy))["next_timer_at"] is None

        await until(rung, "the alarm")
        assert (await where(toy))["unsettled"] == {}
