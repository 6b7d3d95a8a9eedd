"""政策包无效: each mistake is refused with file, key and reason, and nothing is loaded."""

from pathlib import Path

import pytest

from contracts.policy import Mistake, PackInvalid, check_pack, load_pack
from tests.unit.policy.samples import copy_packs, write_child

FILE = "640402-2024.toml"
EVALUATION = 'id = "evaluation"\n'
FILING = 'id = "filing"\n'
PUBLICITY = 'id = "publicity"\n'

# what is changed in the district's file -> key and reason of the one mistake it makes
MISTAKES = {
    "unknown key": ("year = 2024\n", 'year = 2024\ncolour = "red"\n', "colour", "未知的项目"),
    "unknown key of a rule": (EVALUATION, EVALUATION + "days = 15\n", "rules.evaluation.days", "未知的项目"),
    "unknown key of a section": ("[season]\n", "[season]\nseverity = 1\n", "season.severity", "未知的项目"),
    "text for a number": ("n = 3\nunit", 'n = "3"\nunit', "rules.activity_report.n", "应为整数"),
    "fraction for a number": ("n = 3\nunit", "n = 3.5\nunit", "rules.activity_report.n", "应为整数"),
    "true for a number": ("n = 3\nunit", "n = true\nunit", "rules.activity_report.n", "应为整数"),
    "number for a text": ('title = "发布总结评估"', "title = 1", "rules.evaluation.title", "应为文字"),
    "blank text": ('title = "发布总结评估"', 'title = "  "', "rules.evaluation.title", "不能为空"),
    "text for a truth": (
        "open_ended = true\nitems",
        'open_ended = "yes"\nitems',
        "announcement.open_ended",
        "true 或 false",
    ),
    "text for a table": (
        'resubmit_within = { n = 3, unit = "working_day" }',
        "resubmit_within = 3",
        "review.resubmit_within",
        "应为表",
    ),
    "text for a list": ("not_invited = []", 'not_invited = "x"', "participants.not_invited", "应为列表"),
    "number for a date": ("issued_on = 2024-08-14", "issued_on = 20240814", "basis.issued_on", "应为日期"),
    "instant for a date": ("issued_on = 2024-08-14", "issued_on = 2024-08-14T09:00:00", "basis.issued_on", "应为日期"),
    "no such date": ("issued_on = 2024-08-14", 'issued_on = "2024-02-30"', "basis.issued_on", "应为日期"),
    "no days": ("n = 3\nunit", "n = 0\nunit", "rules.activity_report.n", "不能小于 1"),
    "too many days": ("n = 3\nunit", "n = 3651\nunit", "rules.activity_report.n", "不能大于 3650"),
    "unknown unit": (
        'n = 3\nunit = "calendar_day"',
        'n = 3\nunit = "week"',
        "rules.activity_report.unit",
        "只能是 calendar_day、working_day、month、hour；现为 'week'",
    ),
    "on without date": ('date = "08-20"\n', "", "rules.filing.date", "direction 为 on 时须有 date"),
    "on with n": ('date = "08-20"\n', 'date = "08-20"\nn = 3\n', "rules.filing.n", "不能有 n"),
    "on from an activity": (
        'trigger = "campaign_opened"\nsatisfied_by = "plan_submitted"',
        'trigger = "activity_ended"\nsatisfied_by = "plan_submitted"',
        "rules.filing.trigger",
        "须为 campaign_opened",
    ),
    "after without n": ("n = 3\nunit", "unit", "rules.activity_report.n", "direction 为 after 时须有 n"),
    "after without unit": (
        'n = 3\nunit = "calendar_day"\n',
        "n = 3\n",
        "rules.activity_report.unit",
        "direction 为 after 时须有 unit",
    ),
    "after with date": ("n = 3\nunit", 'n = 3\ndate = "09-01"\nunit', "rules.activity_report.date", "不能有 date"),
    "before an end": (
        'trigger = "activity_dated"',
        'trigger = "activity_ended"',
        "rules.publicity.trigger",
        "须为 activity_dated",
    ),
    "clear days after": (
        EVALUATION,
        EVALUATION + "clear_days = true\n",
        "rules.evaluation.clear_days",
        "只用于 before",
    ),
    "long holiday of a date": (
        FILING,
        FILING + "long_holiday = { minimum_run = 7 }\n",
        "rules.filing.long_holiday",
        "只用于按自然日、月",
    ),
    "cut-off of hours": (
        'n = 3\nunit = "calendar_day"\ninclusive = true\nroll = "next_after_rest"\nopen_to = ["unit", "roll"]',
        'n = 3\nunit = "hour"\ninclusive = true\nroll = "none"\ncut_off = "17:30"',
        "rules.activity_report.cut_off",
        "unit 为 hour 时不能有此项",
    ),
    "less than hours": (
        'unit = "calendar_day"\ninclusive = true\nroll = "next_after_rest"\nopen_to = ["unit", "roll"]',
        'unit = "hour"\ninclusive = false\nroll = "none"',
        "rules.activity_report.inclusive",
        "unit 为 hour 时须为 true",
    ),
    "open to the same twice": (
        'open_to = ["unit", "bound"]',
        'open_to = ["unit", "unit"]',
        "rules.publicity.open_to",
        "有重复",
    ),
    "no such month and day": ('date = "08-20"', 'date = "08-32"', "rules.filing.date", "没有 08-32"),
    "not month and day": ('date = "08-20"', 'date = "8月20日"', "rules.filing.date", "应为 MM-DD"),
    "not a time of day": (FILING, FILING + 'cut_off = "24:00"\n', "rules.filing.cut_off", "应为 HH:MM"),
    "reminder without a time": (
        PUBLICITY,
        PUBLICITY + 'reminders = [{ n = 1, unit = "calendar_day" }]\n',
        "rules.publicity.reminders.0.at",
        "按天提醒须有 at",
    ),
    "assumption of nothing in a rule": (
        'cures_until = "活动开始后再宣传已无意义"',
        'colour = "红"',
        "rules.publicity.assumptions.colour",
        "不是规则的项目",
    ),
    "assumption of nothing": ('"channels.minimum" =', '"channels.most" =', "assumptions.channels.most", "不存在"),
    "rule twice": (
        'id = "adoption"\n',
        EVALUATION,
        "rules.evaluation",
        "id 重复",
    ),
    "rule without id": (EVALUATION, "", "rules.4.id", "缺少此项"),
    "check missing": ('[[checks]]\nid = "weekday"', '[[checks]]\nid = "day_of_week"', "checks.weekday", "缺少此项"),
    "not its file's name": ('id = "640402-2024"', 'id = "640402-2025"', "id", "与文件名 640402-2024.toml 不符"),
    "another year": ("year = 2024\n", "year = 2025\n", "id", "应为 640402-2025"),
    "no year": ("year = 2024\n", "", "year", "缺少此项"),
    "no basis": (
        '[basis]\ntitle = "原州区2024年“政府开放日”工作方案"\nindex_number = "640421001/2024-00019"\n'
        'issued_on = 2024-08-14\nissuer = "原州区政府办"\n',
        "",
        "basis",
        "缺少此项",
    ),
    "code out of date": (
        "effective_from = 2024-01-01",
        "effective_from = 2025-01-01",
        "jurisdiction",
        "代码 640402 在 2024 年无效",
    ),
    "code ended before it began": (
        "effective_from = 2024-01-01",
        "effective_from = 2024-01-01\neffective_to = 2023-12-31",
        "jurisdiction.effective_to",
        "早于 effective_from",
    ),
    "season ends before it begins": ('last_day = "09-30"', 'last_day = "08-30"', "season.last_day", "早于 first_day"),
    "season missing": ('[season]\nfirst_day = "09-01"\nlast_day = "09-30"\n', "", "season", "缺少此项"),
    "template without department": (
        'activity_name = "{department}“政府开放日”"',
        'activity_name = "“政府开放日”"',
        "names.activity_name",
        "须含 {department}",
    ),
    "template with a stranger": (
        'activity_name = "{department}“政府开放日”"',
        'activity_name = "{department}{town}“政府开放日”"',
        "names.activity_name",
        "未知占位符：town",
    ),
    "template reaching inside": (
        'activity_name = "{department}“政府开放日”"',
        'activity_name = "{department.__class__}{department}"',
        "names.activity_name",
        "未知占位符",
    ),
    "template with a format": (
        'activity_name = "{department}“政府开放日”"',
        'activity_name = "{department:>99}"',
        "names.activity_name",
        "不能带格式",
    ),
    "template with one brace": (
        'activity_name = "{department}“政府开放日”"',
        'activity_name = "{department"',
        "names.activity_name",
        "括号不成对",
    ),
    "required channel not declared": (
        'required = ["government_website"]',
        'required = ["loudspeaker"]',
        "channels.required",
        "loudspeaker 未在 options 中声明",
    ),
    "more channels than there are": (
        '[channels]\nrequired = ["government_website"]\nminimum = 2',
        '[channels]\nrequired = ["government_website"]\nminimum = 7',
        "channels.minimum",
        "7 多于 options 的 6 个",
    ),
    "channel twice": ('key = "radio", label', 'key = "television", label', "channels.options.television", "key 重复"),
    "column of no website": (
        'label = "征求意见"\nchannel = "government_website"',
        'label = "征求意见"\nchannel = "newspaper"',
        "columns.consultation.channel",
        "不是政府网站",
    ),
    "column of nothing": (
        'label = "征求意见"\nchannel = "government_website"',
        'label = "征求意见"\nchannel = "loudspeaker"',
        "columns.consultation.channel",
        "未在 channels.options 中声明",
    ),
    "published nowhere known": (
        'columns = ["activity_reports"]',
        'columns = ["reports"]',
        "publications.activity_report.columns",
        "reports 未在 columns 中声明",
    ),
    "published through nothing known": (
        'channels = ["government_website", "new_media"]',
        'channels = ["loudspeaker"]',
        "publications.activity_report.channels",
        "loudspeaker 未在 channels.options 中声明",
    ),
    "part twice": (
        '{ key = "photos", label = "现场图片" }]\n\n[publications.evaluation]',
        '{ key = "text", label = "现场图片" }]\n\n[publications.evaluation]',
        "publications.activity_report.parts.text",
        "key 重复",
    ),
    "column twice": ('key = "consultation"', 'key = "activity_reports"', "columns.activity_reports", "key 重复"),
    "publication missing": (
        "[publications.adoption_table]",
        "[publications.adoptions]",
        "publications.adoption_table",
        "缺少此项",
    ),
    "more forms than there are": ("[forms]\nminimum = 1", "[forms]\nminimum = 4", "forms.minimum", "4 多于"),
    "segment not declared": (
        'any_of = ["question", "questionnaire"]',
        'any_of = ["question", "quiz"]',
        "segments.mandatory.0.any_of",
        "quiz 未在 options 中声明",
    ),
    "more segments than there are": (
        'any_of = ["question", "questionnaire"], minimum = 1',
        'any_of = ["question", "questionnaire"], minimum = 3',
        "segments.mandatory.0.minimum",
        "多于 any_of",
    ),
    "fewer at most than at least": (
        "[participants]\nminimum = 25",
        "[participants]\nminimum = 25\nmaximum = 15",
        "participants.maximum",
        "15 小于 minimum 25",
    ),
    "invited and not invited": (
        "not_invited = []",
        'not_invited = [{ key = "expert", label = "专家学者" }]',
        "participants.not_invited.expert",
        "同时在 categories 中",
    ),
    "two minimums": (
        "minimum = 25\ncounted",
        "minimum = 20\ncounted",
        "requirements.headcount.minimum",
        "20 与 participants.minimum 25 不一致",
    ),
    "no announcement items": (
        "[announcement]\nopen_ended = true\nitems = [",
        "[announcement]\nopen_ended = true\nitems = []\n[unused]\nitems = [",
        "announcement.items",
        "至少 1 项",
    ),
    "score does not add up": ("weight = 40", "weight = 45", "scorecard.maximum", "合计 105，应等于 maximum 100"),
    "correction in days": (
        "refile_on_change = [",
        'correct_end_within = { n = 1, unit = "calendar_day" }\nrefile_on_change = [',
        "correct_end_within.unit",
        "须为 hour",
    ),
    "bad clause": (
        'clause = "4.4"\nsentence',
        'clause = "第四条"\nsentence',
        "rules.district_report.clause",
        "不符合格式",
    ),
    "parent not there": ('parent = "640400-2024"', 'parent = "640499-2024"', "parent", "没有上级政策包 640499-2024"),
    "parent not an id": ('parent = "640400-2024"', 'parent = "../etc"', "parent", "不是政策包编号"),
    "parent a number": ('parent = "640400-2024"', "parent = 640400", "parent", "不是政策包编号"),
    "own parent": ('parent = "640400-2024"', 'parent = "640402-2024"', "parent", "继承成环"),
    "abstract neither true nor false": ("year = 2024\n", 'year = 2024\nabstract = "no"\n', "abstract", "true 或 false"),
    "without not a list": ("year = 2024\n", 'year = 2024\nwithout = "rules"\n', "without", "应为文字的列表"),
    "without nothing to remove": ("year = 2024\n", 'year = 2024\nwithout = ["rules.x"]\n', "without", "没有 rules.x"),
    "rules not a list": ("[[requirements]]", "[requirements]", "requirements", "应为列表"),
    "not TOML": ("year = 2024\n", "year = \n", "", "TOML 语法错误，第 5 行"),
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return copy_packs(tmp_path)


def change(directory: Path, old: str, new: str) -> None:
    file = directory / FILE
    text = file.read_text(encoding="utf-8")
    assert old in text, "the pack no longer says what this test changes"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def mistakes_of(directory: Path, pack_id: str = "640402-2024") -> tuple[Mistake, ...]:
    with pytest.raises(PackInvalid) as refused:
        load_pack(pack_id, directory)
    return refused.value.mistakes


@pytest.mark.parametrize(("old", "new", "key", "reason"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_refused(directory: Path, old: str, new: str, key: str, reason: str) -> None:
    change(directory, old, new)
    mistakes = mistakes_of(directory)
    found = [mistake for mistake in mistakes if mistake.key == key and reason in mistake.reason]
    assert [mistake.file for mistake in found] == [FILE], "\n".join(str(mistake) for mistake in mistakes)
    assert check_pack(directory / FILE, directory) == mistakes


def test_every_mistake_is_reported_not_only_the_first(directory: Path) -> None:
    change(directory, 'last_day = "09-30"', 'last_day = "08-30"')
    change(directory, "weight = 40", "weight = 45")
    change(directory, 'date = "08-20"', 'date = "08-32"')
    change(directory, EVALUATION, EVALUATION + "days = 15\n")
    assert {"scorecard.maximum", "rules.filing.date", "rules.evaluation.days"} <= {
        mistake.key for mistake in mistakes_of(directory)
    }


def test_contradictions_are_reported_together(directory: Path) -> None:
    change(directory, 'last_day = "09-30"', 'last_day = "08-30"')
    change(directory, '"channels.minimum" =', '"channels.most" =')
    change(directory, "minimum = 25\ncounted", "minimum = 20\ncounted")
    assert [mistake.key for mistake in mistakes_of(directory)] == [
        "season.last_day",
        "requirements.headcount.minimum",
        "assumptions.channels.most",
    ]


def test_a_29th_of_february_depends_on_the_packs_year(directory: Path) -> None:
    change(directory, 'date = "08-20"', 'date = "02-29"')
    assert load_pack("640402-2024", directory).rule("filing").date == "02-29"
    write_child(directory)
    (mistake,) = mistakes_of(directory, "640403-2025")
    assert (mistake.key, mistake.reason) == ("rules.filing.date", "2025 年没有 02-29")


def test_a_longer_cycle_is_named(directory: Path) -> None:
    root = directory / "640000-2024.toml"
    text = root.read_text(encoding="utf-8").replace("year = 2024\n", 'year = 2024\nparent = "640402-2024"\n', 1)
    root.write_text(text, encoding="utf-8")
    (mistake,) = mistakes_of(directory)
    assert mistake == Mistake(
        "640000-2024.toml", "parent", "继承成环：640402-2024 ← 640400-2024 ← 640000-2024 ← 640402-2024"
    )


def test_what_a_missing_parent_would_have_brought_is_not_reported_too(directory: Path) -> None:
    (directory / "640000-2024.toml").unlink()
    assert mistakes_of(directory) == (Mistake("640400-2024.toml", "parent", "没有上级政策包 640000-2024"),)


def test_a_broken_parent_is_reported_in_its_own_file(directory: Path) -> None:
    (directory / "640400-2024.toml").write_text("id = ", encoding="utf-8")
    (mistake,) = mistakes_of(directory)
    assert (mistake.file, mistake.key) == ("640400-2024.toml", "")


def test_a_file_that_cannot_be_read_is_refused(directory: Path) -> None:
    (directory / FILE).write_bytes("id = '原州区'".encode("gb18030"))
    assert mistakes_of(directory) == (Mistake(FILE, "", "不是 UTF-8 编码"),)


def test_a_file_is_checked_with_parents_from_elsewhere(
    directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("draft")
    file = write_child(elsewhere)
    assert check_pack(file, directory) == ()
    assert check_pack(file, elsewhere)[0].reason == "没有上级政策包 640402-2024"


def test_an_abstract_pack_may_be_incomplete_but_not_wrong(directory: Path) -> None:
    file = directory / "640000-2024.toml"
    assert check_pack(file, directory) == ()
    text = file.read_text(encoding="utf-8").replace('on_postpone = "count_again"', 'on_postpone = "forget"')
    file.write_text(text, encoding="utf-8")
    assert [mistake.key for mistake in check_pack(file, directory)] == ["on_postpone"]


@pytest.mark.parametrize(("name", "reason"), [("nothing.toml", "没有这个文件"), ("notes.txt", "文件名应为")])
def test_what_is_no_pack_file_is_refused(directory: Path, name: str, reason: str) -> None:
    (directory / "notes.txt").write_text("", encoding="utf-8")
    (mistake,) = check_pack(directory / name, directory)
    assert reason in mistake.reason
