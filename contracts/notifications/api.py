"""What notifications accepts and answers over HTTP. Recipients are masked: no address ever leaves the service."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from contracts.notifications.events import Channel

Audience = Literal["department", "office", "frontends", "participant", "participants", "suggester"]
"""`participant`: whose registration the event is about; `participants`: everybody with a place or waiting for one."""
State = Literal["accepted", "sending", "delivered", "failed", "suppressed"]
Failure = Literal["temporary", "permanent", "unknown"]
EventType = Annotated[str, StringConstraints(pattern=r"^events\.[a-z]+\.[a-z-]+\.v[0-9]+$", max_length=100)]
Department = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}$")]


class WebhookIn(BaseModel):
    """推送订阅: where a front-end wants to be told, by Standard Webhooks (https://www.standardwebhooks.com)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(min_length=8, max_length=500, description="http(s) address; a real deployment takes https only")
    types: list[EventType] | None = Field(
        default=None, min_length=1, max_length=50, description="Event types to be told; left out: all there are"
    )
    departments: list[Department] | None = Field(
        default=None, min_length=1, max_length=500, description="USCCs of the departments concerned; left out: all"
    )


class WebhookView(BaseModel):
    """推送订阅, without its secret. `gone`: the receiver answered 410 and is not told any more."""

    id: UUID
    version: int
    url: str
    types: list[str] | None
    departments: list[str] | None
    state: Literal["active", "gone", "deleted"]
    created_at: AwareDatetime
    ended_at: AwareDatetime | None


class WebhookCreated(WebhookView):
    """推送订阅 with the secret to verify signatures with. It is told here and never again."""

    secret: str = Field(description="whsec_ and Base64, as the Standard Webhooks libraries take it")


class WebhookPage(BaseModel):
    items: list[WebhookView]
    next: str | None = Field(description="Pass as `after` for the next page; null on the last")


class NotificationView(BaseModel):
    """通知: one message to one recipient. Times `accepted_at`, `settled_at` and `next_attempt_at` are system time."""

    id: UUID
    cause_event_id: UUID
    event_type: str
    campaign: UUID
    department: str | None
    audience: Audience
    channel: Channel
    recipient: str | None = Field(description="Masked; null while the contact has not been asked for")
    webhook_id: UUID | None
    template: str
    state: State
    failure: Failure | None
    detail: str | None = Field(description="Why it is not delivered (yet)")
    attempts: int
    accepted_at: AwareDatetime
    settled_at: AwareDatetime | None
    next_attempt_at: AwareDatetime | None


class NotificationPage(BaseModel):
    items: list[NotificationView]
    next: str | None = Field(description="Pass as `after` for the next page; null on the last")
