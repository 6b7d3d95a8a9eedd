"""The envelope every event travels in: CloudEvents 1.0, JSON, structured mode (the NATS protocol binding).

A payload is a subclass of `EventData`; its `TYPE` is at once the CloudEvents `type` and the NATS subject,
`events.<owner>.<past-tense>.v1`, so that a reader of either knows the other.
"""

import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar
from uuid import UUID

import rfc8785
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, field_validator

CONTENT_TYPE = "application/cloudevents+json"
NO_PREVIOUS = "0" * 64
"""`previousdigest` of an aggregate's first event."""

_TYPE = re.compile(r"^events\.([a-z]+)\.[a-z]+(?:-[a-z]+)*\.v[1-9][0-9]*$")


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment, always with an offset when it comes in, always UTC inside and on the wire."""

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in lower-case hexadecimal."""


class EventData(BaseModel):
    """The payload of one event. Unknown fields pass: a newer producer may have added an optional one."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    TYPE: ClassVar[str]
    AGGREGATE: ClassVar[str]

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        kind = cls.__dict__.get("TYPE")
        if kind is not None and not _TYPE.match(kind):
            raise TypeError(f"{cls.__name__}.TYPE is {kind!r}; it must read events.<owner>.<past-tense>.v<n>")


D = TypeVar("D", bound=EventData)


class CloudEvent(BaseModel, Generic[D]):
    """One event on the bus. Extension attributes are in lower case, as CloudEvents asks; absent ones are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str = Field(description="The service that says it, as /services/<name>")
    type: str
    subject: str = Field(description="The aggregate, as <kind>/<id>")
    time: Instant = Field(description="Business time of the fact")
    datacontenttype: Literal["application/json"] = "application/json"
    jurisdiction: str = Field(description="GB/T 2260 code of the district")
    campaign: UUID
    department: str | None = Field(default=None, description="USCC (GB 32100) of the department concerned")
    activityid: UUID | None = None
    aggregateid: str = Field(description="Same as subject")
    aggregateversion: int = Field(ge=1, description="1, 2, 3 … without gaps inside one aggregate")
    previousdigest: Digest = Field(description="Digest of the aggregate's event before this one, or 64 zeros")
    correlationid: str
    traceparent: str
    data: D

    @field_validator("type")
    @classmethod
    def _well_formed(cls, value: str) -> str:
        if not _TYPE.match(value):
            raise ValueError("must read events.<owner>.<past-tense>.v<n>")
        return value

    def document(self) -> dict[str, Any]:
        """The event as plain JSON values; absent envelope attributes are left out, absent payload fields stay null."""
        whole = self.model_dump(mode="json")
        return {key: value for key, value in whole.items() if value is not None}

    def wire(self) -> bytes:
        """The canonical bytes (RFC 8785) that are published and hashed."""
        return rfc8785.dumps(self.document())

    def digest(self) -> str:
        return digest_of(self.document())


def owner_of(kind: str) -> str:
    """The service an event type belongs to. Raises ValueError when the type is not one of ours."""
    match = _TYPE.match(kind)
    if match is None:
        raise ValueError(f"{kind!r} is not an event type of ours")
    return match.group(1)


def digest_of(document: Any) -> str:
    """SHA-256 over the RFC 8785 form, so that two writers of the same document agree on its digest."""
    return sha256(rfc8785.dumps(document)).hexdigest()


def parse_document(raw: bytes) -> dict[str, Any]:
    """The bytes of a message as a JSON object. Raises ValueError when they are not one."""
    document = json.loads(raw)
    if not isinstance(document, dict):
        raise ValueError("an event is a JSON object")
    return document
