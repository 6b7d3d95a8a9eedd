"""The chain of events: whatever is changed in it afterwards shows."""

from uuid import uuid4

import pytest

from contracts.envelope import digest_of
from deploy.local.issuer import Issuer
from tests.integration.servicekit.conftest import StartToy
from tests.integration.servicekit.toy import Toy


async def a_history(toy: Toy) -> str:
    """A thing renamed twice: three events. Returns its audit path."""
    made = await toy.add("first")
    identity = made.json()["id"]
    for version, name in enumerate(("second", "third"), start=1):
        headers = toy.as_role(**{"if-match": f'"{version}"'})
        answer = await toy.http.put(f"/things/{identity}", json={"name": name}, headers=headers)
        assert answer.status_code == 200
    return f"/audit/violation/{identity}"


async def verified(toy: Toy, path: str) -> tuple[bool, int]:
    answer = await toy.http.get(path, headers=toy.as_role("auditor"))
    assert answer.status_code == 200
    assert answer.json()["verified"] == (not answer.json()["faults"])
    return answer.json()["verified"], len(answer.json()["events"])


async def test_an_untouched_chain_verifies(start: StartToy) -> None:
    async with start() as toy:
        path = await a_history(toy)
        answer = await toy.http.get(path, headers=toy.as_role("auditor"))
        assert await verified(toy, path) == (True, 3)
    events = [entry["event"] for entry in answer.json()["events"]]
    assert [event["data"]["rule"] for event in events] == ["first", "second", "third"]
    assert [event["aggregateversion"] for event in events] == [1, 2, 3]
    assert events[2]["previousdigest"] == digest_of(events[1])


TEXT = "update event_log set event = jsonb_set(event, '{data,rule}', '\"changed\"') where aggregate_version = 2"
TAMPERINGS = {
    "a text": [TEXT],
    "a time": ["update event_log set event = jsonb_set(event, '{time}', '\"2024-01-01T00:00:00Z\"')"
               " where aggregate_version = 1"],
    "one is gone": ["delete from event_log where aggregate_version = 2"],
    "the first is gone": ["delete from event_log where aggregate_version = 1"],
    "two changed places": [
        "update event_log set aggregate_version = 9 where aggregate_version = 2",
        "update event_log set aggregate_version = 2 where aggregate_version = 3",
        "update event_log set aggregate_version = 3 where aggregate_version = 9",
    ],
}  # fmt: skip


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_whatever_is_changed_afterwards_shows(start: StartToy, tampering: str) -> None:
    async with start() as toy:
        path = await a_history(toy)
        await toy.fetch("delete from outbox")
        for statement in TAMPERINGS[tampering]:
            await toy.fetch(statement)
        assert (await verified(toy, path))[0] is False


async def test_a_new_digest_for_the_changed_text_does_not_hide_it(start: StartToy) -> None:
    async with start() as toy:
        path = await a_history(toy)
        await toy.fetch(TEXT)
        answer = await toy.http.get(path, headers=toy.as_role("auditor"))
        changed = digest_of(answer.json()["events"][1]["event"])
        await toy.fetch(f"update event_log set digest = '{changed}' where aggregate_version = 2")
        assert (await verified(toy, path))[0] is False


async def test_who_may_look(start: StartToy, tokens: Issuer) -> None:
    async with start() as toy:
        path = await a_history(toy)
        elsewhere = {"authorization": f"Bearer {tokens.mint('auditor', jurisdiction='640403')}"}
        assert (await toy.http.get(path, headers=elsewhere)).status_code == 404
        for role, status in (("auditor", 200), ("office", 200), ("ops", 200), ("frontend", 403)):
            assert (await toy.http.get(path, headers=toy.as_role(role))).status_code == status, role
        assert (await toy.http.get(path)).status_code == 401
        assert (await toy.http.get(f"/audit/violation/{uuid4()}", headers=toy.as_role("auditor"))).status_code == 404
