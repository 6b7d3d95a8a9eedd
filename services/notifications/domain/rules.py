"""通知规则: which event is told to whom, over which channel, by which template. Data, never code."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.envelope import EventData, owner_of
from contracts.notifications.api import Audience
from contracts.notifications.events import Channel

WEBHOOK_TEMPLATE = "cloudevent"
"""What a webhook's `template` is called: its body is the event itself, so there is none."""

BY_MAIL: tuple[Audience, ...] = ("department", "office", "participant", "participants", "suggester")
"""Audiences that are written to, in the order a rule's mails are accepted in."""

_NAMED_BY = {"participant": "registration_id", "participants": "activity_id", "suggester": "suggestion_id"}
"""What an event must say for its audience to be found."""


class Mistake(NamedTuple):
    """One thing wrong with a rules file or a template."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.reason}"


class RulesInvalid(ValueError):
    """A rules file or template has mistakes; the service does not start."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class _Message(BaseModel):
    """One `[[message]]` of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    event: str
    template: str | None = Field(default=None, pattern=r"^[a-z]+(?:-[a-z]+)*$")
    department: tuple[Literal["mail"], ...] = ()
    office: tuple[Literal["mail"], ...] = ()
    participant: tuple[Literal["mail"], ...] = ()
    participants: tuple[Literal["mail"], ...] = ()
    suggester: tuple[Literal["mail"], ...] = ()
    frontends: tuple[Literal["webhook"], ...] = ()


@dataclass(frozen=True)
class Telling:
    """One audience of one event, over one channel."""

    audience: Audience
    channel: Channel
    template: str


@dataclass(frozen=True)
class Rules:
    """Event type -> whom to tell."""

    tellings: Mapping[str, tuple[Telling, ...]]

    @property
    def mail_templates(self) -> dict[str, str]:
        """Event type -> template, of what is told by mail."""
        return {
            kind: telling.template
            for kind, tellings in self.tellings.items()
            for telling in tellings
            if telling.channel == "mail"
        }

    @property
    def for_frontends(self) -> frozenset[str]:
        """Event types a webhook can be told."""
        return frozenset(
            kind
            for kind, tellings in self.tellings.items()
            if any(telling.audience == "frontends" for telling in tellings)
        )


def parse_rules(file: str, text: str, known: Mapping[str, type[EventData]], owners: frozenset[str]) -> Rules:
    """`known` are all event types, `owners` the services this one hears. Raises RulesInvalid with every mistake."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise RulesInvalid([Mistake(file, "(file)", f"is not TOML: {wrong}")]) from wrong
    mistakes = [Mistake(file, key, "unknown key; only [[message]] is") for key in document if key != "message"]
    entries = document.get("message", [])
    if not isinstance(entries, list) or not entries:
        raise RulesInvalid([*mistakes, Mistake(file, "message", "there is no [[message]]")])
    tellings: dict[str, tuple[Telling, ...]] = {}
    for position, entry in enumerate(entries, start=1):
        where = f"message {position}"
        message = _read(file, where, entry, mistakes)
        if message is None:
            continue
        where = f"message {position} ({message.event})"
        faults = _faults(message, known, owners, tellings)
        mistakes += [Mistake(file, f"{where}.{key}", reason) for key, reason in faults]
        tellings[message.event] = tuple(_tellings(message))
    if mistakes:
        raise RulesInvalid(mistakes)
    return Rules(tellings)


def _read(file: str, where: str, entry: Any, mistakes: list[Mistake]) -> _Message | None:
    try:
        return _Message.model_validate(entry)
    except ValidationError as wrong:
        for error in wrong.errors():
            key = ".".join(str(part) for part in error["loc"])
            mistakes.append(Mistake(file, f"{where}.{key}", error["msg"]))
        return None


def _faults(
    message: _Message, known: Mapping[str, type[EventData]], owners: frozenset[str], earlier: Mapping[str, object]
) -> list[tuple[str, str]]:
    faults = []
    if message.event not in known:
        faults.append(("event", "is not an event of the published language"))
    elif owner_of(message.event) not in owners:
        faults.append(("event", f"is not heard here; {', '.join(sorted(owners))} are"))
    if message.event in earlier:
        faults.append(("event", "has a rule already"))
    by_mail = any(getattr(message, audience) for audience in BY_MAIL)
    if by_mail and message.template is None:
        faults.append(("template", "is missing; mails need one"))
    if not by_mail and message.template is not None:
        faults.append(("template", "is not used: nobody is told by mail"))
    if not (by_mail or message.frontends):
        faults.append(("department", "nobody is told; name a channel for an audience"))
    for audience in (*BY_MAIL, "frontends"):
        channels = getattr(message, audience)
        if channels and (needed := _NAMED_BY.get(audience)) and needed not in _fields(known, message.event):
            faults.append((audience, f"is not to be found: the event has no {needed}"))
        if len(set(channels)) != len(channels):
            faults.append((audience, "names a channel twice"))
    return faults


def _fields(known: Mapping[str, type[EventData]], kind: str) -> Collection[str]:
    return known[kind].model_fields if kind in known else ()


def _tellings(message: _Message) -> list[Telling]:
    mails = [
        Telling(audience, channel, message.template or "")
        for audience in BY_MAIL
        for channel in getattr(message, audience)
    ]
    return mails + [Telling("frontends", channel, WEBHOOK_TEMPLATE) for channel in message.frontends]
