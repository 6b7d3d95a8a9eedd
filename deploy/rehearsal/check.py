"""核对: every difference between what the season should come to and what was observed, in words."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from pydantic import BaseModel

from deploy.rehearsal.record import Counts, DeadlineRow, Fact, Message, Record, RefusalRow, ViolationRow
from deploy.rehearsal.script import Season

Kind = Literal["missing", "extra", "different"]
_KINDS: dict[Kind, str] = {"missing": "缺少", "extra": "多出", "different": "不符"}

R = TypeVar("R", bound=BaseModel)


@dataclass(frozen=True)
class Difference:
    """One difference; `what` names the thing, `detail` says how it differs."""

    kind: Kind
    table: str
    what: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{_KINDS[self.kind]} {self.table} {self.what}{'：' + self.detail if self.detail else ''}"


class Names:
    """How departments are called in what people read."""

    def __init__(self, season: Season) -> None:
        self._short = {department.number: department.short for department in season.departments}

    def of(self, department: int | None) -> str:
        return "活动季" if department is None else f"{department} {self._short.get(department, '？')}"


def compare(expected: Record, observed: Record, season: Season, counts: Counts | None = None) -> list[Difference]:
    """Every difference. `counts` are the board's counts as the season states them, where it does."""
    names = Names(season)
    found = _compare_counts("看板计数", expected.counts, observed.counts)
    if counts is not None and counts != expected.counts:
        found += _compare_counts("看板计数（活动季写明的）", counts, observed.counts)
    found += _keyed("期限", expected.deadlines, observed.deadlines, lambda row: _owed(names, row))
    found += _keyed("违规", expected.violations, observed.violations, lambda row: _owed(names, row))
    found += _keyed("拒绝", expected.refusals, observed.refusals, lambda row: _refused(names, row))
    found += _counted("事件", expected.facts, observed.facts, lambda row: _fact(names, row))
    found += _counted("消息", expected.messages, observed.messages, lambda row: _message(names, row))
    for rule in sorted(observed.unsupervised):
        found.append(Difference("extra", "暂不监督", rule, "这一项现在就应当监督"))
    found += [Difference("extra", "故障", fault) for fault in observed.faults]
    return found


def _compare_counts(table: str, expected: Counts, observed: Counts) -> list[Difference]:
    return [
        Difference("different", table, name, f"应为 {value}，实为 {getattr(observed, name)}")
        for name, value in expected
        if value != getattr(observed, name)
    ]


def _keyed(table: str, expected: Iterable[R], observed: Iterable[R], key: Callable[[R], str]) -> list[Difference]:
    """Rows that each occur once: missing, extra, or with other values."""
    found = []
    wanted = {key(row): row for row in expected}
    seen: dict[str, R] = {}
    for row in observed:
        if key(row) in seen:
            found.append(Difference("extra", table, key(row), "重复"))
        seen[key(row)] = row
    found += [Difference("missing", table, name) for name in wanted if name not in seen]
    found += [Difference("extra", table, name, _whole(row)) for name, row in seen.items() if name not in wanted]
    for name, row in wanted.items():
        if name in seen and (detail := _other_values(row, seen[name])):
            found.append(Difference("different", table, name, detail))
    return found


def _counted(table: str, expected: Sequence[R], observed: Sequence[R], say: Callable[[R], str]) -> list[Difference]:
    """Rows of which the number counts: each exactly as often as expected."""
    wanted, seen = Counter(expected), Counter(observed)
    found = []
    for row in sorted(wanted.keys() | seen.keys(), key=say):
        should, did = wanted[row], seen[row]
        if should == did:
            continue
        kind: Kind = "missing" if did < should else "extra"
        found.append(Difference(kind, table, say(row), "" if max(should, did) == 1 else f"应 {should} 次，实 {did} 次"))
    return found


def _other_values(expected: BaseModel, observed: BaseModel) -> str:
    parts = [
        f"{name} 应为 {_text(value)}，实为 {_text(getattr(observed, name))}"
        for name, value in expected
        if value != getattr(observed, name)
    ]
    return "；".join(parts)


def _whole(row: BaseModel) -> str:
    return "，".join(f"{name} {_text(value)}" for name, value in row if value is not None)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%m-%d %H:%M}" if value.second == 0 else f"{value:%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%m-%d}"
    return "无" if value is None else str(value)


def _owed(names: Names, row: DeadlineRow | ViolationRow) -> str:
    return f"{names.of(row.department)} {row.rule} 第{row.occurrence}次"


def _refused(names: Names, row: RefusalRow) -> str:
    return f"{names.of(row.department)} {row.act} {_text(row.at)}"


def _fact(names: Names, row: Fact) -> str:
    rule = f" {row.rule} 第{row.occurrence}次" if row.rule else ""
    detail = f" {row.detail}" if row.detail else ""
    return f"{names.of(row.department)} {row.event}{rule} {_text(row.at)}{detail}"


def _message(names: Names, row: Message) -> str:
    return f"{row.channel} → {row.to}：{_fact(names, row.about)}"
