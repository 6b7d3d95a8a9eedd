"""Wiring of livestream; the only file that chooses."""

from pathlib import Path

from servicekit.run import Wiring
from services.livestream import views
from services.livestream.api import Following, routes
from services.livestream.settings import LivestreamSettings
from services.livestream.subscribers import FROM_PLANS


def wire() -> Wiring:
    """网络直播 service: sessions, venues and their links, what is on air, questions."""
    settings = LivestreamSettings()
    pace = views.Pace(settings.follow_poll_seconds, settings.follow_heartbeat_seconds)
    return Wiring(
        name="livestream",
        title="网络直播 livestream",
        description="直播场次、会场连线、播出切换、应急切断与直播提问。",
        settings=settings,
        routers=[routes(Following(settings.follow_limit, pace))],
        migrations=Path(__file__).parent / "migrations",
        hears={"plans": FROM_PLANS},
        answers={"queries.livestream.question.v1": views.question_text},
    )
