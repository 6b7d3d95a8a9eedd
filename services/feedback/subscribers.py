"""What feedback hears from plans and livestream."""

from collections.abc import Mapping

from contracts.envelope import EventData
from contracts.livestream.events import QuestionAsked
from contracts.plans.events import (
    ActivityCancelled,
    ActivityEndCorrected,
    ActivityEnded,
    CampaignOpened,
    PlanFiled,
)
from servicekit.delivery import Handler
from services.feedback.use_cases import hear

FROM_PLANS: Mapping[type[EventData], Handler] = {
    CampaignOpened: hear.campaign_opened,
    PlanFiled: hear.plan_filed,
    ActivityCancelled: hear.activity_cancelled,
    ActivityEnded: hear.activity_ended,
    ActivityEndCorrected: hear.activity_ended,
}

FROM_LIVESTREAM: Mapping[type[EventData], Handler] = {QuestionAsked: hear.question_asked}
