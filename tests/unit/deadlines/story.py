"""One department's story, told in facts: what plans would say, written in Shanghai time ("09-12 23:30")."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID, uuid5

from contracts.envelope import EventData
from contracts.feedback.events import AdoptionTablePublished
from contracts.plans import events as plans
from contracts.policy import SHANGHAI, Calendar, PolicyPack, load_calendar, load_pack
from contracts.registration.events import HeadcountRecorded
from services.deadlines.domain.history import Announcement
from services.deadlines.domain.judge import judge
from services.deadlines.domain.records import (
    Campaign,
    Case,
    Decision,
    Judged,
    KeptDeadline,
    KeptViolation,
    deadline_id,
    known,
    violation_id,
)
from services.deadlines.domain.require import unmet
from services.deadlines.domain.settle import settle

PACK: PolicyPack = load_pack("640402-2024")
CALENDAR: Calendar = load_calendar("640402")
CAMPAIGN_ID = UUID("00000000-0000-4000-8000-000000000001")
PLAN_ID = UUID("00000000-0000-4000-8000-000000000002")
ACTIVITY_ID = UUID("00000000-0000-4000-8000-000000000003")
DEPARTMENT = "11642223015004411X"
DIGEST = "a" * 64
WEBSITE, NEW_MEDIA, NEWSPAPER = "government_website", "new_media", "newspaper"


def at(text: str) -> datetime:
    """ "09-12 23:30" of 2024, Shanghai; a day alone is its midnight."""
    day, _, clock = text.partition(" ")
    return datetime.fromisoformat(f"2024-{day}T{clock or '00:00'}:00").replace(tzinfo=SHANGHAI)


def day(text: str) -> date:
    return date.fromisoformat(f"2024-{text}")


def campaign(pack: PolicyPack = PACK, closed: str | None = None) -> Campaign:
    return Campaign(CAMPAIGN_ID, "640402", pack, at("08-14 09:00"), at(closed) if closed else None)


@dataclass
class Story:
    """Facts of one department with one plan and one activity; every method adds what plans would say."""

    pack: PolicyPack = field(default=PACK, repr=False)
    closed: str | None = None
    plan_id: UUID = PLAN_ID
    activity_id: UUID = ACTIVITY_ID
    facts: list[EventData] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)

    def _add(self, fact: EventData) -> "Story":
        self.facts.append(fact)
        return self

    def submitted(self, when: str, version: int = 1) -> "Story":
        return self._add(
            plans.PlanSubmitted(plan_id=self.plan_id, version=version, digest=DIGEST, submitted_at=at(when))
        )

    def returned(self, when: str, version: int = 1) -> "Story":
        return self._add(plans.PlanReturned(plan_id=self.plan_id, version=version, digest=DIGEST, returned_at=at(when)))

    def filed(self, when: str, submitted: str, starts: str | None) -> "Story":
        venue = plans.Venue(key="hall", name="大厅")
        activity = plans.FiledActivity(
            activity_id=self.activity_id,
            name="演练",
            starts_at=at(starts) if starts else None,
            ends_at=at(starts) + timedelta(hours=2.5) if starts else None,
            forms=["enter_office"],
            segments=["question"],
            capacity=40,
            minimum=25,
            main_venue=venue,
            branch_venues=[],
            online=False,
        )
        return self._add(
            plans.PlanFiled(
                plan_id=self.plan_id,
                filing_number="640402-2024-001",
                version=1,
                digest=DIGEST,
                title="演练",
                submitted_at=at(submitted),
                filed_at=at(when),
                activities=[activity],
            )
        )

    def plan_cancelled(self, when: str) -> "Story":
        return self._add(plans.PlanCancelled(plan_id=self.plan_id, cancelled_at=at(when), reason="演练"))

    def scheduled(self, when: str, starts: str) -> "Story":
        return self._add(
            plans.ActivityScheduled(
                activity_id=self.activity_id,
                plan_id=self.plan_id,
                occurrence=1,
                starts_at=at(starts),
                ends_at=at(starts) + timedelta(hours=2.5),
                scheduled_at=at(when),
            )
        )

    def postponed(self, when: str, old: str, new: str, occurrence: int = 2) -> "Story":
        return self._add(
            plans.ActivityRescheduled(
                activity_id=self.activity_id,
                plan_id=self.plan_id,
                occurrence=occurrence,
                old_starts_at=at(old),
                old_ends_at=at(old) + timedelta(hours=2.5),
                starts_at=at(new),
                ends_at=at(new) + timedelta(hours=2.5),
                rescheduled_at=at(when),
                reason="天气",
            )
        )

    def cancelled(self, when: str) -> "Story":
        return self._add(
            plans.ActivityCancelled(
                activity_id=self.activity_id,
                plan_id=self.plan_id,
                starts_at=None,
                cancelled_at=at(when),
                reason="演练",
            )
        )

    def announced(
        self, when: str, *channels: str | tuple[str, str], occurrence: int = 1, corrects: bool = False
    ) -> "Story":
        """Channels are announced at `when`, or each at its own time; every event names all so far."""
        named = [(entry, when) if isinstance(entry, str) else entry for entry in channels]
        kind: type[Announcement] = plans.AnnouncementCorrected if corrects else plans.AnnouncementIssued
        if any(moment != when for _, moment in named):
            kind = plans.AnnouncementAmended
        return self._add(
            kind(
                announcement_id=uuid5(self.activity_id, f"announcement {occurrence}"),
                activity_id=self.activity_id,
                plan_id=self.plan_id,
                occurrence=occurrence,
                channels=[
                    plans.AnnouncedChannel(
                        channel=channel,
                        column="plans_and_announcements" if channel == WEBSITE else None,
                        at=at(moment),
                        proof_digest=None,
                    )
                    for channel, moment in named
                ],
                at=at(when),
            )
        )

    def withdrawn(self, when: str, occurrence: int = 1) -> "Story":
        return self._add(
            plans.AnnouncementWithdrawn(
                announcement_id=uuid5(self.activity_id, f"announcement {occurrence}"),
                activity_id=self.activity_id,
                plan_id=self.plan_id,
                occurrence=occurrence,
                at=at(when),
                reason="演练",
            )
        )

    def proved(
        self, accepted: str, claimed: str, channel: str, act: plans.Act = "announcement", column: str | None = None
    ) -> "Story":
        return self._add(
            plans.ProofAccepted(
                proof_id=uuid5(self.activity_id, f"proof {channel} {claimed}"),
                act=act,
                activity_id=self.activity_id,
                plan_id=self.plan_id,
                occurrence=1,
                channel=channel,
                column=column,
                claimed_at=at(claimed),
                proof_digest=DIGEST,
                at=at(accepted),
            )
        )

    def ended(self, when: str, occurrence: int = 1, counted: int | None = 30) -> "Story":
        """`counted` were there; None: registration has not told how many yet."""
        if counted is not None:
            self.headcount(when, counted, occurrence=occurrence)
        return self._add(
            plans.ActivityEnded(
                activity_id=self.activity_id,
                plan_id=self.plan_id,
                occurrence=occurrence,
                at=at(when),
                basis="scheduled",
            )
        )

    def headcount(self, when: str, counted: int, revision: int = 1, occurrence: int = 1) -> "Story":
        return self._add(
            HeadcountRecorded(
                activity_id=self.activity_id,
                occurrence=occurrence,
                revision=revision,
                present=counted,
                counted=counted,
                by_category={},
                at=at(when),
            )
        )

    def table(self, when: str, received: int = 0, decided: int | None = None, version: int = 1) -> "Story":
        done = received if decided is None else decided
        return self._add(
            AdoptionTablePublished(
                activity_id=self.activity_id,
                table_version=version,
                received=received,
                decided=done,
                adopted=done,
                partly=0,
                not_adopted=0,
                noted=0,
                counted_until=at(when),
                proof_digest=DIGEST,
                at=at(when),
            )
        )

    def end_corrected(self, when: str, old: str, new: str, occurrence: int = 1) -> "Story":
        return self._add(
            plans.ActivityEndCorrected(
                activity_id=self.activity_id,
                plan_id=self.plan_id,
                occurrence=occurrence,
                old_at=at(old),
                at=at(new),
                corrected_at=at(when),
                reason="演练",
            )
        )

    def reported(self, when: str) -> "Story":
        return self._publish(plans.ActivityReportPublished, when)

    def evaluated(self, when: str) -> "Story":
        return self._publish(plans.EvaluationPublished, when)

    def evaluated_with_table(self, when: str) -> "Story":
        return self.evaluated(when).table(when, 6)

    def _publish(self, kind: type[plans.ActivityReportPublished | plans.EvaluationPublished], when: str) -> "Story":
        channel = plans.AnnouncedChannel(channel=WEBSITE, column=None, at=at(when), proof_digest=None)
        return self._add(
            kind(
                report_id=uuid5(self.activity_id, kind.TYPE),
                activity_id=self.activity_id,
                plan_id=self.plan_id,
                channels=[channel],
                at=at(when),
            )
        )

    def district_report(self, when: str) -> "Story":
        return self._add(
            plans.DistrictReportSubmitted(
                report_id=uuid5(self.plan_id, "district report"), campaign_id=CAMPAIGN_ID, digest=DIGEST, at=at(when)
            )
        )

    def id_of(self, rule: str, occurrence: int = 1) -> UUID:
        about = None if self.pack.rule(rule).trigger == "campaign_opened" else self.activity_id
        return deadline_id(CAMPAIGN_ID, DEPARTMENT, about, rule, occurrence)

    def extended(self, when: str, rule: str, until: str) -> "Story":
        self.decisions.append(Decision("extend_deadline", at(when), deadline_id=self.id_of(rule), until=day(until)))
        return self

    def waived(self, when: str, rule: str) -> "Story":
        self.decisions.append(Decision("waive_deadline", at(when), deadline_id=self.id_of(rule)))
        return self

    def violation_waived(self, when: str, rule: str) -> "Story":
        self.decisions.append(Decision("waive_violation", at(when), violation_id=violation_id(self.id_of(rule))))
        return self

    def objection_upheld(self, when: str, rule: str) -> "Story":
        self.decisions.append(
            Decision("decide_objection", at(when), violation_id=violation_id(self.id_of(rule)), outcome="upheld")
        )
        return self

    def case(self) -> Case:
        return Case(campaign(self.pack, self.closed), DEPARTMENT, tuple(self.facts), tuple(self.decisions))

    def judged(self, now: str) -> dict[tuple[str, int], Judged]:
        """What must stand at `now`, by rule and occurrence."""
        judgement = judge(self.case(), CALENDAR, at(now))
        return {(entry.deadline.rule, entry.deadline.occurrence): entry for entry in judgement}


@dataclass
class Desk:
    """What the service keeps for one department: facts as they arrive, what was settled, what was announced."""

    pack: PolicyPack = field(default=PACK, repr=False)
    closed: str | None = None
    facts: list[EventData] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    deadlines: dict[UUID, KeptDeadline] = field(default_factory=dict)
    violations: dict[UUID, KeptViolation] = field(default_factory=dict)
    told: list[EventData] = field(default_factory=list)
    next_at: datetime | None = None
    saved: int = 0

    def hear(self, now: datetime, *facts: EventData) -> list[EventData]:
        """Facts arrive, in this order; answers with what is announced."""
        self.facts += facts
        return self.settle(now)

    def decide(self, decision: Decision) -> list[EventData]:
        self.decisions.append(decision)
        return self.settle(decision.at)

    def settle(self, now: datetime, calendar: Calendar = CALENDAR) -> list[EventData]:
        opened = campaign(self.pack, self.closed)
        facts, decisions = tuple(self.facts), tuple(self.decisions)
        case = Case(opened, DEPARTMENT, facts, decisions, *known(self.deadlines.values()))
        settlement = settle(self.deadlines, self.violations, judge(case, calendar, now), now, unmet(case))
        self.deadlines |= {kept.deadline.id: kept for kept in settlement.deadlines}
        self.violations |= {kept.violation.id: kept for kept in settlement.violations}
        self.next_at = settlement.next_at
        self.saved += len(settlement.deadlines) + len(settlement.violations)
        events = [announcement.event for announcement in settlement.announcements]
        self.told += events
        return events

    def run_until(self, now: datetime) -> list[EventData]:
        """The timers, one after the other, up to and including `now`."""
        told = []
        while self.next_at is not None and self.next_at <= now:
            told += self.settle(self.next_at)
        return told
