"""Who may do what: office and auditor read, a department its own."""

from servicekit.asker import Asker as Asker
from servicekit.problems import Forbidden


def as_owner(asker: Asker, department: str, jurisdiction: str) -> None:
    """The department whose activity it is. Raises Forbidden."""
    asker.require("department")
    _in_district(asker, jurisdiction)
    if asker.department != department:
        raise Forbidden("这是其他部门的活动", fix="只能办理本部门活动的报名和签到")


def as_reader(asker: Asker, department: str, jurisdiction: str) -> None:
    """Office and auditor read all of their district, a department its own. Raises Forbidden."""
    _in_district(asker, jurisdiction)
    if not asker.may("office", "auditor"):
        as_owner(asker, department, jurisdiction)


def _in_district(asker: Asker, jurisdiction: str) -> None:
    if asker.jurisdiction is not None and asker.jurisdiction != jurisdiction:
        raise Forbidden("这是其他行政区划的活动", fix="请用本行政区划的账号操作")
