"""政策包读取: what the built-in packs say, and that they travel unchanged."""

import json
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from contracts.policy import (
    PACKS_DIRECTORY,
    Check,
    PackInvalid,
    PolicyPack,
    Requirement,
    Rule,
    check_pack,
    list_packs,
    load_pack,
)
from contracts.policy.explain import describe_window, explain
from tests.unit.policy.samples import copy_packs, day, district_pack, rule

EDUCATION = "原州区教育局"


def test_the_pack_is_resolved_through_its_parents() -> None:
    pack = district_pack()
    assert pack.lineage == ("640402-2024", "640400-2024", "640000-2024")
    assert (pack.jurisdiction.code, pack.jurisdiction.name, pack.year) == ("640402", "原州区", 2024)
    assert pack.basis.index_number == "640421001/2024-00019"
    assert pack.basis.issued_on == date(2024, 8, 14)
    assert [entry.label for entry in pack.site_types] == ["工程现场", "执法现场", "管理现场"]


def test_every_built_in_pack_is_right() -> None:
    assert list_packs() == ("640000-2024", "640400-2024", "640402-2024")
    assert [check_pack(PACKS_DIRECTORY / f"{pack_id}.toml") for pack_id in list_packs()] == [(), (), ()]


def test_what_the_notice_says_is_in_the_pack() -> None:
    pack = district_pack()
    assert [item.label for item in pack.announcement.items] == [
        *("报名方式", "参加人数", "开放主题", "参加领导", "承办单位", "时间地点", "邀请对象"),
        *("活动内容", "活动形式", "联系人员", "联系电话", "邮箱", "温馨提示"),
    ]
    assert pack.announcement.open_ended
    assert [channel.label for channel in pack.channels.options][:5] == [
        "政府网站",
        "政务新媒体",
        "报纸",
        "电视",
        "广播",
    ]
    assert [column.label for column in pack.columns] == ["实施方案及活动公告", "活动开展情况", "征求意见"]
    assert [form.label for form in pack.forms.options] == ["进机关", "进现场", "进会议"]
    assert [group.any_of for group in pack.segments.mandatory] == [("question", "questionnaire")]
    assert (pack.participants.minimum, pack.participants.eligibility.minimum_age) == (25, 18)
    assert pack.requirement("headcount").minimum == 25
    assert [meeting.label for meeting in pack.meeting_types] == ["政府常务会", "局务会", "论证会", "评审会"]
    assert [part.label for part in pack.publications["activity_report"].parts] == ["活动内容", "现场图片"]


def test_every_assumption_names_a_value_and_a_reason() -> None:
    pack = district_pack()
    expected = {"review.resubmit_within", "channels.minimum", "reminders", "on_postpone", "correct_end_within"}
    assert expected <= set(pack.assumptions)
    assert "continuous" in pack.rule("publicity").assumptions
    assert all("extend" in entry.assumptions and "waive" in entry.assumptions for entry in pack.rules)


def test_names_are_composed_by_the_system() -> None:
    pack = district_pack()
    assert pack.plan_title(EDUCATION) == "《原州区教育局2024年“政府开放日”活动实施方案》"
    assert pack.activity_name(EDUCATION) == "原州区教育局“政府开放日”"
    assert pack.report_title("evaluation", EDUCATION) == "原州区教育局2024年“政府开放日”活动总结评估"


@pytest.mark.parametrize(
    "text",
    [
        "原州区司法局“司法开放日”",
        "原州区司法局司法开放日",
        "司法 开放日",
        "司法“开放日”",
        "司法\u3000开放日",
        "司法\u00a0开放日",
    ],
)
def test_a_forbidden_name_is_found_however_it_is_dressed(text: str) -> None:
    found = district_pack().forbidden_names_in(text)
    assert [(entry.name, entry.clause) for entry in found] == [("司法开放日", "4.2")]


def test_the_proper_name_is_not_forbidden() -> None:
    pack = district_pack()
    assert pack.forbidden_names_in(pack.activity_name("原州区司法局")) == ()
    assert pack.forbidden_names_in(pack.plan_title("原州区校园管理局")) == ()


@pytest.mark.parametrize(("text", "inside"), [("08-31", False), ("09-01", True), ("09-30", True), ("10-01", False)])
def test_the_season_includes_its_first_and_last_day(text: str, inside: bool) -> None:
    pack = district_pack()
    assert pack.in_season(day(f"2024-{text}")) is inside
    assert not pack.in_season(day("2025-09-10"))
    assert not pack.in_season(day("2024-09-10"), day("2024-10-01"))


def test_what_is_not_in_the_pack_is_a_key_error() -> None:
    for lookup in (district_pack().rule, district_pack().requirement, district_pack().check):
        with pytest.raises(KeyError, match="nothing"):
            lookup("nothing")


def test_the_pack_travels_as_json_and_is_the_same_pack() -> None:
    pack = district_pack()
    travelled = PolicyPack.model_validate(json.loads(json.dumps(pack.model_dump(mode="json"))))
    assert travelled == pack
    assert travelled.digest == pack.digest


def test_a_copy_that_contradicts_itself_is_not_a_pack() -> None:
    """No file is there to be checked when the pack arrives in an event."""
    data = district_pack().model_dump(mode="json")
    data["rules"].append(data["rules"][0])
    with pytest.raises(ValidationError, match=r"rules\.filing：id 重复"):
        PolicyPack.model_validate(data)


def test_the_order_of_keys_does_not_matter_to_the_digest() -> None:
    """A database may store the event's copy with its keys in another order."""
    pack = district_pack()
    shuffled = json.loads(json.dumps(pack.model_dump(mode="json"), sort_keys=True))
    assert PolicyPack.model_validate(shuffled).digest == pack.digest


def test_the_digest_follows_the_content_and_not_the_layout(tmp_path: Path) -> None:
    directory = copy_packs(tmp_path)
    file = directory / "640402-2024.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text("# 只加一条注释\n\n" + text, encoding="utf-8-sig")
    assert load_pack("640402-2024", directory).digest == district_pack().digest
    file.write_text(text.replace("minimum = 25", "minimum = 10"), encoding="utf-8")
    assert load_pack("640402-2024", directory).digest != district_pack().digest


def test_a_changed_copy_has_its_own_digest() -> None:
    pack = district_pack()
    before = pack.digest
    assert pack.model_copy(update={"version": "2"}).digest != before


def test_nothing_changes_after_loading() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        district_pack().rule("evaluation").n = 30  # type: ignore[misc]


def test_a_pack_that_only_serves_as_parent_cannot_be_used() -> None:
    with pytest.raises(PackInvalid) as refused:
        load_pack("640000-2024")
    assert [(mistake.file, mistake.key) for mistake in refused.value.mistakes] == [("640000-2024.toml", "abstract")]


@pytest.mark.parametrize("pack_id", ["../640402-2024", "640402", "", "640402-2024.toml", "999999-2024"])
def test_an_unknown_pack_is_refused(pack_id: str) -> None:
    with pytest.raises(PackInvalid):
        load_pack(pack_id)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "活动结束后 3 个自然日以内"),
        ({"inclusive": False, "unit": "working_day"}, "活动结束后 3 个工作日未满"),
        ({"direction": "before", "n": 15}, "活动开始前至少 15 个自然日（不含活动当天）"),
        (
            {"direction": "before", "n": 1, "unit": "month", "clear_days": True},
            "活动开始前至少 1 个月（中间须有整数天）",
        ),
        ({"direction": "before", "inclusive": True}, "活动开始前至少 3 个自然日（含活动当天）"),
        ({"cut_off": "17:30"}, "活动结束后 3 个自然日以内 17:30 前"),
    ],
)
def test_a_window_in_words(changes: dict[str, object], words: str) -> None:
    assert describe_window(rule(**changes)) == words


def test_the_explanation_shows_every_sentence_and_every_assumption() -> None:
    pack = district_pack()
    text = explain(pack)
    entries: list[Rule | Requirement | Check] = [*pack.rules, *pack.requirements, *pack.checks]
    assert all(entry.sentence in text for entry in entries)
    for assumptions in (pack.assumptions, *(entry.assumptions for entry in entries)):
        assert all(f"假定 {key}：{reason}" in text for key, reason in assumptions.items())


def test_the_explanation_shows_what_a_rule_may_hold_besides() -> None:
    pack = district_pack()
    other = rule(
        long_holiday={"minimum_run": 7},
        reminders=[{"n": 12, "unit": "hour"}],
        extend={"by": []},
        waive={"by": []},
        severity="warn",
        cures_until="never",
    )
    text = explain(pack.model_copy(update={"rules": (other,)}))
    for words in ("连续休息 7 天以上的长假不计入", "到期前 12 小时", "不能延期；不能豁免", "只作提醒；逾期后不能补办"):
        assert words in text
