"""送达或未送达: what became of an attempt is written down and, once it is final, said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from contracts.envelope import CloudEvent
from contracts.notifications.events import Channel, NotificationDelivered, NotificationFailed
from servicekit.service import Transaction
from services.notifications import store
from services.notifications.domain.outcomes import Outcome, delay_after

log = structlog.get_logger()


@dataclass(frozen=True)
class Retries:
    """Delays in seconds of system time, growing; the last one repeats until `attempts` are made."""

    delays: Sequence[float]
    attempts: int


@dataclass(frozen=True)
class Attempt:
    """Which notification, because of which event, and the how-manieth attempt this was."""

    id: UUID
    channel: Channel
    template: str
    number: int
    event: CloudEvent[Any]


async def settle(tx: Transaction, attempt: Attempt, outcome: Outcome, retries: Retries) -> None:
    """Delivered, suppressed, to be retried, or failed for good."""
    kind = outcome.kind
    failure = None if kind in ("delivered", "suppressed") else kind
    retry = delay_after(attempt.number, retries.delays, retries.attempts) if kind == "temporary" else None
    made = await store.settle(
        tx.connection,
        attempt.id,
        state="failed" if failure else kind,
        failure=failure,
        detail=outcome.detail,
        retry_seconds=retry,
    )
    if made is None:
        log.warning("notification was settled by somebody else", notification=str(attempt.id), outcome=kind)
        return
    log.info("notification", notification=str(attempt.id), outcome=kind, detail=outcome.detail, retry_in=retry)
    if retry is not None or kind == "suppressed":
        return
    told = {
        "notification_id": attempt.id,
        "cause_event_id": attempt.event.id,
        "channel": attempt.channel,
        "template": attempt.template,
        "at": tx.now,
    }
    said = NotificationDelivered(**told) if failure is None else NotificationFailed(**told, failure=failure)
    await tx.announce(
        said,
        aggregate=attempt.id,
        jurisdiction=attempt.event.jurisdiction,
        campaign=attempt.event.campaign,
        department=attempt.event.department,
        activity=attempt.event.activityid,
    )


async def settle_abandoned(tx: Transaction, retries: Retries) -> int:
    """What was in flight when its sender died: a mail may have left, so it is unknown and never sent again by itself.

    A webhook keeps its id, so telling it again is safe.
    """
    found = await store.abandoned(tx.connection)
    for one in found:
        attempt = Attempt(one.id, one.channel, one.template, one.attempts, one.event)
        detail = "in flight when the sender stopped"
        outcome = Outcome("unknown", detail) if one.channel == "mail" else Outcome("temporary", detail)
        await settle(tx, attempt, outcome, retries)
    return len(found)
