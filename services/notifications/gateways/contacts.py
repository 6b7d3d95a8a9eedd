"""联系人: asked of their owner at the moment a message is sent, and never stored."""

import json
from dataclasses import dataclass
from typing import Any

import nats.errors
from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.envelope import CloudEvent
from contracts.notifications.api import Audience
from servicekit import bus
from servicekit.service import Service


class Contact(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    name: str | None = None
    email: str


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")
    contacts: list[Contact]


class ContactsUnavailable(Exception):
    """Nobody answered, or the answer was not one: transient."""


@dataclass(frozen=True)
class Question:
    """Whose contacts are asked for, and of whom. Equal ones are asked once for a whole batch of mails."""

    subject: str
    body: str


def question_of(event: CloudEvent[Any], audience: Audience) -> Question:
    """plans knows departments and the office, registration participants, feedback suggesters."""
    data = event.data
    if audience == "participant":
        asked = {"activity": data.activity_id, "registration": data.registration_id}
        return _question("queries.registration.contacts.v1", asked)
    if audience == "participants":
        asked = {"activity": data.activity_id, "registration": None, "states": ["confirmed", "waitlisted"]}
        return _question("queries.registration.contacts.v1", asked)
    if audience == "suggester":
        return _question("queries.feedback.contacts.v1", {"suggestion": data.suggestion_id})
    department = event.department if audience == "department" else None
    asked = {"campaign": event.campaign, "department": department, "audience": audience}
    return _question("queries.plans.contacts.v1", asked)


def _question(subject: str, asked: dict[str, Any]) -> Question:
    return Question(subject, json.dumps(asked, default=str))


@dataclass(frozen=True)
class Contacts:
    """`timeout_seconds` of system time for an answer."""

    timeout_seconds: float

    async def ask(self, service: Service, question: Question) -> list[Contact]:
        """Who is to be written to. Raises ContactsUnavailable."""
        subject, body = question.subject, json.loads(question.body)
        try:
            answer = await bus.ask(service, subject, body, timeout_seconds=self.timeout_seconds)
            return _Answer.model_validate(answer).contacts
        except ValidationError as wrong:
            raise ContactsUnavailable(f"{subject} gave no usable answer") from wrong
        except (nats.errors.Error, TimeoutError, OSError) as silent:
            raise ContactsUnavailable(f"{subject}: {type(silent).__name__}") from silent
