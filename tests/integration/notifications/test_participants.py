"""Participants and suggesters are written to once each, at the address their owner gives at that moment."""

from uuid import UUID, uuid4

from tests.infra import NatsServer
from tests.integration.notifications.conftest import Start
from tests.integration.notifications.stage import (
    MailServer,
    Owner,
    Plans,
    campaign_opened,
    event,
    filed,
    until,
)

CONFIRMED = "events.registration.registration-confirmed.v1"
MOVED = "events.plans.activity-rescheduled.v1"
CANCELLED = "events.plans.activity-cancelled.v1"
DECIDED = "events.feedback.suggestion-decided.v1"
FORECAST = "events.registration.headcount-forecast-short.v1"
MANY = 120


async def test_who_signed_up_is_told_once_and_only_when_the_activity_is_known(
    start: Start, plans: Plans, mail_server: MailServer, bus: NatsServer
) -> None:
    activity, registration, silent = uuid4(), uuid4(), uuid4()
    people = Owner(bus, "registration", "registration", {
        str(registration): [{"registration": str(registration), "name": "赵六", "email": "zhao@mail.example"}],
    })  # fmt: skip
    async with people.answering(), start() as door:
        await plans.say(campaign_opened())
        confirmed = event(CONFIRMED, activity_id=str(activity), registration_id=str(registration))
        for _ in range(3):
            await plans.say(confirmed)
        await plans.say(event(CONFIRMED, activity_id=str(activity), registration_id=str(silent)))

        async def accepted() -> bool:
            return len(await door.listed(event_type=CONFIRMED)) == 2

        await until(accepted, "both accepted")

        async def quiet() -> bool:
            state = await door.http.get("/simulation", headers=door.as_role("ops"))
            return len(await door.fetch("select from campaigns")) == 1 and not state.json()["unsettled"]

        await until(quiet, "the campaign is heard of, and nothing can be written before the activity has a name")
        assert mail_server.mails == []
        await plans.say(filed(activity))

        async def settled() -> bool:
            return all(row["settled_at"] for row in await door.listed(event_type=CONFIRMED))

        await until(settled, "both settled")
        states = {str(row["state"]): row for row in await door.listed(event_type=CONFIRMED)}
        stored = await door.fetch("select n::text || a::text as line from notifications n, activities a")
    [mail] = mail_server.to("zhao@mail.example", UUID(confirmed["id"]))
    assert len(mail_server.mails) == 2  # and the department's receipt
    assert "民政局(演练)“政府开放日”" in mail["Subject"]
    assert mail["To"].addresses[0].display_name == "赵六"
    assert set(states) == {"delivered", "suppressed"}  # no e-mail was left: there is nobody to write to
    assert states["suppressed"]["detail"] == "no contact on record"
    assert not any("zhao@" in row["line"] or "赵六" in row["line"] for row in stored)


async def test_a_postponement_reaches_every_participant_once_and_hundreds_hold_no_lease(
    start: Start, plans: Plans, mail_server: MailServer, bus: NatsServer
) -> None:
    activity = uuid4()
    crowd = [{"name": f"参加人{n}", "email": f"p{n}@mail.example"} for n in range(MANY)]
    crowd.append({"name": "同住的人", "email": "P0@mail.example"})
    people = Owner(bus, "registration", "registration", {None: crowd})
    async with people.answering(), start() as door:
        await plans.say(campaign_opened())
        await plans.say(filed(activity))
        await until(lambda: len(mail_server.mails) == 1, "the department's receipt")
        mail_server.in_data.clear()
        mail_server.hold.clear()
        moved = event(MOVED, activity_id=str(activity), old_starts_at="2024-09-05T01:00:00Z", occurrence=2,
                      starts_at="2024-09-20T01:00:00Z", ends_at="2024-09-20T03:30:00Z")  # fmt: skip
        for _ in range(2):
            await plans.say(moved)
        await until(mail_server.in_data.is_set, "the first mail under way")
        leases = await door.fetch(
            "select count(*) as rows, count(lease_until) as leased from notifications where audience = 'participants'"
        )
        mail_server.hold.set()

        async def everybody() -> bool:
            return len(await door.listed(state="delivered", event_type=MOVED, limit="200")) == MANY

        await until(everybody, "all delivered", seconds=30.0)
    assert leases[0]["rows"] == MANY
    assert leases[0]["leased"] <= 20  # one batch
    assert [len(mail_server.to(f"p{n}@mail.example")) for n in range(MANY)] == [1] * MANY
    assert len(mail_server.mails) == MANY + 1  # and the department's receipt
    assert all(question["states"] == ["confirmed", "waitlisted"] for question in people.asked)
    assert len(people.asked) <= 3 * MANY // 20
    [mail] = mail_server.to("p7@mail.example")
    assert "9月20日" in mail["Subject"]


async def test_a_suggester_gets_the_answer_and_the_department_the_forecast(
    start: Start, plans: Plans, mail_server: MailServer, bus: NatsServer
) -> None:
    activity, suggestion = uuid4(), uuid4()
    suggesters = Owner(bus, "feedback", "suggestion", {str(suggestion): [{"email": "sun@mail.example"}]})
    async with suggesters.answering(), start():
        await plans.say(campaign_opened())
        await plans.say(filed(activity))
        await plans.say(event(DECIDED, activity_id=str(activity), suggestion_id=str(suggestion), decision="partly"))
        await plans.say(event(FORECAST, activity_id=str(activity), confirmed=19, minimum=25))
        await until(lambda: len(mail_server.mails) >= 4, "filed, answer, and two forecasts")
    [answer] = mail_server.to("sun@mail.example")
    assert "部分采纳" in answer["Subject"]
    for address in ("zhang@mzj.example", "wang@office.example"):
        assert any("19 人" in mail["Subject"] for mail in mail_server.to(address))
