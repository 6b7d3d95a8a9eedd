"""Who may do what: operators run a session, a department its own, the office looks on."""

from typing import Protocol

from servicekit.asker import Asker as Asker
from servicekit.problems import Forbidden


class Held(Protocol):
    """Something of a department in a district."""

    @property
    def department(self) -> str: ...
    @property
    def jurisdiction(self) -> str: ...


def to_operate(asker: Asker, held: Held) -> None:
    """直播操作员: of the district, and where the token names a department, of that one. Raises Forbidden."""
    asker.require("operator")
    _of_district(asker, held)
    if asker.department is not None:
        _of_department(asker, held)


def to_arrange(asker: Asker, held: Held) -> None:
    """The operator, or the department whose activity it is. Raises Forbidden."""
    asker.require("operator", "department")
    if asker.may("operator"):
        to_operate(asker, held)
        return
    _of_district(asker, held)
    _of_department(asker, held)


def to_watch(asker: Asker, held: Held) -> None:
    """Who may read a session: everybody with an account in the district. Raises Forbidden."""
    asker.require("operator", "department", "office", "frontend", "auditor", "ops")
    _of_district(asker, held)


def to_read_questions(asker: Asker, held: Held) -> None:
    """What residents wrote: operator, office, the department itself. Raises Forbidden."""
    asker.require("operator", "department", "office")
    if asker.may("office"):
        _of_district(asker, held)
        return
    to_arrange(asker, held)


def _of_department(asker: Asker, held: Held) -> None:
    if asker.department != held.department:
        raise Forbidden("这是其他部门的活动", fix="只能办理本部门的直播")


def _of_district(asker: Asker, held: Held) -> None:
    if asker.jurisdiction is not None and asker.jurisdiction != held.jurisdiction:
        raise Forbidden("这是其他行政区划的内容", fix="请用本行政区划的账号操作")
