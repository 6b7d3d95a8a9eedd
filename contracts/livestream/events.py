"""What livestream says: which venue is connected and on air, and how many watched. No question's text, no key."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.envelope import EventData, Instant


class _Session(EventData):
    session_id: UUID
    activity_id: UUID
    epoch: int = Field(ge=0, description="Grows with every change of what is on air")
    at: Instant


class SessionStarted(_Session):
    """直播开始."""

    TYPE: ClassVar[str] = "events.livestream.session-started.v1"
    AGGREGATE: ClassVar[str] = "session"


class _Venue(_Session):
    venue: str = Field(description="The venue's key in the filed plan")


class VenueConnected(_Venue):
    """会场连线."""

    TYPE: ClassVar[str] = "events.livestream.venue-connected.v1"
    AGGREGATE: ClassVar[str] = "session"


class VenueLost(_Venue):
    """会场掉线."""

    TYPE: ClassVar[str] = "events.livestream.venue-lost.v1"
    AGGREGATE: ClassVar[str] = "session"
    was_on_air: bool


class OnAirSwitched(_Session):
    """切换: what viewers see changed, by the operator or by falling back. `venue` None is the slate (垫片)."""

    TYPE: ClassVar[str] = "events.livestream.on-air-switched.v1"
    AGGREGATE: ClassVar[str] = "session"
    venue: str | None
    previous: str | None
    cause: Literal["operator", "fallback", "start"]


class EmergencyCut(_Session):
    """应急切断."""

    TYPE: ClassVar[str] = "events.livestream.emergency-cut.v1"
    AGGREGATE: ClassVar[str] = "session"


class SessionEnded(_Session):
    """直播结束, with the audience's numbers."""

    TYPE: ClassVar[str] = "events.livestream.session-ended.v1"
    AGGREGATE: ClassVar[str] = "session"
    viewers_peak: int = Field(ge=0)
    viewers_total: int = Field(ge=0)


class QuestionAsked(EventData):
    """直播提问: ids and the moment; feedback asks livestream for the text."""

    TYPE: ClassVar[str] = "events.livestream.question-asked.v1"
    AGGREGATE: ClassVar[str] = "question"
    question_id: UUID
    session_id: UUID
    activity_id: UUID
    at: Instant


EVENTS: tuple[type[EventData], ...] = (
    SessionStarted, VenueConnected, VenueLost, OnAirSwitched, EmergencyCut, SessionEnded, QuestionAsked,
)  # fmt: skip
