"""The board as people read it: who owes what, in columns that line up although the characters are wide."""

from typing import Any

from deploy.rehearsal.board import board_lines, width


def _deadline(rule: str, due: str, state: str, **more: Any) -> dict[str, Any]:
    titles = {
        "filing": ("报送实施方案", "3.1"),
        "publicity": ("活动前宣传", "3.1"),
        "evaluation": ("发布总结评估", "3.3.2"),
    }
    title, clause = titles[rule]
    line = {"rule": rule, "title": title, "clause": clause, "occurrence": 1, "extended": False}
    return line | {"due_date": due, "state": state} | more


BOARD: dict[str, Any] = {
    "pack_id": "640402-2024",
    "pack_version": "1",
    "as_of": "2024-10-20T01:00:00Z",
    "counts": {"standing": 1, "cured": 0, "withdrawn": 0, "waived": 0},
    "digest": "d" * 64,
    "unsupervised": [
        {
            "kind": "requirement",
            "rule": "headcount",
            "title": "参加人数",
            "clause": "2.2",
            "waits_for": "present_and_counted",
        }
    ],
    "departments": [
        {
            "name": "原州区自然资源局（演练）",
            "deadlines": [_deadline("filing", "2024-08-20", "lapsed")],
            "violations": [
                {
                    "title": "报送实施方案",
                    "clause": "3.1",
                    "occurred_at": "2024-08-20T16:00:00Z",
                    "state": "standing",
                    "cured_at": None,
                    "withdrawn_at": None,
                    "waived_at": None,
                    "days_late": None,
                }
            ],
        },
        {
            "name": "原州区文化旅游局（演练）",
            "deadlines": [
                _deadline("filing", "2024-08-20", "met"),
                _deadline("publicity", "2024-08-21", "met"),
                _deadline("publicity", "2024-09-05", "met", occurrence=2),
                _deadline("evaluation", "2024-10-11", "met", extended=True),
            ],
            "violations": [],
        },
    ],
}


def _row(name: str) -> list[str]:
    """The lines of a department's row, cut into cells."""
    lines = board_lines(BOARD)
    first = next(index for index, line in enumerate(lines) if line.startswith(name))
    return [" ".join(line.split()) for line in lines[first : first + 2]]


def test_each_rule_shows_state_and_date_and_every_occurrence() -> None:
    first, second = _row("原州区文化旅游局")
    assert first == "原州区文化旅游局 按期 08-20 按期 08-21 按期 10-11（延）"
    assert second == "按期 09-05"


def test_a_department_that_owes_nothing_yet_under_a_rule_has_a_dash() -> None:
    assert _row("原州区自然资源局")[0] == "原州区自然资源局 逾期 08-20 - -"


def test_columns_line_up() -> None:
    lines = board_lines(BOARD)
    head = next(line for line in lines if line.startswith("部门"))
    row = next(line for line in lines if line.startswith("原州区文化旅游局"))
    assert width(head[: head.index("活动前宣传")]) == width(row[: row.index("按期 08-21")])


def test_violations_are_dated_at_beijing_time() -> None:
    line = next(line for line in board_lines(BOARD) if "2024-08-21 00:00" in line)
    assert " ".join(line.split()) == "原州区自然资源局 报送实施方案 [3.1] 2024-08-21 00:00 成立"


def test_what_nobody_supervises_is_said() -> None:
    text = "\n".join(board_lines(BOARD))
    assert "暂不监督  参加人数 [2.2]：还没有服务提供 present_and_counted" in text
    assert "成立 1，逾期补办 0，撤销 0，豁免 0" in text
