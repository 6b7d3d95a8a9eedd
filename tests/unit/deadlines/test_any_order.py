"""Whatever the order, duplication or delay of delivery: the same deadlines and the same standing violations."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.deadlines.domain.records import KeptDeadline
from tests.unit.deadlines.story import NEW_MEDIA, NEWSPAPER, PACK, WEBSITE, Desk, Story, at
from tests.unit.deadlines.test_judging import pack_with

END = at("11-30")
KEEPING = pack_with(on_postpone="keep")
DAYS = {"08": (14, 31), "09": (1, 30), "10": (1, 31)}


def _moments(*months: str) -> st.SearchStrategy[str]:
    return st.sampled_from(months).flatmap(
        lambda month: st.builds(
            lambda day, hour: f"{month}-{day:02} {hour:02}:00",
            st.integers(*DAYS[month]),
            st.integers(0, 23),
        )
    )


@st.composite
def histories(draw: st.DrawFn) -> Story:
    """A department's season: some of everything that can happen to a plan and its activity, at any time."""
    story = Story(draw(st.sampled_from([PACK, KEEPING])), closed=draw(st.none() | _moments("10")))
    _dated(draw, story, _submitted(draw, story))
    _announced(draw, story)
    _held(draw, story)
    for act in (story.reported, story.evaluated, story.district_report):
        for when in draw(st.lists(_moments("09", "10"), max_size=2)):
            act(when)
    for when in draw(_perhaps(_moments("09"))):
        story.extended(when, "held", f"10-{draw(st.integers(1, 15)):02}")
    for when in draw(_perhaps(_moments("10"))):
        story.waived(when, "district_report")
    for when in draw(_perhaps(_moments("10"))):
        story.violation_waived(when, "filing")
    return story


def _perhaps(moments: st.SearchStrategy[str], *, times: int = 1) -> st.SearchStrategy[list[str]]:
    return st.lists(moments, max_size=times, unique=True).map(sorted)


def _submitted(draw: st.DrawFn, story: Story) -> list[str]:
    submissions = draw(_perhaps(_moments("08"), times=3))
    for version, when in enumerate(submissions, start=1):
        story.submitted(when, version)
    for when in draw(_perhaps(_moments("08"), times=2)):
        story.returned(when)
    return submissions


def _dated(draw: st.DrawFn, story: Story, submissions: list[str]) -> None:
    starts = [draw(_moments("09")) for _ in range(3)]
    dated = draw(st.booleans())
    for submission in submissions[:1]:
        story.filed(draw(_moments("08", "09")), submission, starts[0] if dated else None)
    if not dated:
        story.scheduled(draw(_moments("08", "09")), starts[0])
    for occurrence, when in enumerate(draw(_perhaps(_moments("08", "09"), times=2)), start=2):
        story.postponed(when, starts[occurrence - 2], starts[occurrence - 1], occurrence)


def _announced(draw: st.DrawFn, story: Story) -> None:
    channels = st.lists(st.sampled_from([WEBSITE, NEW_MEDIA, NEWSPAPER]), min_size=1, max_size=3, unique=True)
    for when in draw(_perhaps(_moments("08", "09"), times=3)):
        story.announced(when, *draw(channels), occurrence=draw(st.integers(1, 3)))
    for when in draw(_perhaps(_moments("08", "09"))):
        story.withdrawn(when, occurrence=draw(st.integers(1, 3)))
    for when in draw(_perhaps(_moments("08", "09"), times=2)):
        story.proved("10-01 10:00", when, draw(st.sampled_from([WEBSITE, NEWSPAPER])))


def _held(draw: st.DrawFn, story: Story) -> None:
    for when in draw(_perhaps(_moments("09"))):
        story.ended(when, draw(st.integers(1, 3)), draw(st.none() | st.integers(0, 40)))
    for revision, when in enumerate(draw(_perhaps(_moments("09"), times=2)), start=2):
        story.headcount(when, draw(st.integers(0, 40)), revision)
    for version, when in enumerate(draw(_perhaps(_moments("09", "10"), times=2)), start=1):
        story.table(when, 3, draw(st.integers(0, 3)), version)
    for when in draw(_perhaps(_moments("09"))):
        story.end_corrected(when, draw(_moments("09")), draw(_moments("09")), draw(st.integers(1, 3)))
    for when in draw(_perhaps(_moments("09", "10"))):
        story.cancelled(when)


def _standing(desk: Desk) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """What must not depend on the way it came: when it was opened or noticed, and what was withdrawn, may."""

    def plain(kept: KeptDeadline) -> Any:
        return kept.deadline

    deadlines = {key: plain(kept) for key, kept in desk.deadlines.items()}
    violations = {key: kept.violation for key, kept in desk.violations.items() if kept.violation.state != "withdrawn"}
    return deadlines, violations


def _desk(story: Story) -> Desk:
    return Desk(story.pack, story.closed, decisions=list(story.decisions))


@settings(max_examples=100, deadline=None)
@given(story=histories(), data=st.data())
def test_the_way_it_came_leaves_no_trace(story: Story, data: st.DataObject) -> None:
    straight = _desk(story)
    straight.hear(END, *story.facts)
    deliveries = data.draw(st.permutations(story.facts * 2))[: len(story.facts) * 2]
    crooked, now = _desk(story), at("08-14 09:00")
    for fact in deliveries:
        crooked.run_until(now)
        crooked.hear(now, fact)
        now += timedelta(hours=data.draw(st.integers(0, 96)))
    crooked.run_until(END)
    crooked.settle(max(now, END))
    assert _standing(crooked) == _standing(straight)


@settings(max_examples=40, deadline=None)
@given(story=histories(), days=st.integers(0, 100))
def test_judging_again_changes_nothing(story: Story, days: int) -> None:
    desk, now = _desk(story), at("08-14 09:00") + timedelta(days=days)
    desk.hear(now, *story.facts)
    kept = (dict(desk.deadlines), dict(desk.violations), desk.next_at)
    assert desk.hear(now, *story.facts) == []
    assert (desk.deadlines, desk.violations, desk.next_at) == kept


@settings(max_examples=40, deadline=None)
@given(story=histories())
def test_every_violation_on_record_is_what_its_events_say(story: Story) -> None:
    """Somebody who hears the events alone knows the same state."""
    desk = _desk(story)
    for fact in story.facts:
        desk.hear(END, fact)
    told: dict[Any, str] = {}
    words = {"Raised": "standing", "Cured": "cured", "Waived": "waived", "Withdrawn": "withdrawn"}
    for event in desk.told:
        name = type(event).__name__
        if name.startswith("Violation"):
            told[event.violation_id] = words[name.removeprefix("Violation")]  # type: ignore[attr-defined]
    assert told == {key: kept.violation.state for key, kept in desk.violations.items()}
