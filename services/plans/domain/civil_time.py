"""Civil dates in Asia/Shanghai, and the weekdays people write beside them."""

import re
from collections.abc import Iterator
from datetime import date, datetime

from contracts.policy import SHANGHAI

_DAYS = "一二三四五六日"
_WEEKDAY = re.compile(r"^(?:星期|周|礼拜)([一二三四五六日天])$")
_DATED = re.compile(
    r"(?:(\d{4})\s*年\s*)?(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]\s*[(（,，、]?\s*((?:星期|周|礼拜)[一二三四五六日天])"
)


def civil_date(instant: datetime) -> date:
    """The day it is in Asia/Shanghai."""
    return instant.astimezone(SHANGHAI).date()


def weekday_name(day: date) -> str:
    """星期一 … 星期日."""
    return f"星期{_DAYS[day.weekday()]}"


def is_weekday_of(stated: str, day: date) -> bool:
    """Whether 星期三, 周三, … is that date's weekday; False for anything that is not a weekday."""
    match = _WEEKDAY.match(stated.strip())
    return match is not None and match.group(1).replace("天", "日") == _DAYS[day.weekday()]


def misstated_weekdays(text: str, year: int) -> Iterator[tuple[str, date]]:
    """Dates written with a weekday that is not theirs, as written, with the date; `year` where the text has none."""
    for match in _DATED.finditer(text):
        written_year, month, day, weekday = match.groups()
        try:
            meant = date(int(written_year or year), int(month), int(day))
        except ValueError:
            continue  # no such date; another matter than the weekday
        if not is_weekday_of(weekday, meant):
            yield match.group(0), meant
