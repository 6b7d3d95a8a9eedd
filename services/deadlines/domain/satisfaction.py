"""完成情况: since when, and until when, a duty stands done. Keyed by the pack's vocabulary `satisfied_by`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from contracts.plans import events as plans
from contracts.policy import Calendar, PolicyPack, Rule, within
from contracts.registration.events import HeadcountRecorded
from services.deadlines.domain.history import Activity, Announcement, History


@dataclass(frozen=True)
class Spell:
    """Done from `at` on; undone again at `until` (a plan returned and not resubmitted, an announcement withdrawn)."""

    at: datetime
    until: datetime | None = None
    by_proof: bool = False


@dataclass(frozen=True)
class Duty:
    """What one deadline asks for: the rule, and the activity and occurrence it is about, if any."""

    rule: Rule
    pack: PolicyPack
    calendar: Calendar
    history: History
    activity: Activity | None
    occurrence: int


@dataclass(frozen=True)
class _Showing:
    """One channel on which something can be read, from `at` until `until`."""

    channel: str
    at: datetime
    until: datetime | None
    by_proof: bool


def spells(duty: Duty) -> tuple[Spell, ...]:
    """Every spell of a duty, earliest first. KeyError when nothing here can tell (see `can_hear`)."""
    found = _SATISFIED[duty.rule.satisfied_by](duty)
    return tuple(sorted(found, key=lambda spell: (spell.at, spell.until is None, spell.until or spell.at)))


def can_hear(satisfied_by: str) -> bool:
    """Whether this service hears the facts that satisfy such a rule; otherwise it isn't supervised yet."""
    return satisfied_by in _SATISFIED


def can_count(counted: str) -> bool:
    """Whether this service hears the numbers a requirement is judged by."""
    return counted in _COUNTED


def count(counted: str, activity: Activity, occurrence: int) -> int | None:
    """The number a requirement is judged by; None while nobody has told it."""
    headcount = activity.headcounts.get(occurrence)
    return None if headcount is None else _COUNTED[counted](headcount)


def _plan_submitted(duty: Duty) -> Iterator[Spell]:
    """报送. A return undoes a submission at the end of the period in which the plan must come back."""
    review = duty.pack.review
    for plan in duty.history.plans.values():
        submitted = sorted(plan.submitted)
        for position, at in enumerate(submitted):
            following = submitted[position + 1 : position + 2]
            returned = [r for r in plan.returned if at <= r and all(r < later for later in following)]
            if returned:
                period = within(review.resubmit_within, min(returned), duty.calendar, roll=review.resubmit_roll)
                yield Spell(at, period.due_at)
            else:
                yield Spell(at)


def _activity_held(duty: Duty) -> Iterator[Spell]:
    yield from (Spell(at) for at in duty.history.held())


def _adoption_table_complete(duty: Duty) -> Iterator[Spell]:
    """采纳表: one in which every suggestion received is decided; 0 of 0 counts."""
    if duty.activity is not None:
        yield from (Spell(table.at) for table in duty.activity.tables if table.decided == table.received)


def _district_report_submitted(duty: Duty) -> Iterator[Spell]:
    yield from (Spell(at) for at in duty.history.district_reports)


def _published(act: plans.Act, event: type[plans.ActivityReportPublished | plans.EvaluationPublished]) -> "Satisfied":
    def satisfied(duty: Duty) -> Iterator[Spell]:
        """发布: plans publishes only what is complete; accepted proofs may show that it was complete before."""
        if duty.activity is None:
            return
        facts = [fact for fact in duty.activity.publications if isinstance(fact, event)]
        yield from (Spell(fact.at) for fact in facts)
        proofs = [proof for proof in duty.activity.proofs if proof.act == act]
        publication = duty.pack.publications.get(act)
        if proofs and publication is not None:
            shown = [_Showing(c.channel, c.at, None, False) for fact in facts for c in fact.channels]
            shown += _proven(duty.pack, act, proofs)
            yield from _while_shown(shown, publication.channels, 1)

    return satisfied


def _announced(duty: Duty) -> Iterator[Spell]:
    """宣传: from the moment the plan was filed and the announcement had reached the channels the pack asks for."""
    activity = duty.activity
    if activity is None or activity.filed_at is None:
        return
    keeps = duty.pack.on_postpone == "keep"
    occurrences = range(1, duty.occurrence + 1) if keeps else range(duty.occurrence, duty.occurrence + 1)
    shown = [
        _Showing(c.channel, max(c.at, activity.filed_at), _withdrawn_at(activity, fact, c.at), False)
        for fact in activity.announcements
        if fact.occurrence in occurrences
        for c in fact.channels
        if _in_column(duty.pack, "announcement", c.channel, c.column)
    ]
    proofs = [p for p in activity.proofs if p.act == "announcement" and p.occurrence in occurrences]
    shown += [
        _Showing(showing.channel, max(showing.at, activity.filed_at), None, True)
        for showing in _proven(duty.pack, "announcement", proofs)
    ]
    asked = duty.pack.channels
    for spell in _while_shown(shown, asked.required, asked.minimum):
        if duty.rule.continuous == "throughout":
            yield spell
        else:
            yield Spell(spell.at, None, spell.by_proof)


def _withdrawn_at(activity: Activity, fact: Announcement, at: datetime) -> datetime | None:
    ends = [w.at for w in activity.withdrawals if w.announcement_id == fact.announcement_id and w.at >= at]
    return min(ends, default=None)


def _proven(pack: PolicyPack, act: str, proofs: Iterable[plans.ProofAccepted]) -> list[_Showing]:
    return [
        _Showing(proof.channel, proof.claimed_at, None, True)
        for proof in proofs
        if _in_column(pack, act, proof.channel, proof.column)
    ]


def _in_column(pack: PolicyPack, act: str, channel: str, column: str | None) -> bool:
    """栏目: on a channel where the pack names a column for this act, another column does not count."""
    publication = pack.publications.get(act)
    asked = set(publication.columns) if publication is not None else set()
    named = {entry.key for entry in pack.columns if entry.channel == channel and entry.key in asked}
    return column is None or not named or column in named


def _while_shown(shown: list[_Showing], required: Iterable[str], minimum: int) -> Iterator[Spell]:
    """The spells during which every required channel and at least `minimum` different ones show it."""
    needed = frozenset(required)
    moments = sorted({s.at for s in shown} | {s.until for s in shown if s.until is not None})
    begun: Spell | None = None
    for moment in moments:
        live = [s for s in shown if s.at <= moment and (s.until is None or moment < s.until)]
        enough = _is_enough({s.channel for s in live}, needed, minimum)
        if enough and begun is None:
            alone = _is_enough({s.channel for s in live if not s.by_proof}, needed, minimum)
            begun = Spell(moment, None, not alone)
        elif not enough and begun is not None:
            yield Spell(begun.at, moment, begun.by_proof)
            begun = None
    if begun is not None:
        yield begun


def _is_enough(channels: set[str], required: frozenset[str], minimum: int) -> bool:
    return bool(channels) and required <= channels and len(channels) >= minimum


Satisfied = Callable[[Duty], Iterator[Spell]]
_SATISFIED: Mapping[str, Satisfied] = {
    "plan_submitted": _plan_submitted,
    "activity_held": _activity_held,
    "announced": _announced,
    "activity_report_published": _published("activity_report", plans.ActivityReportPublished),
    "evaluation_published": _published("evaluation", plans.EvaluationPublished),
    "adoption_table_complete": _adoption_table_complete,
    "district_report_submitted": _district_report_submitted,
}
_COUNTED: Mapping[str, Callable[[HeadcountRecorded], int]] = {
    "present_and_counted": lambda headcount: headcount.counted,
}
