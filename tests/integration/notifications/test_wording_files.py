"""A mistake in the rules or the settings stops the start, in words."""

import shutil
from pathlib import Path

import pytest

from services.notifications.app import wire
from services.notifications.domain.rules import RulesInvalid
from tests.infra import ROOT

SOURCE = ROOT / "services" / "notifications"


@pytest.fixture
def directory(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of rules and templates that the service is told to use."""
    copy = tmp_path / "wording"
    for part in ("rules", "templates"):
        shutil.copytree(SOURCE / part, copy / part)
    monkeypatch.setenv("NOTIFICATIONS_RULES_DIRECTORY", str(copy))
    wire()
    return copy


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "rules/messages.toml",
            "violation-raised.v1",
            "violation-rised.v1",
            r".*event: is not an event",
        ),
        ("rules/messages.toml", 'office = ["mail"]', 'office = ["fax"]', r"messages.toml: message \d+\.office"),
        ("rules/messages.toml", "frontends =", "frontend =", r"messages.toml: message \d+\.frontend: Extra"),
        ("rules/messages.toml", 'template = "plan-filed"', 'template = "plan-fild"', r"plan-fild.txt: .*missing"),
        ("rules/messages.toml", "[[message]]", "[[message", r"messages.toml: \(file\): is not TOML"),
        ("templates/plan-filed.txt", "filing_number", "filling_number", r"plan-filed.txt: .*filling_number"),
        ("templates/plan-filed.txt", "{% endfor %}", "", r"plan-filed.txt: line \d+"),
        ("templates/plan-filed.txt", "block subject", "block title", r"plan-filed.txt: block subject: is missing"),
        ("templates/_letter.txt", "| moment", "| momemt", r"momemt"),
        ("templates/violation-withdrawn.txt", '"trigger_void": "该期限的起因已不存在"', "", r"violation-withdrawn.txt"),
    ],
)
def test_a_mistake_is_named(directory: Path, file: str, old: str, new: str, said: str) -> None:
    path = directory / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(RulesInvalid, match=said):
        wire()


def test_a_lease_shorter_than_an_attempt_is_refused(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFICATIONS_SEND_LEASE_SECONDS", "3")
    with pytest.raises(ValueError, match="SEND_LEASE_SECONDS"):
        wire()
