"""联系人: asked of plans at the moment a message is sent, and never stored."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import nats.errors
from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.notifications.api import Audience
from servicekit import bus
from servicekit.service import Service

SUBJECT = "queries.plans.contacts.v1"


class Contact(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    name: str
    email: str


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    contacts: list[Contact]


class ContactsUnavailable(Exception):
    """Nobody answered, or the answer was not one: transient."""


@dataclass(frozen=True)
class Contacts:
    """`timeout_seconds` of system time for an answer."""

    timeout_seconds: float

    async def ask(self, service: Service, campaign: UUID, department: str | None, audience: Audience) -> list[Contact]:
        """Who is to be written to. Raises ContactsUnavailable."""
        question: dict[str, Any] = {
            "campaign": str(campaign),
            "department": department if audience == "department" else None,
            "audience": audience,
        }
        try:
            answer = await bus.ask(service, SUBJECT, question, timeout_seconds=self.timeout_seconds)
            return _Answer.model_validate(answer).contacts
        except ValidationError as wrong:
            raise ContactsUnavailable(f"{SUBJECT} gave no usable answer") from wrong
        except (nats.errors.Error, TimeoutError, OSError) as silent:
            raise ContactsUnavailable(f"{SUBJECT}: {type(silent).__name__}") from silent
