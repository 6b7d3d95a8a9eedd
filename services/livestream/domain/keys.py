"""推流密钥: random, shown once, kept as a digest."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from servicekit.problems import Refused

_PREFIX = "ik_"
_RANDOM_BYTES = 24


class KeyWrong(Refused):
    code, status, title = "ingest-key-wrong", 403, "推流密钥不正确"
    fix = "核对密钥;遗失的可以换新"


class KeyRevoked(Refused):
    code, status, title = "ingest-key-revoked", 403, "推流密钥已作废"
    fix = "使用换新后的密钥"


@dataclass(frozen=True)
class HeldKey:
    """What is kept of a key."""

    session_id: UUID
    venue: str
    revoked_at: datetime | None


def new_key() -> str:
    return _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def digest_of_key(key: str) -> str:
    """Keys are 192 random bits: a plain digest can't be searched, no salt or stretching needed."""
    return sha256(key.encode()).hexdigest()


def require_valid(key: HeldKey | None) -> HeldKey:
    """Raises KeyWrong, KeyRevoked."""
    if key is None:
        raise KeyWrong("没有这个推流密钥")
    if key.revoked_at is not None:
        raise KeyRevoked(f"会场 {key.venue} 的这个密钥已作废")
    return key
