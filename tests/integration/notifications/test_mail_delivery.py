"""Mail: one to each contact, once, whatever the bus, the mail server or the contacts' owner do."""

from email.message import EmailMessage
from uuid import UUID, uuid4

from tests.infra import NatsServer
from tests.integration.notifications.conftest import Start
from tests.integration.notifications.stage import (
    CAMPAIGN,
    DEPARTMENT,
    RAISED,
    MailServer,
    Plans,
    campaign_opened,
    event,
    heard_by_ops,
    until,
)

CURED = "events.deadlines.violation-cured.v1"


def text_of(mail: EmailMessage) -> str:
    content: str = mail.get_content()
    return content


async def test_a_violation_reaches_department_and_office_once_though_heard_three_times(
    start: Start, plans: Plans, mail_server: MailServer, bus: NatsServer
) -> None:
    raised = event(
        RAISED, due_date="2024-09-12", occurred_at="2024-09-12T16:00:00Z", detected_at="2024-09-13T01:00:00Z"
    )
    async with start() as door, heard_by_ops(bus) as said:
        await plans.say(campaign_opened())
        for _ in range(3):
            await plans.say(raised)
        cured = event(CURED)
        await plans.say(cured)

        async def everything_told() -> bool:
            return len(await said()) >= 4

        await until(everything_told, "four deliveries")
        assert len(await said()) == 4
        assert [len(mail_server.to(address)) for address in ("zhang@mzj.example", "wang@office.example")] == [2, 2]
        [mail] = mail_server.to("zhang@mzj.example", UUID(raised["id"]))
        [listed] = await door.listed(event_type=RAISED, department=DEPARTMENT, state="delivered", limit="1")
        notices = {told["data"]["notification_id"] for told in await said()}

    assert "民政局(演练)" in mail["Subject"]
    assert "活动前宣传" in mail["Subject"]
    body = text_of(mail)
    for fact in ("民政局(演练)：", "条款 3.1", "应在活动前宣传。", "2024年9月12日（星期四）", "1 天", "申诉说明"):
        assert fact in body
    assert mail["X-Openday-Event-Type"] == RAISED
    assert mail["To"].addresses[0].display_name == "张三"
    assert mail["Message-ID"].strip("<>").split("@")[0] in notices
    # The clock stands at the season's first morning, whatever the real time is.
    assert mail["Date"].datetime.isoformat() == "2024-08-14T09:00:00+08:00"
    assert listed["recipient"] in ("z***@mzj.example", "w***@office.example")


async def test_an_event_heard_again_after_the_inbox_was_emptied_is_not_told_again(
    start: Start, plans: Plans, mail_server: MailServer
) -> None:
    raised = event(RAISED)
    async with start() as door:
        await plans.say(campaign_opened())
        await plans.say(raised)
        await until(lambda: len(mail_server.mails) == 2, "two mails")
        await door.fetch("delete from inbox")
        await plans.say(raised)
        after = event(CURED)
        await plans.say(after)
        await until(lambda: len(mail_server.to("wang@office.example", UUID(after["id"]))) == 1, "the next event's mail")
        assert len(await door.listed(event_type=RAISED)) == 2
    assert len(mail_server.to("wang@office.example")) == 2


async def test_no_address_is_stored(start: Start, plans: Plans, mail_server: MailServer) -> None:
    async with start() as door:
        await plans.say(campaign_opened())
        await plans.say(event(RAISED))
        await until(lambda: len(mail_server.mails) == 2, "two mails")
        rows = await door.fetch("select row_to_json(n)::text as row from notifications n")
        rows += await door.fetch("select event::text as row from event_log")
    assert len(rows) >= 2
    assert not [row["row"] for row in rows if "zhang@" in row["row"] or "wang@" in row["row"] or "张三" in row["row"]]


async def test_an_event_heard_before_its_campaign_is_told_once_it_is_known(
    start: Start, plans: Plans, mail_server: MailServer
) -> None:
    other = uuid4()
    early, known = event(RAISED), event(RAISED, campaign=other)
    async with start() as door:
        await plans.say(campaign_opened(other))
        await plans.say(early)
        await plans.say(known)

        async def known_one_told() -> bool:
            return len(await door.listed(state="delivered", campaign=str(other))) == 2

        await until(known_one_told, "the known campaign's mails, which came later")
        rows = await door.listed(campaign=str(CAMPAIGN))
        assert [(row["state"], row["detail"]) for row in rows] == [("accepted", None)] * 2
        state = (await door.http.get("/simulation", headers=door.as_role("ops"))).json()
        assert "other" not in state["unsettled"], "what waits for its campaign cannot be sent now"
        assert {question["campaign"] for question in plans.asked} == {str(other)}
        await plans.say(campaign_opened())
        await until(lambda: len(mail_server.mails) == 4, "all mails")
    assert len(mail_server.to("wang@office.example", UUID(early["id"]))) == 1


async def test_several_contacts_get_one_mail_each_and_a_shared_one_only_one(
    start: Start, plans: Plans, mail_server: MailServer
) -> None:
    plans.contacts[DEPARTMENT] = [{"name": name, "email": f"{name}@mzj.example"} for name in ("a", "b")]
    plans.contacts["office"] = [{"name": "b", "email": "B@mzj.example"}]
    async with start() as door:
        await plans.say(campaign_opened())
        await plans.say(event(RAISED))

        async def settled() -> bool:
            return {row["state"] for row in await door.listed()} == {"delivered", "suppressed"}

        await until(settled, "everything settled")
        states = sorted(str(row["state"]) for row in await door.listed())
    recipients = sorted(address.lower() for to, _ in mail_server.mails for address in to)
    assert recipients == ["a@mzj.example", "b@mzj.example"]
    assert states == ["delivered", "delivered", "suppressed"]


async def test_nobody_to_write_to_is_suppressed(start: Start, plans: Plans, mail_server: MailServer) -> None:
    plans.contacts[DEPARTMENT] = []
    async with start() as door:
        await plans.say(campaign_opened())
        await plans.say(event(RAISED))

        async def settled() -> bool:
            return len(await door.listed(state="suppressed")) == 1 and len(await door.listed(state="delivered")) == 1

        await until(settled, "one suppressed, one delivered")
    assert len(mail_server.mails) == 1


async def test_a_mail_server_that_was_down_gets_each_mail_once(
    start: Start, plans: Plans, mail_server: MailServer
) -> None:
    mail_server.stop()
    async with start() as door:
        await plans.say(campaign_opened())
        await plans.say(event(RAISED))

        async def failing() -> bool:
            rows = await door.listed(state="failed")
            return len(rows) == 2 and all(row["failure"] == "temporary" and row["next_attempt_at"] for row in rows)

        await until(failing, "two temporary failures")
        mail_server.start()

        async def delivered() -> bool:
            return len(await door.listed(state="delivered")) == 2

        await until(delivered, "two delivered")
        assert all(int(str(row["attempts"])) > 1 for row in await door.listed())
    assert len(mail_server.mails) == 2


async def test_a_mail_the_server_took_but_did_not_acknowledge_is_unknown_and_not_sent_again(
    start: Start, plans: Plans, mail_server: MailServer
) -> None:
    plans.contacts["office"] = []
    mail_server.hold.clear()
    async with start() as door:
        await plans.say(campaign_opened())
        raised = event(RAISED)
        await plans.say(raised)

        async def unknown() -> bool:
            return [row["failure"] for row in await door.listed(state="failed")] == ["unknown"]

        await until(unknown, "unknown after the time for an answer is over")
        mail_server.hold.set()
        await plans.say(event(CURED))

        async def next_delivered() -> bool:
            return len(await door.listed(state="delivered", event_type=CURED)) == 1

        await until(next_delivered, "the next event's mail")
        [row] = await door.listed(state="failed")
    assert (row["attempts"], row["next_attempt_at"]) == (1, None)
    assert len(mail_server.to("zhang@mzj.example", UUID(raised["id"]))) == 1


async def test_a_recipient_refused_for_good_is_not_tried_again_and_ops_hear_of_it(
    start: Start, plans: Plans, mail_server: MailServer, bus: NatsServer
) -> None:
    mail_server.refusal = "550 5.1.1 <{address}> user unknown"
    async with start() as door, heard_by_ops(bus) as said:
        await plans.say(campaign_opened())
        await plans.say(event(RAISED))

        async def told() -> bool:
            return len(await said()) == 2

        await until(told, "two failures told")
        rows = await door.listed(state="failed")
        failures = [document["data"]["failure"] for document in await said()]
    assert failures == ["permanent", "permanent"]
    assert [(row["attempts"], row["failure"], row["next_attempt_at"]) for row in rows] == [(1, "permanent", None)] * 2
    assert all("550" in str(row["detail"]) and "zhang@" not in str(row["detail"]) for row in rows)


async def test_contacts_that_nobody_answers_for_are_asked_for_again(
    start: Start, plans: Plans, mail_server: MailServer
) -> None:
    await plans.silence()
    async with start() as door:
        await plans.say(campaign_opened())
        await plans.say(event(RAISED))

        async def deferred() -> bool:
            rows = await door.listed(state="accepted")
            return len(rows) == 2 and all(row["detail"] for row in rows)

        await until(deferred, "both deferred")
        assert [row["attempts"] for row in await door.listed()] == [0, 0]
        await plans.answer()
        await until(lambda: len(mail_server.mails) == 2, "two mails")
    assert {question["audience"] for question in plans.asked} == {"department", "office"}
    assert all(question["campaign"] == str(CAMPAIGN) for question in plans.asked)


async def test_a_requirement_without_due_date_is_told(start: Start, plans: Plans, mail_server: MailServer) -> None:
    async with start():
        await plans.say(campaign_opened())
        await plans.say(
            event(RAISED, kind="requirement", rule="headcount", clause="2.2", due_date=None, deadline_id=None)
        )
        await until(lambda: len(mail_server.mails) == 2, "two mails")
    assert all("参加人数" in mail["Subject"] and "逾期" not in text_of(mail) for _, mail in mail_server.mails)
