"""核对结果: what is wrong with an input, each with clause, sentence and fix from the pack."""

from collections.abc import Sequence
from typing import TypeVar

from contracts.plans.api import Check
from contracts.policy import Check as PackCheck
from contracts.policy import PolicyPack
from servicekit.problems import Finding, Refused


class Incomplete(Refused):
    """Refused for what its findings say; nothing was changed."""

    code, status, title = "incomplete", 422, "内容不符合要求"


R = TypeVar("R", bound=Incomplete)


def by_check(pack: PolicyPack, check_id: str, detail: str, field: str | None, fix: str | None = None) -> Check:
    """A finding under one of the pack's checks, with the severity the pack gives it."""
    check: PackCheck = pack.check(check_id)
    return Check(
        code=check_id.replace("_", "-"),
        severity=check.severity,
        field=field,
        detail=detail,
        clause=check.clause,
        sentence=check.sentence,
        fix=fix or check.fix,
    )


def plainly(code: str, detail: str, field: str | None, *, clause: str | None = None, fix: str | None = None) -> Check:
    """A finding that no sentence of the notice is needed for."""
    return Check(code=code, severity="refuse", field=field, detail=detail, clause=clause, sentence=None, fix=fix)


def refuse_for(findings: Sequence[Check], refusal: type[R]) -> None:
    """Raises `refusal` with every finding that refuses; warnings alone refuse nothing."""
    refused = [finding for finding in findings if finding.severity == "refuse"]
    if not refused:
        return
    first = refused[0]
    detail = first.detail if len(refused) == 1 else f"有 {len(refused)} 处不符合要求: {first.detail} 等"
    raise refusal(
        detail,
        clause=next((finding.clause for finding in refused if finding.clause), None),
        fix=first.fix if len(refused) == 1 else "按 errors 逐项改正",
        errors=[Finding(**finding.model_dump(exclude={"severity"})) for finding in refused],
    )
