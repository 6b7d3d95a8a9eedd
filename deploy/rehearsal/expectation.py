"""应有结果: the hand-written expectation, and what follows from it: reminders, facts and messages.

Nothing here asks a service or the period engine: due dates are as written, and a reminder is so many days before one.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from deploy.rehearsal.acts_people import resident
from deploy.rehearsal.record import (
    SHANGHAI,
    Counts,
    DeadlineRow,
    Fact,
    Message,
    Moment,
    Record,
    RefusalRow,
    ViolationRow,
    in_order,
)
from deploy.rehearsal.script import SEASON, Season


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Deadline(_Written):
    rule: str
    occurrence: int = 1
    opened: Moment
    due: date
    state: Literal["open", "met", "lapsed", "cured", "waived", "cancelled"]
    at: Moment | None = None
    counted: Moment | None = Field(default=None, description="When `at` began to count, where that was later")
    extended: Moment | None = None
    extended_from: date | None = None

    @property
    def lapses(self) -> datetime:
        return end_of(self.due)

    @property
    def closed(self) -> datetime:
        """When it stopped being open: done, waived, or lapsed."""
        done = self.counted or self.at
        return self.lapses if done is None else min(done, self.lapses)


class _Violation(_Written):
    rule: str
    kind: Literal["deadline", "requirement"] = "deadline"
    occurrence: int = 1
    due: date | None = None
    occurred: Moment
    state: Literal["standing", "cured", "waived", "withdrawn"]
    at: Moment | None = None
    days_late: int | None = None
    cause: str | None = None


class _Refusal(_Written):
    act: str
    at: Moment
    code: str
    clause: str | None = None
    finding: str | None = None


class _Also(_Written):
    """A fact that more than one may say at the same instant, or that says a number."""

    event: str
    at: Moment
    times: int = 1
    detail: str | None = None
    mails: int | None = Field(default=None, description="To how many of those it concerns, where not to all")


class _Owed(_Written):
    """One department's part, or the campaign's."""

    deadlines: list[_Deadline] = Field(default_factory=list)
    violations: list[_Violation] = Field(default_factory=list)
    refusals: list[_Refusal] = Field(default_factory=list)
    events: list[tuple[str, Moment]]
    also: list[_Also] = Field(default_factory=list)
    participants: int = Field(default=0, description="Who had a place or waited for one when all of them were told")


class _Reminder(_Written):
    days_before: int
    at: time


class _Mail(_Written):
    department: list[str]
    office: list[str]
    frontend: list[str]
    participant: list[str]
    participants: list[str]
    suggester: list[str]


class Expectation(_Written):
    """`expectation.toml` as written."""

    season: str
    reminders: list[_Reminder]
    counts: Counts
    clauses: dict[str, str]
    told: _Mail
    campaign: _Owed
    departments: dict[int, _Owed]


def end_of(day: date) -> datetime:
    """24:00 of a day."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def read_expectation(path: Path = SEASON / "expectation.toml") -> Expectation:
    """Raises pydantic.ValidationError, or tomllib.TOMLDecodeError."""
    document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    return Expectation.model_validate(document)


def expected_record(expectation: Expectation, season: Season) -> Record:
    """What this rehearsal must come to."""
    deadlines, violations, refusals, facts = [], [], [], []
    facts += [_said(event, None, at) for event, at in expectation.campaign.events]
    for number, owed in sorted(expectation.departments.items()):
        facts += [_said(event, number, at) for event, at in owed.events]
        facts += [_also_said(number, also) for also in owed.also for _ in range(also.times)]
        refusals += [RefusalRow(department=number, **refusal.model_dump()) for refusal in owed.refusals]
        for deadline in owed.deadlines:
            deadlines.append(_deadline_row(expectation, number, deadline))
            facts += _facts_of_deadline(expectation, number, deadline)
        for violation in owed.violations:
            violations.append(_violation_row(expectation, number, violation))
            facts += _facts_of_violation(number, violation)
    return Record(
        counts=_counts(deadlines, violations),
        deadlines=in_order(deadlines),
        violations=violations,
        refusals=refusals,
        facts=facts,
        messages=[*_messages(expectation, season, facts), *_to_people(expectation)],
        unsupervised=[],
    )


def _counts(deadlines: list[DeadlineRow], violations: list[ViolationRow]) -> Counts:
    states = [violation.state for violation in violations]
    waived = states.count("waived") + sum(deadline.state == "waived" for deadline in deadlines)
    return Counts(
        standing=states.count("standing"),
        cured=states.count("cured"),
        withdrawn=states.count("withdrawn"),
        waived=waived,
    )


def _deadline_row(expectation: Expectation, number: int, deadline: _Deadline) -> DeadlineRow:
    return DeadlineRow(
        department=number,
        rule=deadline.rule,
        occurrence=deadline.occurrence,
        clause=expectation.clauses[deadline.rule],
        due=deadline.due,
        state=deadline.state,
        opened=deadline.opened,
        at=deadline.at if deadline.state in ("met", "cured") else None,
        extended=deadline.extended is not None,
    )


def _violation_row(expectation: Expectation, number: int, violation: _Violation) -> ViolationRow:
    clause = expectation.clauses[violation.rule]
    return ViolationRow(department=number, clause=clause, **violation.model_dump())


def _said(event: str, department: int | None, at: datetime) -> Fact:
    return Fact(event=event, department=department, rule=None, occurrence=None, at=at)


def _also_said(department: int, also: _Also) -> Fact:
    return Fact(event=also.event, department=department, rule=None, occurrence=None, at=also.at, detail=also.detail)


def _to_people(expectation: Expectation) -> Iterator[Message]:
    """Mails to those whose own registration or suggestion it is, and to everybody of an activity."""
    for number, owed in expectation.departments.items():
        for also in owed.also:
            for person in ("participant", "suggester"):
                if also.event in getattr(expectation.told, person):
                    told = also.times if also.mails is None else also.mails
                    yield from [Message(channel="mail", to=person, about=_also_said(number, also))] * told
        for event, at in owed.events:
            if event in expectation.told.participants:
                for place in range(1, owed.participants + 1):
                    yield Message(channel="mail", to=resident(number, place), about=_said(event, number, at))


def _facts_of_deadline(expectation: Expectation, number: int, deadline: _Deadline) -> Iterator[Fact]:
    def fact(event: str, at: datetime) -> Fact:
        return Fact(event=event, department=number, rule=deadline.rule, occurrence=deadline.occurrence, at=at)

    yield fact("deadline-opened", deadline.opened)
    for moment in reminder_moments(expectation, deadline):
        yield fact("deadline-approached", moment)
    if deadline.extended is not None:
        yield fact("deadline-extended", deadline.extended)
    if deadline.at is not None and deadline.state in ("met", "waived"):
        yield fact(f"deadline-{deadline.state}", deadline.counted or deadline.at)


def reminder_moments(expectation: Expectation, deadline: _Deadline) -> list[datetime]:
    """提醒时刻: those at which the deadline stands open, before each due date it had."""
    spans: list[tuple[date, datetime, datetime]] = [(deadline.due, deadline.opened, deadline.closed)]
    if deadline.extended is not None and deadline.extended_from is not None:
        spans = [
            (deadline.extended_from, deadline.opened, deadline.extended),
            (deadline.due, deadline.extended, deadline.closed),
        ]
    moments = {
        moment
        for due, begins, ends in spans
        for reminder in expectation.reminders
        if begins
        <= (moment := datetime.combine(due - timedelta(days=reminder.days_before), reminder.at, SHANGHAI))
        < ends
    }
    return sorted(moments)


def _facts_of_violation(number: int, violation: _Violation) -> Iterator[Fact]:
    def fact(event: str, at: datetime) -> Fact:
        return Fact(event=event, department=number, rule=violation.rule, occurrence=violation.occurrence, at=at)

    yield fact("violation-raised", violation.occurred)
    if violation.at is not None:
        yield fact(f"violation-{violation.state}", violation.at)


def _messages(expectation: Expectation, season: Season, facts: list[Fact]) -> Iterator[Message]:
    told: Mapping[str, list[str]] = expectation.told.model_dump()
    for fact in facts:
        if fact.event in told["department"] and fact.department is not None:
            yield Message(channel="mail", to=season.department(fact.department).email, about=fact)
        if fact.event in told["office"]:
            for contact in season.campaign.office_contacts:
                yield Message(channel="mail", to=contact.email, about=fact)
        if fact.event in told["frontend"]:
            yield Message(channel="webhook", to="frontend", about=fact)
