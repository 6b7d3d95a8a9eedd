"""The JWT issuer of the embedded stack and of tests. A real deployment uses the government's OIDC issuer instead."""

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.local.nats_server import write_private

Role = Literal["office", "department", "frontend", "auditor", "ops", "operator"]
ROLES: tuple[Role, ...] = get_args(Role)

AUDIENCE = "openday"
TOKEN_SECONDS = 30 * 24 * 60 * 60
"""How long a local token is good for, in system time: long enough to come back to a stack that was left running."""


@dataclass(frozen=True)
class Issuer:
    """`jwks` is the public half, what services are given; `key_file` holds the private one (0600)."""

    name: str
    audience: str
    key_file: Path
    jwks: Path

    def mint(
        self,
        role: Role,
        *,
        department: str | None = None,
        subject: str | None = None,
        jurisdiction: str = "640402",
        seconds: float = TOKEN_SECONDS,
    ) -> str:
        """A bearer token. `department` is the USCC a department's token speaks for; negative `seconds`: expired."""
        if (role == "department") != (department is not None):
            raise ValueError("a department's token, and no other, names its department (USCC)")
        key = ECKey.import_key(json.loads(self.key_file.read_text(encoding="utf-8")))
        now = int(time.time())
        claims: dict[str, object] = {
            "iss": self.name,
            "aud": self.audience,
            "sub": subject or (f"department-{department}" if department else role),
            "iat": now,
            "exp": int(now + seconds),
            "jurisdiction": jurisdiction,
            "roles": [role],
        }
        if department:
            claims["department"] = department
        return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)


def open_issuer(directory: Path, *, name: str, audience: str = AUDIENCE) -> Issuer:
    """The issuer kept in a directory, made at the first call: a P-256 key and its JWKS."""
    issuer = Issuer(name, audience, directory / "signing-key.json", directory / "jwks.json")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not issuer.key_file.exists():
        key = ECKey.generate_key("P-256", auto_kid=True)
        write_private(issuer.key_file, json.dumps(key.as_dict(private=True)))
    key = ECKey.import_key(json.loads(issuer.key_file.read_text(encoding="utf-8")))
    public = {**key.as_dict(private=False), "alg": "ES256", "use": "sig"}
    issuer.jwks.write_text(json.dumps({"keys": [public]}, indent=2) + "\n", encoding="utf-8")
    return issuer
