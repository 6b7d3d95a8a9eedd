"""The whole season on the whole stack: played from one command, and played through interruptions, with one outcome.

Both stacks are real: NATS, PostgreSQL, every service a process of its own, mail and webhooks caught.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
EXPECTATION = ROOT / "deploy/rehearsal/season_2024/expectation.toml"
COMMAND_SECONDS = 120.0
SEASON_SECONDS = 420.0
IN_FLIGHT_AT_MOST = 4  # NOTIFICATIONS_SENDER_PARALLEL
COUNTS = {"standing": 5, "cured": 4, "withdrawn": 1, "waived": 1}


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def _run(*arguments: str, seconds: float = COMMAND_SECONDS) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)


@dataclass
class LocalStack:
    """An embedded stack in a directory of its own, on free ports."""

    data: Path

    @property
    def file(self) -> Path:
        return self.data / "stack.json"

    def local(self, command: str, *flags: str, seconds: float = COMMAND_SECONDS) -> subprocess.CompletedProcess[str]:
        return _run("deploy.local", command, "--data-dir", str(self.data), *flags, seconds=seconds)

    def url(self, what: str) -> str:
        return str(json.loads(self.file.read_text(encoding="utf-8"))[what]["http"])

    def kill(self, service: str) -> None:
        """As a power cut would: no time to finish anything. The supervisor starts it again."""
        status = json.loads(self.local("status", "--json").stdout)
        os.kill(next(p["pid"] for p in status["processes"] if p["name"] == service), signal.SIGKILL)

    def play(self) -> Generator[dict[str, Any], None, None]:
        """Play the season; each line as it comes. Leaving the iterator kills the player."""
        with subprocess.Popen(
            _command("deploy.rehearsal", "--stack", str(self.file), "--json"),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as player:
            assert player.stdout is not None
            try:
                for line in player.stdout:
                    yield json.loads(line)
            finally:
                player.kill()


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalStack]:
    made = LocalStack(tmp_path / "stack")
    try:
        yield made
    finally:
        made.local("wipe")  # stops it first; PostgreSQL's files may lie elsewhere


def _started(stack: LocalStack) -> None:
    up = stack.local("up", "--no-season", "--port-base", "auto", seconds=SEASON_SECONDS)
    assert up.returncode == 0, up.stdout + up.stderr


def _last(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    assert lines[-1]["kind"] == "result", lines[-1]
    return lines[-1]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.CompletedProcess[str]]:
    """`make rehearsal`: its own stack, the season, the comparison, and everything down again."""
    stack = LocalStack(tmp_path_factory.mktemp("rehearsal") / "stack")
    try:
        yield stack.local("rehearsal", "--port-base", "auto", seconds=SEASON_SECONDS)
    finally:
        stack.local("wipe")


def _digest(text: str) -> str:
    found = re.search(r"看板摘要 ([0-9a-f]{64})", text)
    assert found is not None, text[-3000:]
    return found.group(1)


def test_the_season_comes_to_what_was_written_by_hand(undisturbed: subprocess.CompletedProcess[str]) -> None:
    said = undisturbed.stdout
    assert undisturbed.returncode == 0, said[-3000:] + undisturbed.stderr[-3000:]
    assert "计数  成立 5，逾期补办 4，撤销 1，豁免 1" in said
    assert "与应有结果一致" in said
    assert "暂不监督" not in said
    for row in ("60 人报名，确认 40 人，候补 20 人", "branch-2 掉线，节目切回 main", "收到 6 条，有处理结果 6 条"):
        assert row in said


def _same_but_for_mail_in_flight(differences: list[dict[str, str]]) -> None:
    """Over SMTP what was in flight when a sender was killed is marked unknown, never resent; all else is the same."""
    unknown = [entry for entry in differences if "in flight when the sender stopped" in entry["what"]]
    missing = [entry for entry in differences if entry["kind"] == "missing" and entry["what"].startswith("mail → ")]
    assert [entry for entry in differences if entry not in unknown and entry not in missing] == []
    counts = [[int(number) for number in re.findall(r"[0-9]+", entry["detail"])] or [1, 0] for entry in missing]
    lost = sum(wanted - got for wanted, got in counts)
    assert lost <= len(unknown) <= IN_FLIGHT_AT_MOST, differences


def test_a_season_interrupted_everywhere_comes_to_the_same(
    stack: LocalStack, undisturbed: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    """The player is killed and begun again, services are killed, receivers refuse: same board, every message once."""
    _started(stack)
    httpx.put(f"{stack.url('webhook')}/hooks/rehearsal/answer", json={"code": 503, "times": 3}).raise_for_status()
    answers = f"{stack.url('mail')}/answers/office@district.example"
    httpx.put(answers, json={"code": 451, "times": 2}).raise_for_status()

    with closing(stack.play()) as season:
        played = (line for line in season if line["kind"] == "step")
        for _ in range(12):
            next(played)
    # Leaving it has killed the player; the next one takes the season up where it stands.
    kills = {20: "deadlines", 40: "plans", 49: "registration", 62: "notifications", 116: "feedback"}
    lines, steps = [], 0
    for line in stack.play():
        lines.append(line)
        steps += line["kind"] == "step"
        if service := kills.pop(steps, None):
            stack.kill(service)
    told = _last(lines)

    assert not kills
    _same_but_for_mail_in_flight(told["differences"])
    assert told["counts"] == COUNTS
    assert told["digest"] == _digest(undisturbed.stdout)

    again = _last(list(stack.play()))
    assert again["differences"] == told["differences"]  # nothing was sent or written a second time
    assert again["stops"] == 0
    assert again["compared"]["mails"] == told["compared"]["mails"]
    assert again["digest"] == told["digest"]

    planted = tmp_path / "expectation.toml"
    planted.write_text(EXPECTATION.read_text(encoding="utf-8").replace("due = 2024-08-28", "due = 2024-08-29"), "utf-8")
    differing = _run("deploy.rehearsal", "--stack", str(stack.file), "--expectation", str(planted))
    assert differing.returncode == 1
    assert "期限 1 原州区教育局 publicity 第1次：due 应为 08-29，实为 08-28" in differing.stdout


def test_no_stack_is_said_to_be_none(tmp_path: Path) -> None:
    missing = _run("deploy.rehearsal", "--stack", str(tmp_path / "none.json"))
    assert missing.returncode == 2
    assert "none.json" in missing.stderr
