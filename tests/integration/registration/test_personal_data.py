"""Participants' data: sealed at rest, masked in lists, told to a sender that asks, and to nobody else."""

import json
from typing import Any

from tests.integration.registration.conftest import Start
from tests.integration.registration.stage import Stage, person

NUMBER = "11010519491231002X"
SCRIPT = "<script>alert(1)</script>"


async def ask(stage: Stage, **question: Any) -> dict[str, Any]:
    client = await stage.server.connect("notifications")
    try:
        asked = json.dumps({"activity": str(stage.activity), **question}).encode()
        reply = await client.request("queries.registration.contacts.v1", asked, timeout=5)
    finally:
        await client.close()
    answer: dict[str, Any] = json.loads(reply.data)
    return answer


async def test_nothing_of_a_person_is_stored_or_said_in_clear(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        body = {key: value for key, value in person(1, name="欧阳演练").items() if key != "birth_date"}
        first = (await stage.register(body | {"id_number": NUMBER})).json()
        await stage.registered(2, name=SCRIPT)
        await stage.post(f"/registrations/{first['registration_id']}/cancel", secret=first["secret"])
        await stage.registered(1, name="欧阳演练")
        await stage.heard()
        stored = await stage.everything_stored()
        said = json.dumps(await stage.said(), ensure_ascii=False)
        assert "registrations: " in stored
        assert "identity_digests: " in stored
        for secret in (
            NUMBER,
            "19491231",
            "1949-12-31",
            "1980-05-05",
            "13800000001",
            "欧阳",
            "example.org",
        ):
            assert secret not in stored, secret
            assert secret not in said, secret
        assert "script" not in stored
        assert first["secret"] not in stored


async def test_lists_are_masked_and_paged(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        await stage.registered(1, name="张三")
        await stage.registered(2, name=SCRIPT)
        seen, after = [], None
        while True:
            page = await stage.http.get(
                f"/activities/{stage.activity}/registrations",
                params={"limit": 1} | ({"after": after} if after else {}),
                headers=stage.headers("department"),
            )
            assert page.status_code == 200, page.text
            seen += page.json()["items"]
            after = page.json()["next"]
            if after is None:
                break
        assert [(one["name"], one["phone"]) for one in seen] == [("张*", "138****0001"), ("<*", "138****0002")]
        assert set(seen[0]) == {
            "registration_id", "activity_id", "state", "position", "source", "name", "phone", "category", "tie",
            "registered_at", "cancelled_at", "checked_in_at", "version",
        }  # fmt: skip


async def test_a_sender_is_told_whom_to_write_to(start: Start) -> None:
    async with start() as stage:
        await stage.open(capacity=2)
        first = await stage.registered(1, name=SCRIPT)
        await stage.register({key: value for key, value in person(2).items() if key != "email"})
        waiting = await stage.registered(3)
        everybody = await ask(stage)
        assert everybody == {
            "contacts": [
                {"registration": first["registration_id"], "name": SCRIPT, "email": "participant1@example.org"}
            ],
            "unreachable": 1,
        }
        one = await ask(stage, registration=waiting["registration_id"])
        assert [contact["name"] for contact in one["contacts"]] == ["演练群众3"]
        assert (await ask(stage, registration=waiting["registration_id"], states=["confirmed"]))["contacts"] == []
        phones = await ask(stage, channel="phone", states=["confirmed", "waitlisted"])
        assert [contact["phone"] for contact in phones["contacts"]] == ["13800000001", "13800000002", "13800000003"]
        assert all("email" not in contact for contact in phones["contacts"])
        assert (await ask(stage, activity="not-an-id"))["contacts"] == []
