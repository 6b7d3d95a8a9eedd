"""政策包说明: a pack in words, so that an office can read what the system will hold it to."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.policy.model import PolicyPack
from contracts.policy.rule import Reminder, Rule

_ROLES = {"office": "政务公开办公室", "department": "部门（单位）"}
_UNITS = {"calendar_day": "个自然日", "working_day": "个工作日", "month": "个月", "hour": "小时"}
_TRIGGERS = {"campaign_opened": "活动季启动", "activity_dated": "方案备案且日期确定", "activity_ended": "活动结束"}
_SATISFIED_BY = {
    "plan_submitted": "首次完整报送实施方案",
    "activity_held": "活动结束且有人到场",
    "announced": "公告在规定渠道发布",
    "activity_report_published": "发布活动开展情况",
    "evaluation_published": "发布总结评估",
    "adoption_table_complete": "发布采纳表且全部有处理结果",
    "district_report_submitted": "报送开展情况",
}
_ROLLS = {
    "none": "不因休息日移动",
    "next_after_rest": "最后一日是休息日的，以休息日结束的次日为最后一日",
    "next_working_day": "最后一日是休息日的，顺延至下一个工作日",
    "previous_working_day": "最后一日是休息日的，提前至上一个工作日",
}
_CURES = {"always": "逾期后随时可以补办", "activity_start": "逾期后在活动开始前可以补办", "never": "逾期后不能补办"}
_SEVERITIES = {"violation": "记为违规", "warn": "只作提醒", "refuse": "不予受理"}


def describe_window(rule: Rule) -> str:
    """期限 of a rule in one Chinese phrase, without its roll: 活动结束后 15 个自然日以内."""
    cut_off = f" {rule.cut_off} 前" if rule.cut_off else ""
    if rule.direction == "on":
        return f"{rule.date} 前（{'含' if rule.inclusive else '不含'}当日）{cut_off}"
    length = f"{rule.n} {_UNITS[rule.unit or 'calendar_day']}"
    if rule.direction == "after":
        return f"{_TRIGGERS[rule.trigger]}后 {length}{'以内' if rule.inclusive else '未满'}{cut_off}"
    bound = "中间须有整数天" if rule.clear_days else f"{'含' if rule.inclusive else '不含'}活动当天"
    return f"活动开始前至少 {length}（{bound}）{cut_off}"


def explain_data(pack: PolicyPack) -> dict[str, Any]:
    """The explanation as plain data: one entry per rule, requirement and check, then the pack-wide assumptions."""
    return {
        "pack": pack.id,
        "version": pack.version,
        "digest": pack.digest,
        "jurisdiction": pack.jurisdiction.name,
        "basis": pack.basis.model_dump(mode="json"),
        "lineage": list(pack.lineage),
        "rules": [_rule(rule, pack) for rule in pack.rules],
        "requirements": [
            {
                **entry.model_dump(mode="json", include={"id", "title", "clause", "sentence", "minimum"}),
                "severity": _SEVERITIES[entry.severity],
                "assumptions": entry.assumptions,
            }
            for entry in pack.requirements
        ],
        "checks": [
            {
                **entry.model_dump(mode="json", include={"id", "title", "clause", "sentence", "fix"}),
                "severity": _SEVERITIES[entry.severity],
                "assumptions": entry.assumptions,
            }
            for entry in pack.checks
        ],
        "assumptions": pack.assumptions,
    }


def explain(pack: PolicyPack) -> str:
    """The explanation as Chinese text, for a person."""
    return "\n".join(_lines(explain_data(pack)))


def _rule(rule: Rule, pack: PolicyPack) -> dict[str, Any]:
    maximum = rule.extend.maximum
    limit = f"，最多 {maximum.n} {_UNITS[maximum.unit]}" if maximum else ""
    holiday = rule.long_holiday
    return {
        "id": rule.id,
        "title": rule.title,
        "clause": rule.clause,
        "sentence": rule.sentence,
        "duty_holder": _ROLES[rule.duty_holder],
        "trigger": _TRIGGERS[rule.trigger],
        "window": describe_window(rule),
        "roll": _ROLLS[rule.roll],
        "long_holiday": f"连续休息 {holiday.minimum_run} 天以上的长假不计入" if holiday else None,
        "satisfied_by": _SATISFIED_BY[rule.satisfied_by] + ("，并保持" if rule.continuous == "throughout" else ""),
        "late": f"{_SEVERITIES[rule.severity]}；{_CURES[rule.cures_until]}",
        "extend": f"{_by(rule.extend.by)}延期{limit}" if rule.extend.by else "不能延期",
        "waive": f"{_by(rule.waive.by)}豁免" if rule.waive.by else "不能豁免",
        "reminders": [_reminder(reminder) for reminder in pack.reminders_of(rule)],
        "legal_basis": list(rule.legal_basis),
        "assumptions": rule.assumptions,
    }


def _by(roles: tuple[str, ...]) -> str:
    return "、".join(_ROLES[role] for role in roles) + "可以"


def _reminder(reminder: Reminder) -> str:
    return f"到期前 {reminder.n} {_UNITS[reminder.unit]}{' ' + reminder.at if reminder.at else ''}"


def _lines(data: Mapping[str, Any]) -> Iterator[str]:
    yield f"政策包 {data['pack']}（{data['jurisdiction']}，版本 {data['version']}）"
    yield f"依据：{data['basis']['title']}"
    yield f"继承：{' ← '.join(data['lineage'])}"
    yield f"摘要：{data['digest']}"
    yield "\n一、期限"
    for rule in data["rules"]:
        yield from _rule_lines(rule)
    yield "\n二、要求"
    for entry in data["requirements"]:
        yield f"\n{entry['title']}（{entry['id']}）〔{entry['clause']}〕 不少于 {entry['minimum']}；{entry['severity']}"
        yield f"  原文：{entry['sentence']}"
        yield from _assumption_lines(entry["assumptions"])
    yield "\n三、核对事项"
    for entry in data["checks"]:
        yield f"\n{entry['title']}（{entry['id']}）〔{entry['clause']}〕 {entry['severity']}"
        yield f"  原文：{entry['sentence']}"
        yield f"  办法：{entry['fix']}"
        yield from _assumption_lines(entry["assumptions"])
    yield "\n四、整个政策包的假定（原文没有写明）"
    yield from _assumption_lines(data["assumptions"])


def _rule_lines(rule: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n{rule['title']}（{rule['id']}）〔{rule['clause']}〕"
    yield f"  原文：{rule['sentence']}"
    yield f"  责任：{rule['duty_holder']}；{rule['trigger']}后开始计算"
    yield f"  期限：{rule['window']}；{rule['roll']}"
    if rule["long_holiday"]:
        yield f"  长假：{rule['long_holiday']}"
    yield f"  完成：{rule['satisfied_by']}"
    yield f"  逾期：{rule['late']}"
    yield f"  延期与豁免：{rule['extend']}；{rule['waive']}"
    if rule["reminders"]:
        yield f"  提醒：{'、'.join(rule['reminders'])}"
    if rule["legal_basis"]:
        yield f"  法律依据：{'、'.join(rule['legal_basis'])}"
    yield from _assumption_lines(rule["assumptions"])


def _assumption_lines(assumptions: Mapping[str, str]) -> Iterator[str]:
    for key, reason in assumptions.items():
        yield f"  假定 {key}：{reason}"
