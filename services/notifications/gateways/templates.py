"""信函模板: Chinese mails as Jinja2 files, checked whole before the service takes any work."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from contracts.envelope import EventData
from contracts.notifications.api import Audience
from contracts.registry import EVENTS, read_event
from contracts.topology import on_bus
from services.notifications.domain.letters import (
    ActivityFacts,
    CampaignFacts,
    CitedRule,
    Letter,
    civil_date,
    moment,
    write_letter,
)
from services.notifications.domain.rules import Mistake, Rules, RulesInvalid, parse_rules

BUILT_IN = Path(__file__).parents[1]
_MANY_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Written:
    subject: str
    body: str


class Templates:
    """Renders letters. The sandbox and StrictUndefined make a template's mistake an error, never an empty line."""

    def __init__(self, directory: Path) -> None:
        self._environment = SandboxedEnvironment(
            loader=FileSystemLoader(directory, encoding="utf-8"),
            undefined=StrictUndefined,
            autoescape=False,  # plain text mails: nothing is HTML
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters |= {"civil_date": civil_date, "moment": moment}

    def render(self, name: str, letter: Letter) -> Written:
        """Raises jinja2.TemplateError when the template does not fit the letter."""
        template = self._template(name)
        facts = {"letter": letter}
        subject = "".join(template.blocks["subject"](template.new_context(facts)))
        body = _MANY_BLANK_LINES.sub("\n\n", template.render(facts)).strip() + "\n"
        return Written(" ".join(subject.split()), body)

    def faults(self, name: str, letters: list[Letter]) -> list[tuple[str, str]]:
        """What is wrong with a template, as (where, reason)."""
        try:
            template = self._template(name)
            if missing := [block for block in ("subject", "news") if block not in template.blocks]:
                return [(f"block {block}", "is missing") for block in missing]
            for letter in letters:
                written = self.render(name, letter)
                if not written.subject:
                    return [("block subject", f"is empty for {letter.audience}")]
        except TemplateNotFound as lost:
            return [("(file)", f"template {lost.name} is missing")]
        except TemplateSyntaxError as wrong:
            return [(f"line {wrong.lineno}", str(wrong.message))]
        except (TemplateError, TypeError, KeyError, ValueError, AttributeError) as wrong:
            return [("(rendering)", f"{type(wrong).__name__}: {wrong}")]
        return []

    def _template(self, name: str) -> Template:
        return self._environment.get_template(f"{name}.txt")


def load_rules(directory: Path, examples: Path) -> tuple[Rules, Templates]:
    """Rules and templates below `directory`; every template is rendered with its event's example, for each audience.

    Raises RulesInvalid naming file, key and reason of everything that is wrong.
    """
    file = directory / "rules" / "messages.toml"
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as lost:
        raise RulesInvalid([Mistake(file.name, "(file)", f"cannot be read: {lost}")]) from lost
    rules = parse_rules(file.name, text, EVENTS, frozenset(on_bus("notifications").hears))
    templates = Templates(directory / "templates")
    mistakes = []
    for kind, name in rules.mail_templates.items():
        audiences = {telling.audience for telling in rules.tellings[kind] if telling.channel == "mail"}
        letters = [sample for audience in sorted(audiences) for sample in _samples(kind, audience, examples)]
        for where, reason in templates.faults(name, letters):
            mistakes.append(Mistake(f"{name}.txt", where, f"{reason} (for {kind})"))
    if mistakes:
        raise RulesInvalid(mistakes)
    return rules, templates


def _samples(kind: str, audience: Audience, examples: Path) -> list[Letter]:
    """Letters of the event's recorded example and its variants, about a rule that is known and one that is not."""
    document = json.loads((examples / f"{kind}.json").read_text(encoding="utf-8"))
    events = [read_event({**document, "data": data}) for data in _variants(document["data"], EVENTS[kind])]
    cited = {getattr(events[0].data, "rule", ""): CitedRule(title="示例事项", clause="0", sentence="示例条文。")}
    campaigns = (CampaignFacts("示例", cited, {}), CampaignFacts("示例", {}, {}))
    dated = ActivityFacts("示例活动", "示例会场", datetime(2024, 9, 12, 1, tzinfo=UTC))
    undated = ActivityFacts("示例活动", "示例会场", None)
    activities = (dated, undated, None) if audience in ("department", "office") else (dated, undated)
    return [
        write_letter(event, audience, campaign, activity)
        for event in events
        for campaign in campaigns
        for activity in activities
    ]


def _variants(example: Mapping[str, Any], model: type[EventData]) -> list[dict[str, Any]]:
    """The example, with each choice of its closed lists and without what may be absent: templates branch there."""
    variants = [dict(example)]
    for name, field in model.model_fields.items():
        choices = get_args(field.annotation)
        if get_origin(field.annotation) is Literal:
            variants += [{**example, name: choice} for choice in choices]
        elif type(None) in choices:
            variants.append({**example, name: None})
    return variants
