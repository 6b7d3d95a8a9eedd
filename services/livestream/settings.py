"""Settings of livestream, prefix LIVESTREAM_."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from servicekit.settings import ServiceSettings


class LivestreamSettings(ServiceSettings):
    """`follow_*` bound the streams of happenings (SSE), in seconds of system time."""

    model_config = SettingsConfigDict(env_prefix="LIVESTREAM_")

    encryption_keys_file: Path  # questions are free text of residents: no key ring, no service
    follow_limit: int = Field(default=100, ge=1, description="Streams of happenings one process keeps open")
    follow_poll_seconds: float = Field(default=0.5, gt=0)
    follow_heartbeat_seconds: float = Field(default=15.0, gt=0)
