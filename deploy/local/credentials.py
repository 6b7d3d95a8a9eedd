"""The stack's passwords and keys: made at the first start, kept in the data directory (0600), never in git."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.nats_server import write_private
from deploy.local.postgres_server import SUPERUSER
from deploy.local.settings import SERVICE_NAMES
from deploy.nats.config import USERS


@dataclass(frozen=True)
class Credentials:
    """`stack` names this stack, so that nobody else's server is taken for ours."""

    stack: str
    nats: Mapping[str, str]
    postgres: Mapping[str, str]
    encryption_keys: Mapping[str, Path]


def open_credentials(directory: Path) -> Credentials:
    """Read them, making what is missing: a stack from before a new service gets the new service's."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = directory / "passwords.json"
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    stack: str = known.get("stack") or f"openday-{secrets.token_hex(4)}"
    nats = _passwords(USERS, known.get("nats", {}))
    postgres = _passwords((SUPERUSER, *SERVICE_NAMES), known.get("postgres", {}))
    whole = {"stack": stack, "nats": nats, "postgres": postgres}
    if whole != known:
        write_private(file, json.dumps(whole, indent=2) + "\n")
    keys = {name: _key_ring(directory / f"{name}-keys.json") for name in SERVICE_NAMES}
    return Credentials(stack, nats, postgres, keys)


def _passwords(names: tuple[str, ...], known: dict[str, str]) -> dict[str, str]:
    return {name: known.get(name) or secrets.token_urlsafe(24) for name in names}


def _key_ring(file: Path) -> Path:
    if not file.exists():
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        write_private(file, json.dumps({"current": "k1", "keys": {"k1": key}}) + "\n")
    return file
