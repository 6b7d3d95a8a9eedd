"""Who may do what: a department answers its own suggestions, the office and the auditor read them."""

from typing import Protocol

from servicekit.asker import Asker as Asker
from servicekit.problems import Forbidden


class Held(Protocol):
    """Something of a department in a district."""

    @property
    def department(self) -> str: ...
    @property
    def jurisdiction(self) -> str: ...


def as_owner(asker: Asker, held: Held) -> None:
    """The department whose activity it is. Raises Forbidden."""
    asker.require("department")
    _of_district(asker, held)
    if asker.department != held.department:
        raise Forbidden("这是其他部门的活动", fix="只能办理本部门收到的意见建议")


def as_reader(asker: Asker, held: Held) -> None:
    """Office and auditor of the district, or the department itself. Raises Forbidden."""
    asker.require("department", "office", "auditor")
    if asker.may("office", "auditor"):
        _of_district(asker, held)
        return
    as_owner(asker, held)


def _of_district(asker: Asker, held: Held) -> None:
    if asker.jurisdiction is not None and asker.jurisdiction != held.jurisdiction:
        raise Forbidden("这是其他行政区划的内容", fix="请用本行政区划的账号操作")
