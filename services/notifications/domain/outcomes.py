"""发送结果: what became of one attempt, and what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Outcome:
    """Delivered, or how it failed. `unknown`: the provider may have taken it, so it is never sent again by itself."""

    kind: Literal["delivered", "temporary", "permanent", "unknown", "suppressed"]
    detail: str | None = None
    receiver_gone: bool = False


def of_smtp_refusal(code: int, text: str) -> Outcome:
    """RFC 5321: 5xx never, anything else maybe later."""
    return Outcome("permanent" if 500 <= code < 600 else "temporary", f"SMTP {code} {text}")


def of_http_status(status: int) -> Outcome:
    """2xx taken; 408, 429 and 5xx maybe later; 410 never again to this receiver; anything else never."""
    if 200 <= status < 300:
        return Outcome("delivered")
    detail = f"HTTP {status}"
    if status == 410:
        return Outcome("permanent", detail, receiver_gone=True)
    if status in (408, 429) or status >= 500:
        return Outcome("temporary", detail)
    return Outcome("permanent", detail)


def delay_after(attempts: int, delays: Sequence[float], limit: int) -> float | None:
    """Seconds of system time until the next attempt after `attempts` failed ones; None: give up."""
    if attempts >= limit:
        return None
    return delays[min(attempts, len(delays)) - 1]
