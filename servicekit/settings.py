"""Settings that every service has. Each service subclasses this with its own prefix, for example PLANS_."""

from datetime import datetime
from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Read once, in app and __main__. Times are in seconds of system time, sizes in bytes."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    deployment: Literal["production", "embedded", "rehearsal"] = "production"
    clock: Literal["system", "simulated"] = "system"
    simulated_start: AwareDatetime | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    http_host: str = "127.0.0.1"
    http_port: int = 8000
    max_body_bytes: int = Field(default=1_048_576, ge=1024)
    graceful_seconds: float = 15.0

    database_url: SecretStr
    pool_min: int = 2
    pool_max: int = 12
    statement_timeout_seconds: float = 20.0

    nats_url: str
    nats_user: str
    nats_password: SecretStr
    nats_connect_seconds: float = 10.0
    watchdog_interval_seconds: float = 5.0
    watchdog_limit_seconds: float = 60.0

    auth_issuer: str
    auth_audience: str = "openday"
    auth_jwks: str = Field(description="File path or http(s) URL of the issuer's JWKS")
    auth_leeway_seconds: int = 30
    auth_jwks_cache_seconds: float = 300.0

    relay_batch: int = Field(default=200, ge=1, le=1000)
    relay_idle_seconds: float = 0.5
    publish_timeout_seconds: float = 5.0
    publish_attempts: int = Field(default=20, description="Refusals by the stream until an event is parked")
    timer_idle_seconds: float = 0.5

    delivery_batch: int = 16
    delivery_attempts: int = Field(default=6, description="Failures of our own until a message is dead")
    delivery_delays_seconds: tuple[float, ...] = (0.5, 2.0, 5.0, 15.0, 30.0)

    idempotency_keep_days: int = Field(default=7, ge=1)
    housekeeping_idle_seconds: float = 3600.0
    encryption_keys_file: Path | None = None

    @model_validator(mode="after")
    def _real_time_in_production(self) -> Self:
        if self.clock == "simulated" and self.deployment == "production":
            raise ValueError("a real deployment refuses the simulated clock; set DEPLOYMENT to embedded or rehearsal")
        if self.clock == "simulated" and self.simulated_start is None:
            raise ValueError("the simulated clock needs SIMULATED_START, for example 2024-08-14T09:00:00+08:00")
        return self

    @property
    def start(self) -> datetime:
        """Where a simulated clock begins."""
        if self.simulated_start is None:
            raise ValueError("the system clock has no start")
        return self.simulated_start
