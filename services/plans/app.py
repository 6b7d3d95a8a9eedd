"""Wiring of plans; the only file that chooses."""

from pathlib import Path

from fastapi import APIRouter, Depends, Request

from servicekit.run import Wiring
from servicekit.timers import Timers
from services.plans import views
from services.plans.api import routers
from services.plans.gateways import PolicyFiles
from services.plans.settings import PlansSettings
from services.plans.use_cases.date_activity import next_due, start_and_end


def wire() -> Wiring:
    """实施方案 service: campaigns, plans, activities, announcements, proofs, reports."""
    settings = PlansSettings()
    policy = PolicyFiles(settings.packs_dir, settings.calendars_dir)
    return Wiring(
        name="plans",
        title="实施方案 plans",
        description="年度活动、实施方案、活动、公告、凭证与报送。",
        settings=settings,
        routers=[_reading(policy, router) for router in routers],
        migrations=Path(__file__).parent / "migrations",
        answers={"queries.plans.contacts.v1": views.contacts},
        timers=Timers(next_at=next_due, fire=start_and_end),
    )


def _reading(policy: PolicyFiles, router: APIRouter) -> APIRouter:
    """The router, whose endpoints find the pack files at `request.state.policy`."""

    async def provide(request: Request) -> None:
        request.state.policy = policy

    outer = APIRouter(dependencies=[Depends(provide)])
    outer.include_router(router)
    return outer
