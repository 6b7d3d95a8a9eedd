"""政策包命令: python -m contracts.policy, as an office would run it."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from contracts.policy import CALENDARS_DIRECTORY, PACKS_DIRECTORY
from contracts.policy.__main__ import main
from tests.unit.policy.samples import copy_packs, district_pack

ROOT = Path(__file__).parents[3]


class Result(NamedTuple):
    """What a command left: its exit code and both streams."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: str) -> Result:
    """Run inside this process: starting Python for every case would take longer than all the rest."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as exit_:
            code = int(exit_.code or 0)
    return Result(code, out.getvalue(), err.getvalue())


def command(*arguments: str) -> Result:
    # A plain C locale is what a container gives: Chinese must come out all the same.
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "contracts.policy", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def answer(*arguments: str) -> Any:
    result = run(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def due(rule: str, *arguments: str) -> Any:
    return answer("due", "--pack", "640402-2024", "--rule", rule, *arguments)


def test_due_prints_date_end_and_derivation() -> None:
    data = due("evaluation", "--from", "2024-09-27")
    assert (data["due_date"], data["due_at"]) == ("2024-10-12", "2024-10-13T00:00:00+08:00")
    assert data["provisional"] is False
    assert data["pack_digest"] == district_pack().digest
    assert data["from"] == data["derivation"]["anchor"] == "2024-09-27"
    assert [step["number"] for step in data["derivation"]["steps"]] == [1, 2, 3, 4, 5, 6]
    assert data["safe_date"] == "2024-10-12"
    assert len(data["derivation"]["digest"]) == 64


@pytest.mark.parametrize(
    ("rule", "start", "expected"),
    [("evaluation", "2025-09-26", "2025-10-11"), ("activity_report", "2026-09-24", "2026-09-28")],
)
def test_due_takes_any_year_the_calendar_covers(rule: str, start: str, expected: str) -> None:
    data = due(rule, "--from", start)
    assert (data["due_date"], data["provisional"]) == (expected, False)


def test_due_of_a_fixed_date_needs_no_from() -> None:
    assert due("filing")["due_at"] == "2024-08-21T00:00:00+08:00"
    assert due("filing", "--from", "2026-01-01")["due_date"] == "2024-08-20"


def test_due_beyond_the_calendar_is_provisional() -> None:
    assert due("activity_report", "--from", "2030-10-01")["provisional"] is True


def test_due_takes_an_instant() -> None:
    assert due("activity_report", "--from", "2024-09-27T23:30")["due_date"] == "2024-09-30"
    assert due("activity_report", "--from", "2024-09-27T16:30:00+00:00")["due_date"] == "2024-10-08"


def test_due_takes_other_packs_and_calendars(tmp_path: Path) -> None:
    packs, calendars = copy_packs(tmp_path), tmp_path / "calendars"
    calendars.mkdir()
    assert due("evaluation", "--from", "2024-09-27", "--packs", str(packs), "--calendars", str(calendars))[
        "derivation"
    ]["calendar_version"].endswith(due("filing")["derivation"]["calendar_version"].split(";")[0])


def test_the_commands_run_as_a_module_in_a_plain_locale(tmp_path: Path) -> None:
    found = command("due", "--pack", "640402-2024", "--rule", "evaluation", "--from", "2024-09-27", "--json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout) == due("evaluation", "--from", "2024-09-27")
    explained = command("explain", "640402-2024")
    assert (explained.returncode, explained.stdout) == (0, run("explain", "640402-2024").stdout)
    (tmp_path / "640402-2024.toml").write_text("id = ", encoding="utf-8")
    checked = command("check", str(tmp_path / "640402-2024.toml"))
    assert checked.returncode == 1
    assert "TOML 语法错误" in checked.stdout
    misused = command("due", "--pack", "640402-2024", "--rule", "nothing")
    assert misused.returncode == 2
    assert misused.stderr.startswith("用法错误：640402-2024 没有规则 nothing")


def test_due_for_people_is_readable() -> None:
    result = run("due", "--pack", "640402-2024", "--rule", "activity_report", "--from", "2030-10-01")
    assert result.returncode == 0
    for words in (
        "到期日：2030-10-04（星期五）（暂定）",
        "须早于：2030-10-05T00:00:00+08:00",
        "另一种读法：",
        "稳妥日期：",
    ):
        assert words in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "arguments are required"),
        (["due"], "--pack"),
        (["guess"], "invalid choice"),
        (["due", "--pack", "640402-2024", "--rule", "evaluation"], "需要 --from"),
        (
            ["due", "--pack", "640402-2024", "--rule", "nothing", "--from", "2024-09-27"],
            "没有规则 nothing；有：filing、held",
        ),
        (["due", "--pack", "999999-2024", "--rule", "evaluation"], "没有政策包 999999-2024；有：640000-2024"),
        (["due", "--pack", "640402-2024", "--rule", "evaluation", "--from", "27/9/2024"], "27/9/2024 不是日期"),
        (["due", "--pack", "640402-2024", "--rule", "evaluation", "--from", "9999-12-31"], "超出可计算的范围"),
        (["explain", "640402-2024", "--packs", "/nowhere"], "/nowhere 不是目录"),
        (["explain", "nothing"], "没有政策包 nothing"),
    ],
)
def test_misuse_is_said_plainly(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [["--help"], ["due", "--help"], ["check", "--help"], ["explain", "--help"]])
def test_help_is_everywhere(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.returncode == 0
    assert "usage:" in result.stdout


@pytest.mark.parametrize("file", [PACKS_DIRECTORY / "640402-2024.toml", CALENDARS_DIRECTORY / "640000.toml"])
def test_check_of_a_good_file(file: Path) -> None:
    result = run("check", str(file))
    assert (result.returncode, result.stdout) == (0, f"{file.name}：ok\n")
    assert answer("check", str(file)) == {"file": str(file), "ok": True, "mistakes": []}


def test_check_of_a_bad_file_prints_every_mistake(tmp_path: Path) -> None:
    file = copy_packs(tmp_path) / "640402-2024.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace('date = "08-20"', 'date = "08-32"').replace("weight = 40", "weight = 4"), encoding="utf-8"
    )
    result = run("check", str(file))
    assert result.returncode == 1
    assert "640402-2024.toml：rules.filing.date：没有 08-32 这一天" in result.stdout
    assert "640402-2024.toml：scorecard.maximum：" in result.stdout
    as_json = run("check", str(file), "--json")
    assert as_json.returncode == 1
    data = json.loads(as_json.stdout)
    assert data["ok"] is False
    assert {"file": "640402-2024.toml", "key": "rules.filing.date", "reason": "没有 08-32 这一天"} in data["mistakes"]


def test_check_of_a_bad_layer_prints_every_mistake(tmp_path: Path) -> None:
    file = tmp_path / "640000.toml"
    text = (CALENDARS_DIRECTORY / "640000.toml").read_text(encoding="utf-8")
    file.write_text(text.replace('kind = "rest"', 'kind = "off"'), encoding="utf-8")
    result = run("check", str(file))
    assert result.returncode == 1
    assert "640000.toml：days.0.kind：只能是 rest、work" in result.stdout


def test_a_wrong_pack_or_calendar_stops_the_other_commands(tmp_path: Path) -> None:
    packs = copy_packs(tmp_path)
    (packs / "640000-2024.toml").unlink()
    result = run("explain", "640402-2024", "--packs", str(packs))
    assert (result.returncode, result.stdout) == (1, "")
    assert "没有上级政策包 640000-2024" in result.stderr
    calendars = tmp_path / "calendars"
    calendars.mkdir()
    (calendars / "1.toml").write_text("id = ", encoding="utf-8")
    result = run("due", "--pack", "640402-2024", "--rule", "filing", "--calendars", str(calendars))
    assert (result.returncode, result.stdout) == (1, "")
    assert "1.toml" in result.stderr


def test_explain_shows_every_rule() -> None:
    pack = district_pack()
    text = run("explain", "640402-2024").stdout
    data = answer("explain", "640402-2024")
    assert [entry["id"] for entry in data["rules"]] == [rule.id for rule in pack.rules]
    for entry in data["rules"]:
        assert entry["sentence"] in text
        assert entry["window"] in text
        assert all(reason in text for reason in entry["assumptions"].values())
    assert data["digest"] == pack.digest
