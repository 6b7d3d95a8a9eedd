"""The rules file: read whole, or refused with file, key and reason of every mistake."""

import pytest

from contracts.registry import EVENTS
from services.notifications.domain.rules import RulesInvalid, Telling, parse_rules

OWNERS = frozenset({"plans", "deadlines"})
RAISED = "events.deadlines.violation-raised.v1"
GOOD = f"""
[[message]]
event = "{RAISED}"
template = "violation-raised"
department = ["mail"]
office = ["mail"]
frontends = ["webhook"]

[[message]]
event = "events.plans.plan-filed.v1"
frontends = ["webhook"]
"""


def test_a_good_file_says_who_is_told() -> None:
    rules = parse_rules("messages.toml", GOOD, EVENTS, OWNERS)
    assert rules.tellings[RAISED] == (
        Telling("department", "mail", "violation-raised"),
        Telling("office", "mail", "violation-raised"),
        Telling("frontends", "webhook", "cloudevent"),
    )
    assert rules.mail_templates == {RAISED: "violation-raised"}
    assert rules.for_frontends == {RAISED, "events.plans.plan-filed.v1"}


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        (RAISED, "events.deadlines.violation-rised.v1", "event", "not an event"),
        (RAISED, "events.notifications.notification-failed.v1", "event", "not heard"),
        (RAISED, "events.plans.plan-filed.v1", "event", "has a rule already"),
        ('template = "violation-raised"\n', "", "template", "missing"),
        ('template = "violation-raised"', 'template = "../secrets"', "template", "pattern"),
        ('["mail"]\noffice', '["webhook"]\noffice', "department", "mail"),
        ('["mail"]\noffice', '["mail", "mail"]\noffice', "department", "twice"),
        ("office", "offices", "offices", "Extra inputs"),
        ("[[message]]\nevent = \"events.plans", "[[messages]]\nevent = \"events.plans", "messages", "unknown key"),
        ('frontends = ["webhook"]\n\n[[', "frontends = 3\n\n[[", "frontends", "tuple"),
        ('v1"\nfrontends = ["webhook"]', 'v1"', "department", "nobody is told"),
        ('v1"\nfrontends', 'v1"\ntemplate = "plan-filed"\nfrontends', "template", "not used"),
        ('office = ["mail"]', 'participant = ["mail"]', "participant", "no registration_id"),
        ('office = ["mail"]', 'suggester = ["mail"]', "suggester", "no suggestion_id"),
        ('v1"\nfrontends = ["webhook"]', 'v1"\nparticipants = ["mail"]', "participants", "no activity_id"),
        ("[[message]]", "[[message", "(file)", "not TOML"),
        (GOOD, "", "message", "no [[message]]"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_file_key_and_reason(old: str, new: str, key: str, reason: str) -> None:
    assert old in GOOD
    with pytest.raises(RulesInvalid) as refused:
        parse_rules("messages.toml", GOOD.replace(old, new), EVENTS, OWNERS)
    assert any(
        mistake.file == "messages.toml" and key in mistake.key and reason in mistake.reason
        for mistake in refused.value.mistakes
    ), refused.value


def test_every_mistake_is_told_at_once() -> None:
    text = GOOD.replace(RAISED, "nonsense").replace("frontends", "frontend")
    with pytest.raises(RulesInvalid) as refused:
        parse_rules("messages.toml", text, EVENTS, OWNERS)
    assert len(refused.value.mistakes) >= 2
