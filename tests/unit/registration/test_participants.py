"""参加条件、识别、名额、预警: pure rules, by the pack and nothing else."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from stdnum.cn import ric

from contracts.policy import PolicyPack, load_pack
from contracts.registration.api import ParticipantIn
from services.registration.domain import headcount, identity, places
from services.registration.domain.activity import Activity
from services.registration.domain.headcount import Present
from services.registration.domain.participant import Participant, TooYoung, admit, age_on, day_of

PACK = load_pack("640402-2024")
START = datetime(2024, 9, 19, 1, tzinfo=UTC)
ACTIVITY = Activity(
    UUID(int=3), UUID(int=1), "640402", "11640402MB0T000012", capacity=2, minimum=25, occurrence=1, starts_at=START,
    ends_at=START + timedelta(hours=2),
)  # fmt: skip


def changed(**sections: dict[str, Any]) -> PolicyPack:
    document = PACK.model_dump(mode="json")
    for name, values in sections.items():
        document[name] = document[name] | values
    return PolicyPack.model_validate(document)


def someone(**changes: Any) -> ParticipantIn:
    whole = {
        "name": "张三", "phone": "138 0000-0001", "birth_date": date(1980, 5, 5), "category": "worker",
        "tie": "lives", "consent": True,
    }  # fmt: skip
    return ParticipantIn(**whole | changes)


def known(**changes: Any) -> Participant:
    return replace(admit(PACK, someone(), date(2024, 9, 19)), **changes)


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        ("2006-09-19", "2024-09-19", 18),
        ("2006-09-20", "2024-09-19", 17),
        ("2006-12-31", "2024-01-01", 17),
        ("2008-02-29", "2026-02-28", 17),
        ("2008-02-29", "2026-03-01", 18),
    ],
)
def test_age_on_the_day(born: str, on: str, years: int) -> None:
    assert age_on(date.fromisoformat(born), date.fromisoformat(on)) == years


def test_the_day_is_the_one_in_shanghai() -> None:
    assert day_of(datetime(2024, 9, 18, 16, tzinfo=UTC)) == date(2024, 9, 19)


def test_the_age_is_the_packs() -> None:
    boy = someone(birth_date=date(2008, 9, 19))
    eligibility = PACK.participants.eligibility.model_dump(mode="json")
    younger = changed(participants={"eligibility": eligibility | {"minimum_age": 16}})
    assert admit(younger, boy, date(2024, 9, 19)).birth_date == date(2008, 9, 19)
    with pytest.raises(TooYoung) as refused:
        admit(PACK, boy, date(2024, 9, 19))
    assert (refused.value.code, refused.value.clause) == ("too-young", "2.2")
    assert str(PACK.participants.eligibility.minimum_age) in (refused.value.fix or "")


def test_the_number_says_the_birthday() -> None:
    person = admit(PACK, someone(birth_date=None, id_number="11010519491231002x"), date(2024, 9, 19))
    assert (person.id_number, person.birth_date) == ("11010519491231002X", date(1949, 12, 31))


@pytest.mark.parametrize("number", ["130402196001010010", "640402199001010013"])
def test_a_number_may_be_older_than_its_place_code(number: str) -> None:
    """Districts are renamed and get new codes; who lives there may sign up all the same."""
    number = number[:17] + str(ric.calc_check_digit(number))
    assert admit(PACK, someone(birth_date=None, id_number=number), date(2024, 9, 19)).id_number == number


def test_one_person_is_recognised_however_written() -> None:
    key = b"k" * 32
    first = identity.digests(key, UUID(int=3), known())
    for same in ({"phone": "+8613800000001"}, {"phone": "008613800000001"}, {"name": "张 三"}, {"name": "张　三"}):
        assert identity.digests(key, UUID(int=3), known(**same)) == first, same
    for other in ({"phone": "13800000002"}, {"name": "张四"}):
        assert set(identity.digests(key, UUID(int=3), known(**other))).isdisjoint(first), other
    assert set(identity.digests(key, UUID(int=4), known())).isdisjoint(first)
    assert set(identity.digests(b"x" * 32, UUID(int=3), known())).isdisjoint(first)
    with_number = identity.digests(key, UUID(int=3), known(id_number="11010519491231002X"))
    assert set(first) < set(with_number)


def test_a_secret_opens_its_own_registration_only() -> None:
    key = b"k" * 32
    secret = identity.secret_of(key, UUID(int=7))
    assert identity.holds_secret(key, UUID(int=7), secret)
    assert not identity.holds_secret(key, UUID(int=8), secret)
    assert not identity.holds_secret(b"x" * 32, UUID(int=7), secret)
    assert not identity.holds_secret(key, UUID(int=7), "不是凭证")


def test_masking_says_as_little_as_possible() -> None:
    assert [identity.mask_name(name) for name in ("张三", "欧阳娜娜", "张")] == ["张*", "欧*", "张*"]
    assert [identity.mask_phone(phone) for phone in ("+86 138-0000-0001", "10086")] == ["138****0001", "****86"]


def test_a_newcomer_never_overtakes_who_waits() -> None:
    full = replace(ACTIVITY, taken=2)
    assert places.take_place(ACTIVITY)[1] == "confirmed"
    assert places.take_place(full)[1] == "waitlisted"
    assert places.take_place(replace(ACTIVITY, taken=1, waiting=1, queued=1))[1] == "waitlisted"


def test_nobody_is_promoted_once_it_began_or_was_called_off() -> None:
    free = replace(ACTIVITY, taken=1, waiting=1, queued=1)
    assert places.may_promote(free, START - timedelta(seconds=1))
    assert not places.may_promote(free, START)
    assert not places.may_promote(replace(free, cancelled_at=START), START - timedelta(days=1))
    assert not places.may_promote(replace(free, taken=2), START - timedelta(days=1))


@pytest.mark.parametrize(("who_counts", "counted"), [("checked_in_and_eligible", 1), ("checked_in", 3)])
def test_who_counts_is_the_packs(who_counts: str, counted: int) -> None:
    pack = changed(participants={"who_counts": who_counts})
    present = [
        Present("worker", "lives", date(2006, 9, 19)),
        Present("worker", "lives", date(2006, 9, 20)),
        Present("delegate", "lives", date(1980, 1, 1)),
    ]
    told = headcount.count(ACTIVITY, pack, present, START)
    assert (told.present, told.counted, told.by_category, told.revision) == (
        3,
        counted,
        {"delegate": 1, "worker": 2},
        1,
    )


def test_forecasts_are_the_packs_and_a_passed_one_is_not_made_up() -> None:
    offsets = [{"n": 3, "unit": "calendar_day", "at": "09:00"}, {"n": 2, "unit": "hour", "at": None}]
    pack = changed(registration={"forecast": offsets})
    times = [datetime(2024, 9, 16, 1, tzinfo=UTC), START - timedelta(hours=2)]
    assert list(pack.registration.forecast_times(START)) == times
    assert headcount.next_forecast(ACTIVITY, pack, times[0] - timedelta(seconds=1)) == times[0]
    assert headcount.next_forecast(ACTIVITY, pack, times[0]) == times[1]
    assert headcount.next_forecast(ACTIVITY, pack, times[1]) is None
    silent = changed(registration={"forecast": []})
    assert headcount.next_forecast(ACTIVITY, silent, times[0] - timedelta(days=1)) is None


def test_a_new_date_has_its_own_forecasts() -> None:
    first = headcount.with_forecast(ACTIVITY, PACK, START - timedelta(days=10))
    done = replace(first, next_forecast_at=None)
    assert headcount.with_forecast(done, PACK, START - timedelta(days=10)) == done
    moved = replace(done, occurrence=2, starts_at=START + timedelta(days=7))
    again = headcount.with_forecast(moved, PACK, START - timedelta(days=10)).next_forecast_at
    assert again == datetime(2024, 9, 23, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"forecast": [{"n": 3, "unit": "working_day", "at": "09:00"}]},
        {"check_in_opens": {"n": 1, "unit": "calendar_day"}},
        {"sign_up_closes": {"n": 1, "unit": "month"}},
    ],
)
def test_a_pack_that_cannot_be_counted_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="须为"):
        changed(registration=wrong)
