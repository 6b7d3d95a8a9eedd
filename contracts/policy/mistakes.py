"""政策包错误: what is wrong with a pack or a calendar layer, where, and why."""

from collections.abc import Sequence
from typing import NamedTuple


class Mistake(NamedTuple):
    """一处错误: file name, key path inside it (empty when the whole file is meant) and the reason."""

    file: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}：{self.key or '(整个文件)'}：{self.reason}"


class _Invalid(Exception):
    """A file is refused whole; ``mistakes`` lists everything found, in file order."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class PackInvalid(_Invalid):
    """政策包无效: nothing of it is loaded."""


class CalendarInvalid(_Invalid):
    """日历无效: nothing of the layer is loaded."""
