"""A sender that dies: nothing is lost, and no mail is silently sent twice."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from deploy.local.programs import free_port
from tests.infra import ROOT
from tests.integration.notifications.conftest import Start
from tests.integration.notifications.stage import RAISED, MailServer, Plans, Receiver, campaign_opened, event, until
from tests.integration.notifications.test_webhook_delivery import register


@asynccontextmanager
async def a_process(environment: dict[str, str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.notifications", "serve",
        cwd=ROOT, env={**os.environ, **environment, "NOTIFICATIONS_HTTP_PORT": str(free_port())}, stdout=DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_mail_in_flight_when_its_sender_is_killed_is_unknown_and_not_sent_again(
    start: Start, environment: dict[str, str], plans: Plans, mail_server: MailServer
) -> None:
    plans.contacts["office"] = []
    mail_server.hold.clear()  # takes the mail, does not say so
    environment["NOTIFICATIONS_SMTP_TIMEOUT_SECONDS"] = "30"
    environment["NOTIFICATIONS_SEND_LEASE_SECONDS"] = "151"
    async with a_process(environment) as process:
        await plans.say(campaign_opened())
        await plans.say(event(RAISED))
        await until(mail_server.in_data.is_set, "the mail is under way", seconds=30)
        process.kill()
        await process.wait()
    mail_server.hold.set()
    async with start() as door:
        rows = await door.listed(state="sending")
        assert [row["attempts"] for row in rows] == [1]
        # Waiting for the lease would be a sleep; its end is what the sweep looks at.
        await door.fetch("update notifications set lease_until = clock_timestamp() where state = 'sending'")

        async def unknown() -> bool:
            return [row["failure"] for row in await door.listed(state="failed")] == ["unknown"]

        await until(unknown, "unknown")
        await plans.say(event("events.deadlines.violation-cured.v1"))
        await until(lambda: len(mail_server.mails) == 2, "the next event's mail")
        [row] = await door.listed(event_type=RAISED, state="failed")
    assert (row["attempts"], row["next_attempt_at"]) == (1, None)
    kinds = sorted(mail["X-Openday-Event-Type"] for _, mail in mail_server.mails)
    assert kinds == ["events.deadlines.violation-cured.v1", RAISED]


async def test_a_push_in_flight_when_its_sender_died_is_told_again(
    start: Start, plans: Plans, receiver: Receiver
) -> None:
    receiver.answers = [400]
    async with start() as door:
        await register(door, receiver.url)
        await plans.say(event(RAISED))

        async def refused() -> bool:
            return len(await door.listed(state="failed")) == 1

        await until(refused, "a settled row")
        await door.fetch(
            "update notifications set state = 'sending', failure = null, settled_at = null,"
            " lease_until = clock_timestamp() where channel = 'webhook'"
        )
        await until(lambda: len(receiver.requests) == 2, "told again")

        async def delivered() -> bool:
            return len(await door.listed(state="delivered")) == 1

        await until(delivered, "delivered")
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1


async def test_a_stop_lets_the_mail_in_flight_come_to_its_end(
    start: Start, plans: Plans, mail_server: MailServer
) -> None:
    plans.contacts["office"] = []
    mail_server.hold.clear()
    async with start() as door:
        await plans.say(campaign_opened())
        await plans.say(event(RAISED))
        await until(mail_server.in_data.is_set, "the mail is under way")
        asyncio.get_running_loop().call_later(0.3, mail_server.hold.set)
        fetch = door.fetch
    [row] = await fetch("select state from notifications where audience = 'department'")
    assert row["state"] == "delivered"
    assert len(mail_server.mails) == 1


async def test_two_senders_send_each_mail_once(start: Start, plans: Plans, mail_server: MailServer) -> None:
    events = [event(RAISED) for _ in range(20)]
    async with start() as door, start():
        await plans.say(campaign_opened())
        for raised in events:
            await plans.say(raised)

        async def all_delivered() -> bool:
            return len(await door.listed(state="delivered", limit="200")) == 40

        await until(all_delivered, "forty delivered", seconds=30)
    sent = sorted((to[0], mail["X-Openday-Event-Id"]) for to, mail in mail_server.mails)
    assert len(sent) == len(set(sent)) == 40
