"""Every event of the published language, by its type."""

from typing import Any

from contracts.deadlines import events as deadlines
from contracts.envelope import CloudEvent, EventData
from contracts.feedback import events as feedback
from contracts.livestream import events as livestream
from contracts.notifications import events as notifications
from contracts.plans import events as plans
from contracts.registration import events as registration

EVENTS: dict[str, type[EventData]] = {
    event.TYPE: event
    for module in (plans, registration, livestream, feedback, deadlines, notifications)
    for event in module.EVENTS
}


class UnknownEvent(ValueError):
    """A message whose type is not in the published language."""


def read_event(document: dict[str, Any]) -> CloudEvent[Any]:
    """The typed event of a JSON document.

    Raises UnknownEvent for a type nobody published, pydantic.ValidationError for one that does not fit its schema.
    """
    kind = document.get("type")
    data = EVENTS.get(kind) if isinstance(kind, str) else None
    if data is None:
        raise UnknownEvent(f"no event type {kind!r} is known here")
    return CloudEvent[data].model_validate(document)  # type: ignore[valid-type]
