"""A table is complete or refused; deciding; whether a page is wanted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest

from contracts.feedback.events import Decision
from contracts.policy import load_pack
from servicekit.problems import NotFound
from services.feedback.api import prefers_html
from services.feedback.domain import adoption
from services.feedback.domain.adoption import Basis
from services.feedback.domain.suggestion import (
    Activity,
    ActivityCancelled,
    Suggestion,
    TextPending,
    Told,
    decide,
    with_text,
)

NOW = datetime(2024, 10, 12, 8, tzinfo=UTC)
ENDED = Activity(
    uuid4(), "640402", uuid4(), "11640402MB0T000012", "示例区应急管理局“政府开放日”", None, NOW - timedelta(days=15)
)
BASIS = Basis("4.1", "原文")


def suggestion(decision: str | None = None, reason: str = "同意", **more: Any) -> Suggestion:
    received = Suggestion(uuid4(), 1, ENDED.id, "form", None, "present", NOW - timedelta(days=20))
    if decision is not None:
        received = decide(received, cast(Decision, decision), reason, NOW)
    return replace(received, **more)


def told(*suggestions: Suggestion, text: str = "建议", name: str | None = None) -> list[Told]:
    return [Told(one, text, name) for one in suggestions]


def test_the_clause_is_the_packs() -> None:
    pack = load_pack("640402-2024")
    rule = pack.rule("adoption")
    assert adoption.basis_of(pack) == Basis(rule.clause, rule.sentence)
    elsewhere = pack.model_copy(update={"rules": (rule.model_copy(update={"clause": "9.9"}),)})
    assert adoption.basis_of(elsewhere).clause == "9.9"
    assert adoption.basis_of(None) == Basis()


def test_one_undecided_suggestion_refuses_the_table_and_is_named() -> None:
    open_ = suggestion()
    waiting = suggestion(text_state="pending")
    with pytest.raises(adoption.AdoptionIncomplete) as refused:
        adoption.require_complete(ENDED, [suggestion("adopted"), open_, waiting], BASIS)
    assert refused.value.clause == "4.1"
    assert refused.value.errors[0].detail.startswith("2024-09-22 16:00")  # the civil time of who reads it
    assert [(one.code, one.field) for one in refused.value.errors] == [
        ("undecided", str(open_.id)), ("text-pending", str(waiting.id)),
    ]  # fmt: skip


def test_nothing_received_is_complete() -> None:
    adoption.require_complete(ENDED, [], BASIS)
    table = adoption.compose(ENDED, "应急管理局", [], None, BASIS, NOW)
    assert (table.version, table.received, table.decided, table.items) == (1, 0, 0, [])
    with pytest.raises(adoption.AdoptionUnchanged):
        adoption.compose(ENDED, "应急管理局", [], table, BASIS, NOW)


def test_not_before_the_end_nor_without_a_plan_nor_when_cancelled() -> None:
    with pytest.raises(adoption.ActivityNotEnded):
        adoption.require_complete(replace(ENDED, ended_at=None), [], BASIS)
    with pytest.raises(NotFound):
        adoption.require_complete(replace(ENDED, name=None), [], BASIS)
    with pytest.raises(ActivityCancelled):
        adoption.require_complete(replace(ENDED, cancelled_at=NOW), [], BASIS)


def test_the_numbers_add_up_and_persons_are_masked() -> None:
    decided = [suggestion(one, "请张三看") for one in ("adopted", "adopted", "partly", "not_adopted", "noted")]
    table = adoption.compose(ENDED, "局", told(*decided, text="张三:13812345678", name="张三"), None, BASIS, NOW)
    assert (table.received, table.adopted, table.partly, table.not_adopted, table.noted) == (5, 2, 1, 1, 1)
    assert [one.number for one in table.items] == [1, 2, 3, 4, 5]
    assert (table.items[0].name, table.items[0].text, table.items[0].reason) == ("张*", "张*:138********", "请张*看")


def test_the_proof_is_of_everything_that_is_published() -> None:
    one = suggestion("adopted")
    table = adoption.compose(ENDED, "局", told(one), None, BASIS, NOW)
    assert table.proof_digest == adoption.proof_of(table)
    assert adoption.proof_of(table.model_copy(update={"noted": 1})) != table.proof_digest
    changed = adoption.compose(ENDED, "局", told(replace(one, reason="另一理由")), None, BASIS, NOW)
    assert changed.proof_digest != table.proof_digest


def test_a_version_follows_only_a_change() -> None:
    one = suggestion("adopted")
    table = adoption.compose(ENDED, "局", told(one), None, BASIS, NOW)
    with pytest.raises(adoption.AdoptionUnchanged):
        adoption.compose(ENDED, "局", told(one), table, BASIS, NOW + timedelta(days=1))
    again = decide(one, "noted", "改为参考", NOW)
    assert adoption.compose(ENDED, "局", told(again), table, BASIS, NOW).version == 2


def test_deciding_the_same_again_changes_nothing() -> None:
    one = suggestion("adopted")
    assert decide(one, "adopted", "同意", NOW + timedelta(days=1)) == one
    assert decide(one, "adopted", "理由不同", NOW).version == one.version + 1


def test_a_pending_text_is_not_decided_and_a_text_comes_once() -> None:
    waiting = suggestion(text_state="pending")
    with pytest.raises(TextPending):
        decide(waiting, "noted", "谢谢", NOW)
    there = with_text(waiting, "present")
    assert (there.text_state, there.version) == ("present", 2)
    assert with_text(there, "lost") == there
    assert decide(with_text(waiting, "lost"), "noted", "谢谢", NOW).decision == "noted"


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("text/html", True),
        ("application/json;q=0.5, text/html", True),
        ("application/json, text/html;q=0.9", False),
        ("application/json", False),
        ("text/html, application/json", False),
        ("*/*", False),
        ("text/html;q=0", False),
        ("text/html;q=much", False),
        ("text/html;q=²", False),
        ("text/html;q=.", False),
        ("", False),
    ],
)
def test_who_prefers_a_page(accept: str, html: bool) -> None:
    assert prefers_html(accept) is html
