"""要求: what is judged once, when the activity has ended: enough people were there [2.2]. Pure."""

from uuid import uuid5

from services.deadlines.domain.history import History, read
from services.deadlines.domain.judge import decided
from services.deadlines.domain.openings import Opening, openings
from services.deadlines.domain.records import Case, Violation, deadline_id
from services.deadlines.domain.satisfaction import can_count, count


def unmet(case: Case) -> tuple[Violation, ...]:
    """未达要求: the violations that must stand. While nobody has told the number, nothing is held against anybody."""
    history = read(case.facts)
    found = []
    for requirement in case.campaign.pack.requirements:
        if requirement.severity == "warn" or not can_count(requirement.counted):
            continue
        for opening in openings(requirement, case.campaign, history):
            number = _number(requirement.counted, opening, history)
            if opening.activity is None or number is None or number >= requirement.minimum:
                continue
            identity = deadline_id(
                case.campaign.id, case.department, opening.activity.id, requirement.id, opening.occurrence
            )
            violation = Violation(
                id=uuid5(identity, "requirement"),
                kind="requirement",
                rule=requirement.id,
                clause=requirement.clause,
                deadline_id=None,
                activity_id=opening.activity.id,
                occurrence=opening.occurrence,
                due_date=None,
                occurred_at=opening.anchor,
                derivation_digest=None,
            )
            found.append(decided(violation, case.decisions))
    return tuple(found)


def _number(counted: str, opening: Opening, history: History) -> int | None:
    """None also for an activity that was cancelled before it ended: nobody was to come."""
    activity = opening.activity
    if activity is None:
        return None
    cancelled = history.cancelled_at(activity)
    if cancelled is not None and cancelled <= opening.anchor:
        return None
    return count(counted, activity, opening.occurrence)
