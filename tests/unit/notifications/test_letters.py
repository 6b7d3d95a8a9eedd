"""Every rule's template says what its event is about, to each audience, in Chinese dates."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

import contracts
from contracts.notifications.api import Audience
from contracts.registry import EVENTS, read_event
from services.notifications.domain.letters import (
    ActivityFacts,
    CampaignFacts,
    CitedRule,
    cited_rules,
    civil_date,
    moment,
    season_name,
    write_letter,
)
from services.notifications.gateways.templates import Written, load_rules

EXAMPLES = Path(contracts.__file__).parent / "examples"
RULES, TEMPLATES = load_rules(Path(__file__).parents[3] / "services" / "notifications", EXAMPLES)
NAME = "民政局(演练)"
RULE = CitedRule(title="活动前宣传", clause="3.1", sentence="应在活动前宣传。")
ACTIVITY = ActivityFacts("民政局(演练)“政府开放日”", "机关一楼大厅", datetime(2024, 9, 12, 1, tzinfo=UTC))
MAILS = [
    (kind, telling.audience)
    for kind, tellings in RULES.tellings.items()
    for telling in tellings
    if telling.channel == "mail"
]
VIOLATIONS = [kind for kind in EVENTS if ".violation-" in kind]


def written(event_type: str, audience: Audience, /, **data: Any) -> Written:
    document = json.loads((EXAMPLES / f"{event_type}.json").read_text(encoding="utf-8"))
    document["data"] |= data
    event = read_event(document)
    facts = CampaignFacts(
        "示例区2024年“政府开放日”", {"publicity": RULE, "headcount": RULE}, {event.department or "": NAME}
    )
    return TEMPLATES.render(RULES.mail_templates[event_type], write_letter(event, audience, facts, ACTIVITY))


@pytest.mark.parametrize(("kind", "audience"), MAILS)
def test_a_letter_names_department_season_rule_clause_and_what_to_do(kind: str, audience: Audience) -> None:
    letter = written(kind, audience)
    assert NAME in letter.subject
    assert "\n" not in letter.subject
    greetings = {"department": f"{NAME}：\n", "office": "政务公开办公室：\n"}
    assert letter.body.startswith(greetings.get(audience, "您好：\n"))
    assert NAME in letter.body
    assert "示例区2024年“政府开放日”" in letter.body
    if "rule" in EVENTS[kind].model_fields:
        assert "活动前宣传（条款 3.1）" in letter.body
        assert "应在活动前宣传。" in letter.body
        assert "3.1" in letter.subject
    assert any(word in letter.body for word in ("请", "无需", "保留", "随即撤销", "现在可以"))


def test_who_takes_part_is_told_when_and_where() -> None:
    letter = written("events.registration.registration-confirmed.v1", "participant")
    assert "时间：2024年9月12日（星期四）09:00\n" in letter.body
    assert "地点：机关一楼大厅\n" in letter.body


def test_a_postponement_says_both_dates() -> None:
    letter = written("events.plans.activity-rescheduled.v1", "participants", old_starts_at="2024-09-05T01:00:00Z",
                     starts_at="2024-09-20T01:00:00Z")  # fmt: skip
    assert "原定时间：2024年9月5日（星期四）09:00" in letter.body
    assert "新的时间：2024年9月20日（星期五）09:00" in letter.body
    assert "2024年9月20日" in letter.subject


def test_a_cancelled_registration_says_whether_the_activity_was_called_off() -> None:
    kind = "events.registration.registration-cancelled.v1"
    asked, called_off = (written(kind, "participant", because=because) for because in ("asked", "activity_cancelled"))
    assert "活动取消" in called_off.subject and "活动已取消" in called_off.body
    assert "活动取消" not in asked.subject and "活动已取消" not in asked.body


@pytest.mark.parametrize("kind", VIOLATIONS)
def test_every_change_of_a_violation_is_told_to_department_office_and_front_ends(kind: str) -> None:
    told = {(telling.audience, telling.channel) for telling in RULES.tellings[kind]}
    assert told == {("department", "mail"), ("office", "mail"), ("frontends", "webhook")}


def test_a_raised_violation_says_how_late_it_is_and_by_when_it_was_due() -> None:
    kind = "events.deadlines.violation-raised.v1"
    letter = written(kind, "department", due_date="2024-08-20", occurred_at="2024-08-20T16:00:00Z",
                     detected_at="2024-08-22T15:59:00Z")  # fmt: skip
    assert "2024年8月20日（星期二） 24:00 前" in letter.body
    assert "逾期：2 天" in letter.body


def test_a_rule_that_cuts_off_earlier_says_its_hour() -> None:
    kind = "events.deadlines.deadline-approached.v1"
    letter = written(kind, "department", due_date="2024-08-20", due_at="2024-08-20T09:30:00Z")
    assert "2024年8月20日（星期二） 17:30 前" in letter.body


def test_a_cured_violation_says_the_days_the_event_says() -> None:
    letter = written("events.deadlines.violation-cured.v1", "office", days_late=11)
    assert "逾期 11 天" in letter.subject
    assert "逾期：11 天" in letter.body


def test_a_requirement_has_neither_due_date_nor_lateness() -> None:
    letter = written("events.deadlines.violation-raised.v1", "department", due_date=None, kind="requirement",
                     rule="headcount", deadline_id=None)  # fmt: skip
    assert "没有达到要求" in letter.body
    assert "期限：" not in letter.body
    assert "逾期" not in letter.body


@pytest.mark.parametrize("cause", ["in_time", "proof_accepted", "objection_upheld", "trigger_void"])
def test_a_withdrawal_says_why(cause: str) -> None:
    told = {other: written("events.deadlines.violation-withdrawn.v1", "office", cause=other).body for other in (
        "in_time", "proof_accepted", "objection_upheld", "trigger_void")}  # fmt: skip
    assert list(told.values()).count(told[cause]) == 1


def test_a_rule_the_pack_does_not_name_is_cited_by_what_the_event_says() -> None:
    document = json.loads((EXAMPLES / "events.deadlines.violation-raised.v1.json").read_text(encoding="utf-8"))
    letter = write_letter(read_event(document), "office", CampaignFacts("季", {}, {}))
    assert letter.rule == CitedRule(title="publicity", clause="3.1")
    assert letter.department == document["department"]


def test_rules_and_requirements_are_read_out_of_a_pack_whatever_else_is_in_it() -> None:
    pack = {
        "jurisdiction": {"name": "示例区", "code": "1"},
        "rules": [{"id": "filing", "title": "报送", "clause": "3.1", "sentence": "句", "n": 3}],
        "requirements": [{"id": "headcount", "title": "人数", "clause": "2.2"}],
        "later": {"unknown": True},
    }
    assert cited_rules(pack) == {
        "filing": CitedRule(title="报送", clause="3.1", sentence="句"),
        "headcount": CitedRule(title="人数", clause="2.2"),
    }
    assert season_name(pack, 2024) == "示例区2024年“政府开放日”"
    assert cited_rules({}) == {}


@pytest.mark.parametrize(
    ("day", "said"),
    [(date(2024, 9, 12), "2024年9月12日（星期四）"), (date(2024, 9, 29), "2024年9月29日（星期日）"),
     (date(2024, 10, 7), "2024年10月7日（星期一）")],
)  # fmt: skip
def test_a_date_is_said_with_its_weekday(day: date, said: str) -> None:
    assert civil_date(day) == said


def test_a_moment_is_said_in_beijing_time() -> None:
    assert moment(datetime(2024, 9, 12, 16, 30, tzinfo=UTC)) == "2024年9月13日（星期五）00:30"
