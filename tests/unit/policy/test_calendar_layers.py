"""日历: the national layer, what lies over it, and what is not known yet."""

from pathlib import Path
from typing import Any

import pytest

from contracts.policy import CALENDARS_DIRECTORY, Calendar, CalendarInvalid, load_calendar, parse_layer, read_layer
from tests.unit.policy.samples import day, district_calendar, layer

GOOD = """
id = "640402"
level = "local"
jurisdiction = "640402"
version = "1"
sources = [{ title = "试验文件", issuer = "试验单位" }]
days = [{ date = 2024-09-10, kind = "rest", name = "试验停工" }]
"""


@pytest.mark.parametrize("text", ["2024-09-14", "2024-09-29", "2024-10-12", "2025-10-11"])
def test_a_make_up_weekend_is_a_working_day(text: str) -> None:
    assert day(text).weekday() >= 5
    assert district_calendar().is_working(day(text))


@pytest.mark.parametrize("text", ["2024-09-15", "2024-09-16", "2024-09-17", "2024-10-01", "2024-10-07", "2024-09-21"])
def test_a_holiday_or_plain_weekend_is_a_rest_day(text: str) -> None:
    assert district_calendar().is_rest(day(text))


def test_days_have_names_for_people() -> None:
    calendar = district_calendar()
    assert calendar.name_of(day("2024-09-16")) == "中秋节"
    assert calendar.name_of(day("2024-09-18")) is None
    assert calendar.name_of(day("2030-10-01")) is None


def test_ningxia_rests_on_its_own_holidays_and_the_rest_of_the_country_does_not() -> None:
    festival = day("2021-05-13")
    assert festival.weekday() < 5
    assert district_calendar().is_rest(festival)
    assert district_calendar().name_of(festival) == "开斋节"
    assert load_calendar("640000").is_rest(festival)
    assert load_calendar("110105").is_working(festival)


def test_a_regional_layer_says_which_years_it_is_silent_about() -> None:
    assert district_calendar().silent_layers(day("2024-09-12")) == ("640000",)
    assert district_calendar().silent_layers(day("2021-09-12")) == ()
    assert load_calendar("110105").silent_layers(day("2024-09-12")) == ()


@pytest.mark.parametrize(
    ("jurisdiction", "place", "applies"),
    [
        ("640000", "640402", True),
        ("640400", "640402", True),
        ("640402", "640402", True),
        ("640402", "640400", False),
        ("640400", "640100", False),
        ("640000", "650000", False),
    ],
)
def test_a_layer_covers_its_own_territory(jurisdiction: str, place: str, applies: bool) -> None:
    assert layer("regional", {}, jurisdiction=jurisdiction).applies_to(place) is applies


def test_a_higher_layer_wins_whatever_the_order_they_come_in() -> None:
    local = layer("local", {"2024-09-11": "work"})
    regional = layer("regional", {"2024-09-11": "rest", "2024-09-12": "rest"})
    for layers in ([local, regional], [regional, local]):
        calendar = Calendar(layers)
        assert calendar.is_working(day("2024-09-11"))
        assert calendar.is_rest(day("2024-09-12"))
        assert calendar.version == Calendar([local, regional]).version


def test_a_national_file_replaces_the_library_for_the_years_it_describes() -> None:
    calendar = Calendar([layer("national", {"2024-09-18": "rest"}, years=[2024])])
    assert calendar.is_rest(day("2024-09-18"))
    assert calendar.is_working(day("2024-09-17")), "the file does not list it"
    assert calendar.name_of(day("2024-09-17")) is None
    assert calendar.is_rest(day("2025-10-01")), "another year is still the library's"


def test_a_national_file_may_correct_single_days() -> None:
    calendar = Calendar([layer("national", {"2024-09-18": "rest"})])
    assert calendar.is_rest(day("2024-09-18"))
    assert calendar.is_rest(day("2024-09-17")), "the library still speaks for the rest of the year"


def test_a_year_nobody_describes_is_plain_weekends_and_not_covered() -> None:
    calendar = district_calendar()
    assert not calendar.covers(day("2030-10-01"))
    assert calendar.is_working(day("2030-10-01"))
    assert calendar.is_rest(day("2030-10-05"))


def test_a_published_year_is_covered_from_then_on() -> None:
    published = Calendar([layer("national", {"2030-10-01": "rest"}, years=[2030])])
    assert published.covers(day("2030-10-01"))
    assert not published.covers(day("2031-01-02"))
    single = Calendar([layer("local", {"2031-01-02": "rest"})])
    assert single.covers(day("2031-01-02")), "a layer names the day itself"


def test_the_last_week_of_a_year_waits_for_the_next_one() -> None:
    """2018-12-29 became a working day by the notice for 2019."""
    only = Calendar([layer("national", {}, years=[2030])], library=False)
    assert only.covers(day("2030-12-24"))
    assert not only.covers(day("2030-12-25"))
    both = Calendar([layer("national", {}, years=[2030, 2031])], library=False)
    assert both.covers(day("2030-12-25"))


def test_the_version_names_every_layer_and_changes_with_its_days() -> None:
    first = load_calendar("640402", layers=[layer("local", {"2024-09-11": "rest"})])
    other = load_calendar("640402", layers=[layer("local", {"2024-09-11": "work"})])
    names = [part.split("@")[0] for part in first.version.split(";")]
    assert names == ["national/chinesecalendar", "regional/640000", "local/local-sample"]
    assert first.version != other.version
    assert first.version == load_calendar("640402", layers=[layer("local", {"2024-09-11": "rest"})]).version


def test_a_given_layer_replaces_the_file_of_the_same_id_and_strangers_are_left_out() -> None:
    newer = layer("regional", {"2024-06-17": "rest"}, id="640000", jurisdiction="640000", version="2")
    stranger = layer("regional", {"2024-09-11": "rest"}, id="650000", jurisdiction="650000")
    calendar = load_calendar("640402", layers=[newer, stranger])
    assert [entry.id for entry in calendar.layers] == ["640000"]
    assert calendar.is_rest(day("2024-06-17"))
    assert calendar.is_working(day("2021-05-13"))
    assert calendar.is_working(day("2024-09-11"))


def test_without_a_directory_only_the_library_speaks() -> None:
    assert load_calendar("640402", None).layers == ()


def test_layers_travel_as_json() -> None:
    original = read_layer(CALENDARS_DIRECTORY / "640000.toml")
    travelled = parse_layer(original.model_dump(mode="json"), "事件")
    assert travelled == original
    assert travelled.digest == original.digest


def test_a_file_layer_is_read_from_a_directory(tmp_path: Path) -> None:
    (tmp_path / "640402.toml").write_text(GOOD, encoding="utf-8")
    assert load_calendar("640402", tmp_path).is_rest(day("2024-09-10"))
    assert load_calendar("640100", tmp_path).is_working(day("2024-09-10"))


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('id = "640402"', 'id = "640400"', "id", "与文件名"),
        ('level = "local"', 'level = "village"', "level", "只能是"),
        ('jurisdiction = "640402"', "", "jurisdiction", "须有"),
        ('jurisdiction = "640402"', 'jurisdiction = "6404"', "jurisdiction", "不符合格式"),
        ('version = "1"', "", "version", "缺少"),
        ('version = "1"', 'version = "1"\ncolour = "red"', "colour", "未知"),
        ('version = "1"', 'version = "1"\nyears = [0]', "years.0", "不能小于"),
        ('kind = "rest"', 'kind = "holiday"', "days.0.kind", "只能是"),
        ("date = 2024-09-10", "date = 20240910", "days.0.date", "应为日期"),
        ("date = 2024-09-10", "date = 2024-09-10T08:00:00", "days.0.date", "应为日期"),
        (
            'name = "试验停工" }',
            'name = "试验停工" }, { date = 2024-09-10, kind = "work", name = "又" }',
            "days",
            "重复",
        ),
        ('sources = [{ title = "试验文件", issuer = "试验单位" }]', "sources = []", "sources", "至少 1 项"),
        ('version = "1"', "version = ", "", "TOML 语法错误"),
    ],
)
def test_a_wrong_layer_is_refused_with_file_key_and_reason(
    tmp_path: Path, old: str, new: str, key: str, reason: str
) -> None:
    assert old in GOOD
    (tmp_path / "640402.toml").write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(CalendarInvalid) as refused:
        load_calendar("640402", tmp_path)
    mistakes = refused.value.mistakes
    assert all(mistake.file == "640402.toml" for mistake in mistakes)
    assert any(mistake.key.startswith(key) and reason in mistake.reason for mistake in mistakes), mistakes


def test_a_national_layer_has_no_jurisdiction() -> None:
    data: dict[str, Any] = layer("national", {}).model_dump(mode="json")
    with pytest.raises(CalendarInvalid, match="jurisdiction"):
        parse_layer({**data, "jurisdiction": "640000"}, "事件")


def test_an_unreadable_layer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CalendarInvalid, match="读不出来"):
        read_layer(tmp_path / "640402.toml")
    (tmp_path / "640402.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CalendarInvalid, match="不是 UTF-8 编码"):
        read_layer(tmp_path / "640402.toml")
