"""报名与签到: when a shortage is foretold, and between which instants somebody may be checked in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Self

from pydantic import model_validator

from contracts.policy.primitives import SHANGHAI, Frozen, Span, refuse, time_of
from contracts.policy.rule import Reminder


class Registration(Frozen):
    """报名与签到. A pack that says nothing foretells nothing, and takes sign-ups until, check-ins from the start.

    ``sign_up_closes`` and ``check_in_opens`` are how long before the start, ``check_ins_synced_within`` how long after
    the end.
    """

    forecast: tuple[Reminder, ...] = ()
    sign_up_closes: Span | None = None
    check_in_opens: Span | None = None
    check_ins_synced_within: Span | None = None

    @model_validator(mode="after")
    def _countable(self) -> Self:
        refuse(self._problems())
        return self

    def _problems(self) -> Iterator[tuple[str, str]]:
        for index, offset in enumerate(self.forecast):
            if offset.unit == "working_day":
                yield f"forecast.{index}.unit", "须为 calendar_day 或 hour"
        for name in ("sign_up_closes", "check_in_opens", "check_ins_synced_within"):
            span: Span | None = getattr(self, name)
            if span is not None and span.unit != "hour":
                yield f"{name}.unit", "须为 hour"

    def forecast_times(self, starts_at: datetime) -> tuple[datetime, ...]:
        """人数预警的时刻 before a start, first to last, each once."""
        return tuple(sorted({_before(starts_at, offset) for offset in self.forecast}))

    def sign_up_until(self, starts_at: datetime) -> datetime:
        """The exclusive end for signing up."""
        return starts_at - _hours(self.sign_up_closes)

    def check_in_from(self, starts_at: datetime) -> datetime:
        """The first instant at which somebody may be checked in."""
        return starts_at - _hours(self.check_in_opens)

    def synced_until(self, ended_at: datetime) -> datetime | None:
        """The exclusive end for handing in check-ins late; None where the pack sets none."""
        return None if self.check_ins_synced_within is None else ended_at + _hours(self.check_ins_synced_within)


def _before(starts_at: datetime, offset: Reminder) -> datetime:
    if offset.at is None:
        return starts_at - timedelta(hours=offset.n)
    day = starts_at.astimezone(SHANGHAI).date() - timedelta(days=offset.n)
    return datetime.combine(day, time_of(offset.at), SHANGHAI)


def _hours(span: Span | None) -> timedelta:
    return timedelta(hours=0 if span is None else span.n)
