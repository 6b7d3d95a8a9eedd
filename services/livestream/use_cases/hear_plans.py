"""What plans says of an activity, kept in whatever order it comes."""

from uuid import UUID

from contracts.envelope import CloudEvent
from contracts.plans.events import ActivityCancelled, ActivityEnded, PlanFiled
from servicekit.service import Transaction
from services.livestream import store
from services.livestream.domain import on_air
from services.livestream.use_cases.tell import keep


class ActivityOfNobody(ValueError):
    """An event about an activity that names no department."""


async def plan_filed(tx: Transaction, event: CloudEvent[PlanFiled]) -> None:
    """备案: venues and whether it is online."""
    for activity in event.data.activities:
        filed = activity.model_dump(mode="json", include={"name", "main_venue", "branch_venues", "online"})
        await store.keep_activity(
            tx.connection, activity.activity_id, event.jurisdiction, event.campaign, _department(event), filed=filed
        )


async def activity_cancelled(tx: Transaction, event: CloudEvent[ActivityCancelled]) -> None:
    """活动取消: a session that did not begin is over with it."""
    await store.keep_activity(
        tx.connection,
        event.data.activity_id,
        event.jurisdiction,
        event.campaign,
        _department(event),
        cancelled_at=event.data.cancelled_at,
    )
    await _call_off(tx, event.data.activity_id)


async def activity_ended(tx: Transaction, event: CloudEvent[ActivityEnded]) -> None:
    """活动结束: no session is made for it any more; one that runs is ended by its operator."""
    await store.keep_activity(
        tx.connection,
        event.data.activity_id,
        event.jurisdiction,
        event.campaign,
        _department(event),
        ended_at=event.data.at,
    )


async def _call_off(tx: Transaction, activity_id: UUID) -> None:
    identity = await store.session_of_activity(tx.connection, activity_id)
    if identity is not None:
        session = await store.session(tx.connection, identity, lock=True)
        await keep(tx, session, on_air.call_off(session, tx.now))


def _department(event: CloudEvent[PlanFiled] | CloudEvent[ActivityCancelled] | CloudEvent[ActivityEnded]) -> str:
    if event.department is None:
        raise ActivityOfNobody(f"{event.type} {event.id} names no department")
    return event.department
