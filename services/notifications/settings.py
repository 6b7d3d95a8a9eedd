"""Settings of notifications, prefix NOTIFICATIONS_. Times in seconds of system time."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_")

    encryption_keys_file: Path  # seals the secrets of webhooks

    smtp_host: str
    smtp_port: int = 25
    smtp_tls: Literal["none", "starttls", "tls"] = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_sender: str = Field(default="openday@localhost", pattern=r"^[\x21-\x7e]+@[\x21-\x7e]+$")
    smtp_timeout_seconds: float = 10.0

    webhook_timeout_seconds: float = 10.0
    webhook_hosts: tuple[str, ...] = Field(default=(), description="Allowed receivers; .x for all below x; empty: any")
    webhooks_per_owner: int = 20

    contacts_timeout_seconds: float = 2.0
    rules_directory: Path = Path(__file__).parent

    sender_idle_seconds: float = 0.2
    sender_batch: int = Field(default=20, ge=1, le=200)
    sender_parallel: int = Field(default=4, ge=1, le=50)
    send_lease_seconds: float = Field(default=60.0, description="Longer than any attempt; after it nobody knows")
    send_attempts: int = 20
    retry_delays_seconds: tuple[float, ...] = (2.0, 10.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0)

    @model_validator(mode="after")
    def _lease_outlives_an_attempt(self) -> Self:
        # connect, MAIL, RCPT, DATA and its answer, each with its own timeout
        longest = max(5 * self.smtp_timeout_seconds, 2 * self.webhook_timeout_seconds)
        if self.send_lease_seconds <= longest:
            raise ValueError(f"SEND_LEASE_SECONDS must be more than the longest attempt, {longest:g} s")
        return self

    @property
    def https_only(self) -> bool:
        """A real deployment tells nobody in clear text."""
        return self.deployment == "production"
