"""继承: a new district or year is a new file that says only what is different."""

from pathlib import Path

import pytest

from contracts.policy import PackInvalid, PolicyPack, compute, load_pack
from contracts.policy.merge import merge, origin_of, remove
from tests.unit.policy.samples import copy_packs, day, district_calendar, district_pack, write_child


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return copy_packs(tmp_path)


def child(directory: Path, body: str) -> PolicyPack:
    return load_pack(write_child(directory, body).stem, directory)


def test_what_a_child_leaves_out_it_inherits(directory: Path) -> None:
    pack, parent = child(directory, ""), district_pack()
    assert pack.lineage == ("640403-2025", *parent.lineage)
    assert (pack.rules, pack.channels, pack.scorecard) == (parent.rules, parent.channels, parent.scorecard)


def test_what_identifies_a_pack_is_never_inherited(directory: Path) -> None:
    pack = child(directory, "")
    assert (pack.id, pack.year, pack.parent) == ("640403-2025", 2025, "640402-2024")
    assert (pack.jurisdiction.name, pack.basis.title) == ("试验区", "试验通知")
    assert pack.basis.index_number is None


def test_tables_merge_by_key(directory: Path) -> None:
    pack = child(directory, "[channels]\nminimum = 3\n")
    assert pack.channels.minimum == 3
    assert pack.channels.options == district_pack().channels.options


def test_rules_merge_by_id_and_keep_their_place(directory: Path) -> None:
    pack = child(directory, '[[rules]]\nid = "evaluation"\nn = 10\n')
    assert [rule.id for rule in pack.rules] == [rule.id for rule in district_pack().rules]
    assert pack.rule("evaluation").n == 10
    assert pack.rule("evaluation").sentence == district_pack().rule("evaluation").sentence
    assert pack.rule("adoption").n == 15


def test_a_new_rule_is_added_after_the_inherited_ones(directory: Path) -> None:
    body = """
    [[rules]]
    id = "answer"
    title = "答复"
    clause = "5"
    sentence = "10个工作日内答复。"
    duty_holder = "department"
    trigger = "activity_ended"
    satisfied_by = "adoption_table_complete"
    direction = "after"
    n = 10
    unit = "working_day"
    inclusive = true
    roll = "none"
    extend = { by = [] }
    waive = { by = [] }
    """
    pack = child(directory, body)
    assert [rule.id for rule in pack.rules] == [*(rule.id for rule in district_pack().rules), "answer"]
    assert compute(pack.rule("answer"), day("2024-09-27"), district_calendar()).due_date == day("2024-10-16")


def test_other_lists_are_replaced(directory: Path) -> None:
    pack = child(directory, 'reminders = [{ n = 2, unit = "hour" }]\nrefile_on_change = []\n')
    assert [(reminder.n, reminder.unit) for reminder in pack.reminders] == [(2, "hour")]
    assert pack.refile_on_change == ()


def test_an_empty_list_of_rules_loses_none(directory: Path) -> None:
    assert child(directory, "rules = []\n").rules == district_pack().rules


def test_without_removes_what_a_parent_brought(directory: Path) -> None:
    body = (
        'without = ["rules.publicity", "rules.activity_report.assumptions.unit", "assumptions.channels.minimum",'
        ' "basis"]\n'
    )
    with pytest.raises(PackInvalid, match="上级政策包没有 basis"):
        child(directory, body)
    pack = child(directory, body.replace(', "basis"', "").replace(' "basis"', ""))
    assert "publicity" not in [rule.id for rule in pack.rules]
    assert "unit" not in pack.rule("activity_report").assumptions
    assert "channels.minimum" not in pack.assumptions
    assert "unit" in district_pack().rule("activity_report").assumptions, "the parent is untouched"


def test_a_fixed_date_becomes_a_period_and_back_with_without(directory: Path) -> None:
    body = """
    without = ["rules.evaluation.n", "rules.evaluation.unit"]
    [[rules]]
    id = "evaluation"
    direction = "on"
    date = "10-31"
    trigger = "campaign_opened"
    """
    rule = child(directory, body).rule("evaluation")
    assert compute(rule, None, district_calendar(), 2025).due_date == day("2025-10-31")
    with pytest.raises(PackInvalid, match="direction 为 on 时不能有 n"):
        child(directory, body.replace('without = ["rules.evaluation.n", "rules.evaluation.unit"]', ""))


def test_practice_elsewhere_is_a_new_file_and_no_code(directory: Path) -> None:
    """Other notices of the family: file by 9/9, one week of publicity, 10 to 15 people, held in June, another name."""
    body = """
    season = { first_day = "06-01", last_day = "06-30" }
    participants = { minimum = 10, maximum = 15 }
    [names]
    plan_title = "{department}{year}年“政务开放日”方案"
    activity_name = "{jurisdiction}{department}政务开放日"
    [[rules]]
    id = "filing"
    date = "09-09"
    inclusive = false
    [[rules]]
    id = "publicity"
    n = 7
    [[rules]]
    id = "activity_report"
    n = 1
    unit = "working_day"
    [[requirements]]
    id = "headcount"
    minimum = 10
    [[checks]]
    id = "season"
    severity = "warn"
    """
    pack = child(directory, body)
    calendar = district_calendar()
    assert compute(pack.rule("filing"), None, calendar, pack.year).due_date == day("2025-09-08")
    assert compute(pack.rule("publicity"), day("2025-06-20"), calendar).due_date == day("2025-06-13")
    assert compute(pack.rule("activity_report"), day("2025-06-20"), calendar).due_date == day("2025-06-23")
    assert (pack.participants.minimum, pack.participants.maximum) == (10, 15)
    assert pack.check("season").severity == "warn"
    assert pack.activity_name("教育局") == "试验区教育局政务开放日"


def test_a_mistake_is_reported_in_the_file_that_made_it(directory: Path) -> None:
    write_child(directory, '[[rules]]\nid = "evaluation"\nroll = "next_working_day"\n')
    file = directory / "640402-2024.toml"
    text = file.read_text(encoding="utf-8").replace(
        'id = "evaluation"\ntitle', 'id = "evaluation"\ncut_off = "25:00"\ntitle'
    )
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PackInvalid) as refused:
        load_pack("640403-2025", directory)
    assert [(mistake.file, mistake.key) for mistake in refused.value.mistakes] == [
        ("640402-2024.toml", "rules.evaluation.cut_off")
    ]


def test_a_contradiction_is_reported_in_the_file_that_caused_it(directory: Path) -> None:
    write_child(directory, "[participants]\nminimum = 10\n")
    with pytest.raises(PackInvalid) as refused:
        load_pack("640403-2025", directory)
    (mistake,) = refused.value.mistakes
    assert (mistake.file, mistake.key) == ("640402-2024.toml", "requirements.headcount.minimum")
    assert "与 participants.minimum 10 不一致" in mistake.reason


def test_merging_leaves_what_it_merges_alone() -> None:
    parent = {"rules": [{"id": "a", "n": 1}], "names": {"x": 1}}
    child_data = {"rules": [{"id": "a", "n": 2}, {"id": "b", "n": 3}], "names": {"y": 2}}
    origins: dict[str, str] = {}
    merged = merge(merge({}, parent, "parent", origins), child_data, "child", origins)
    assert merged == {"rules": [{"id": "a", "n": 2}, {"id": "b", "n": 3}], "names": {"x": 1, "y": 2}}
    assert parent == {"rules": [{"id": "a", "n": 1}], "names": {"x": 1}}
    assert origin_of("rules.a.n", origins) == "child"
    assert origin_of("rules.a.id", origins) == "child"
    assert origin_of("names.x", origins) == "parent"
    assert origin_of("nothing", origins) is None


def test_a_replaced_value_forgets_where_its_parts_came_from() -> None:
    origins: dict[str, str] = {}
    merged = merge({}, {"span": {"n": 1, "unit": "month"}}, "parent", origins)
    merge(merged, {"span": 5}, "child", origins)
    assert origin_of("span.n", origins) == "child"


@pytest.mark.parametrize("path", ["nothing", "rules.nothing", "rules.a.nothing", "names.x.deeper", "rules.a.n.deeper"])
def test_removing_what_is_not_there_is_noticed(path: str) -> None:
    assert not remove({"rules": [{"id": "a", "n": 1}], "names": {"x": 1}}, path)
