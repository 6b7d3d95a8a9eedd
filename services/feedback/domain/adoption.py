"""采纳表: complete or refused. Every suggestion counted has a decision; nothing received is complete too."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.envelope import digest_of
from contracts.feedback.api import AdoptionItem, AdoptionTable
from contracts.policy import SHANGHAI, PolicyPack
from servicekit.problems import Finding, Refused
from services.feedback.domain.masking import mask_name, mask_text
from services.feedback.domain.suggestion import Activity, Suggestion, Told, require_open

_SATISFIER = "adoption_table_complete"
_LISTED = 50


class ActivityNotEnded(Refused):
    code, status, title = "activity-not-ended", 409, "活动尚未结束"
    fix = "活动结束后再发布采纳情况"


class AdoptionIncomplete(Refused):
    """`errors` lists what is undecided."""

    code, status, title = "adoption-incomplete", 409, "还有意见建议没有处理"
    fix = "逐条作出处理并说明理由后再发布"


class AdoptionUnchanged(Refused):
    code, status, title = "adoption-unchanged", 409, "采纳情况没有变化"


@dataclass(frozen=True)
class Basis:
    """The pack's rule that asks for a table."""

    clause: str | None = None
    sentence: str | None = None


def basis_of(pack: PolicyPack | None) -> Basis:
    """Empty while the campaign's pack has not been heard of, or has no such rule."""
    for rule in pack.rules if pack is not None else ():
        if rule.satisfied_by == _SATISFIER:
            return Basis(rule.clause, rule.sentence)
    return Basis()


def require_complete(activity: Activity, suggestions: Sequence[Suggestion], basis: Basis) -> None:
    """Raises NotFound, ActivityCancelled, ActivityNotEnded, AdoptionIncomplete."""
    require_open(activity)
    if activity.ended_at is None:
        raise ActivityNotEnded("活动结束前的采纳情况不完整")
    undecided = [one for one in suggestions if one.decision is None]
    if undecided:
        raise AdoptionIncomplete(
            f"收到 {len(suggestions)} 条,还有 {len(undecided)} 条没有处理",
            clause=basis.clause,
            errors=[
                Finding(
                    code="text-pending" if one.text_state == "pending" else "undecided",
                    field=str(one.id),
                    detail=f"{one.received_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} 收到的意见建议没有处理",
                    clause=basis.clause,
                    sentence=basis.sentence,
                )
                for one in undecided[:_LISTED]
            ],
        )


def compose(
    activity: Activity,
    department_name: str,
    told: Sequence[Told],
    before: AdoptionTable | None,
    basis: Basis,
    now: datetime,
) -> AdoptionTable:
    """采纳表 of complete suggestions, in the order of arrival, masked. Raises AdoptionUnchanged."""
    counts = Counter(one.suggestion.decision for one in told)
    items = [_item(number, one) for number, one in enumerate(told, start=1)]
    if before is not None and before.items == items:
        raise AdoptionUnchanged(f"与已发布的第 {before.version} 版相同", fix="有新的意见建议或处理结果时再发布")
    table = AdoptionTable(
        activity_id=activity.id,
        activity_name=require_open(activity),
        department=activity.department,
        department_name=department_name,
        version=before.version + 1 if before is not None else 1,
        clause=basis.clause,
        received=len(told),
        decided=len(items),
        adopted=counts["adopted"],
        partly=counts["partly"],
        not_adopted=counts["not_adopted"],
        noted=counts["noted"],
        counted_until=now,
        items=items,
        published_at=now,
        proof_digest="",
    )
    return table.model_copy(update={"proof_digest": proof_of(table)})


def proof_of(table: AdoptionTable) -> str:
    """摘要 of the published text: anybody can check a copy against the event."""
    document: dict[str, Any] = table.model_dump(mode="json", exclude={"proof_digest"})
    return digest_of(document)


def _item(number: int, told: Told) -> AdoptionItem:
    one = told.suggestion
    assert one.decision is not None and one.reason is not None and one.decided_at is not None
    return AdoptionItem(
        number=number,
        source=one.source,
        name=mask_name(told.name) if told.name else None,
        text=mask_text(told.text, name=told.name) if told.text is not None else None,
        decision=one.decision,
        reason=mask_text(one.reason, name=told.name),
        received_at=one.received_at,
        decided_at=one.decided_at,
    )
