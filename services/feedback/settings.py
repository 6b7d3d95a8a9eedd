"""Settings of feedback, prefix FEEDBACK_."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from servicekit.settings import ServiceSettings


class FeedbackSettings(ServiceSettings):
    """`fetch_*` is about live questions' texts, asked of livestream; seconds of system time."""

    model_config = SettingsConfigDict(env_prefix="FEEDBACK_")

    encryption_keys_file: Path  # suggestions and who made them are residents' data: no key ring, no service
    fetch_batch: int = Field(default=20, ge=1, le=200)
    fetch_idle_seconds: float = Field(default=0.5, gt=0)
    fetch_timeout_seconds: float = Field(default=3.0, gt=0)
    fetch_lease_seconds: float = Field(default=30.0, gt=0)
    fetch_delays_seconds: Annotated[tuple[float, ...], Field(min_length=1)] = (1.0, 5.0, 15.0, 60.0)
