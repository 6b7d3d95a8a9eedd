"""前后一致: what has to agree between the sections of a pack, each problem under the key to correct."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from contracts.policy.primitives import Frozen, day_of, repeated
from contracts.policy.sections import doubled, undeclared

if TYPE_CHECKING:
    from contracts.policy.model import PolicyPack

# What services look up by name: a pack without one of them would leave a refusal without its clause.
CHECK_IDS = (
    "season",
    "forbidden_name",
    "announced_before_filed",
    "places",
    "minimum_age",
    "forms",
    "segments",
    "announcement_items",
    "weekday",
    "report_parts",
    "publicity_unreachable",
)
PUBLICATION_KEYS = ("announcement", "activity_report", "evaluation", "adoption_table")

Problems = Iterator[tuple[str, str]]


def problems_in(pack: PolicyPack) -> Problems:
    """Every (key path, reason) in which the pack contradicts itself."""
    yield from _identity(pack)
    yield from _dates(pack)
    yield from _names(pack)
    yield from _references(pack)
    yield from _assumptions(pack)


def _identity(pack: PolicyPack) -> Problems:
    place = pack.jurisdiction
    if pack.id != f"{place.code}-{pack.year}":
        yield "id", f"应为 {place.code}-{pack.year}"
    last_year = pack.year if place.effective_to is None else place.effective_to.year
    if not place.effective_from.year <= pack.year <= last_year:
        yield "jurisdiction", f"代码 {place.code} 在 {pack.year} 年无效"


def _dates(pack: PolicyPack) -> Problems:
    dated = {"season.first_day": pack.season.first_day, "season.last_day": pack.season.last_day}
    dated |= {f"rules.{rule.id}.date": rule.date for rule in pack.rules if rule.date is not None}
    for key, value in dated.items():
        try:
            day_of(value, pack.year)
        except ValueError:
            yield key, f"{pack.year} 年没有 {value}"
    if pack.season.last_day < pack.season.first_day:
        yield "season.last_day", "早于 first_day"
    if pack.correct_end_within.unit != "hour":
        yield "correct_end_within.unit", "须为 hour"


def _names(pack: PolicyPack) -> Problems:
    for where in ("rules", "requirements", "checks"):
        ids = [entry.id for entry in getattr(pack, where)]
        yield from ((f"{where}.{name}", "id 重复") for name in repeated(ids))
    for where in ("columns", "site_types", "meeting_types"):
        yield from doubled(where, getattr(pack, where))
    checks = {check.id for check in pack.checks}
    yield from ((f"checks.{name}", "缺少此项") for name in CHECK_IDS if name not in checks)
    yield from ((f"publications.{name}", "缺少此项") for name in PUBLICATION_KEYS if name not in pack.publications)


def _references(pack: PolicyPack) -> Problems:
    channels = {channel.key: channel for channel in pack.channels.options}
    for column in pack.columns:
        key = f"columns.{column.key}.channel"
        yield from undeclared(key, [column.channel], pack.channels.options, "channels.options")
        if column.channel in channels and channels[column.channel].kind != "government_website":
            yield key, f"{column.channel} 不是政府网站，没有栏目"
    for name, publication in pack.publications.items():
        where = f"publications.{name}"
        yield from undeclared(f"{where}.channels", publication.channels, pack.channels.options, "channels.options")
        yield from undeclared(f"{where}.columns", publication.columns, pack.columns, "columns")
        yield from doubled(f"{where}.parts", publication.parts)
    for requirement in pack.requirements:
        if requirement.minimum != pack.participants.minimum:
            reason = f"{requirement.minimum} 与 participants.minimum {pack.participants.minimum} 不一致"
            yield f"requirements.{requirement.id}.minimum", reason


def _assumptions(pack: PolicyPack) -> Problems:
    for path in pack.assumptions:
        here: object = pack
        for part in path.split("."):
            if isinstance(here, Frozen) and part in type(here).model_fields:
                here = getattr(here, part)
            elif isinstance(here, dict) and part in here:
                here = here[part]
            else:
                yield f"assumptions.{path}", "指向的项目不存在"
                break
