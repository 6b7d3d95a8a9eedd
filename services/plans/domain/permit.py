"""Who may do what: the office in its district, a department with its own."""

from servicekit.asker import Asker as Asker
from servicekit.problems import Forbidden


def as_office(asker: Asker, jurisdiction: str) -> None:
    """The district office. Raises Forbidden."""
    asker.require("office")
    _in_district(asker, jurisdiction)


def as_owner(asker: Asker, department: str, jurisdiction: str) -> None:
    """The department whose own it is. Raises Forbidden."""
    asker.require("department")
    _in_district(asker, jurisdiction)
    if asker.department != department:
        raise Forbidden("这是其他部门的内容", fix="只能办理本部门的方案和活动")


def as_reader(asker: Asker, department: str, jurisdiction: str, *, public: bool = False) -> None:
    """Office and auditor read all, a department its own, front-ends what is public. Raises Forbidden."""
    _in_district(asker, jurisdiction)
    if asker.may("office", "auditor") or (public and asker.may("frontend")):
        return
    as_owner(asker, department, jurisdiction)


def own_department(asker: Asker) -> str:
    """The asking department's code. Raises Forbidden for anybody else."""
    asker.require("department")
    if asker.department is None:
        raise Forbidden("令牌中没有部门代码 (department)", fix="请用部门账号登录")
    return asker.department


def _in_district(asker: Asker, jurisdiction: str) -> None:
    if asker.jurisdiction is not None and asker.jurisdiction != jurisdiction:
        raise Forbidden("这是其他行政区划的内容", fix="请用本行政区划的账号操作")
