"""推算过程: how a due date came about, so that anyone can check it by hand."""

import datetime as dt
from hashlib import sha256

import rfc8785

from contracts.policy.primitives import Frozen


class Step(Frozen):
    """一步: what was done, by which article, and the date it led to."""

    number: int
    text: str
    article: str | None = None
    date: dt.date | None = None


class Reading(Frozen):
    """另一种读法: the due date if an open word of the sentence is taken the other way."""

    reading: str
    due_date: dt.date
    due_at: dt.datetime
    provisional: bool


class Derivation(Frozen):
    """推算过程: numbered steps, the articles used, calendar version, the other readings and the safe date.

    ``safe_date`` is the earliest due date under any reading: an act by then is in time whatever the sentence means.
    """

    rule: str
    clause: str | None
    sentence: str | None
    anchor: str | None
    steps: tuple[Step, ...]
    articles: tuple[str, ...]
    calendar_version: str
    provisional_days: tuple[dt.date, ...]
    readings: tuple[Reading, ...]
    safe_date: dt.date

    @property
    def digest(self) -> str:
        """摘要: SHA-256, hex, over the RFC 8785 canonical JSON of the derivation."""
        return sha256(rfc8785.dumps(self.model_dump(mode="json"))).hexdigest()


class Due(Frozen):
    """到期: an act at t is in time when t < ``due_at`` (exclusive, +08:00); ``due_date`` is the last day that counts.

    ``provisional``: the date depends on a day no calendar layer covers yet.
    """

    rule: str
    due_date: dt.date
    due_at: dt.datetime
    provisional: bool
    derivation: Derivation
