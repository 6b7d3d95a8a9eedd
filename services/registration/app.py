"""Wiring of registration; the only file that chooses."""

from pathlib import Path

from servicekit.run import Wiring
from servicekit.timers import Timers
from services.registration import subscribers, views
from services.registration.api import router
from services.registration.gateways import KeyFile
from services.registration.settings import RegistrationSettings
from services.registration.use_cases import watch_clock


def wire() -> Wiring:
    """报名 service: sign-up, places, waitlist, check-ins, headcount."""
    settings = RegistrationSettings()
    return Wiring(
        name="registration",
        title="报名 registration",
        description="报名、名额、候补、签到与到场人数。",
        settings=settings,
        routers=[router],
        migrations=Path(__file__).parent / "migrations",
        hears={"plans": subscribers.from_plans(KeyFile(settings.encryption_keys_file))},
        answers={"queries.registration.contacts.v1": views.contacts},
        timers=Timers(next_at=watch_clock.next_due, fire=watch_clock.forecast_due),
    )
