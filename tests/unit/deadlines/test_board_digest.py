"""The board's digest compares two runs of one season: ids may differ, what happened may not."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.deadlines.api import BoardDepartment, DeadlineLine, Unsupervised, ViolationLine
from services.deadlines.domain import satisfaction
from services.deadlines.domain.board import counts, digest, unsupervised
from tests.unit.deadlines.story import PACK, at, day
from tests.unit.deadlines.test_judging import pack_with

MISSING = [
    Unsupervised(kind="deadline", rule="adoption", title="采纳", clause="4.1", waits_for="adoption_table_complete")
]


def _line(**changes: Any) -> DeadlineLine:
    fields = {
        "deadline_id": uuid4(),
        "campaign_id": uuid4(),
        "department": "11640402MB0T000020",
        "rule": "held",
        "title": "举办活动",
        "clause": "1",
        "activity_id": None,
        "occurrence": 1,
        "due_date": day("09-30"),
        "due_at": at("10-01"),
        "provisional": False,
        "extended": False,
        "state": "open",
        "opened_at": at("08-14 09:00"),
        "met_at": None,
        "restore_by": None,
        "version": 1,
    }
    return DeadlineLine(**(fields | changes))


def _violation(**changes: Any) -> ViolationLine:
    fields = {
        "violation_id": uuid4(),
        "campaign_id": uuid4(),
        "department": "11640402MB0T000020",
        "kind": "deadline",
        "rule": "held",
        "title": "举办活动",
        "clause": "1",
        "deadline_id": uuid4(),
        "activity_id": None,
        "occurrence": 1,
        "due_date": day("09-30"),
        "occurred_at": at("10-01"),
        "detected_at": at("10-01"),
        "state": "standing",
        "cured_at": None,
        "days_late": None,
        "withdrawn_at": None,
        "withdrawn_cause": None,
        "waived_at": None,
        "version": 1,
    }
    return ViolationLine(**(fields | changes))


def _row(*deadlines: DeadlineLine, violations: tuple[ViolationLine, ...] = ()) -> BoardDepartment:
    return BoardDepartment(
        department="11640402MB0T000020", name="演练局", deadlines=list(deadlines), violations=list(violations)
    )


def test_ids_and_times_of_detection_do_not_matter() -> None:
    early, late = _violation(), _violation(detected_at=at("10-01") + timedelta(seconds=3), version=2)
    one = _row(_line(), _line(rule="filing", title="报送"), violations=(early,))
    other = _row(_line(rule="filing", title="报送", version=9), _line(opened_at=at("08-15")), violations=(late,))
    assert digest(PACK, [one], MISSING) == digest(PACK, [other], MISSING)


def test_what_happened_matters() -> None:
    base = digest(PACK, [_row(_line(), violations=(_violation(),))], MISSING)
    for changed in (
        _row(_line(state="met", met_at=at("09-12")), violations=(_violation(),)),
        _row(_line(due_date=day("10-11"), extended=True), violations=(_violation(),)),
        _row(_line(), violations=(_violation(state="cured", days_late=2, cured_at=at("10-02")),)),
        _row(_line(), violations=(_violation(occurred_at=at("10-02")),)),
        _row(_line()),
    ):
        assert digest(PACK, [changed], MISSING) != base
    assert digest(pack_with(version="2"), [_row(_line(), violations=(_violation(),))], MISSING) != base


def test_a_waived_deadline_counts_as_one_waived() -> None:
    row = _row(_line(state="waived"), violations=(_violation(state="waived"), _violation()))
    assert counts([row]).model_dump() == {"standing": 1, "cured": 0, "withdrawn": 0, "waived": 2}


def test_what_nobody_says_is_listed_by_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(unsupervised(PACK)) == []
    monkeypatch.delitem(satisfaction._SATISFIED, "adoption_table_complete")
    monkeypatch.delitem(satisfaction._COUNTED, "present_and_counted")
    assert [(entry.rule, entry.waits_for) for entry in unsupervised(PACK)] == [
        ("adoption", "adoption_table_complete"),
        ("headcount", "present_and_counted"),
    ]


def test_what_is_not_supervised_is_part_of_the_digest() -> None:
    assert digest(PACK, [_row(_line())], MISSING) != digest(PACK, [_row(_line())], [])
