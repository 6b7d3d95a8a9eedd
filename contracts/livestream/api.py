"""What livestream accepts and answers over HTTP. Venues are named by their key in the filed plan.

Instants are UTC when they go out. `epoch` is the number of what is on air: a switch names the one it was decided on.
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

State = Literal["scheduled", "rehearsing", "live", "ended"]
Link = Literal["absent", "connected", "ready", "on_air", "lost"]

VenueKey = Annotated[str, Field(min_length=1, max_length=40, description="会场, as the filed plan names it")]
IngestKey = Annotated[str, Field(min_length=1, max_length=200, description="推流密钥")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class VenueView(_Out):
    """会场 and its link 连线. `on_air`: viewers see it."""

    key: str
    name: str
    main: bool
    link: Link


class SessionView(_Out):
    """直播场次. `intent` is what the operator wants on air, `source` what viewers see; None is the slate (垫片)."""

    id: UUID
    version: int
    activity_id: UUID
    state: State
    epoch: int
    intent: str | None
    source: str | None
    cut: bool = Field(description="应急切断: the slate stays until the operator switches again")
    venues: list[VenueView]
    started_at: datetime | None
    ended_at: datetime | None
    viewers_peak: int | None
    viewers_total: int | None


class IngestKeyView(_Out):
    """推流密钥, shown this once: only its digest is kept. Lost ones are rotated."""

    venue: str
    key: str


class SessionCreated(_Out):
    """A new session. `ingest_keys` is empty when the request is repeated: keys are shown once."""

    session: SessionView
    ingest_keys: list[IngestKeyView]


class KeyRotated(_Out):
    """换密钥. `key` is null when the request is repeated: keys are shown once."""

    session: SessionView
    venue: str
    key: str | None


class SessionPage(_Out):
    items: list[SessionView]
    next: str | None = Field(description="Pass it as `after`; null on the last page")


class HookIn(_In):
    """What the media server says of a publisher. `client_id` tells two publishers with one key apart."""

    key: IngestKey
    client_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class HookView(_Out):
    session_id: UUID
    venue: str
    link: Link


class SwitchIn(_In):
    """切换. `venue` null puts the slate on air; `epoch` is the one the operator was looking at."""

    venue: VenueKey | None
    epoch: int = Field(ge=0, le=2**31 - 1)


class CutIn(_In):
    """应急切断: never refused for being late, whatever `epoch` the operator saw."""

    epoch: int | None = Field(default=None, ge=0, le=2**31 - 1)


class EndIn(_In):
    """直播结束, with the audience's numbers."""

    viewers_peak: int = Field(ge=0, le=2**31 - 1, description="最高同时在线人数")
    viewers_total: int = Field(ge=0, le=2**31 - 1, description="累计观看人次")


class QuestionIn(_In):
    """直播提问, by anybody. The text stays in this service."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    nickname: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)] | None = None


class QuestionAccepted(_Out):
    question_id: UUID
    session_id: UUID
    at: datetime


class QuestionView(_Out):
    question_id: UUID
    text: str
    nickname: str | None
    at: datetime


class QuestionPage(_Out):
    items: list[QuestionView]
    next: str | None = Field(description="Pass it as `after`; null on the last page")
