"""核对实施方案: every number and name comes from the pack, every finding names its clause."""

from datetime import date
from typing import Any

import pytest

from contracts.plans.api import Check, PlanContent
from contracts.policy import PolicyPack
from services.plans.domain.check_plan import check_plan
from services.plans.domain.civil_time import civil_date, is_weekday_of, misstated_weekdays
from tests.unit.plans.season import NAME, at, calendar, content, pack, wanted

EARLY = "08-16 10:00"


def found(
    given: PlanContent, *, now: str = EARLY, name: str | None = None, judged_by: PolicyPack | None = None
) -> list[Check]:
    policy = judged_by or pack()
    return check_plan(policy, given, name, policy.activity_name(NAME), calendar(), at(now))


def codes(*args: Any, **options: Any) -> list[tuple[str, str]]:
    return [(check.code, check.severity) for check in found(*args, **options)]


def test_a_complete_plan_has_no_findings() -> None:
    assert found(content()) == []


def test_an_undated_plan_is_complete() -> None:
    assert found(content(wanted(starts_at=None, ends_at=None))) == []


@pytest.mark.parametrize(
    ("changes", "code", "clause"),
    [
        ({"capacity": 24}, "places", "2.2"),
        ({"capacity": None}, "places", "2.2"),
        ({"minimum_age": 17}, "minimum-age", "2.2"),
        ({"forms": []}, "forms", "3.2"),
        ({"segments": []}, "segments", "3.2"),
        ({"segments": ["experience_segment", "policy_briefing"]}, "segments", "3.2"),
        ({"starts_at": at("08-31 23:00"), "ends_at": at("09-01 09:00")}, "season", "1"),
        ({"starts_at": at("09-30 22:00"), "ends_at": at("10-01 00:30")}, "season", "1"),
        ({"stated_weekday": "星期五"}, "weekday", "3.1"),
        ({"agenda": ["9月12日（周三）上午参观"]}, "weekday", "3.1"),
        ({"agenda": ["校园 开放日启动"]}, "forbidden-name", "4.2"),
        ({"main_venue": None}, "venue-missing", None),
        ({"ends_at": None}, "times-half", None),
        ({"ends_at": at("09-12 09:00")}, "end-before-start", None),
        ({"forms": ["enter_office", "fly"]}, "key-unknown", None),
        ({"branch_venues": [{"key": "main", "name": "又一个"}]}, "venue-twice", None),
    ],
)
def test_each_mistake_is_found_alone(changes: dict[str, Any], code: str, clause: str | None) -> None:
    (check,) = found(content(wanted(**changes)))
    assert (check.code, check.clause, check.severity) == (code, clause, "refuse")
    assert check.fix
    assert check.field is not None and check.field.startswith("content.activities.0.")


def test_the_season_is_judged_by_the_civil_date() -> None:
    # 2024-08-31T17:00Z is 09-01 01:00 in Asia/Shanghai, the season's first day.
    assert found(content(wanted(starts_at="2024-08-31T17:00:00Z", ends_at="2024-08-31T18:00:00Z"))) == []
    assert civil_date(at("09-01 01:00")) == date(2024, 9, 1)


def test_a_mistake_in_the_second_activity_is_found_too() -> None:
    checks = found(content(wanted(), wanted(key="second", capacity=3, forms=[])))
    assert [check.field for check in checks] == ["content.activities.1.capacity", "content.activities.1.forms"]


def test_another_pack_judges_otherwise() -> None:
    document = pack().model_dump(mode="json")
    document["participants"] |= {"minimum": 10, "maximum": 15}
    document["requirements"][0]["minimum"] = 10
    document["names"]["forbidden"] = [{"name": "走进", "clause": "9.9"}]
    for check in document["checks"]:
        check["severity"] = "warn" if check["id"] == "season" else check["severity"]
    other = PolicyPack.model_validate(document)
    october = {"starts_at": at("10-09 09:00"), "ends_at": at("10-09 10:00")}
    assert codes(content(wanted(capacity=15, **october), theme="教育"), judged_by=other) == [("season", "warn")]
    assert codes(content(wanted(capacity=16), theme="教育"), judged_by=other) == [("places", "refuse")]
    assert [check.clause for check in found(content(wanted(capacity=12)), judged_by=other)] == ["9.9"]


@pytest.mark.parametrize(
    ("now", "start", "earliest"),
    [
        ("08-28 23:59", "09-12 09:00", None),
        ("08-29 00:00", "09-12 09:00", "2024-09-13"),
        ("08-20 12:00", "09-04 09:00", None),
        ("08-20 12:00", "09-03 09:00", "2024-09-04"),
    ],
)
def test_a_date_too_near_is_warned_of(now: str, start: str, earliest: str | None) -> None:
    given = content(wanted(starts_at=at(start), ends_at=at(start).replace(hour=11)))
    checks = found(given, now=now)
    assert [(check.code, check.severity, check.clause) for check in checks] == (
        [("publicity-unreachable", "warn", "3.1")] if earliest else []
    )
    assert earliest is None or checks[0].detail.endswith(earliest)


@pytest.mark.parametrize("stated", ["星期四", "周四", "礼拜四", " 星期四 "])
def test_a_weekday_may_be_written_in_several_ways(stated: str) -> None:
    assert is_weekday_of(stated, date(2024, 9, 12))


@pytest.mark.parametrize("stated", ["星期三", "四", "Thursday", "", "星期四上午"])
def test_what_is_not_that_weekday(stated: str) -> None:
    assert not is_weekday_of(stated, date(2024, 9, 12))


def test_sunday_has_two_names() -> None:
    assert is_weekday_of("星期天", date(2024, 9, 15)) and is_weekday_of("周日", date(2024, 9, 15))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("时间：9月25日（星期三）上午9时", []),
        ("时间：9月25日（星期一）上午9时", [date(2024, 9, 25)]),
        ("2025年9月25日，周四", []),
        ("2025年9月25日 周三；9月26日周四", [date(2025, 9, 25)]),
        ("9月31日（星期一）", []),
        ("9月25日上午", []),
    ],
)
def test_weekdays_inside_a_text(text: str, wrong: list[date]) -> None:
    assert [day for _, day in misstated_weekdays(text, 2024)] == wrong
