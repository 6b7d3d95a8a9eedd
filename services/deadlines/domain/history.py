"""事实: a department's facts, sorted by what they tell. A fact counts by its own time, never by its arrival."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from contracts.envelope import EventData
from contracts.feedback.events import AdoptionTablePublished
from contracts.plans import events as plans
from contracts.registration.events import HeadcountRecorded

Announcement = plans.AnnouncementIssued | plans.AnnouncementAmended | plans.AnnouncementCorrected
Publication = plans.ActivityReportPublished | plans.EvaluationPublished


@dataclass(frozen=True)
class Dated:
    """活动日期: one occurrence of an activity, fixed at `fixed_at`."""

    starts_at: datetime
    fixed_at: datetime


@dataclass
class Plan:
    """实施方案: when it was submitted, returned, filed, cancelled."""

    submitted: set[datetime] = field(default_factory=set)
    returned: set[datetime] = field(default_factory=set)
    cancelled_at: datetime | None = None


@dataclass
class Activity:
    """活动: its dates by occurrence, its end, who came, and what was published about it."""

    id: UUID
    plan_ids: set[UUID] = field(default_factory=set)
    filed_at: datetime | None = None
    dates: dict[int, Dated] = field(default_factory=dict)
    cancelled_at: datetime | None = None
    ends: dict[int, datetime] = field(default_factory=dict)
    corrections: list[plans.ActivityEndCorrected] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    withdrawals: list[plans.AnnouncementWithdrawn] = field(default_factory=list)
    proofs: list[plans.ProofAccepted] = field(default_factory=list)
    publications: list[Publication] = field(default_factory=list)
    headcounts: dict[int, HeadcountRecorded] = field(default_factory=dict)
    tables: list[AdoptionTablePublished] = field(default_factory=list)

    def date(self, occurrence: int, starts_at: datetime, fixed_at: datetime) -> None:
        """Of two facts about one occurrence the earlier one fixed it; a filing repeated later fixes nothing."""
        known = self.dates.get(occurrence)
        fixed = Dated(starts_at, fixed_at)
        if known is None or (fixed.fixed_at, fixed.starts_at) < (known.fixed_at, known.starts_at):
            self.dates[occurrence] = fixed

    def superseded_at(self, occurrence: int) -> datetime | None:
        """改期: when a later occurrence took this one's place."""
        return min((dated.fixed_at for later, dated in self.dates.items() if later > occurrence), default=None)

    def ended(self) -> dict[int, datetime]:
        """结束 by occurrence, as first known: a correction tells the end before it, should that event be late."""
        first = dict(self.ends)
        for correction in sorted(self.corrections, key=lambda fact: fact.corrected_at):
            first.setdefault(correction.occurrence, correction.old_at)
        return first

    def corrected(self, occurrence: int) -> list[tuple[datetime, datetime]]:
        """更正: (when it was corrected, the end it was corrected to), in the order of the corrections."""
        return sorted((fact.corrected_at, fact.at) for fact in self.corrections if fact.occurrence == occurrence)


@dataclass
class History:
    """一个部门的全部事实."""

    plans: dict[UUID, Plan] = field(default_factory=dict)
    activities: dict[UUID, Activity] = field(default_factory=dict)
    district_reports: list[datetime] = field(default_factory=list)

    def plan(self, plan_id: UUID) -> Plan:
        return self.plans.setdefault(plan_id, Plan())

    def activity(self, activity_id: UUID, plan_id: UUID | None = None) -> Activity:
        """`plan_id` is None in what registration and feedback tell, which know no plans."""
        activity = self.activities.setdefault(activity_id, Activity(activity_id))
        if plan_id is not None:
            activity.plan_ids.add(plan_id)
        return activity

    def cancelled_at(self, activity: Activity) -> datetime | None:
        """取消: the activity itself, or the plan it belongs to."""
        plan_ends = (self.plan(plan_id).cancelled_at for plan_id in activity.plan_ids)
        return _earliest(activity.cancelled_at, *plan_ends)

    def held(self) -> Iterator[datetime]:
        """举办: the end of every activity that was not cancelled before it and to which somebody came."""
        for activity in self.activities.values():
            cancelled = self.cancelled_at(activity)
            for occurrence, end in activity.ended().items():
                headcount = activity.headcounts.get(occurrence)
                if headcount is not None and headcount.present > 0 and (cancelled is None or cancelled > end):
                    yield min([end, *(corrected for _, corrected in activity.corrected(occurrence))])


def read(facts: Iterable[EventData]) -> History:
    """The history that the facts tell, in whatever order they come. A kind of fact not listed here tells nothing."""
    history = History()
    for fact in facts:
        note = _NOTES.get(type(fact))
        if note is not None:
            note(history, fact)
    return history


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)


def _submitted(history: History, fact: plans.PlanSubmitted) -> None:
    history.plan(fact.plan_id).submitted.add(fact.submitted_at)


def _returned(history: History, fact: plans.PlanReturned) -> None:
    history.plan(fact.plan_id).returned.add(fact.returned_at)


def _filed(history: History, fact: plans.PlanFiled) -> None:
    # What was filed had been submitted, also while the event of the submission is still under way.
    history.plan(fact.plan_id).submitted.add(fact.submitted_at)
    for filed in fact.activities:
        activity = history.activity(filed.activity_id, fact.plan_id)
        activity.filed_at = _earliest(activity.filed_at, fact.filed_at)
        if filed.starts_at is not None:
            activity.date(1, filed.starts_at, fact.filed_at)


def _plan_cancelled(history: History, fact: plans.PlanCancelled) -> None:
    plan = history.plan(fact.plan_id)
    plan.cancelled_at = _earliest(plan.cancelled_at, fact.cancelled_at)


def _scheduled(history: History, fact: plans.ActivityScheduled) -> None:
    history.activity(fact.activity_id, fact.plan_id).date(fact.occurrence, fact.starts_at, fact.scheduled_at)


def _rescheduled(history: History, fact: plans.ActivityRescheduled) -> None:
    history.activity(fact.activity_id, fact.plan_id).date(fact.occurrence, fact.starts_at, fact.rescheduled_at)


def _cancelled(history: History, fact: plans.ActivityCancelled) -> None:
    activity = history.activity(fact.activity_id, fact.plan_id)
    activity.cancelled_at = _earliest(activity.cancelled_at, fact.cancelled_at)


def _ended(history: History, fact: plans.ActivityEnded) -> None:
    ends = history.activity(fact.activity_id, fact.plan_id).ends
    ends[fact.occurrence] = min(fact.at, ends.get(fact.occurrence, fact.at))


def _corrected(history: History, fact: plans.ActivityEndCorrected) -> None:
    history.activity(fact.activity_id, fact.plan_id).corrections.append(fact)


def _announced(history: History, fact: Announcement) -> None:
    history.activity(fact.activity_id, fact.plan_id).announcements.append(fact)


def _withdrawn(history: History, fact: plans.AnnouncementWithdrawn) -> None:
    history.activity(fact.activity_id, fact.plan_id).withdrawals.append(fact)


def _proved(history: History, fact: plans.ProofAccepted) -> None:
    history.activity(fact.activity_id, fact.plan_id).proofs.append(fact)


def _published(history: History, fact: Publication) -> None:
    history.activity(fact.activity_id, fact.plan_id).publications.append(fact)


def _reported(history: History, fact: plans.DistrictReportSubmitted) -> None:
    history.district_reports.append(fact.at)


def _counted(history: History, fact: HeadcountRecorded) -> None:
    """到场人数: late-synced check-ins give a higher revision; the highest holds, whichever comes first."""
    headcounts = history.activity(fact.activity_id).headcounts
    known = headcounts.get(fact.occurrence)
    if known is None or fact.revision > known.revision:
        headcounts[fact.occurrence] = fact


def _table_published(history: History, fact: AdoptionTablePublished) -> None:
    history.activity(fact.activity_id).tables.append(fact)


# Each reader takes the fact it stands beside; the table is what keeps the two together.
_NOTES: dict[type[EventData], Callable[..., None]] = {
    plans.PlanSubmitted: _submitted,
    plans.PlanReturned: _returned,
    plans.PlanFiled: _filed,
    plans.PlanCancelled: _plan_cancelled,
    plans.ActivityScheduled: _scheduled,
    plans.ActivityRescheduled: _rescheduled,
    plans.ActivityCancelled: _cancelled,
    plans.ActivityEnded: _ended,
    plans.ActivityEndCorrected: _corrected,
    plans.AnnouncementIssued: _announced,
    plans.AnnouncementAmended: _announced,
    plans.AnnouncementCorrected: _announced,
    plans.AnnouncementWithdrawn: _withdrawn,
    plans.ProofAccepted: _proved,
    plans.ActivityReportPublished: _published,
    plans.EvaluationPublished: _published,
    plans.DistrictReportSubmitted: _reported,
    HeadcountRecorded: _counted,
    AdoptionTablePublished: _table_published,
}
FACTS: tuple[type[EventData], ...] = tuple(_NOTES)
"""Every event that can change a judgement; the rest is not kept."""
