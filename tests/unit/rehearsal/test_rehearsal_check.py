"""The check sees every difference: each planted one is reported, and a season as expected has none.

`observed.json` is what a real rehearsal came to (`python -m deploy.rehearsal --stack … --observed observed.json`).
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.rehearsal.check import Difference, compare
from deploy.rehearsal.expectation import Expectation, expected_record, read_expectation
from deploy.rehearsal.record import Counts, Message, Record
from deploy.rehearsal.script import SEASON, read_season

SEASON_2024 = read_season()
EXPECTATION_FILE = SEASON / "expectation.toml"


@pytest.fixture(scope="module")
def observed() -> Record:
    return Record.model_validate_json((Path(__file__).parent / "observed.json").read_text(encoding="utf-8"))


def differences(observed: Record, expectation: Expectation | None = None) -> list[Difference]:
    expectation = expectation or read_expectation()
    return compare(expected_record(expectation, SEASON_2024), observed, SEASON_2024, expectation.counts)


def planted(tmp_path: Path, old: str, new: str, times: int = 1) -> Expectation:
    """The expectation with a mistake in it."""
    text = EXPECTATION_FILE.read_text(encoding="utf-8")
    assert text.count(old) >= times
    file = tmp_path / "expectation.toml"
    file.write_text(text.replace(old, new, times), encoding="utf-8")
    return read_expectation(file)


def test_the_recorded_season_is_as_expected(observed: Record) -> None:
    assert [str(difference) for difference in differences(observed)] == []
    assert observed.counts == Counts(standing=5, cured=4, withdrawn=1, waived=1)


def test_a_changed_due_date_is_seen(tmp_path: Path, observed: Record) -> None:
    changed = planted(tmp_path, "due = 2024-09-18, state", "due = 2024-09-15, state")
    found = [str(difference) for difference in differences(observed, changed)]
    assert "不符 期限 1 原州区教育局 activity_report 第1次：due 应为 09-15，实为 09-18" in found


def test_a_removed_violation_is_seen_with_everything_that_follows_from_it(tmp_path: Path, observed: Record) -> None:
    line = next(
        line
        for line in EXPECTATION_FILE.read_text(encoding="utf-8").splitlines()
        if "occurred = 2024-09-11" in line and "publicity" in line
    )
    found = [str(difference) for difference in differences(observed, planted(tmp_path, line, ""))]
    who = "6 原州区住房和城乡建设局"
    assert any(text.startswith(f"多出 违规 {who} publicity 第1次：") and "3.1" in text for text in found)
    assert "不符 看板计数 cured：应为 3，实为 4" in found
    for event in ("violation-raised publicity 第1次 09-11 00:00", "violation-cured publicity 第1次 09-21 10:00"):
        assert f"多出 事件 {who} {event}" in found
        for told in ("mail → housing@department.example", "mail → office@district.example", "webhook → frontend"):
            assert f"多出 消息 {told}：{who} {event}" in found
    assert len(found) == 2 + 2 + 6  # the violation and the count, two events, three messages each


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('filing = "3.1"', 'filing = "3.2"', "clause 应为 3.2，实为 3.1"),
        ("days_late = 2", "days_late = 3", "days_late 应为 3，实为 2"),
        ('cause = "proof_accepted"', 'cause = "in_time"', "cause 应为 in_time，实为 proof_accepted"),
        ('code = "forbidden-name"', 'code = "other"', "code 应为 other，实为 forbidden-name"),
        ('finding = "weekday"', 'finding = "items"', "finding 应为 items，实为 weekday"),
        (", extended = 2024-09-30T10:00:00+08:00, extended_from = 2024-10-08", "", "extended 应为 False，实为 True"),
        ('["plan-returned", 2024-08-19T09:30:00+08:00],', "", "多出 事件 4 原州区农业农村局 plan-returned 08-19 09:30"),
        ("standing = 5", "standing = 6", "看板计数（活动季写明的） standing：应为 6，实为 5"),
        (
            'detail = "到场 22 计入 22"',
            'detail = "到场 30 计入 30"',
            "多出 事件 10 原州区市场监督管理局 headcount-recorded",
        ),
        ("times = 40", "times = 41", "registration-confirmed 09-05 10:00：应 41 次，实 40 次"),
        ("participants = 30", "participants = 31", "缺少 消息 mail → resident-7-31@resident.example"),
        ("mails = 0", "mails = 1", "缺少 消息 mail → suggester"),
        (
            "days_before = 1",
            "days_before = 2",
            "缺少 事件 5 原州区自然资源局 deadline-approached filing 第1次 08-18 09:00",
        ),
    ],
)
def test_every_kind_of_difference_is_seen(tmp_path: Path, observed: Record, old: str, new: str, said: str) -> None:
    found = [str(difference) for difference in differences(observed, planted(tmp_path, old, new))]
    assert any(said in text for text in found), found[:10]


def _first_message(record: Record, event: str, channel: str) -> Message:
    return next(m for m in record.messages if m.about.event == event and m.channel == channel)


def _without(record: Record, message: Message) -> Record:
    rest = list(record.messages)
    rest.remove(message)
    return record.model_copy(update={"messages": rest})


@pytest.mark.parametrize("channel", ["mail", "webhook"])
def test_a_message_that_did_not_come_or_came_twice_is_seen(observed: Record, channel: str) -> None:
    message = _first_message(observed, "violation-raised", channel)
    (missing,) = differences(_without(observed, message))
    assert (missing.kind, missing.table) == ("missing", "消息")
    twice = observed.model_copy(update={"messages": [*observed.messages, message]})
    (extra,) = differences(twice)
    assert (extra.kind, extra.detail) == ("extra", "应 1 次，实 2 次")


def _shifted(record: Record) -> Record:
    first, *rest = record.deadlines
    return record.model_copy(update={"deadlines": [first.model_copy(update={"state": "open", "at": None}), *rest]})


def _doubled(record: Record) -> Record:
    return record.model_copy(update={"violations": [*record.violations, record.violations[0]]})


def _broken(record: Record) -> Record:
    return record.model_copy(update={"faults": ["事件链不完整 violation/1"]})


def _late(record: Record) -> Record:
    first, *rest = record.facts
    return record.model_copy(
        update={"facts": [first.model_copy(update={"at": first.at + timedelta(seconds=1)}), *rest]}
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_shifted, "state 应为 met，实为 open；at 应为"),
        (_doubled, "重复"),
        (_broken, "故障 事件链不完整 violation/1"),
        (_late, ":01"),
    ],
)
def test_whatever_was_observed_otherwise_is_seen(observed: Record, change: Callable[[Any], Record], said: str) -> None:
    found = [str(difference) for difference in differences(change(observed))]
    assert any(said in text for text in found), found


def test_a_rule_that_should_be_supervised_and_is_not_is_seen(observed: Record) -> None:
    changed = observed.model_copy(update={"unsupervised": [*observed.unsupervised, "publicity"]})
    assert any(d.table == "暂不监督" and d.what == "publicity" for d in differences(changed))
