"""年度活动: from a draft with a roster to open, to closed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from contracts.plans.api import Check, RosterDepartmentIn
from contracts.policy import Mistake, PolicyPack
from servicekit.problems import Finding, Refused, WrongState
from services.plans.domain.aggregates import Campaign
from services.plans.domain.findings import Incomplete, plainly, refuse_for


class RosterRefused(Incomplete):
    code, title = "roster-refused", "名册有误"


class PackRefused(Refused):
    """政策包无效: nothing of it is used; `errors` lists file, key and reason of every mistake."""

    code, status, title = "pack-invalid", 422, "政策包无效"

    def __init__(self, pack_id: str, mistakes: Sequence[Mistake]) -> None:
        super().__init__(
            f"政策包 {pack_id} 有 {len(mistakes)} 处错误: {mistakes[0]}",
            fix="改正政策包文件后再试",
            errors=[
                Finding(code="pack-mistake", field=mistake.key or None, detail=str(mistake)) for mistake in mistakes
            ],
        )


class NotOnRoster(Refused):
    code, status, title = "not-on-roster", 403, "不在年度活动名册上"


def check_roster(roster: Sequence[RosterDepartmentIn]) -> None:
    """名册: every code a valid USCC, none twice, no name twice. Raises RosterRefused."""
    findings: list[Check] = []
    codes = Counter(entry.department for entry in roster)
    names = Counter(entry.name for entry in roster)
    for position, entry in enumerate(roster):
        where = f"roster.{position}"
        try:
            compact = uscc.validate(entry.department)
        except ValidationError:
            compact = None
        if compact != entry.department:
            detail = f"{entry.department} 不是有效的统一社会信用代码"
            findings.append(plainly("uscc-invalid", detail, f"{where}.department", fix="核对18位代码及校验位"))
        if codes[entry.department] > 1:
            detail = f"{entry.department} 在名册中出现 {codes[entry.department]} 次"
            findings.append(plainly("department-twice", detail, f"{where}.department", fix="每个部门只列一次"))
        if names[entry.name] > 1:
            detail = f"“{entry.name}”在名册中出现 {names[entry.name]} 次"
            findings.append(plainly("name-twice", detail, f"{where}.name", fix="每个部门只列一次"))
    refuse_for(findings, RosterRefused)


def open_campaign(campaign: Campaign, pack: PolicyPack, now: datetime) -> Campaign:
    """年度活动开始: the pack's version and the roster are fixed from here on. Raises WrongState."""
    if campaign.state != "draft":
        raise WrongState("年度活动已经开始或结束", fix="只有草稿状态的年度活动可以开始")
    return replace(
        campaign,
        version=campaign.version + 1,
        state="open",
        pack_version=pack.version,
        pack_digest=pack.digest,
        opened_at=now,
    )


def close_campaign(campaign: Campaign, now: datetime) -> Campaign:
    """年度活动结束. Raises WrongState."""
    if campaign.state != "open":
        raise WrongState("年度活动尚未开始或已经结束")
    return replace(campaign, version=campaign.version + 1, state="closed", closed_at=now)


def department_name(campaign: Campaign, department: str) -> str:
    """The department's name on the roster. Raises NotOnRoster."""
    entry = campaign.entry(department)
    if entry is None:
        raise NotOnRoster(f"{department} 不在这个年度活动的名册上", fix="请联系区政府政务公开办公室")
    return entry.name


def require_open(campaign: Campaign) -> None:
    """Raises WrongState unless plans can be written in it."""
    if campaign.state != "open":
        raise WrongState("年度活动未开始或已结束", fix="年度活动开始后才能报送实施方案")
