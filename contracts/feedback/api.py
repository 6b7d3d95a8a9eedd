"""What feedback accepts and answers over HTTP. What a suggester is called and where to reach them never comes out."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.feedback.events import Decision, Source

TextState = Literal["present", "pending", "lost"]
"""`pending`: a live question whose text has not been fetched yet. `lost`: livestream does not have it either."""


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class SuggestionIn(_In):
    """意见建议, by anybody. Name, phone and email are kept encrypted and only used to answer."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)] | None = None
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{5,30}$")] | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$")] | None = None


class OnSiteNotesIn(_In):
    """现场记录: what was said or written on the day, entered by staff, all or nothing."""

    notes: list[SuggestionIn] = Field(min_length=1, max_length=200)


class SuggestionAccepted(_Out):
    suggestion_id: UUID
    activity_id: UUID
    at: datetime


class NotesAccepted(_Out):
    suggestions: list[SuggestionAccepted]


class SuggestionView(_Out):
    """意见建议, for the department that answers it; the name is masked."""

    id: UUID
    version: int
    activity_id: UUID
    source: Source
    text: str | None
    text_state: TextState
    name: str | None
    received_at: datetime
    decision: Decision | None
    reason: str | None
    decided_at: datetime | None


class SuggestionPage(_Out):
    items: list[SuggestionView]
    next: str | None = Field(description="Pass it as `after`; null on the last page")


class DecideIn(_In):
    """采纳情况. Which version was read is said by If-Match, or by `version` where a header can't be sent."""

    decision: Decision
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
    version: int | None = Field(default=None, ge=1)


class AdoptionItem(_Out):
    """采纳表的一行: names masked, phone and identity numbers in the texts masked."""

    number: int
    source: Source
    name: str | None
    text: str | None
    decision: Decision
    reason: str
    received_at: datetime
    decided_at: datetime


class AdoptionTable(_Out):
    """采纳表: every suggestion counted for the activity, each with its decision and reason."""

    activity_id: UUID
    activity_name: str
    department: str
    department_name: str
    version: int
    clause: str | None = Field(description="The notice's clause that asks for it")
    received: int
    decided: int
    adopted: int
    partly: int
    not_adopted: int
    noted: int
    counted_until: datetime
    items: list[AdoptionItem]
    published_at: datetime
    proof_digest: str = Field(description="SHA-256 over the RFC 8785 form of this table without proof_digest")
