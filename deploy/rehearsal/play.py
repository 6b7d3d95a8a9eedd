"""演练进行: plays the script step by step on the simulated clock, and says each step as it is done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.rehearsal.acts import ACTS
from deploy.rehearsal.clock import SeasonClock
from deploy.rehearsal.doors import Refusal
from deploy.rehearsal.record import SHANGHAI, RefusalRow
from deploy.rehearsal.scene import Scene, Stage
from deploy.rehearsal.script import Season, Step

Say = Callable[[dict[str, Any]], None]

_STATES = {"standing": "违规", "cured": "逾期补办", "withdrawn": "违规撤销", "waived": "违规豁免"}


class Unplayable(RuntimeError):
    """The season can't be played to its end: a step was refused that should not have been, or nobody plays it."""


@dataclass
class Played:
    """What playing came to. `unseen`: refusals of an earlier run."""

    refusals: list[RefusalRow] = field(default_factory=list)
    unseen: list[Step] = field(default_factory=list)
    steps: int = 0


class Player:
    """One rehearsal. What an earlier, interrupted one did already is only read again."""

    def __init__(self, stage: Stage, season: Season, clock: SeasonClock, say: Say) -> None:
        self._stage = stage
        self._season = season
        self._clock = clock
        self._say = say
        self._shown: dict[str, str] = {}

    async def play(self) -> Played:
        """Raises Unplayable, NotSettled, NoAnswer."""
        played = Played()
        stands = await self._clock.now()
        reached: datetime | None = None  # an interrupted rehearsal may have moved only some of the clocks
        for index, step in enumerate(self._season.steps):
            past = step.at < stands
            if past and step.refused:
                played.unseen.append(step)
                continue
            if not past and (reached is None or step.at > reached):
                await self._clock.advance_to(step.at, self._watch)
                reached = step.at
            refusal = await self._step(Scene(self._stage, step, f"rehearsal-{index:03}-{step.act}", past))
            played.steps += 1
            if refusal is not None:
                played.refusals.append(refusal)
            if not past:
                await self._clock.settle()
                await self._watch(step.at)
        if stands < self._season.campaign.ends_at:
            await self._clock.advance_to(self._season.campaign.ends_at, self._watch)
        return played

    async def _step(self, scene: Scene) -> RefusalRow | None:
        step = scene.step
        try:
            title, act = ACTS[step.act]
        except KeyError:
            raise Unplayable(f"剧本中的动作 {step.act} 没有演法") from None
        try:
            result = await act(scene)
        except Refusal as refusal:
            if not step.refused:
                self._tell(step, title, f"被拒绝 {refusal}", refused=True)
                raise Unplayable(f"{step.at.isoformat()} {title} 不应被拒绝: {refusal}") from refusal
            clause = f"，条款 {refusal.clause}" if refusal.clause else ""
            self._tell(step, title, f"拒绝（{refusal.code}{clause}）{refusal.detail}", refused=True)
            return RefusalRow(
                department=step.department,
                act=step.act,
                at=step.at,
                code=refusal.code,
                clause=refusal.clause,
                finding=refusal.findings[0] if len(refusal.findings) == 1 else None,
            )
        self._tell(step, title, result)
        return None

    def _tell(self, step: Step, title: str, result: str, *, refused: bool = False) -> None:
        number = step.department
        self._say(
            {
                "kind": "step",
                "at": step.at.isoformat(),
                "department": number,
                "name": self._season.department(number).short if number else "区政务公开办公室",
                "act": step.act,
                "title": title,
                "result": result,
                "refused": refused,
            }
        )

    async def _watch(self, stop: datetime) -> None:
        """Say what came of itself at this stop of the clock: violations raised, cured, withdrawn."""
        if not self._stage.campaign:
            return
        pages = self._stage.doors.pages("deadlines", "/violations", "office", campaign=self._stage.campaign)
        for line in sorted([line async for line in pages], key=lambda line: (line["occurred_at"], line["department"])):
            if self._shown.get(line["violation_id"]) == line["state"]:
                continue
            self._shown[line["violation_id"]] = line["state"]
            number = self._season.number_of(line["department"])
            self._say(
                {
                    "kind": "violation",
                    "at": stop.astimezone(SHANGHAI).isoformat(),
                    "department": number,
                    "name": self._season.department(number).short if number else "",
                    "title": _STATES[line["state"]],
                    "result": _violation(line),
                }
            )


def _violation(line: dict[str, Any]) -> str:
    since = datetime.fromisoformat(line["occurred_at"]).astimezone(SHANGHAI)
    late = f"，逾期 {line['days_late']} 天" if line["days_late"] else ""
    return f"{line['title']}（条款 {line['clause']}），{since:%m-%d %H:%M} 起{late}"
