"""日历层: the rest and working days one document fixes, as a file, as an event, or as the library's national data."""

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import rfc8785
from pydantic import Field, StrictInt, StrictStr, ValidationError, model_validator

from contracts.policy.mistakes import CalendarInvalid, Mistake
from contracts.policy.primitives import Day, Frozen, JurisdictionCode, Text, refuse, repeated
from contracts.policy.reasons import problems_of
from contracts.policy.toml_file import read_toml

Level = Literal["national", "regional", "local"]
DayKind = Literal["rest", "work"]


class LayerDay(Frozen):
    """一天: a rest day (放假) or a working day (调休上班), with its name."""

    date: Day
    kind: DayKind
    name: Text


class LayerSource(Frozen):
    """日历依据: the document that fixes the days."""

    title: Text
    issuer: Text
    number: Text | None = None
    issued_on: Day | None = None


class Layer(Frozen):
    """日历层: ``days`` override the layers below it.

    ``years`` are those the layer describes completely: a national layer replaces the library for them, and dates in
    them are no longer provisional. Days outside ``years`` are single corrections. ``jurisdiction`` (GB/T 2260) limits
    a regional or local layer; a national one has none.
    """

    id: StrictStr = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    level: Level
    jurisdiction: JurisdictionCode | None = None
    version: Text
    sources: tuple[LayerSource, ...] = Field(min_length=1)
    years: tuple[Annotated[StrictInt, Field(ge=1949, le=9999)], ...] = ()
    days: tuple[LayerDay, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        problems = [(f"days.{day}", "日期重复") for day in repeated(entry.date.isoformat() for entry in self.days)]
        if (self.level == "national") != (self.jurisdiction is None):
            problems.append(("jurisdiction", "national 层不能有，regional、local 层须有"))
        refuse(problems)
        return self

    @property
    def digest(self) -> str:
        """摘要: SHA-256, hex, over the RFC 8785 canonical JSON of the layer."""
        return sha256(rfc8785.dumps(self.model_dump(mode="json"))).hexdigest()

    def applies_to(self, jurisdiction: str) -> bool:
        """Whether a six-digit code lies in the layer's territory: 640000 covers 640400 and 640402."""
        if self.jurisdiction is None:
            return True
        territory = re.sub(r"(00){1,2}$", "", self.jurisdiction)
        return jurisdiction.startswith(territory)


def read_layer(file: Path) -> Layer:
    """The layer in a TOML file; CalendarInvalid lists every mistake with file, key and reason."""
    data, mistake = read_toml(file)
    if mistake is not None:
        raise CalendarInvalid([mistake])
    if data.get("id") != file.stem:
        raise CalendarInvalid([Mistake(file.name, "id", f"{data.get('id')!r} 与文件名 {file.name} 不符")])
    return parse_layer(data, file.name)


def parse_layer(data: Mapping[str, Any], name: str) -> Layer:
    """A layer from plain data, ``name`` being what mistakes are reported under; CalendarInvalid otherwise."""
    try:
        return Layer.model_validate(data)
    except ValidationError as error:
        raise CalendarInvalid([Mistake(name, path, reason) for _, path, reason in problems_of(error, data)]) from None
