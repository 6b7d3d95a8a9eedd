"""Playing: what must be refused is, what must not be stops the season, and an interrupted season is taken up again."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.rehearsal import play
from deploy.rehearsal.clock import SeasonClock, Snapshot
from deploy.rehearsal.doors import Refusal
from deploy.rehearsal.play import Player, Unplayable
from deploy.rehearsal.record import SHANGHAI
from deploy.rehearsal.scene import Scene, Stage
from deploy.rehearsal.script import Season, Step, read_season

START = datetime(2024, 8, 14, 9, tzinfo=SHANGHAI)
NO = Refusal(422, {"code": "forbidden-name", "clause": "4.2", "detail": "不得冠以"})


class Clock:
    """One service's clock with no timers."""

    name = "plans"

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    async def look(self) -> Snapshot:
        return Snapshot(self.now, None, {}, [1])

    async def move_to(self, instant: datetime) -> None:
        self.now = instant


def _season(*steps: dict[str, Any]) -> Season:
    whole = read_season()
    made = [Step(at=START + timedelta(hours=hour), **step) for hour, step in enumerate(steps)]
    return whole.model_copy(update={"steps": made})


@pytest.fixture
def acted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, datetime, bool, str]]:
    """Acts that only note who played them: `good` does, `bad` is refused."""
    seen: list[tuple[str, datetime, bool, str]] = []

    def act(name: str, problem: Refusal | None) -> Callable[[Scene], Awaitable[str]]:
        async def play_it(scene: Scene) -> str:
            seen.append((name, scene.step.at, scene.past, scene.key))
            if problem is not None:
                raise problem
            return "好"

        return play_it

    monkeypatch.setattr(play, "ACTS", {"good": ("好事", act("good", None)), "bad": ("坏事", act("bad", NO))})
    return seen


def _player(season: Season, clock: Clock, said: list[dict[str, Any]]) -> Player:
    stage = Stage(SimpleNamespace(), season, "http://hooks", "http://catcher")  # type: ignore[arg-type]
    return Player(stage, season, SeasonClock([clock], limit_seconds=2), said.append)


async def test_each_step_is_played_at_its_instant_and_said(acted: list[Any]) -> None:
    said: list[dict[str, Any]] = []
    clock = Clock()
    season = _season({"act": "good"}, {"act": "good", "department": 3})
    played = await _player(season, clock, said).play()
    assert [at for _, at, _, _ in acted] == [START, START + timedelta(hours=1)]
    assert clock.now == season.campaign.ends_at
    assert [(line["name"], line["title"], line["result"]) for line in said] == [
        ("区政务公开办公室", "好事", "好"),
        ("原州区水务局", "好事", "好"),
    ]
    assert played.steps == 2


async def test_a_refusal_that_was_meant_is_kept_with_code_and_clause(acted: list[Any]) -> None:
    said: list[dict[str, Any]] = []
    season = _season({"act": "bad", "department": 12, "refused": True}, {"act": "good"})
    played = await _player(season, Clock(), said).play()
    (row,) = played.refusals
    assert (row.department, row.act, row.code, row.clause) == (12, "bad", "forbidden-name", "4.2")
    assert said[0]["refused"]
    assert [name for name, *_ in acted] == ["bad", "good"]


async def test_a_refusal_nobody_meant_ends_the_season(acted: list[Any]) -> None:
    with pytest.raises(Unplayable, match=r"不应被拒绝.*forbidden-name"):
        await _player(_season({"act": "bad"}, {"act": "good"}), Clock(), []).play()
    assert [name for name, *_ in acted] == ["bad"]


async def test_a_step_nobody_can_play_ends_the_season(acted: list[Any]) -> None:
    with pytest.raises(Unplayable, match="dance"):
        await _player(_season({"act": "dance"}), Clock(), []).play()


async def test_an_interrupted_season_is_taken_up_with_the_same_keys(acted: list[Any]) -> None:
    season = _season({"act": "good"}, {"act": "bad", "refused": True}, {"act": "good"}, {"act": "good"})
    await _player(season, Clock(), []).play()
    first = list(acted)
    acted.clear()
    clock = Clock(START + timedelta(hours=2))
    played = await _player(season, clock, []).play()
    assert [(at, past) for _, at, past, _ in acted] == [
        (START, True),
        (START + timedelta(hours=2), False),
        (START + timedelta(hours=3), False),
    ]
    assert [key for *_, key in acted] == [key for name, *_, key in first if name == "good"]
    assert [step.act for step in played.unseen] == ["bad"]  # refused before; nobody remembers it
    assert played.refusals == []
