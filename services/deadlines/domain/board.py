"""合规看板: its counts, and the digest by which two runs of the same season are compared."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from contracts.deadlines.api import BoardCounts, BoardDepartment, Unsupervised
from contracts.envelope import digest_of
from contracts.policy import PolicyPack
from services.deadlines.domain.satisfaction import can_count, can_hear

# Left out of the digest: what another run of the same season may give another value.
_VARYING = {
    "deadline_id",
    "violation_id",
    "campaign_id",
    "activity_id",
    "version",
    "opened_at",
    "detected_at",
    "withdrawn_at",
    "waived_at",
}


def counts(departments: Sequence[BoardDepartment]) -> BoardCounts:
    """成立、已补办、已撤销、已豁免: violations by state; a waived deadline counts as one waived, too."""
    states = Counter(violation.state for row in departments for violation in row.violations)
    waived = sum(deadline.state == "waived" for row in departments for deadline in row.deadlines)
    return BoardCounts(
        standing=states["standing"],
        cured=states["cured"],
        withdrawn=states["withdrawn"],
        waived=states["waived"] + waived,
    )


def unsupervised(pack: PolicyPack) -> Iterator[Unsupervised]:
    """暂不监督: what the pack asks for and nobody tells this service yet."""
    for rule in pack.rules:
        if not can_hear(rule.satisfied_by):
            yield Unsupervised(
                kind="deadline", rule=rule.id, title=rule.title, clause=rule.clause, waits_for=rule.satisfied_by
            )
    for asked in pack.requirements:
        if not can_count(asked.counted):
            yield Unsupervised(
                kind="requirement", rule=asked.id, title=asked.title, clause=asked.clause, waits_for=asked.counted
            )


def digest(pack: PolicyPack, departments: Sequence[BoardDepartment], missing: Sequence[Unsupervised]) -> str:
    """SHA-256 over RFC 8785. Lines are put in order by what they say, because ids differ from run to run."""
    rows = [
        {
            "department": row.department,
            "name": row.name,
            "deadlines": _lines([line.model_dump(mode="json") for line in row.deadlines]),
            "violations": _lines([line.model_dump(mode="json") for line in row.violations]),
        }
        for row in sorted(departments, key=lambda row: row.department)
    ]
    return digest_of(
        {"pack": pack.digest, "departments": rows, "unsupervised": [entry.model_dump(mode="json") for entry in missing]}
    )


def _lines(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = [{key: value for key, value in line.items() if key not in _VARYING} for line in lines]
    return sorted(kept, key=lambda line: [(key, str(value)) for key, value in sorted(line.items())])
