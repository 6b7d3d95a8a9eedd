"""Wiring of notifications: the only file that chooses."""

from pathlib import Path

import contracts
from servicekit.run import Wiring
from servicekit.service import Service
from servicekit.timers import repeat
from services.notifications import store
from services.notifications.api import routes
from services.notifications.gateways.contacts import Contacts
from services.notifications.gateways.mail import MailServer
from services.notifications.gateways.templates import load_rules
from services.notifications.settings import Settings
from services.notifications.subscribers import hears
from services.notifications.use_cases.send import Letterbox, Sender, Sending
from services.notifications.use_cases.settle import Retries
from services.notifications.use_cases.subscribe import Doorkeeping

HERE = Path(__file__).parent
_EXAMPLES = Path(contracts.__file__).parent / "examples"


def wire() -> Wiring:
    """通知服务: mail and signed webhooks about what happened. Raises RulesInvalid on a bad rules file."""
    settings = Settings()
    rules, templates = load_rules(settings.rules_directory, _EXAMPLES)
    sender = Sender(_sending(settings), _letterbox(settings), Contacts(settings.contacts_timeout_seconds), templates)

    async def send(service: Service) -> None:
        await repeat(service, sender.turn, idle_seconds=settings.sender_idle_seconds)

    return Wiring(
        name="notifications",
        title="通知服务 notifications",
        description="Mail to departments and the office, signed webhooks to front-ends; every message once.",
        settings=settings,
        routers=[routes(rules, Doorkeeping(settings.https_only, settings.webhook_hosts, settings.webhooks_per_owner))],
        migrations=HERE / "migrations",
        hears=hears(rules),
        pending=store.ready_count,
        background=[send],
    )


def _sending(settings: Settings) -> Sending:
    return Sending(
        batch=settings.sender_batch,
        parallel=settings.sender_parallel,
        lease_seconds=settings.send_lease_seconds,
        webhook_seconds=settings.webhook_timeout_seconds,
        grace_seconds=settings.graceful_seconds,
        retries=Retries(settings.retry_delays_seconds, settings.send_attempts),
    )


def _letterbox(settings: Settings) -> Letterbox:
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    server = MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        username=settings.smtp_username,
        password=password,
        timeout_seconds=settings.smtp_timeout_seconds,
    )
    return Letterbox(server, settings.smtp_sender)
