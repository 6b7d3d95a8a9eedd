"""合规看板: the board of deadlines as a table people can read in a terminal."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from deploy.rehearsal.doors import Doors, Json
from deploy.rehearsal.record import SHANGHAI

_DEADLINE = {"open": "进行", "met": "按期", "lapsed": "逾期", "cured": "补办", "waived": "豁免", "cancelled": "取消"}
_VIOLATION = {"standing": "成立", "cured": "逾期补办", "withdrawn": "已撤销", "waived": "已豁免"}
_NOTHING = "-"
_GAP = "  "


class NoCampaign(RuntimeError):
    """No season has been opened on this stack."""


async def latest_campaign(doors: Doors) -> Json:
    """The campaign opened last. Raises NoCampaign."""
    found = [campaign async for campaign in doors.pages("plans", "/campaigns", "office") if campaign["opened_at"]]
    if not found:
        raise NoCampaign("这个栈里还没有开始的活动季")
    return max(found, key=lambda campaign: str(campaign["opened_at"]))


async def read_board(doors: Doors, campaign: str | None = None) -> Json:
    """The board as the service gives it, of one campaign or the latest."""
    identity = campaign or (await latest_campaign(doors))["id"]
    return await doors.get("deadlines", "/board", "office", query={"campaign": identity})


def board_lines(board: Json) -> list[str]:
    """看板: per department each rule's state and due date, then the violations, the counts and what is left out."""
    rules: dict[str, list[str]] = {}
    for department in board["departments"]:
        for line in department["deadlines"]:
            rules.setdefault(line["rule"], [line["title"], f"[{line['clause']}]"])
    rules = {rule: rules[rule] for rule in sorted(rules, key=lambda rule: _place(board, rule))}
    rows = [
        [[_short(department["name"])], *(_cell(department["deadlines"], rule) for rule in rules)]
        for department in board["departments"]
    ]
    as_of = _moment(board["as_of"])
    lines = [f"合规看板  政策包 {board['pack_id']} 第 {board['pack_version']} 版  {as_of}", ""]
    lines += _table([["部门"], *rules.values()], rows)
    lines += ["", *_violations(board), "", _counted(board), *_unsupervised(board), f"看板摘要 {board['digest']}"]
    return lines


def _place(board: Json, rule: str) -> int:
    """A department's deadlines come in the pack's order of rules; the longest list has the most of them."""
    fullest = max((department["deadlines"] for department in board["departments"]), key=len)
    return next((place for place, line in enumerate(fullest) if line["rule"] == rule), len(fullest))


def _cell(deadlines: Sequence[Json], rule: str) -> list[str]:
    """One line for each occurrence: the state and the last day that is in time."""
    lines = [
        f"{_DEADLINE[line['state']]} {line['due_date'][5:]}{'（延）' if line['extended'] else ''}"
        for line in sorted(deadlines, key=lambda line: int(line["occurrence"]))
        if line["rule"] == rule
    ]
    return lines or [_NOTHING]


def _violations(board: Json) -> list[str]:
    rows = []
    for department in board["departments"]:
        for line in sorted(department["violations"], key=lambda line: str(line["occurred_at"])):
            settled = line["withdrawn_at"] or line["waived_at"] or line["cured_at"]
            late = f"逾期 {line['days_late']} 天" if line["days_late"] else ""
            rows.append(
                [
                    [_short(department["name"])],
                    [f"{line['title']} [{line['clause']}]"],
                    [_moment(line["occurred_at"])],
                    [_VIOLATION[line["state"]]],
                    [_moment(settled) if settled else ""],
                    [late],
                ]
            )
    if not rows:
        return ["没有违规"]
    return _table([["违规部门"], ["事项"], ["发生"], ["状态"], ["处理"], [""]], rows)


def _counted(board: Json) -> str:
    counts = board["counts"]
    told = f"成立 {counts['standing']}，逾期补办 {counts['cured']}，撤销 {counts['withdrawn']}，豁免 {counts['waived']}"
    return f"计数  {told}"


def _unsupervised(board: Json) -> list[str]:
    """What the board leaves out, in its own words."""
    return [
        f"暂不监督  {entry['title']} [{entry['clause']}]：还没有服务提供 {entry['waits_for']}"
        for entry in board["unsupervised"]
    ]


def _short(name: str) -> str:
    return name.removesuffix("（演练）")


def _moment(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def width(text: str) -> int:
    """Columns a text takes in a terminal: full-width characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def pad(text: str, columns: int) -> str:
    return text + " " * max(columns - width(text), 0)


def _table(head: Sequence[Sequence[str]], rows: Sequence[Sequence[Sequence[str]]]) -> list[str]:
    """A table of cells that may have several lines each."""
    widths = [max(width(line) for row in [head, *rows] for line in row[column]) for column in range(len(head))]
    lines = [*_row(head, widths), "-" * (sum(widths) + len(_GAP) * (len(widths) - 1))]
    for row in rows:
        lines += _row(row, widths)
    return lines


def _row(cells: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
    height = max(len(cell) for cell in cells)
    return [
        _GAP.join(
            pad(cell[line] if line < len(cell) else "", columns) for cell, columns in zip(cells, widths, strict=True)
        ).rstrip()
        for line in range(height)
    ]


def summary(board: Json) -> dict[str, Any]:
    """The board's part of a program's output."""
    return {"counts": board["counts"], "unsupervised": board["unsupervised"], "digest": board["digest"]}
