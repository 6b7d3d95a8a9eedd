"""Settings of plans, prefix PLANS_."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from contracts.policy import CALENDARS_DIRECTORY, PACKS_DIRECTORY
from servicekit.settings import ServiceSettings


class PlansSettings(ServiceSettings):
    """`packs_dir` and `calendars_dir` hold the district's files; without one, those shipped."""

    model_config = SettingsConfigDict(env_prefix="PLANS_")

    encryption_keys_file: Path  # contacts are personal data: no key ring, no service
    packs_dir: Path = PACKS_DIRECTORY
    calendars_dir: Path = CALENDARS_DIRECTORY
