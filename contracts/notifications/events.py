"""What notifications says, for ops: ids only, never an address."""

from typing import ClassVar, Literal
from uuid import UUID

from contracts.envelope import EventData, Instant

Channel = Literal["mail", "webhook"]


class _Notification(EventData):
    notification_id: UUID
    cause_event_id: UUID
    channel: Channel
    template: str
    at: Instant


class NotificationDelivered(_Notification):
    """送达."""

    TYPE: ClassVar[str] = "events.notifications.notification-delivered.v1"
    AGGREGATE: ClassVar[str] = "notification"


class NotificationFailed(_Notification):
    """未送达."""

    TYPE: ClassVar[str] = "events.notifications.notification-failed.v1"
    AGGREGATE: ClassVar[str] = "notification"
    failure: Literal["temporary", "permanent", "unknown"]


EVENTS: tuple[type[EventData], ...] = (NotificationDelivered, NotificationFailed)
