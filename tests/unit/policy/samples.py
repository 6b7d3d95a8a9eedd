"""What the policy tests share: rules made by hand, days said shortly, pack files written to a directory."""

import shutil
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from contracts.policy import PACKS_DIRECTORY, SHANGHAI, Calendar, Layer, PolicyPack, Rule, load_calendar, load_pack
from contracts.policy.counting import Window

DISTRICT = "640402-2024"


@cache
def district_pack() -> PolicyPack:
    return load_pack(DISTRICT)


@cache
def district_calendar() -> Calendar:
    return load_calendar("640402")


def day(text: str) -> date:
    return date.fromisoformat(text)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def end_of(value: date) -> datetime:
    """24:00 of a day."""
    return datetime(value.year, value.month, value.day, tzinfo=SHANGHAI) + timedelta(days=1)


def window(**changes: Any) -> Window:
    """A window of one calendar day after, changed as asked."""
    return Window(**{"direction": "after", "roll": "none", "n": 1, "unit": "calendar_day", **changes})


def rule(**changes: Any) -> Rule:
    """A rule of three calendar days after the end, changed as asked."""
    return Rule.model_validate(
        {
            "id": "sample",
            "title": "样例",
            "clause": "1",
            "sentence": "样例。",
            "duty_holder": "department",
            "trigger": "activity_dated" if changes.get("direction") == "before" else "activity_ended",
            "satisfied_by": "activity_report_published",
            "direction": "after",
            "n": 3,
            "unit": "calendar_day",
            "inclusive": changes.get("direction") != "before",
            "roll": "none",
            "extend": {"by": ["office"]},
            "waive": {"by": ["office"]},
            **changes,
        }
    )


def layer(level: str = "local", days: dict[str, str] | None = None, **changes: Any) -> Layer:
    """A calendar layer: ``days`` maps a date to rest or work."""
    entries = [{"date": text, "kind": kind, "name": "试验"} for text, kind in (days or {}).items()]
    place = {} if level == "national" else {"jurisdiction": "640402"}
    source = [{"title": "试验文件", "issuer": "试验单位"}]
    return Layer.model_validate(
        {
            "id": f"{level}-sample",
            "level": level,
            "version": "1",
            "sources": source,
            "days": entries,
            **place,
            **changes,
        }
    )


def copy_packs(directory: Path) -> Path:
    """The built-in packs, to be changed."""
    for file in PACKS_DIRECTORY.glob("*.toml"):
        shutil.copy(file, directory)
    return directory


def write_child(directory: Path, body: str = "", *, pack_id: str = "640403-2025", parent: str = DISTRICT) -> Path:
    """A small pack inheriting from ``parent``: ``body`` starts with top-level keys and may go on with tables."""
    code, year = pack_id.split("-")
    file = directory / f"{pack_id}.toml"
    file.write_text(
        f'id = "{pack_id}"\nversion = "1"\nyear = {year}\nparent = "{parent}"\n'
        f'jurisdiction = {{ code = "{code}", name = "试验区", effective_from = 2024-01-01 }}\n'
        'basis = { title = "试验通知", issuer = "试验单位" }\n' + body,
        encoding="utf-8",
    )
    return file
