"""Who is asking: a bearer JWT of the government's OIDC issuer, verified in every service against its JWKS."""

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from servicekit.problems import Forbidden, TryAgain, Unauthenticated
from servicekit.settings import ServiceSettings

_ALGORITHMS = ["ES256", "RS256", "EdDSA"]


@dataclass(frozen=True)
class Actor:
    """The caller, as its token says. `department` is a USCC, present for departments' tokens."""

    subject: str
    roles: frozenset[str]
    department: str | None
    jurisdiction: str | None

    def may(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)

    def require(self, *roles: str) -> None:
        """Raises Forbidden unless the caller has one of the roles."""
        if not self.may(*roles):
            raise Forbidden(f"此操作需要角色: {' / '.join(roles)}", fix="请用有相应角色的账号操作")


class TokenReader:
    """Verifies tokens; the JWKS is read from a file or URL and kept for a while, longer when the issuer is down."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._keys: KeySet | None = None
        self._read_at = 0.0
        self._lock = asyncio.Lock()

    async def read(self, token: str) -> Actor:
        """Raises Unauthenticated for anything but a token of our issuer, for us, valid now (system time)."""
        keys = await self._key_set()
        try:
            decoded = jwt.decode(token, keys, algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            keys = await self._key_set(renew=True)  # the issuer may have rotated its key
            try:
                decoded = jwt.decode(token, keys, algorithms=_ALGORITHMS)
            except (JoseError, ValueError) as wrong:
                raise Unauthenticated("令牌无法验证") from wrong
        self._check(decoded.claims)
        return _actor(decoded.claims)

    def _check(self, claims: dict[str, Any]) -> None:
        rules = jwt.JWTClaimsRegistry(
            now=int(time.time()),
            leeway=self._settings.auth_leeway_seconds,
            iss={"essential": True, "value": self._settings.auth_issuer},
            aud={"essential": True, "value": self._settings.auth_audience},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            rules.validate(claims)
        except JoseError as wrong:
            raise Unauthenticated(f"令牌无效: {wrong.error}") from wrong

    async def _key_set(self, *, renew: bool = False) -> KeySet:
        # A renewal is asked for by an unverifiable token, which anybody can send: at most one every five seconds.
        fresh_for = 5.0 if renew else self._settings.auth_jwks_cache_seconds
        async with self._lock:
            # Looked at under the lock: of many who wait for the same renewal only the first asks the issuer.
            if self._keys is not None and time.monotonic() - self._read_at < fresh_for:
                return self._keys
            try:
                self._keys = KeySet.import_key_set(await _read_jwks(self._settings.auth_jwks))
            except (OSError, httpx.HTTPError, ValueError, TypeError, KeyError, JoseError) as lost:
                if self._keys is None:
                    raise TryAgain("身份服务暂时无法访问") from lost
            self._read_at = time.monotonic()
            return self._keys


async def _read_jwks(location: str) -> Any:
    if location.startswith(("http://", "https://")):
        async with httpx.AsyncClient(timeout=5.0) as client:
            answer = await client.get(location)
            answer.raise_for_status()
            return answer.json()
    return json.loads(await asyncio.to_thread(Path(location).read_text, encoding="utf-8"))


def _actor(claims: dict[str, Any]) -> Actor:
    roles = claims.get("roles", [])
    if not isinstance(roles, list):
        raise Unauthenticated("令牌中的 roles 须为列表")
    if not claims.get("jurisdiction") and set(roles) - {"ops"}:
        # Without it a token would be good for every district.
        raise Unauthenticated("令牌中缺少 jurisdiction(GB/T 2260 代码)")
    return Actor(
        subject=str(claims["sub"]),
        roles=frozenset(str(role) for role in roles),
        department=claims.get("department"),
        jurisdiction=claims.get("jurisdiction"),
    )


PUBLIC = Actor(subject="public", roles=frozenset(), department=None, jurisdiction=None)
"""群众 without an account. It has no role, so nothing that requires one is open to it."""


async def actor_or_public(request: Request) -> Actor:
    """FastAPI dependency: the caller, or PUBLIC where no token is sent. Raises Unauthenticated for a bad one."""
    return await actor_of(request) if "authorization" in request.headers else PUBLIC


async def actor_of(request: Request) -> Actor:
    """FastAPI dependency: the caller of this request. Raises Unauthenticated."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("缺少 Bearer 令牌")
    reader: TokenReader = request.app.state.tokens
    actor = await reader.read(token.strip())
    request.state.actor = actor
    return actor
