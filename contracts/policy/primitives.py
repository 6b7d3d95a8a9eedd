"""基础类型: the strict, frozen building blocks every pack section is made of."""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

# China has kept +08:00 all year since 1991, before any calendar layer begins. A fixed offset needs no zone database,
# which slim container images do not carry.
SHANGHAI = timezone(timedelta(hours=8))

Unit = Literal["calendar_day", "working_day", "month", "hour"]
Direction = Literal["before", "after", "on"]
Roll = Literal["none", "next_after_rest", "next_working_day", "previous_working_day"]
Role = Literal["office", "department"]
CheckSeverity = Literal["refuse", "warn"]


class Frozen(BaseModel):
    """Base of every policy model: unknown keys are refused and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def refuse(problems: Iterable[tuple[str, str]]) -> None:
    """Fail a model validator with every (key below the model, reason) found, so that each is reported under its key."""
    found = list(problems)
    if found:
        text = "；".join(f"{key}：{reason}" for key, reason in found)
        raise PydanticCustomError("problems", "{text}", {"text": text, "problems": found})


def _date_only(value: Any) -> Any:
    """Refuse what pydantic would quietly turn into a date: numbers, and instants with a time of day."""
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise ValueError("应为日期 YYYY-MM-DD")
    return value


def _month_day(value: str) -> str:
    """Accept MM-DD of a leap year; the pack checks it against its own year."""
    if not re.fullmatch(r"\d{2}-\d{2}", value):
        raise ValueError("应为 MM-DD")
    month, day = (int(part) for part in value.split("-"))
    try:
        date(2000, month, day)  # a leap year, so that 02-29 is judged by the pack's own year
    except ValueError:
        raise ValueError(f"没有 {value} 这一天") from None
    return value


def _clock(value: str) -> str:
    """Accept HH:MM; 24:00 is not one, the end of the day is the default."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError("应为 HH:MM，00:00 至 23:59")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("不能为空")
    return value


Day = Annotated[date, BeforeValidator(_date_only)]
MonthDay = Annotated[StrictStr, AfterValidator(_month_day)]
ClockTime = Annotated[StrictStr, AfterValidator(_clock)]
Text = Annotated[StrictStr, AfterValidator(_not_blank)]
Key = Annotated[StrictStr, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Count = Annotated[StrictInt, Field(ge=1, le=3650)]
Number = Annotated[StrictInt, Field(ge=0, le=1_000_000)]
Clause = Annotated[StrictStr, Field(pattern=r"^\d+(\.\d+)*$")]
JurisdictionCode = Annotated[StrictStr, Field(pattern=r"^\d{6}$")]


class Span(Frozen):
    """期间长度: ``n`` units, the number itself included (民法典 1259 以内)."""

    n: Count
    unit: Unit


class Choice(Frozen):
    """选项: one entry of a catalogue, a stable key and its Chinese label."""

    key: Key
    label: Text


def repeated(values: Iterable[str]) -> tuple[str, ...]:
    """The values that occur more than once, in order of first appearance."""
    return tuple(value for value, times in Counter(values).items() if times > 1)


def day_of(value: MonthDay, year: int) -> date:
    """The MM-DD day of ``year``; ValueError when that year has no such day."""
    month, day = (int(part) for part in value.split("-"))
    return date(year, month, day)


def time_of(value: ClockTime) -> time:
    """HH:MM as a time of day."""
    hour, minute = (int(part) for part in value.split(":"))
    return time(hour, minute)
