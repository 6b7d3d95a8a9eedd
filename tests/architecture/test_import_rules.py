"""Every import rule holds, and every import rule can fail: each is broken on purpose in a copy of the tree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BREAKS = {
    "services use servicekit, servicekit uses contracts, never the other way": (
        "contracts/planted.py",
        "import servicekit.clock",
    ),
    "no service imports another": ("services/plans/planted.py", "import services.deadlines.domain"),
    "inside a service": ("services/plans/store.py", "import services.plans.app"),
    "domain and policy do no I/O": ("services/deadlines/domain/planted.py", "import asyncpg"),
    "only store, views and servicekit touch asyncpg": ("services/deadlines/subscribers.py", "import asyncpg"),
    "settings are read in app and __main__ alone": (
        "services/notifications/gateways.py",
        "import services.notifications.settings",
    ),
}


def _lint(tree: Path) -> tuple[int, str]:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        # Wide enough that a long rule and its verdict stay on one line.
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for part in ("contracts", "servicekit", "services"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_the_tree_keeps_every_rule() -> None:
    code, said = _lint(ROOT)
    assert code == 0, said


@pytest.mark.parametrize(("rule", "place", "line"), [(rule, *where) for rule, where in BREAKS.items()])
def test_each_rule_notices_when_it_is_broken(copy: Path, rule: str, place: str, line: str) -> None:
    planted = copy / place
    assert planted.parent.is_dir(), f"{place} has moved; plant the import elsewhere"
    before = planted.read_text(encoding="utf-8") if planted.exists() else ""
    planted.write_text(f"{before}\n{line}\n", encoding="utf-8")
    code, said = _lint(copy)
    assert code != 0
    assert any(rule in text and "BROKEN" in text for text in said.splitlines()), said


def test_every_rule_is_broken_once_here() -> None:
    names = [
        line.partition("=")[2].strip()
        for line in (ROOT / ".importlinter").read_text(encoding="utf-8").splitlines()
        if line.startswith("name =")
    ]
    assert len(names) == len(BREAKS)
    assert all(any(rule in name for rule in BREAKS) for name in names)
