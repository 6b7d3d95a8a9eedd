"""Settings of deadlines, prefix DEADLINES_."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from contracts.policy import CALENDARS_DIRECTORY
from servicekit.settings import ServiceSettings


class DeadlinesSettings(ServiceSettings):
    """`calendars_dir` holds the calendar layers in force, as files; without one, those shipped."""

    model_config = SettingsConfigDict(env_prefix="DEADLINES_")

    calendars_dir: Path = CALENDARS_DIRECTORY
