"""Who may do what: the office in its district, a department with its own, and whom the pack names for a decision."""

from collections.abc import Sequence

from contracts.policy import Requirement, Rule
from servicekit.asker import Asker as Asker
from servicekit.problems import Forbidden


def as_office(asker: Asker, jurisdiction: str) -> None:
    """区政府政务公开办公室. Raises Forbidden."""
    asker.require("office")
    _in_district(asker, jurisdiction)


def as_department(asker: Asker, department: str, jurisdiction: str) -> None:
    """The department concerned. Raises Forbidden."""
    asker.require("department")
    _in_district(asker, jurisdiction)
    if asker.department != department:
        raise Forbidden("这是其他部门的内容", fix="只能办理本部门的期限和违规")


def as_reader(asker: Asker, department: str, jurisdiction: str) -> None:
    """Office, auditor and front-end read all of their district, a department its own. Raises Forbidden."""
    if asker.may("office", "auditor", "frontend"):
        _in_district(asker, jurisdiction)
    else:
        as_department(asker, department, jurisdiction)


def only_department(asker: Asker, asked: str | None) -> str | None:
    """Which department's lines a list may show; None: every one's. Raises Forbidden."""
    if asker.may("office", "auditor", "frontend"):
        return asked
    asker.require("department")
    if asker.department is None:
        raise Forbidden("令牌中没有部门代码 (department)", fix="请用部门账号登录")
    if asked not in (None, asker.department):
        raise Forbidden("这是其他部门的内容", fix="只能查看本部门的期限和违规")
    return asker.department


def to_decide(asker: Asker, roles: Sequence[str], rule: Rule | Requirement, jurisdiction: str, department: str) -> None:
    """谁可以决定: the roles the pack names for the rule. Raises Forbidden."""
    if not asker.may(*roles):
        raise Forbidden(
            f"“{rule.title}”的这一决定只能由 {' / '.join(roles) or '(无)'} 作出",
            clause=rule.clause,
            fix="请由有权的机关办理",
        )
    if "office" in roles and asker.may("office"):
        _in_district(asker, jurisdiction)
    else:
        as_department(asker, department, jurisdiction)


def _in_district(asker: Asker, jurisdiction: str) -> None:
    if asker.jurisdiction is not None and asker.jurisdiction != jurisdiction:
        raise Forbidden("这是其他行政区划的内容", fix="请用本行政区划的账号操作")
