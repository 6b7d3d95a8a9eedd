"""Wiring of feedback; the only file that chooses."""

from pathlib import Path

from servicekit.run import Wiring
from servicekit.service import Service
from servicekit.timers import repeat
from services.feedback import store, views
from services.feedback.api import router, table_routes
from services.feedback.gateways import AdoptionPage, QuestionTexts
from services.feedback.settings import FeedbackSettings
from services.feedback.subscribers import FROM_LIVESTREAM, FROM_PLANS
from services.feedback.use_cases.fetch_text import Fetcher


def wire() -> Wiring:
    """意见建议 service: suggestions, decisions, adoption tables."""
    settings = FeedbackSettings()
    fetcher = Fetcher(
        QuestionTexts(settings.fetch_timeout_seconds),
        settings.fetch_batch,
        settings.fetch_lease_seconds,
        settings.fetch_delays_seconds,
    )

    async def fetch(service: Service) -> None:
        await repeat(service, fetcher.turn, idle_seconds=settings.fetch_idle_seconds)

    return Wiring(
        name="feedback",
        title="意见建议 feedback",
        description="意见建议、处理结果与采纳表。",
        settings=settings,
        routers=[router, table_routes(AdoptionPage())],
        migrations=Path(__file__).parent / "migrations",
        hears={"plans": FROM_PLANS, "livestream": FROM_LIVESTREAM},
        answers={"queries.feedback.contacts.v1": views.contacts},
        pending=store.fetches_in_hand,
        background=[fetch],
    )
