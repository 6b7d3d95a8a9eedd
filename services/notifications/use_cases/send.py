"""发送: claim what is due, ask for contacts, send, write down what became of it.

No connection is held while an outside party is talked to: claiming, marking as sending and settling are each a short
transaction of its own.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jinja2
import rfc8785
import structlog

from contracts.notifications.api import Audience
from servicekit.clock import SystemClock
from servicekit.correlation import correlated
from servicekit.crypto import Unsealable
from servicekit.service import Service
from services.notifications import store
from services.notifications.domain.letters import write_letter
from services.notifications.domain.masking import contact_target, mask_address
from services.notifications.domain.outcomes import Outcome, delay_after
from services.notifications.gateways import mail, webhooks
from services.notifications.gateways.contacts import Contact, Contacts, ContactsUnavailable, Question, question_of
from services.notifications.gateways.templates import Templates
from services.notifications.store import Claimed
from services.notifications.use_cases.settle import Attempt, Retries, settle, settle_abandoned
from services.notifications.use_cases.subscribe import open_secret

log = structlog.get_logger()

_ASK_DELAYS = (0.5, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Seconds until contacts are asked for again; never given up, the owner is another of our services."""


@dataclass(frozen=True)
class Sending:
    """Numbers of the sender, from settings. Seconds of system time."""

    batch: int
    parallel: int
    lease_seconds: float
    webhook_seconds: float
    grace_seconds: float
    retries: Retries


@dataclass(frozen=True)
class Letterbox:
    """Who mails are from, and the server that takes them."""

    server: mail.MailServer
    sender: str


class Sender:
    """One of any number: rows are claimed with `skip locked` and a lease."""

    def __init__(self, sending: Sending, letterbox: Letterbox, contacts: Contacts, templates: Templates) -> None:
        self._sending = sending
        self._letterbox = letterbox
        self._contacts = contacts
        self._templates = templates
        self._http = webhooks.client(sending.webhook_seconds)
        self._stopping = False

    async def turn(self, service: Service) -> int:
        """Do what is due. Returns how many notifications were worked on."""
        async with service.reading() as connection:
            if not await store.ready_count(connection):
                return 0
        async with service.transaction() as tx:
            swept = await settle_abandoned(tx, self._sending.retries)
        async with service.transaction() as tx:
            due = await store.claim(tx.connection, batch=self._sending.batch, lease_seconds=self._sending.lease_seconds)
        if due:
            await self._finish(asyncio.create_task(self._work(service, due)))
        return swept + len(due)

    async def _finish(self, work: asyncio.Task[None]) -> None:
        """A stop lets what is in flight come to its end, so that it need not be marked unknown."""
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            self._stopping = True
            ended, late = await asyncio.wait([work], timeout=self._sending.grace_seconds)
            for task in late:
                task.cancel()
            for task in ended:
                if lost := task.exception():
                    log.warning("stopped in the middle of a turn", error=repr(lost))
            raise

    async def _work(self, service: Service, due: Sequence[Claimed]) -> None:
        gate = asyncio.Semaphore(self._sending.parallel)
        failures: list[BaseException] = []
        groups: dict[tuple[Audience, Question], list[Claimed]] = defaultdict(list)
        for one in due:
            if one.channel == "mail":
                groups[one.audience, question_of(one.event, one.audience)].append(one)
        first = [self._push(service, gate, one) for one in due if one.channel == "webhook"]
        last: list[Coroutine[Any, Any, None]] = []
        for (audience, question), mails in groups.items():
            # Departments first: who is a contact of both gets the department's mail, in every rehearsal alike.
            (last if audience == "office" else first).append(self._write_to(service, gate, question, mails))
        for wave in (first, last):
            failures += await _to_their_end(wave)
        if failures:
            raise failures[0]

    async def _write_to(
        self,
        service: Service,
        gate: asyncio.Semaphore,
        question: Question,
        mails: Sequence[Claimed],
    ) -> None:
        """All due mails to one audience: ask once, then one mail to each contact."""
        try:
            contacts = await self._contacts.ask(service, question)
        except ContactsUnavailable as silent:
            log.warning("contacts not answered; asked again later", error=str(silent))
            async with service.transaction() as tx:
                for one in mails:
                    seconds = delay_after(one.deferrals + 1, _ASK_DELAYS, one.deferrals + 2) or _ASK_DELAYS[-1]
                    await store.defer(tx.connection, one, seconds=seconds, detail=str(silent))
            return
        letters = [(one, *to) for one in mails for to in await self._addressed(service, one, contacts)]
        if failures := await _to_their_end([self._mail(service, gate, *letter) for letter in letters]):
            raise failures[0]

    async def _addressed(
        self, service: Service, one: Claimed, contacts: Sequence[Contact]
    ) -> list[tuple[UUID, Contact]]:
        """Whom this row goes to now: all contacts when it is the audience's row, else the one it was made for.

        Participants may be hundreds: theirs become rows of their own, which later batches send.
        """
        cause = one.event.id
        # Of two with one address the first is written to.
        by_target = {contact_target(cause, contact.email): contact for contact in reversed(contacts)}
        async with service.transaction() as tx:
            if one.is_addressed:
                taken = [(one.id, one.target)] if one.target in by_target else []
            else:
                masked = [(target, mask_address(contact.email)) for target, contact in by_target.items()]
                leased = one.audience != "participants"
                addressed = await store.take_targets(tx.connection, one, masked, leased=leased)
                if addressed is None or (addressed and not leased):
                    return []
                taken = addressed
            if not taken:
                reason = "everybody is written to already as another audience" if contacts else "no contact on record"
                reason = "no longer a contact" if one.is_addressed else reason
                await settle(tx, _attempt(one, one.id, one.attempts), Outcome("suppressed", reason), self._retries)
        return [(identity, by_target[target]) for identity, target in taken]

    async def _mail(
        self, service: Service, gate: asyncio.Semaphore, one: Claimed, identity: UUID, contact: Contact
    ) -> None:
        # A contact's row that was just made has no attempts of its own yet; one that was addressed has those claimed.
        attempt = _attempt(one, identity, one.attempts + 1)
        async with gate:
            with correlated(one.event.correlationid, one.event.traceparent):
                if not await self._begin(service, identity, one):
                    return
                outcome = await self._hand_over(service, one, attempt, contact)
                async with service.transaction() as tx:
                    await settle(tx, attempt, outcome, self._retries)

    async def _hand_over(self, service: Service, one: Claimed, attempt: Attempt, contact: Contact) -> Outcome:
        assert one.campaign is not None, "mails are claimed once their campaign is known"
        about = mail.MailAbout(attempt.id, one.event.id, one.event.type, one.audience, one.event.correlationid)
        try:
            letter = write_letter(one.event, one.audience, one.campaign, one.activity)
            written = self._templates.render(one.template, letter)
            message = mail.compose(about, written, contact, sender=self._letterbox.sender, at=service.clock.now())
        except jinja2.TemplateError as wrong:
            return Outcome("permanent", f"template {one.template}: {wrong}")
        except ValueError:
            return Outcome("permanent", "the address is not one a mail header can hold")
        return await mail.deliver(self._letterbox.server, self._letterbox.sender, contact.email, message)

    async def _push(self, service: Service, gate: asyncio.Semaphore, one: Claimed) -> None:
        attempt = _attempt(one, one.id, one.attempts + 1)
        assert one.webhook_id is not None
        async with gate:
            with correlated(one.event.correlationid, one.event.traceparent):
                async with service.reading() as connection:
                    receiver = await store.receiver(connection, one.webhook_id)
                if receiver is None:
                    outcome = Outcome("suppressed", "the subscription has ended")
                elif not await self._begin(service, one.id, one):
                    return
                else:
                    outcome = await self._tell(service, one, one.webhook_id, *receiver)
                async with service.transaction() as tx:
                    if outcome.receiver_gone:
                        await store.end_webhook(tx.connection, one.webhook_id, state="gone", at=tx.now)
                    await settle(tx, attempt, outcome, self._retries)

    async def _tell(self, service: Service, one: Claimed, webhook: UUID, url: str, sealed: str) -> Outcome:
        try:
            secret = open_secret(service.seal_key(), webhook, sealed)
        except Unsealable as damaged:
            return Outcome("permanent", str(damaged))
        return await webhooks.deliver(
            self._http,
            url,
            secret,
            message_id=str(one.event.id),
            sent_at=SystemClock().now(),  # receivers compare it with the real time
            body=rfc8785.dumps(one.event.document()),
            total_seconds=2 * self._sending.webhook_seconds,
        )

    async def _begin(self, service: Service, identity: UUID, one: Claimed) -> bool:
        async with service.transaction() as tx:
            if self._stopping:
                await store.release(tx.connection, identity, one.lease_until)
                return False
            return await store.begin(
                tx.connection, identity, one.lease_until, lease_seconds=self._sending.lease_seconds
            )

    @property
    def _retries(self) -> Retries:
        return self._sending.retries


async def _to_their_end(works: Sequence[Coroutine[Any, Any, None]]) -> list[BaseException]:
    """All come to their end, whatever happens to one; then the loop hears of what went wrong (a lost database)."""
    ends = await asyncio.gather(*works, return_exceptions=True)
    return [end for end in ends if isinstance(end, BaseException)]


def _attempt(one: Claimed, identity: UUID, number: int) -> Attempt:
    return Attempt(identity, one.channel, one.template, number, one.event)
