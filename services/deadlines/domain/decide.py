"""处理决定: what the office may decide and a department may object to, and what is refused, with clause and fix."""

from collections.abc import Sequence
from datetime import date

from contracts.policy import Due, Rule
from servicekit.problems import Refused, WrongState
from services.deadlines.domain.records import Deadline, Decision, Violation


class ExtensionNotLater(Refused):
    code, status, title = "extension-not-later", 409, "延期日期不晚于现在的期限"


class ExtensionBeyondMaximum(Refused):
    code, status, title = "extension-beyond-maximum", 409, "超过可以延期的上限"


class AlreadyObjected(Refused):
    code, status, title = "already-objected", 409, "已经提出过申诉说明"


class NothingToDecide(Refused):
    code, status, title = "nothing-to-decide", 409, "没有待处理的申诉说明"


_STATES = {
    "open": "进行中",
    "met": "按期完成",
    "lapsed": "逾期",
    "cured": "逾期补办",
    "waived": "已豁免",
    "cancelled": "已取消",
    "standing": "成立",
    "withdrawn": "已撤销",
}


def may_extend(deadline: Deadline, rule: Rule, until: date, limit: Due | None) -> None:
    """延期: an open deadline, to a later day, no further than the rule's maximum allows."""
    _must_be(deadline.state, "open", rule.clause, "只能延长进行中的期限;已逾期的,可以豁免其违规")
    if until <= deadline.due_date:
        raise ExtensionNotLater(
            f"现在的最后一日是 {deadline.due_date}",
            clause=rule.clause,
            fix="请填写更晚的日期",
        )
    if limit is not None and until > limit.due_date:
        raise ExtensionBeyondMaximum(
            f"按规则原定 {deadline.ruled.due_date},最多延至 {limit.due_date}",
            clause=rule.clause,
            fix=f"请填写不晚于 {limit.due_date} 的日期",
        )


def may_waive_deadline(deadline: Deadline, rule: Rule) -> None:
    """豁免期限: only an open one; what lapsed is a violation, and that is waived by itself."""
    _must_be(deadline.state, "open", rule.clause, "只能豁免进行中的期限;已逾期的,请豁免其违规")


def may_waive_violation(violation: Violation) -> None:
    """豁免违规: only one that stands."""
    _must_be(violation.state, "standing", violation.clause, "只能豁免成立的违规")


def may_object(violation: Violation, decisions: Sequence[Decision]) -> None:
    """申诉说明: once for each violation, while it stands or after it was cured."""
    if violation.state not in ("standing", "cured"):
        _must_be(violation.state, "standing", violation.clause, "只能对成立或已补办的违规提出申诉说明")
    if any(decision.kind == "object" for decision in decisions):
        raise AlreadyObjected("每项违规只能申诉一次", clause=violation.clause, fix="请等待或查看处理结果")


def may_decide(violation: Violation, decisions: Sequence[Decision]) -> None:
    """申诉处理: of an objection that was made and not decided yet."""
    kinds = {decision.kind for decision in decisions}
    if "object" not in kinds or "decide_objection" in kinds:
        raise NothingToDecide("没有申诉说明,或者已经处理过", clause=violation.clause, fix="请先查看这项违规")
    if violation.state not in ("standing", "cured"):
        _must_be(violation.state, "standing", violation.clause, "这项违规已经了结,不需要处理申诉")


def _must_be(state: str, wanted: str, clause: str, fix: str) -> None:
    if state != wanted:
        raise WrongState(f"现在的状态是“{_STATES[state]}”", clause=clause, fix=fix)
