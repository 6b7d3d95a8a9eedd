"""脱敏: what of a recipient may be stored, shown and logged."""

import re
from hashlib import sha256
from urllib.parse import urlsplit
from uuid import UUID

_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"']+@[^\s<>()\[\],;:\"']+")
_DETAIL = 300


def mask_address(email: str) -> str:
    """z***@example.gov.cn"""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}***@{domain}"


def mask_url(url: str) -> str:
    """Scheme and host; path and query may hold a token."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…"


def scrub(text: str) -> str:
    """A provider's answer without the addresses it repeats, cut to a bounded length."""
    return _ADDRESS.sub(lambda found: mask_address(found.group()), text)[:_DETAIL]


def contact_target(cause: UUID, email: str) -> str:
    """Tells whether this address was written to because of this event; it differs from event to event."""
    return "contact:" + sha256(f"{cause}\n{email.strip().lower()}".encode()).hexdigest()
