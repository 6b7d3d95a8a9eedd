"""日历: which days are rest days, from layers laid over each other: national, regional, local.

The national layer is the ``chinesecalendar`` library unless a national file layer describes the year. Higher layers
win; inside one level, the later layer. A date no layer covers is a plain weekday or weekend, and provisional.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version as package_version
from pathlib import Path

import chinese_calendar
import rfc8785

from contracts.policy.layer import Layer, read_layer

CALENDARS_DIRECTORY = Path(__file__).parent / "calendars"
_RANK = {"national": 0, "regional": 1, "local": 2}
# A notice for the next year has made days of this one working or rest days as late as its last week, so that week is
# only certain once the next year is known.
_SETTLED_BY_NEXT_YEAR = timedelta(days=7)


class Calendar:
    """日历 of one place. ``layers`` are file layers; the library lies below them unless ``library`` is False."""

    def __init__(self, layers: Iterable[Layer] = (), *, library: bool = True) -> None:
        self.layers = tuple(sorted(layers, key=lambda layer: _RANK[layer.level]))
        self._library = library
        # What a file layer settles completely for the whole country: the library is not asked for these years.
        self._national_years = {year for layer in self.layers if layer.level == "national" for year in layer.years}
        self._days = {entry.date: entry for layer in self.layers for entry in layer.days}

        names = [_library_version()] if library else []
        names += [f"{layer.level}/{layer.id}@{layer.version}#{layer.digest[:12]}" for layer in self.layers]
        self._version = ";".join(names) or "weekends-only"

    @property
    def version(self) -> str:
        """日历版本: every layer with its version and digest, lowest first."""
        return self._version

    def is_rest(self, day: date) -> bool:
        """休息日: weekends and holidays, without make-up working days. ``day`` is a civil date in Asia/Shanghai."""
        if (entry := self._days.get(day)) is not None:
            return entry.kind == "rest"
        if self._asks_library(day):
            return not chinese_calendar.is_workday(day)
        return day.weekday() >= 5

    def is_working(self, day: date) -> bool:
        """工作日: every day that is not a rest day, make-up Saturdays included."""
        return not self.is_rest(day)

    def covers(self, day: date) -> bool:
        """Whether a layer names ``day`` or the national one describes its year; otherwise answers are provisional."""
        if day in self._days:
            return True
        return self._knows(day.year) and self._knows((day + _SETTLED_BY_NEXT_YEAR).year)

    def name_of(self, day: date) -> str | None:
        """节日名称: the name a layer gives the day, for people to read."""
        if (entry := self._days.get(day)) is not None:
            return entry.name
        if self._asks_library(day):
            _, name = chinese_calendar.get_holiday_detail(day)
            return None if name is None else _NAMES.get(name, str(name))
        return None

    def silent_layers(self, day: date) -> tuple[str, ...]:
        """Regional and local layers that say nothing about the day's year: their own holidays in it are unknown."""
        return tuple(
            layer.id
            for layer in self.layers
            if layer.level != "national" and layer.years and day.year not in layer.years
        )

    def _asks_library(self, day: date) -> bool:
        first, last = _library_years()
        return self._library and first <= day.year <= last and day.year not in self._national_years

    def _knows(self, year: int) -> bool:
        first, last = _library_years()
        return year in self._national_years or (self._library and first <= year <= last)


_NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}


def load_calendar(
    jurisdiction: str, directory: Path | None = CALENDARS_DIRECTORY, layers: Sequence[Layer] = ()
) -> Calendar:
    """日历 for a GB/T 2260 code: the library, the files of ``directory`` that apply to it, then ``layers``.

    A layer in ``layers`` replaces a file of the same id. CalendarInvalid when a file is wrong.
    """
    files = [read_layer(file) for file in sorted(directory.glob("*.toml"))] if directory is not None else []
    given = {layer.id for layer in layers}
    chosen = [*(layer for layer in files if layer.id not in given), *layers]
    return Calendar(layer for layer in chosen if layer.applies_to(jurisdiction))


@lru_cache(maxsize=1)
def _library_years() -> tuple[int, int]:
    return min(chinese_calendar.holidays).year, max(chinese_calendar.holidays).year


@lru_cache(maxsize=1)
def _library_version() -> str:
    days = {
        kind: {day.isoformat(): name for day, name in table.items()}
        for kind, table in (("rest", chinese_calendar.holidays), ("work", chinese_calendar.workdays))
    }
    digest = sha256(rfc8785.dumps(days)).hexdigest()
    return f"national/chinesecalendar@{package_version('chinesecalendar')}#{digest[:12]}"
