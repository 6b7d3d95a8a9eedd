"""What feedback says: ids, numbers, decisions. Never what somebody wrote, never who."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from contracts.envelope import Digest, EventData, Instant

Source = Literal["form", "live_question", "on_site"]
Decision = Literal["adopted", "partly", "not_adopted", "noted"]


class SuggestionReceived(EventData):
    """收到意见建议."""

    TYPE: ClassVar[str] = "events.feedback.suggestion-received.v1"
    AGGREGATE: ClassVar[str] = "suggestion"
    suggestion_id: UUID
    activity_id: UUID
    source: Source
    at: Instant


class SuggestionDecided(EventData):
    """采纳情况: decided, with a reason kept in feedback [4.1]."""

    TYPE: ClassVar[str] = "events.feedback.suggestion-decided.v1"
    AGGREGATE: ClassVar[str] = "suggestion"
    suggestion_id: UUID
    activity_id: UUID
    decision: Decision
    at: Instant


class AdoptionTablePublished(EventData):
    """采纳表 published: every suggestion counted for the activity is decided (0 of 0 counts) [3.3.2, 4.1]."""

    TYPE: ClassVar[str] = "events.feedback.adoption-table-published.v1"
    AGGREGATE: ClassVar[str] = "adoption_table"
    activity_id: UUID
    table_version: int = Field(ge=1)
    received: int = Field(ge=0)
    decided: int = Field(ge=0)
    adopted: int = Field(ge=0)
    partly: int = Field(ge=0)
    not_adopted: int = Field(ge=0)
    noted: int = Field(ge=0)
    counted_until: Instant
    proof_digest: Digest = Field(description="Of the published table's text")
    at: Instant


EVENTS: tuple[type[EventData], ...] = (SuggestionReceived, SuggestionDecided, AdoptionTablePublished)
