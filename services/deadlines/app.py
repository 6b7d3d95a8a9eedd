"""Wiring of deadlines; the only file that chooses."""

from pathlib import Path

from fastapi import APIRouter, Depends, Request

from servicekit.run import Wiring
from servicekit.service import Service
from servicekit.timers import Timers
from services.deadlines import subscribers
from services.deadlines.api import router
from services.deadlines.gateways import Calendars
from services.deadlines.settings import DeadlinesSettings
from services.deadlines.use_cases import watch_clock


def wire() -> Wiring:
    """期限与违规 service: what is owed when, what lapsed, and what became of it."""
    settings = DeadlinesSettings()
    calendars = Calendars.from_directory(settings.calendars_dir)

    async def fire(service: Service) -> int:
        return await watch_clock.judge_due(service, calendars)

    async def opened(service: Service) -> None:
        await watch_clock.apply_calendars(service, calendars)

    return Wiring(
        name="deadlines",
        title="期限与违规 deadlines",
        description="期限、违规、延期、豁免、申诉与合规看板。",
        settings=settings,
        routers=[_with_calendars(calendars, router)],
        migrations=Path(__file__).parent / "migrations",
        hears=subscribers.hears(calendars),
        timers=Timers(next_at=watch_clock.next_due, fire=fire),
        opened=opened,
    )


def _with_calendars(calendars: Calendars, inner: APIRouter) -> APIRouter:
    """The router, whose endpoints find the calendars in force at `request.state.calendars`."""

    async def provide(request: Request) -> None:
        request.state.calendars = calendars

    outer = APIRouter(dependencies=[Depends(provide)])
    outer.include_router(inner)
    return outer
