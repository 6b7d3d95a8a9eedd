"""邮件: SMTP, one message to one recipient, and an honest account of what became of it."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Literal
from uuid import UUID

import aiosmtplib

from services.notifications.domain.letters import SHANGHAI
from services.notifications.domain.masking import scrub
from services.notifications.domain.outcomes import Outcome, of_smtp_refusal
from services.notifications.gateways.contacts import Contact
from services.notifications.gateways.templates import Written


@dataclass(frozen=True)
class MailServer:
    """`timeout_seconds` is for each step of the exchange."""

    host: str
    port: int
    tls: Literal["none", "starttls", "tls"]
    username: str | None
    password: str | None
    timeout_seconds: float


@dataclass(frozen=True)
class MailAbout:
    """Which delivery, and which event it tells of; becomes headers, so that a mail can be traced."""

    notification: UUID
    event: UUID
    event_type: str
    audience: str
    correlation: str


def compose(about: MailAbout, written: Written, to: Contact, *, sender: str, at: datetime) -> bytes:
    """The message as it travels: Chinese in UTF-8 and Base64. Raises ValueError for an address no header can hold."""
    message = EmailMessage(policy=SMTP_POLICY.clone(cte_type="7bit"))
    domain = sender.rpartition("@")[2]
    message["From"] = Address("政府开放日", addr_spec=sender)
    message["To"] = Address(" ".join((to.name or "").split()), addr_spec=to.email)
    message["Subject"] = written.subject
    message["Date"] = format_datetime(at.astimezone(SHANGHAI))
    message["Message-ID"] = f"<{about.notification}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Openday-Event-Type"] = about.event_type
    message["X-Openday-Event-Id"] = str(about.event)
    message["X-Openday-Audience"] = about.audience
    message["X-Openday-Correlation-Id"] = about.correlation
    message.set_content(written.body, charset="utf-8", cte="base64")
    return message.as_bytes()


async def deliver(server: MailServer, sender: str, recipient: str, message: bytes) -> Outcome:
    """One SMTP exchange. Until DATA a lost connection is temporary; from there on nobody knows, so it is unknown."""
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        timeout=server.timeout_seconds,
        use_tls=server.tls == "tls",
        start_tls=server.tls == "starttls",
        username=server.username,
        password=server.password,
    )
    in_flight = False
    try:
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as lost:
            # A greeting, login or TLS refused says something about the server or our settings, not about this mail.
            return Outcome("temporary", _words(lost))
        await client.mail(sender)
        await client.rcpt(recipient)
        in_flight = True
        await client.data(message)  # raises for any answer but 250
        return Outcome("delivered")
    except aiosmtplib.SMTPResponseException as refused:
        return of_smtp_refusal(refused.code, scrub(str(refused.message)))
    except UnicodeEncodeError:
        return Outcome("permanent", "the address is not one SMTP can carry")
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as lost:
        return Outcome("unknown" if in_flight else "temporary", _words(lost))
    finally:
        client.close()


def _words(lost: Exception) -> str:
    return f"{type(lost).__name__}: {scrub(str(lost))}"
