"""What ties together one request and everything it caused: a correlation id and a W3C trace context."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

_CORRELATION = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$")

_correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
_traceparent: ContextVar[str] = ContextVar("traceparent", default="")


def correlation_id() -> str:
    return _correlation_id.get() or secrets.token_hex(16)


def traceparent() -> str:
    """A child of the current trace: same trace id, new span id (W3C Trace Context)."""
    match = _TRACEPARENT.match(_traceparent.get())
    trace, flags = (match.group(1), match.group(2)) if match else (secrets.token_hex(16), "01")
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"


@contextmanager
def correlated(correlation: str | None, trace: str | None, **fields: str) -> Iterator[str]:
    """Bind both for what runs inside: events, logs, answers. What the outside sends is used only if well formed."""
    chosen = correlation if correlation and _CORRELATION.match(correlation) else secrets.token_hex(16)
    token = _correlation_id.set(chosen)
    trace_token = _traceparent.set(trace if trace and _TRACEPARENT.match(trace) else "")
    try:
        with structlog.contextvars.bound_contextvars(correlation_id=chosen, **fields):
            yield chosen
    finally:
        _correlation_id.reset(token)
        _traceparent.reset(trace_token)
