"""推算过程: steps, articles, other readings, the safe date, provisional dates, reminders."""

import json

from contracts.policy import Calendar, Due, compute, load_calendar, reminder_times
from contracts.policy.rule import Reminder
from tests.unit.policy.samples import day, district_calendar, district_pack, layer, moment, rule


def due_of(rule_id: str, counts_from: str | None) -> Due:
    pack = district_pack()
    return compute(
        pack.rule(rule_id), None if counts_from is None else day(counts_from), district_calendar(), pack.year
    )


def readings_of(due: Due) -> dict[str, str]:
    return {reading.reading: reading.due_date.isoformat() for reading in due.derivation.readings}


def test_every_step_of_a_rolled_period_is_there_to_check() -> None:
    derivation = due_of("activity_report", "2024-09-12").derivation
    texts = [f"{step.number} {step.text} {(step.article or '').removeprefix('民法典')}" for step in derivation.steps]
    assert [text.strip() for text in texts] == [
        "1 起算日 2024-09-12（星期四）",
        "2 开始的当日不计入，自次日起算 第二百零一条",
        "3 向后数 3 个自然日（包括本数），到 2024-09-15（星期日） 第一千二百五十九条",
        "4 2024-09-15（星期日）是休息日（中秋节），以休息日结束的次日为最后一日 2024-09-18（星期三） 第二百零三条",
        "5 期间于最后一日 2024-09-18（星期三） 24:00 届满 第二百零三条",
        "6 日历层 640000 没有收录 2024 年，未计入它的放假日",
    ]
    assert derivation.articles == ("民法典第二百零一条", "民法典第一千二百五十九条", "民法典第二百零三条")
    assert derivation.sentence is not None
    assert derivation.sentence.startswith("活动结束后3天内")
    assert derivation.calendar_version == district_calendar().version


def test_a_make_up_saturday_is_named_as_the_reason_not_to_move() -> None:
    steps = due_of("evaluation", "2024-09-27").derivation.steps
    assert "2024-10-12（星期六）是调休上班日（国庆节），不移动" in [step.text for step in steps]


def test_days_left_out_for_a_long_holiday_are_a_step_of_their_own() -> None:
    """Five days from 09-28 without the seven of National Day: 09-28, 09-29, 09-30, 10-08, 10-09."""
    with_holiday = rule(n=5, long_holiday={"minimum_run": 7})
    told = "期间内的长假 7 天不计入，到 2024-10-09（星期三）"
    steps = compute(with_holiday, day("2024-09-27"), district_calendar()).derivation.steps
    assert told in [step.text for step in steps]
    without = compute(with_holiday, day("2024-09-02"), district_calendar()).derivation.steps
    assert not [step for step in without if "长假" in step.text]


def test_months_cite_their_own_article() -> None:
    derivation = compute(rule(unit="month", n=1), day("2024-08-31"), district_calendar()).derivation
    assert "民法典第二百零二条" in derivation.articles


def test_a_rolled_deadline_is_safest_without_the_roll() -> None:
    due = due_of("activity_report", "2024-09-12")
    assert readings_of(due) == {"按工作日计算": "2024-09-18", "不因休息日移动": "2024-09-15"}
    assert due.derivation.safe_date == day("2024-09-15")


def test_publicity_may_be_read_in_working_days_and_with_the_day_itself() -> None:
    """15 working days before Fri 09-27: 26 25 24 23 20 19 18 14 13 12 11 10 9 6 5."""
    due = due_of("publicity", "2024-09-27")
    assert readings_of(due) == {
        "含当日": "2024-09-13",
        "按工作日计算": "2024-09-05",
        "按工作日计算，含当日": "2024-09-06",
    }
    assert due.derivation.safe_date == day("2024-09-05")


def test_a_fixed_date_may_be_read_without_its_day() -> None:
    due = due_of("filing", None)
    assert readings_of(due)["不含当日"] == "2024-08-19"
    assert due.derivation.safe_date == day("2024-08-19")
    assert due_of("held", None).derivation.readings == ()


def test_a_combination_that_leads_to_no_other_date_is_left_out() -> None:
    """10-01 excluded is Mon 09-30, a working day: rolling that as well changes nothing."""
    both = rule(direction="on", date="10-01", n=None, unit=None, trigger="campaign_opened", open_to=["bound", "roll"])
    assert readings_of(compute(both, None, district_calendar(), 2024)) == {
        "不含当日": "2024-09-30",
        "最后一日是休息日的，顺延至休息日结束的次日": "2024-10-08",
    }


def test_other_readings_of_clear_and_working_days() -> None:
    clear = rule(direction="before", n=15, clear_days=True, open_to=["bound"], roll="previous_working_day")
    assert readings_of(compute(clear, day("2024-09-27"), district_calendar())) == {"不须间隔整数天": "2024-09-12"}
    working = rule(unit="working_day", open_to=["unit"])
    assert readings_of(compute(working, day("2024-09-12"), district_calendar())) == {"按自然日计算": "2024-09-15"}
    months = rule(unit="month", open_to=["unit"])
    assert readings_of(compute(months, day("2024-09-12"), district_calendar())) == {}
    back = rule(direction="before", n=3, open_to=["roll"])
    assert list(readings_of(compute(back, day("2024-10-09"), district_calendar())).values()) == ["2024-09-30"]


def test_a_date_that_needs_an_unpublished_calendar_is_provisional_and_says_so() -> None:
    due = due_of("activity_report", "2030-10-01")
    assert due.provisional
    assert due.derivation.provisional_days == (day("2030-10-04"),)
    assert any("放假安排尚未公布" in step.text for step in due.derivation.steps)


def test_a_date_that_needs_no_calendar_is_not_provisional() -> None:
    due = due_of("publicity", "2030-09-20")
    assert not due.provisional
    assert {reading.reading: reading.provisional for reading in due.derivation.readings}["按工作日计算"]


def test_a_provisional_date_is_confirmed_or_moved_when_the_calendar_arrives() -> None:
    pack = district_pack()
    published = layer("national", {"2030-10-04": "rest", "2030-10-07": "rest"}, years=[2030])
    before = compute(pack.rule("activity_report"), day("2030-10-01"), load_calendar("640402"), pack.year)
    after = compute(pack.rule("activity_report"), day("2030-10-01"), load_calendar("640402", layers=[published]), 2024)
    assert (before.due_date, before.provisional) == (day("2030-10-04"), True)
    assert (after.due_date, after.provisional) == (day("2030-10-08"), False)
    assert before.derivation.digest != after.derivation.digest


def test_the_same_question_gives_the_same_digest_and_survives_json() -> None:
    due, again = due_of("evaluation", "2024-09-27"), due_of("evaluation", "2024-09-27")
    assert due.derivation.digest == again.derivation.digest
    travelled = Due.model_validate(json.loads(json.dumps(due.model_dump(mode="json"))))
    assert travelled == due
    assert travelled.derivation.digest == due.derivation.digest
    assert due_of("evaluation", "2024-09-26").derivation.digest != due.derivation.digest


def test_the_same_instant_in_another_offset_gives_the_same_digest() -> None:
    rule_, calendar = district_pack().rule("evaluation"), district_calendar()
    here = moment("2024-09-27T00:30")
    there = here.astimezone(tz=None)
    assert compute(rule_, here, calendar).derivation.digest == compute(rule_, there, calendar).derivation.digest


def test_reminders_come_before_the_due_date() -> None:
    pack = district_pack()
    due = due_of("evaluation", "2024-09-27")
    times = reminder_times(pack.reminders_of(pack.rule("evaluation")), due, district_calendar())
    assert times == (moment("2024-10-09T09:00"), moment("2024-10-11T09:00"))


def test_reminders_count_working_days_and_hours_when_asked() -> None:
    due = due_of("evaluation", "2024-09-27")
    reminders = (
        Reminder(n=4, unit="working_day", at="09:00"),
        Reminder(n=5, unit="working_day", at="09:00"),
        Reminder(n=12, unit="hour"),
        Reminder(n=12, unit="hour"),
    )
    times = reminder_times(reminders, due, district_calendar())
    # back from Sat 10-12: 10-11, 10-10, 10-09, 10-08, then 09-30
    assert times == (moment("2024-09-30T09:00"), moment("2024-10-08T09:00"), moment("2024-10-12T12:00"))


def test_a_rule_with_its_own_reminders_does_not_take_the_packs() -> None:
    silent = rule(reminders=[])
    assert district_pack().reminders_of(silent) == ()
    assert len(district_pack().reminders_of(rule())) == len(district_pack().reminders)


def test_a_calendar_of_plain_weekends_names_itself() -> None:
    calendar = Calendar(library=False)
    due = compute(rule(roll="next_working_day"), day("2024-09-11"), calendar)
    assert (due.due_date, due.provisional) == (day("2024-09-16"), True)
    assert due.derivation.calendar_version == "weekends-only"
