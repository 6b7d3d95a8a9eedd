"""Webhooks: signed, once, to whom they were registered for; and what may not be registered."""

import json
from uuid import UUID, uuid4

import pytest
from standardwebhooks import Webhook

from tests.integration.notifications.conftest import Door, Start
from tests.integration.notifications.stage import (
    DEPARTMENT,
    OTHER_DEPARTMENT,
    RAISED,
    MailServer,
    Plans,
    Receiver,
    campaign_opened,
    event,
    until,
)

CURED = "events.deadlines.violation-cured.v1"


async def register(door: Door, url: str, *, subject: str = "portal", **wanted: object) -> tuple[str, str]:
    answer = await door.http.post(
        "/webhooks", json={"url": url, **wanted}, headers=door.as_role("frontend", subject=subject)
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["secret"]


async def test_an_event_is_pushed_once_and_its_signature_verifies(
    start: Start, plans: Plans, receiver: Receiver, mail_server: MailServer
) -> None:
    raised = event(RAISED)
    async with start() as door:
        _, secret = await register(door, receiver.url)
        await plans.say(campaign_opened())
        await plans.say(raised)
        await plans.say(raised)
        await plans.say(event(CURED))
        await until(lambda: len(receiver.requests) == 2 and len(mail_server.mails) == 4, "two pushes, four mails")
        rows = await door.listed(event_type=RAISED)
    [told] = [request for request in receiver.requests if request.headers["webhook-id"] == raised["id"]]
    assert Webhook(secret).verify(told.body, told.headers) == raised
    assert told.headers["content-type"] == "application/cloudevents+json"
    assert [row["channel"] for row in rows].count("webhook") == 1


async def test_a_push_waits_for_nobody_else(start: Start, plans: Plans, receiver: Receiver) -> None:
    await plans.silence()
    async with start() as door:
        await register(door, receiver.url)
        await plans.say(event(RAISED))  # neither campaign nor contacts are known
        await until(lambda: len(receiver.requests) == 1, "one push")


async def test_a_receiver_in_trouble_is_told_again_under_the_same_id(
    start: Start, plans: Plans, receiver: Receiver
) -> None:
    receiver.answers = [503, 429]
    async with start() as door:
        _, secret = await register(door, receiver.url)
        await plans.say(event(RAISED))
        await until(lambda: len(receiver.requests) == 3, "three attempts")

        async def delivered() -> bool:
            return [row["state"] for row in await door.listed() if row["channel"] == "webhook"] == ["delivered"]

        await until(delivered, "delivered")
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    for request in receiver.requests:
        Webhook(secret).verify(request.body, request.headers)


@pytest.mark.parametrize(("status", "left"), [(410, "gone"), (400, "active"), (301, "active")])
async def test_a_receiver_that_refuses_is_not_told_again(
    start: Start, plans: Plans, receiver: Receiver, status: int, left: str
) -> None:
    receiver.answers = [status]
    async with start() as door:
        await register(door, receiver.url)
        await plans.say(event(RAISED))

        async def failed() -> bool:
            rows = [row for row in await door.listed() if row["channel"] == "webhook"]
            return [(row["state"], row["failure"], row["attempts"]) for row in rows] == [("failed", "permanent", 1)]

        await until(failed, "one permanent failure")
        [webhook] = (await door.http.get("/webhooks", headers=door.as_role("office"))).json()["items"]
        assert webhook["state"] == left
        await plans.say(event(CURED))
        if left == "active":
            await until(lambda: len(receiver.requests) == 2, "the next event")
        else:
            await plans.say(campaign_opened())

            async def mailed() -> bool:
                return [row["channel"] for row in await door.listed(state="delivered")] == ["mail"] * 4

            await until(mailed, "everything else told")
            assert len(receiver.requests) == 1


async def test_only_wanted_types_and_departments_are_pushed(start: Start, plans: Plans, receiver: Receiver) -> None:
    async with start() as door:
        await register(door, receiver.url, types=[RAISED], departments=[OTHER_DEPARTMENT])
        wanted = event(RAISED, department=OTHER_DEPARTMENT)
        await plans.say(event(RAISED, department=DEPARTMENT))
        await plans.say(event(CURED, department=OTHER_DEPARTMENT))
        await plans.say(wanted)
        await until(lambda: bool(receiver.requests), "a push")
        rows = [row for row in await door.listed() if row["channel"] == "webhook"]
    assert [row["cause_event_id"] for row in rows] == [wanted["id"]]


async def test_the_secret_is_told_once_and_sealed_at_rest(start: Start, receiver: Receiver) -> None:
    async with start() as door:
        headers = door.as_role("frontend", subject="portal")
        first = await door.http.post("/webhooks", json={"url": receiver.url}, headers=headers)
        again = await door.http.post("/webhooks", json={"url": receiver.url}, headers=headers)
        assert again.json() == first.json()
        assert again.headers["idempotent-replayed"] == "true"
        secret = first.json()["secret"]
        other = await door.http.post("/webhooks", json={"url": receiver.url + "x"}, headers=headers)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
        listed = await door.http.get("/webhooks", headers=headers)
        assert "secret" not in listed.text
        rows = await door.fetch("select row_to_json(w)::text as row from webhooks w")
        rows += await door.fetch("select row_to_json(k)::text as row from idempotency_keys k")
    assert len(rows) == 2
    assert not [row for row in rows if secret.removeprefix("whsec_") in row["row"]]


async def test_a_front_end_sees_and_ends_its_own_only(start: Start, plans: Plans, receiver: Receiver) -> None:
    async with start() as door:
        mine, _ = await register(door, receiver.url, subject="portal")
        theirs, _ = await register(door, receiver.url, subject="mini-program")
        await plans.say(campaign_opened())
        await plans.say(event(RAISED))

        async def all_told() -> bool:
            return len(await door.listed(state="delivered")) == 4

        await until(all_told, "two mails, two pushes")
        headers = door.as_role("frontend", subject="portal")
        webhooks = (await door.http.get("/webhooks", headers=headers)).json()["items"]
        assert [webhook["id"] for webhook in webhooks] == [mine]
        seen = (await door.http.get("/notifications", headers=headers)).json()["items"]
        assert [row["webhook_id"] for row in seen] == [mine]
        assert "t0p" not in json.dumps(seen), "the address's query may hold a token"
        foreign = [row["id"] for row in await door.listed() if row["webhook_id"] != mine]
        for identity in foreign:
            assert (await door.http.get(f"/notifications/{identity}", headers=headers)).status_code == 404
        assert (await door.http.get(f"/notifications/{seen[0]['id']}", headers=headers)).status_code == 200
        assert (await door.http.delete(f"/webhooks/{theirs}", headers=headers)).status_code == 404
        for _ in range(2):
            ended = await door.http.delete(f"/webhooks/{mine}", headers=headers)
            assert (ended.status_code, ended.json()["state"]) == (200, "deleted")
        before = len(receiver.requests)
        await plans.say(event(CURED))
        await until(lambda: len(receiver.requests) > before, "the other front-end's push")
        rows = await door.listed(event_type=CURED)
    assert [row["webhook_id"] for row in rows if row["webhook_id"]] == [theirs]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://portal.example/hook",
        "https://user:secret@portal.example/hook",
        "https://portal.example/hook#part",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://0.0.0.0/hook",
        "http://2852039166/hook",
        "http://portal.example:notaport/hook",
        "https:///hook",
        "https://portal.example/a b",
    ],
)
async def test_an_address_that_cannot_be_a_receiver_is_refused(start: Start, url: str) -> None:
    async with start() as door:
        answer = await door.http.post("/webhooks", json={"url": url}, headers=door.as_role("frontend"))
        assert (answer.status_code, answer.json()["code"]) == (422, "webhook-url-refused"), answer.text
        assert (await door.http.get("/webhooks", headers=door.as_role("office"))).json()["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"url": "http://127.0.0.1/x", "secret": "mine"},
        {"url": "http://127.0.0.1/x", "types": []},
        {"url": "http://127.0.0.1/" + "x" * 500},
        {"url": "http://127.0.0.1/x", "departments": ["short"]},
        {"url": 7},
        {},
    ],
)
async def test_what_does_not_fit_is_refused_and_nothing_changes(start: Start, body: dict[str, object]) -> None:
    async with start() as door:
        answer = await door.http.post("/webhooks", json=body, headers=door.as_role("frontend"))
        assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")
        assert await door.fetch("select id from webhooks") == []


async def test_a_type_nobody_is_told_by_webhook_is_refused(start: Start, receiver: Receiver) -> None:
    async with start() as door:
        body = {"url": receiver.url, "types": ["events.plans.activity-started.v1"]}
        answer = await door.http.post("/webhooks", json=body, headers=door.as_role("frontend"))
    assert (answer.status_code, answer.json()["code"]) == (422, "event-type-unknown")
    assert RAISED in answer.json()["fix"]


async def test_who_may_do_what(start: Start, receiver: Receiver) -> None:
    async with start() as door:
        body = {"url": receiver.url}
        for path in ("/notifications", f"/notifications/{uuid4()}", "/webhooks"):
            answer = await door.http.get(path)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), path
            answer = await door.http.get(path, headers=door.as_role("department"))
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
        assert (await door.http.post("/webhooks", json=body)).status_code == 401
        for role in ("department", "auditor", "ops"):
            answer = await door.http.post("/webhooks", json=body, headers=door.as_role(role))
            assert answer.status_code == 403, role
        assert (await door.http.delete(f"/webhooks/{UUID(int=1)}", headers=door.as_role("auditor"))).status_code == 403
        assert await door.fetch("select id from webhooks") == []
