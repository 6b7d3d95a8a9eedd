"""演练: `python -m deploy.rehearsal --stack FILE` plays the season and compares it; `… board` prints the board."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx

from contracts.topology import ACK_WAIT_SECONDS, SERVICES
from deploy.rehearsal.board import NoCampaign, board_lines, pad, read_board, summary
from deploy.rehearsal.check import Difference, compare
from deploy.rehearsal.clock import NotSettled, SeasonClock, moving_order
from deploy.rehearsal.doors import Json, NoAnswer, Refusal, SimulationDoor
from deploy.rehearsal.expectation import Expectation, expected_record, read_expectation
from deploy.rehearsal.observe import Observer
from deploy.rehearsal.play import Played, Player, Unplayable
from deploy.rehearsal.record import Record
from deploy.rehearsal.scene import HOOK, Stage, StepWrong
from deploy.rehearsal.script import SEASON, Season, read_season
from deploy.rehearsal.stack import Stack, StackUnknown

CANNOT = (StackUnknown, NoCampaign, NotSettled, NoAnswer, Refusal, Unplayable, StepWrong, httpx.HTTPError)
_NAME_COLUMNS = 24
_SETTLE_SECONDS = 2.0 * ACK_WAIT_SECONDS + 15.0
"""A message whose handler was killed comes again after the bus has waited for its acknowledgement."""


class Voice:
    """Progress: a line a step for people, a JSON document a line for a program."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def event(self, told: dict[str, Any]) -> None:
        if self.as_json:
            print(json.dumps(told, ensure_ascii=False), flush=True)
            return
        mark = "!" if told["kind"] == "violation" else ("x" if told.get("refused") else " ")
        when = f"{told['at'][5:10]} {told['at'][11:16]}"
        name, title = pad(told["name"], _NAME_COLUMNS), pad(told["title"], 14)
        print(f"{mark} {when}  {name}{title}{told['result']}", flush=True)

    def lines(self, *lines: str) -> None:
        if not self.as_json:
            print("\n".join(lines), flush=True)


@dataclass(frozen=True)
class Outcome:
    """What a rehearsal came to. `seconds` is the time of playing."""

    campaign: str
    board: Json
    record: Record
    played: Played
    stops: int
    chains: int
    seconds: float


async def rehearse(stack: Stack, season: Season, voice: Voice) -> Outcome:
    """Play the season and read what came of it."""
    began = time.monotonic()
    async with stack.doors() as doors:
        hears = {service.name: service.hears for service in SERVICES if service.name in stack.services}
        clock = SeasonClock(
            [SimulationDoor(doors, name) for name in moving_order(hears)], limit_seconds=_SETTLE_SECONDS
        )
        stage = Stage(doors, season, stack.hooks, stack.webhook)
        played = await Player(stage, season, clock, voice.event).play()
        seconds = time.monotonic() - began
        board = await read_board(doors, stage.campaign)
        observer = Observer(doors, stack, season, stage, HOOK)
        record = await observer.record(board, played.refusals, stage.aggregates)
    return Outcome(stage.campaign, board, record, played, clock.stops, observer.chains, seconds)


def report(outcome: Outcome, season: Season, expectation: Expectation, voice: Voice) -> int:
    """Compare with the expectation and say everything. 1 when there are differences."""
    record, played = outcome.record, outcome.played
    expected = _without_unseen(expected_record(expectation, season), played)
    differences = compare(expected, record, season, expectation.counts)
    told = {
        "kind": "result",
        **summary(outcome.board),
        "campaign": outcome.campaign,
        "steps": played.steps,
        "stops": outcome.stops,
        "seconds": round(outcome.seconds, 1),
        "compared": _compared(outcome),
        "differences": [asdict(difference) for difference in differences],
    }
    if voice.as_json:
        print(json.dumps(told, ensure_ascii=False), flush=True)
    voice.lines("", *board_lines(outcome.board), "", *_interrupted(played), "", *_verdict(told, differences))
    return 1 if differences else 0


def _without_unseen(expected: Record, played: Played) -> Record:
    """Refusals an interrupted rehearsal had before are remembered by nobody: they are not asked for twice."""
    gone = {(step.department, step.act, step.at) for step in played.unseen}
    kept = [row for row in expected.refusals if (row.department, row.act, row.at) not in gone]
    return expected.model_copy(update={"refusals": kept})


def _compared(outcome: Outcome) -> dict[str, int]:
    record = outcome.record
    return {
        "deadlines": len(record.deadlines),
        "violations": len(record.violations),
        "refusals": len(record.refusals),
        "events": len(record.facts),
        "chains": outcome.chains,
        "mails": sum(message.channel == "mail" for message in record.messages),
        "webhooks": sum(message.channel == "webhook" for message in record.messages),
    }


def _interrupted(played: Played) -> list[str]:
    if not played.unseen:
        return []
    return [f"本次接着先前中断的演练：{len(played.unseen)} 次应被拒绝的步骤先前已经演过，没有再试"]


def _verdict(told: dict[str, Any], differences: Sequence[Difference]) -> list[str]:
    compared = told["compared"]
    lines = [
        f"演练 {told['steps']} 步，时钟停 {told['stops']} 次，用时 {told['seconds']} 秒",
        f"核对 期限 {compared['deadlines']}，违规 {compared['violations']}，拒绝 {compared['refusals']}，"
        f"事件 {compared['events']}（{compared['chains']} 条事件链），"
        f"邮件 {compared['mails']}，Webhook {compared['webhooks']}",
    ]
    if not differences:
        return [*lines, "与应有结果一致"]
    return [*lines, f"与应有结果有 {len(differences)} 处不同：", *(f"  {difference}" for difference in differences)]


async def show_board(stack: Stack, voice: Voice) -> int:
    async with stack.doors() as doors:
        board = await read_board(doors)
    voice.lines(*board_lines(board))
    if voice.as_json:
        print(json.dumps(board, ensure_ascii=False), flush=True)
    return 0


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.rehearsal",
        description="在模拟时钟上经各服务的 HTTP 接口演练一个活动季，并与应有结果核对；有任何不同，退出码为 1。",
    )
    parser.add_argument(
        "what",
        nargs="?",
        choices=("play", "board"),
        default="play",
        help="play 演练并核对（默认）；board 只打印合规看板",
    )
    parser.add_argument("--stack", type=Path, required=True, help="栈的说明文件 (stack.json)，由启动的栈写出")
    parser.add_argument("--json", action="store_true", help="给程序用：每行一个 JSON，最后一行是结果")
    parser.add_argument("--season", type=Path, default=SEASON / "season.toml", help="剧本")
    parser.add_argument("--expectation", type=Path, default=SEASON / "expectation.toml", help="应有结果")
    parser.add_argument("--observed", type=Path, help="把实有结果写到这个文件 (JSON)")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """0: as expected. 1: differences. 2: the season could not be played."""
    chosen = _arguments(given)
    voice = Voice(chosen.json)
    try:
        stack = Stack.read(chosen.stack)
        if chosen.what == "board":
            return asyncio.run(show_board(stack, voice))
        season, expectation = read_season(chosen.season), read_expectation(chosen.expectation)
        outcome = asyncio.run(rehearse(stack, season, voice))
    except CANNOT as cannot:
        print(f"演练无法进行: {cannot}", file=sys.stderr, flush=True)
        return 2
    if chosen.observed is not None:
        chosen.observed.write_text(outcome.record.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return report(outcome, season, expectation, voice)


if __name__ == "__main__":
    raise SystemExit(main())
