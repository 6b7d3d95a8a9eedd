"""Settings of registration, prefix REGISTRATION_."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from servicekit.settings import ServiceSettings


class RegistrationSettings(ServiceSettings):
    """The key ring is required: participants' data is never written without it."""

    model_config = SettingsConfigDict(env_prefix="REGISTRATION_")

    encryption_keys_file: Path
