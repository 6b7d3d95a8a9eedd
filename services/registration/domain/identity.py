"""识别与脱敏: tell one person from another, and a secret's holder from a stranger, without keeping either value."""

import base64
import hmac
import re
import unicodedata
from hashlib import sha256
from uuid import UUID

from services.registration.domain.participant import Participant

_BLANK = re.compile(r"\s+")
_COUNTRY = re.compile(r"^(?:\+|00)86")
_MASKED_WHOLE = 8


def digests(key: bytes, activity: UUID, person: Participant) -> tuple[str, ...]:
    """By what one person is known in one activity: the name with the phone, and the identity number where given.

    Keyed, and different in every activity: without the key nothing can be tried out, and nobody can be followed from
    one activity to another.
    """
    name = _BLANK.sub("", unicodedata.normalize("NFKC", person.name)).casefold()
    facts = [f"person\n{name}\n{_digits(person.phone)}"]
    if person.id_number is not None:
        facts.append(f"id\n{person.id_number}")
    return tuple(sorted(_mac(key, f"identity\n{activity}\n{fact}").hex() for fact in facts))


def secret_of(key: bytes, registration: UUID) -> str:
    """凭证 to see and cancel one registration: derived anew each time, stored nowhere."""
    return base64.urlsafe_b64encode(_mac(key, f"secret\n{registration}")).decode().rstrip("=")


def holds_secret(key: bytes, registration: UUID, shown: str) -> bool:
    return hmac.compare_digest(secret_of(key, registration).encode(), shown.encode())


def mask_name(name: str) -> str:
    """张*: the first character, and nothing about how many follow."""
    return f"{name[:1]}*"


def mask_phone(phone: str) -> str:
    """138****5678, or the last two digits of a short number."""
    digits = _digits(phone)
    return f"****{digits[-2:]}" if len(digits) < _MASKED_WHOLE else f"{digits[:3]}****{digits[-4:]}"


def _digits(phone: str) -> str:
    bare = "".join(mark for mark in phone if mark.isdigit() or mark == "+")
    return _COUNTRY.sub("", bare).lstrip("+")


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), sha256).digest()
