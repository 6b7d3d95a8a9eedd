"""What the composed stack reads besides its compose file: passwords, keys, the bus's users, each service's settings.

Made once in a directory only its owner can enter, and kept: a second run changes nothing but the bus's rights, which
follow the topology. The token issuer made here is for trying out; a real district puts its OIDC issuer's name and JWKS
into the service files (docs/runbook.md).
"""

import json
from pathlib import Path
from typing import Any

from contracts.topology import SERVICES
from deploy.local.credentials import Credentials, open_credentials
from deploy.local.issuer import AUDIENCE, Issuer, open_issuer
from deploy.local.nats_server import write_private
from deploy.local.postgres_server import SUPERUSER
from deploy.local.settings import DEFAULTS
from deploy.nats.config import OPS, render

NAMES = tuple(service.name for service in SERVICES)
_PORTS = {**{name: 18100 + DEFAULTS["port_offsets"][name] for name in NAMES}, "mail": 18126, "webhook": 18127}


def prepare(directory: Path) -> dict[str, Any]:
    """Make what is missing; returns what `stack.json` says of the composed stack (secrets included)."""
    directory = directory.absolute()
    credentials = open_credentials(directory)
    issuer = open_issuer(directory / "issuer", name="https://compose.issuer.localhost")
    _write_mounted(directory / "postgres_password", credentials.postgres[SUPERUSER])
    conf = render(
        server_name=credentials.stack, host="0.0.0.0", port=4222, store=Path("/data"), passwords=credentials.nats
    )
    _write_mounted(directory / "nats.conf", conf)
    _write_mounted(issuer.jwks, issuer.jwks.read_text(encoding="utf-8"))
    _write_environments(directory, credentials, issuer)
    for name in NAMES:
        ring = credentials.encryption_keys[name].read_text(encoding="utf-8")
        _write_mounted(directory / "keys" / f"{name}.json", ring)
    stack = _description(credentials, issuer)
    write_private(directory / "stack.json", json.dumps(stack, indent=2) + "\n")
    return stack


def _write_mounted(file: Path, text: str) -> None:
    """Compose mounts a secret with its own mode, and the image's user is not ours; the directory keeps others out."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o644)


def _write_environments(directory: Path, credentials: Credentials, issuer: Issuer) -> None:
    databases = {"ADMIN_DSN": _dsn(SUPERUSER, credentials.postgres[SUPERUSER], "postgres")}
    databases |= {f"{name.upper()}_DB_PASSWORD": credentials.postgres[name] for name in NAMES}
    migrations = {f"{name.upper()}_DATABASE_URL": _dsn(name, credentials.postgres[name], name) for name in NAMES}
    topology = {"NATS_URL": "nats://nats:4222", "NATS_USER": OPS, "NATS_PASSWORD": credentials.nats[OPS]}
    for name, values in (("databases", databases), ("migrations", migrations), ("topology", topology)):
        _write_environment(directory / f"{name}.env", values)
    for name in NAMES:
        settings = {
            "DATABASE_URL": migrations[f"{name.upper()}_DATABASE_URL"],
            "NATS_URL": "nats://nats:4222",
            "NATS_USER": name,
            "NATS_PASSWORD": credentials.nats[name],
            "AUTH_ISSUER": issuer.name,
            "AUTH_AUDIENCE": AUDIENCE,
            "AUTH_JWKS": "/run/secrets/jwks.json",
            "ENCRYPTION_KEYS_FILE": "/run/secrets/keys.json",
        }
        if name == "notifications":
            settings |= {"SMTP_HOST": "mailcatcher", "SMTP_PORT": "2525", "SMTP_TLS": "none"}
            settings["SMTP_SENDER"] = DEFAULTS["mail_sender"]
        _write_environment(directory / f"{name}.env", {f"{name.upper()}_{key}": v for key, v in settings.items()})


def _write_environment(file: Path, values: dict[str, str]) -> None:
    write_private(file, "".join(f"{name}={value}\n" for name, value in values.items()))


def _dsn(role: str, password: str, database: str) -> str:
    return f"postgresql://{role}:{password}@postgres:5432/{database}"


def _description(credentials: Credentials, issuer: Issuer) -> dict[str, Any]:
    """`stack.json` as the rehearsal reads it; the bus is not published, so its inspection is left out."""
    return {
        "kind": "compose",
        "simulated": True,
        "simulated_start": DEFAULTS["simulated_start"].isoformat(),
        "services": {name: f"http://127.0.0.1:{_PORTS[name]}" for name in NAMES},
        "mail": {"http": f"http://127.0.0.1:{_PORTS['mail']}"},
        "webhook": {"http": f"http://127.0.0.1:{_PORTS['webhook']}", "hooks": "http://webhookcatcher:8027/hooks"},
        "auth": {
            "issuer": issuer.name,
            "audience": AUDIENCE,
            "jwks": str(issuer.jwks),
            "signing_key": str(issuer.key_file),
            "jurisdiction": DEFAULTS["jurisdiction"],
        },
    }
