"""活动: the same facts give the same activity, whatever their order."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from contracts.envelope import EventData
from contracts.plans.events import (
    ActivityCancelled,
    ActivityEndCorrected,
    ActivityEnded,
    ActivityRescheduled,
    ActivityScheduled,
    AnnouncementIssued,
    AnnouncementWithdrawn,
    CampaignClosed,
    FiledActivity,
    Venue,
)
from contracts.policy import load_pack
from services.registration.domain.activity import Activity, filed, hear
from services.registration.domain.window import SignUpClosed, SignUpNotOpen, check_window

ID, PLAN = UUID(int=3), UUID(int=2)
START = datetime(2024, 9, 19, 1, tzinfo=UTC)
LASTS = timedelta(hours=2, minutes=30)
WEEK = timedelta(days=7)
PACK = load_pack("640402-2024")
NOBODY = Activity(ID, UUID(int=1), "640402", "11640402MB0T000012")


def given(starts_at: datetime | None = START, capacity: int = 40) -> FiledActivity:
    return FiledActivity(
        activity_id=ID,
        name="“政府开放日”",
        starts_at=starts_at,
        ends_at=starts_at and starts_at + LASTS,
        forms=[],
        segments=[],
        capacity=capacity,
        minimum=25,
        main_venue=Venue(key="main", name="主会场"),
        branch_venues=[],
        online=False,
    )


def scheduled() -> EventData:
    return ActivityScheduled(
        activity_id=ID, plan_id=PLAN, occurrence=1, starts_at=START, ends_at=START + LASTS, scheduled_at=START - WEEK
    )


def moved(occurrence: int, weeks: int) -> EventData:
    return ActivityRescheduled(
        activity_id=ID,
        plan_id=PLAN,
        occurrence=occurrence,
        old_starts_at=START,
        old_ends_at=START + LASTS,
        starts_at=START + weeks * WEEK,
        ends_at=START + weeks * WEEK + LASTS,
        rescheduled_at=START - WEEK,
        reason="天气",
    )


def over(occurrence: int, weeks: int) -> EventData:
    return ActivityEnded(
        activity_id=ID, plan_id=PLAN, occurrence=occurrence, at=START + weeks * WEEK + LASTS, basis="scheduled"
    )


def corrected(minutes: int) -> EventData:
    end = START + 2 * WEEK + LASTS
    return ActivityEndCorrected(
        activity_id=ID,
        plan_id=PLAN,
        occurrence=3,
        old_at=end,
        at=end - timedelta(minutes=minutes),
        corrected_at=end + timedelta(minutes=minutes),
        reason="提前结束",
    )


def announced(announcement: UUID) -> EventData:
    return AnnouncementIssued(
        announcement_id=announcement, activity_id=ID, plan_id=PLAN, occurrence=1, channels=[], at=START - WEEK
    )


def withdrawn(announcement: UUID) -> EventData:
    return AnnouncementWithdrawn(
        announcement_id=announcement, activity_id=ID, plan_id=PLAN, occurrence=1, at=START - WEEK, reason="有误"
    )


def after(*facts: BaseModel) -> Activity:
    activity = NOBODY
    for fact in facts:
        if isinstance(fact, FiledActivity):
            activity = filed(activity, fact, 1)
        else:
            assert isinstance(fact, EventData)
            activity = hear(activity, fact)
    return activity


@pytest.mark.parametrize("first", [given(), given(None)], ids=["dated", "date open"])
def test_every_order_gives_the_same(first: FiledActivity) -> None:
    first_announcement, second = UUID(int=11), UUID(int=12)
    facts = [first, moved(2, 1), moved(3, 2), over(3, 2), corrected(10), corrected(20)]
    outcomes = {after(*order) for order in permutations(facts)}
    assert len(outcomes) == 1
    [activity] = outcomes
    assert (activity.occurrence, activity.starts_at) == (3, START + 2 * WEEK)
    assert activity.ended == START + 2 * WEEK + LASTS - timedelta(minutes=20)

    publicity = [announced(first_announcement), withdrawn(first_announcement), announced(second)]
    assert {after(*order).is_announced for order in permutations(publicity)} == {True}
    assert {after(*order).is_announced for order in permutations(publicity[:2])} == {False}


def test_a_date_that_was_open_is_known_once_fixed() -> None:
    assert after(given(None)).starts_at is None
    for order in permutations([given(None), scheduled()]):
        assert after(*order).starts_at == START


def test_a_fact_twice_is_a_fact() -> None:
    once = after(given(), moved(2, 1), over(2, 1), announced(ID))
    assert after(given(), moved(2, 1), moved(2, 1), over(2, 1), over(2, 1), announced(ID), announced(ID)) == once


def test_the_end_of_a_date_that_was_moved_is_not_the_end() -> None:
    assert after(given(), over(1, 0)).ended == START + LASTS
    assert after(given(), over(1, 0), moved(2, 1)).ended is None
    assert after(given(), over(2, 1)).ended is None  # until the date it belongs to is known
    assert after(given(), over(2, 1), moved(2, 1)).ended == START + WEEK + LASTS


def test_an_older_filing_changes_nothing() -> None:
    newer = filed(NOBODY, given(capacity=50), 2)
    assert filed(newer, given(capacity=30), 1) == newer


def test_what_is_no_fact_of_an_activity_is_refused() -> None:
    with pytest.raises(TypeError):
        hear(NOBODY, CampaignClosed(campaign_id=uuid4(), closed_at=START))


def test_a_cancelled_activity_stays_cancelled() -> None:
    off = ActivityCancelled(activity_id=ID, plan_id=PLAN, starts_at=START, cancelled_at=START - WEEK, reason="防汛")
    assert {after(*order).cancelled_at for order in permutations([given(), off, moved(2, 1)])} == {START - WEEK}


def test_the_window_ends_where_the_pack_says() -> None:
    ready = after(given(), announced(ID))
    with pytest.raises(SignUpNotOpen):
        check_window(ready, None, START - WEEK)
    assert check_window(ready, PACK, START - timedelta(seconds=1)) == (PACK, START)
    with pytest.raises(SignUpClosed):
        check_window(ready, PACK, START)
    document = PACK.model_dump(mode="json")
    document["registration"]["sign_up_closes"] = {"n": 24, "unit": "hour"}
    earlier = type(PACK).model_validate(document)
    with pytest.raises(SignUpClosed):
        check_window(ready, earlier, START - timedelta(hours=24))
    assert check_window(ready, earlier, START - timedelta(hours=24, seconds=1))
