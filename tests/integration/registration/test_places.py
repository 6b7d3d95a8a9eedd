"""Places: never one too many, the waitlist in order, a freed place to the first who waits."""

import asyncio
from collections import Counter
from typing import Any

from tests.integration.registration.conftest import Start
from tests.integration.registration.stage import called_off, person


async def test_sixty_at_once_for_forty_places(start: Start) -> None:
    async with start() as stage:
        await stage.open(capacity=40)
        answers = await asyncio.gather(*(stage.register(person(number)) for number in range(60)))
        receipts: list[dict[str, Any]] = [answer.json() for answer in answers]
        assert [answer.status_code for answer in answers] == [201] * 60
        assert Counter(receipt["state"] for receipt in receipts) == {"confirmed": 40, "waitlisted": 20}
        waiting = sorted((r for r in receipts if r["state"] == "waitlisted"), key=lambda r: r["position"])
        assert [receipt["position"] for receipt in waiting] == list(range(1, 21))
        shown = await stage.shown()
        assert (shown["confirmed"], shown["waitlisted"], shown["capacity"]) == (40, 20, 40)

        leaving = [receipt for receipt in receipts if receipt["state"] == "confirmed"][:3]
        left = await asyncio.gather(
            *(stage.post(f"/registrations/{r['registration_id']}/cancel", secret=r["secret"]) for r in leaving)
        )
        assert [(answer.status_code, answer.json()["state"]) for answer in left] == [(200, "cancelled")] * 3
        await stage.heard()
        shown = await stage.shown()
        assert (shown["confirmed"], shown["waitlisted"]) == (40, 17)

        promoted = [one["data"]["registration_id"] for one in await stage.said("registration-promoted")]
        assert promoted == [receipt["registration_id"] for receipt in waiting[:3]]
        fourth = await stage.http.get(
            f"/registrations/{waiting[3]['registration_id']}", headers={"x-registration-secret": waiting[3]["secret"]}
        )
        assert (fourth.json()["state"], fourth.json()["position"]) == ("waitlisted", 1)
        assert Counter(one["type"].split(".")[2] for one in await stage.said()) == {
            "registration-confirmed": 40,
            "registration-waitlisted": 20,
            "registration-cancelled": 3,
            "registration-promoted": 3,
        }
        chain = await stage.http.get(f"/audit/registration/{promoted[0]}", headers=stage.headers("auditor"))
        assert chain.json()["verified"] is True
        assert [link["event"]["aggregateversion"] for link in chain.json()["events"]] == [1, 2]


async def test_the_same_person_at_once_gets_one_place(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        answers = await asyncio.gather(*(stage.register(person(1)) for _ in range(8)))
        assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
        assert {a.json()["code"] for a in answers if a.status_code == 409} == {"already-registered"}
        assert (await stage.shown())["confirmed"] == 1


async def test_a_retry_gets_the_first_answer_with_its_secret(start: Start) -> None:
    async with start() as stage:
        await stage.open()
        headers = stage.headers()
        path = f"/activities/{stage.activity}/registrations"
        first = await stage.http.post(path, json=person(1), headers=headers)
        again = await stage.http.post(path, json=person(1), headers=headers)
        assert first.json() == again.json()
        assert again.headers["idempotent-replayed"] == "true"
        assert first.json()["secret"] not in await stage.everything_stored()
        other = await stage.http.post(path, json=person(2), headers=headers)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_who_cancelled_may_sign_up_again_at_the_end(start: Start) -> None:
    async with start() as stage:
        await stage.open(capacity=1)
        first = await stage.registered(1)
        await stage.registered(2)
        gone = await stage.post(f"/registrations/{first['registration_id']}/cancel", secret=first["secret"])
        assert gone.status_code == 200
        again = await stage.post(f"/registrations/{first['registration_id']}/cancel", secret=first["secret"])
        assert (again.status_code, again.json()["code"]) == (409, "wrong-state")
        assert (await stage.registered(1))["state"] == "waitlisted"


async def test_cancelling_the_activity_cancels_every_registration_once(start: Start) -> None:
    async with start() as stage:
        await stage.open(capacity=2)
        receipts = [await stage.registered(number) for number in range(3)]
        off = called_off(stage.activity)
        await stage.say(off, off, called_off(stage.activity))
        await stage.heard()
        cancelled = await stage.said("registration-cancelled")
        assert [(one["data"]["registration_id"], one["data"]["was_confirmed"]) for one in cancelled] == [
            (receipt["registration_id"], receipt["state"] == "confirmed") for receipt in receipts
        ]
        assert {one["data"]["because"] for one in cancelled} == {"activity_cancelled"}
        assert await stage.said("registration-promoted") == []
        refused = await stage.register(person(9))
        assert (refused.status_code, refused.json()["code"]) == (409, "activity-cancelled")
        assert refused.json()["clause"] == "3.1"
        assert refused.json()["fix"]


async def test_a_recommended_list_fills_the_places_in_order(start: Start) -> None:
    async with start() as stage:
        await stage.open(capacity=2)
        body = {"participants": [person(number) for number in range(3)]}
        path = f"/activities/{stage.activity}/recommendations"
        answer = await stage.post(path, body, role="department")
        assert answer.status_code == 201, answer.text
        states = [(one["state"], one["position"]) for one in answer.json()["registrations"]]
        assert states == [("confirmed", None), ("confirmed", None), ("waitlisted", 1)]

        wrong = [person(5), person(6, birth_date="2010-01-01"), person(0), person(5)]
        refused = await stage.post(path, {"participants": wrong}, role="department")
        assert (refused.status_code, refused.json()["code"]) == (422, "recommendation-refused")
        assert [(one["field"], one["code"]) for one in refused.json()["errors"]] == [
            ("participants.1", "too-young"),
            ("participants.2", "already-registered"),
            ("participants.3", "already-registered"),
        ]
        assert len(await stage.fetch("select id from registrations")) == 3
