"""What registration says: ids and numbers. Who a participant is stays there, except for a sender that asks."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.envelope import EventData, Instant


class _Registration(EventData):
    registration_id: UUID
    activity_id: UUID
    at: Instant


class RegistrationConfirmed(_Registration):
    """报名确认: a place is theirs."""

    TYPE: ClassVar[str] = "events.registration.registration-confirmed.v1"
    AGGREGATE: ClassVar[str] = "registration"


class RegistrationWaitlisted(_Registration):
    """候补."""

    TYPE: ClassVar[str] = "events.registration.registration-waitlisted.v1"
    AGGREGATE: ClassVar[str] = "registration"
    position: int = Field(ge=1, description="Place in the waitlist when it was taken")


class RegistrationPromoted(_Registration):
    """候补转正: a place became free and is theirs."""

    TYPE: ClassVar[str] = "events.registration.registration-promoted.v1"
    AGGREGATE: ClassVar[str] = "registration"


class RegistrationCancelled(_Registration):
    """取消报名, by the participant or because the activity was cancelled."""

    TYPE: ClassVar[str] = "events.registration.registration-cancelled.v1"
    AGGREGATE: ClassVar[str] = "registration"
    was_confirmed: bool
    because: Literal["asked", "activity_cancelled"] = Field(
        default="asked", description="The participant or department asked for it, or the activity was called off"
    )


class HeadcountForecastShort(EventData):
    """人数预警: fewer confirmed than the pack's minimum, while something can still be done [2.2]."""

    TYPE: ClassVar[str] = "events.registration.headcount-forecast-short.v1"
    AGGREGATE: ClassVar[str] = "headcount"
    activity_id: UUID
    occurrence: int
    confirmed: int
    minimum: int
    starts_at: Instant
    at: Instant


class HeadcountRecorded(EventData):
    """到场人数 after the end; said again with a higher `revision` when late-synced check-ins arrive [2.2]."""

    TYPE: ClassVar[str] = "events.registration.headcount-recorded.v1"
    AGGREGATE: ClassVar[str] = "headcount"
    activity_id: UUID
    occurrence: int
    revision: int = Field(ge=1)
    present: int = Field(ge=0, description="Everybody who was there")
    counted: int = Field(ge=0, description="Those who count towards the pack's minimum")
    by_category: dict[str, int]
    at: Instant


EVENTS: tuple[type[EventData], ...] = (
    RegistrationConfirmed, RegistrationWaitlisted, RegistrationPromoted, RegistrationCancelled,
    HeadcountForecastShort, HeadcountRecorded,
)  # fmt: skip
