"""What livestream hears from plans."""

from collections.abc import Mapping

from contracts.envelope import EventData
from contracts.plans.events import ActivityCancelled, ActivityEnded, PlanFiled
from servicekit.delivery import Handler
from services.livestream.use_cases import hear_plans

FROM_PLANS: Mapping[type[EventData], Handler] = {
    PlanFiled: hear_plans.plan_filed,
    ActivityCancelled: hear_plans.activity_cancelled,
    ActivityEnded: hear_plans.activity_ended,
}
"""Dates are not listed: nothing here depends on them."""
