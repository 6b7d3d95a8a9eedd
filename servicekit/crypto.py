"""Sensitive values at rest: AES-256-GCM under a named key, so that keys can be rotated."""

import base64
import json
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class Unsealable(ValueError):
    """A sealed value that no key of the ring opens, or that was sealed for another place."""


class Sealer:
    """Seals with the current key, opens with any of the ring's."""

    def __init__(self, current: str, keys: dict[str, bytes]) -> None:
        if current not in keys:
            raise ValueError(f"the current key {current!r} is not in the ring")
        if dotted := [name for name in keys if "." in name]:
            raise ValueError(f"a key's name ends at the first dot; rename {', '.join(dotted)}")
        self._current = current
        self._ring = {name: AESGCM(key) for name, key in keys.items()}

    @classmethod
    def from_file(cls, path: Path) -> "Sealer":
        """A JSON file: {"current": "k1", "keys": {"k1": "<base64 of 32 bytes>"}}."""
        document = json.loads(path.read_text(encoding="utf-8"))
        return cls(document["current"], {name: base64.b64decode(key) for name, key in document["keys"].items()})

    def seal(self, plain: str, *, place: str) -> str:
        """`place` says where the value belongs (table and row); it opens nowhere else."""
        nonce = os.urandom(_NONCE_BYTES)
        body = self._ring[self._current].encrypt(nonce, plain.encode(), place.encode())
        return f"{self._current}.{base64.urlsafe_b64encode(nonce + body).decode()}"

    def open(self, sealed: str, *, place: str) -> str:
        name, _, body = sealed.partition(".")
        if name not in self._ring:
            raise Unsealable(f"no key {name!r} in the ring")
        try:
            raw = base64.urlsafe_b64decode(body)
            return self._ring[name].decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError) as wrong:
            raise Unsealable("sealed for another place, or damaged") from wrong
