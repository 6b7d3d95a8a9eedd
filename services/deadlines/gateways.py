"""日历文件: the layers a district publishes as files, read once when the service starts."""

from collections.abc import Sequence
from pathlib import Path

from contracts.policy import Calendar, Layer, load_calendar, read_layer


class Calendars:
    """The calendar in force for each jurisdiction; a wrong file stops the start."""

    def __init__(self, layers: Sequence[Layer] = ()) -> None:
        self._layers = tuple(layers)
        self._known: dict[str, Calendar] = {}

    @classmethod
    def from_directory(cls, directory: Path) -> "Calendars":
        """Raises NotADirectoryError, and CalendarInvalid naming file and mistake."""
        if not directory.is_dir():
            # Without its layers every date would be computed as if nothing had been published.
            raise NotADirectoryError(f"{directory} holds no calendars")
        return cls([read_layer(file) for file in sorted(directory.glob("*.toml"))])

    def of(self, jurisdiction: str) -> Calendar:
        """日历 for a GB/T 2260 code."""
        if jurisdiction not in self._known:
            self._known[jurisdiction] = load_calendar(jurisdiction, None, self._layers)
        return self._known[jurisdiction]
