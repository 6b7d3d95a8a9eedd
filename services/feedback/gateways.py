"""Outside: livestream, asked for a question's text, and the adoption table as a page."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

import nats.errors
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from contracts.feedback.api import AdoptionTable
from contracts.policy import SHANGHAI
from servicekit import bus
from servicekit.service import Service

SUBJECT = "queries.livestream.question.v1"

DECISIONS = {"adopted": "采纳", "partly": "部分采纳", "not_adopted": "未采纳", "noted": "留作参考"}
SOURCES = {"form": "网上提交", "live_question": "直播提问", "on_site": "现场记录"}


class TextUnavailable(Exception):
    """Nobody answered, or the answer was not one: transient."""


@dataclass(frozen=True)
class QuestionTexts:
    """`timeout_seconds` of system time for an answer."""

    timeout_seconds: float

    async def ask(self, service: Service, question_id: UUID) -> str | None:
        """What was asked; None when livestream has no such question. Raises TextUnavailable."""
        try:
            answer = await bus.ask(
                service, SUBJECT, {"question": str(question_id)}, timeout_seconds=self.timeout_seconds
            )
        except (nats.errors.Error, TimeoutError, OSError) as silent:
            raise TextUnavailable(f"{SUBJECT}: {type(silent).__name__}") from silent
        text = answer.get("text")
        if "text" not in answer or not isinstance(text, str | None):
            raise TextUnavailable(f"{SUBJECT} gave no usable answer")
        return text


class AdoptionPage:
    """采纳表 as an HTML page of its own. Everything residents wrote is escaped."""

    def __init__(self) -> None:
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates", encoding="utf-8"),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {"moment": _moment, "decision": DECISIONS.__getitem__, "source": SOURCES.__getitem__}
        self._template = environment.get_template("adoption_table.html")

    def render(self, table: AdoptionTable) -> str:
        return self._template.render(table=table)


def _moment(instant: datetime) -> str:
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
