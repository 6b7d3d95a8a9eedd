"""政策包: policy is data. Packs, calendars and the pure rules that read them.

Reading packs (does I/O; at wiring time only)::

    load_pack("640402-2024")                     -> PolicyPack     from the built-in directory
    load_pack("640402-2024", Path("/srv/packs")) -> PolicyPack     PackInvalid: .mistakes of (file, key, reason)
    check_pack(Path("640403-2025.toml"))         -> tuple[Mistake, ...]
    load_calendar(pack.jurisdiction.code)        -> Calendar       library + file layers; CalendarInvalid

Everything else is pure::

    PolicyPack.model_validate(event_data["pack"])                  the copy that travels in campaign-opened
    pack.digest, pack.version, pack.rule("evaluation"), pack.check("forbidden_name"), pack.requirement("headcount")
    compute(rule, ends_at, calendar, pack.year)  -> Due            .due_date .due_at .provisional .derivation(.digest)
    earliest_start(rule, announced, calendar)    -> date           for ``before`` rules
    within(pack.review.resubmit_within, returned_at, calendar, roll=pack.review.resubmit_roll) -> Due
    extension_limit(rule, due, calendar)         -> Due | None
    reminder_times(pack.reminders_of(rule), due, calendar) -> tuple[datetime, ...]

An act at t is in time when t < ``due_at``. Instants need an offset; they count as civil dates in Asia/Shanghai.
"""

from contracts.policy.calendar import CALENDARS_DIRECTORY, Calendar, load_calendar
from contracts.policy.counting import PeriodError
from contracts.policy.derivation import Derivation, Due, Reading, Step
from contracts.policy.layer import Layer, LayerDay, LayerSource, parse_layer, read_layer
from contracts.policy.loader import PACKS_DIRECTORY, check_pack, list_packs, load_pack
from contracts.policy.mistakes import CalendarInvalid, Mistake, PackInvalid
from contracts.policy.model import PolicyPack
from contracts.policy.period import (
    compute,
    compute_within,
    earliest_start,
    extension_limit,
    reminder_times,
    within,
)
from contracts.policy.primitives import SHANGHAI, Choice, Span
from contracts.policy.rule import Check, Extend, LongHoliday, Reminder, Requirement, Rule, Waive

__all__ = [
    "CALENDARS_DIRECTORY",
    "PACKS_DIRECTORY",
    "SHANGHAI",
    "Calendar",
    "CalendarInvalid",
    "Check",
    "Choice",
    "Derivation",
    "Due",
    "Extend",
    "Layer",
    "LayerDay",
    "LayerSource",
    "LongHoliday",
    "Mistake",
    "PackInvalid",
    "PeriodError",
    "PolicyPack",
    "Reading",
    "Reminder",
    "Requirement",
    "Rule",
    "Span",
    "Step",
    "Waive",
    "check_pack",
    "compute",
    "compute_within",
    "earliest_start",
    "extension_limit",
    "list_packs",
    "load_calendar",
    "load_pack",
    "parse_layer",
    "read_layer",
    "reminder_times",
    "within",
]
