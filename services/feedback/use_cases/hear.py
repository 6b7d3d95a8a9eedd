"""What plans and livestream say, kept in whatever order it comes."""

from typing import Any
from uuid import uuid4

from contracts.envelope import CloudEvent
from contracts.feedback.events import SuggestionReceived
from contracts.livestream.events import QuestionAsked
from contracts.plans.events import (
    ActivityCancelled,
    ActivityEndCorrected,
    ActivityEnded,
    CampaignOpened,
    PlanFiled,
)
from servicekit.service import Transaction
from services.feedback import store
from services.feedback.domain.suggestion import Suggestion
from services.feedback.use_cases.tell import tell


class ActivityOfNobody(ValueError):
    """An event about an activity that names no department."""


async def campaign_opened(tx: Transaction, event: CloudEvent[CampaignOpened]) -> None:
    """年度活动开始: its pack says which clause asks for a table, its roster what departments are called."""
    await store.keep_campaign(tx.connection, event.data)


async def plan_filed(tx: Transaction, event: CloudEvent[PlanFiled]) -> None:
    """备案: from now on suggestions may be made about its activities."""
    for activity in event.data.activities:
        await store.keep_activity(
            tx.connection,
            activity.activity_id,
            event.jurisdiction,
            event.campaign,
            _department(event),
            name=activity.name,
        )


async def activity_cancelled(tx: Transaction, event: CloudEvent[ActivityCancelled]) -> None:
    """活动取消."""
    await store.keep_activity(
        tx.connection,
        event.data.activity_id,
        event.jurisdiction,
        event.campaign,
        _department(event),
        cancelled_at=event.data.cancelled_at,
    )


async def activity_ended(tx: Transaction, event: CloudEvent[ActivityEnded] | CloudEvent[ActivityEndCorrected]) -> None:
    """活动结束: its table may be published."""
    await store.keep_activity(
        tx.connection,
        event.data.activity_id,
        event.jurisdiction,
        event.campaign,
        _department(event),
        ended_at=event.data.at,
    )


async def question_asked(tx: Transaction, event: CloudEvent[QuestionAsked]) -> None:
    """直播提问 is a suggestion like any other. Its text is fetched later: asking here would hold this transaction."""
    asked = event.data
    await store.keep_activity(tx.connection, asked.activity_id, event.jurisdiction, event.campaign, _department(event))
    suggestion = Suggestion(
        id=uuid4(),
        version=1,
        activity_id=asked.activity_id,
        source="live_question",
        question_id=asked.question_id,
        text_state="pending",
        received_at=asked.at,
    )
    if await store.add_suggestion(tx.connection, suggestion, store.Sealed()):
        await store.add_fetch(tx.connection, suggestion.id)
        received = SuggestionReceived(
            suggestion_id=suggestion.id, activity_id=asked.activity_id, source="live_question", at=asked.at
        )
        await tell(tx, await store.activity(tx.connection, asked.activity_id), received, suggestion.id)


def _department(event: CloudEvent[Any]) -> str:
    if event.department is None:
        raise ActivityOfNobody(f"{event.type} {event.id} names no department")
    return event.department
