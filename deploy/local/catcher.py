"""What the mail and the webhook catcher share: kept records, answers that can be made to fail, an HTTP door."""

import asyncio
import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from deploy.local.programs import HOST

MAX_BODY_BYTES = 5 * 1024**2


class Records:
    """Records appended to a file, one JSON document a line, and kept in memory for reading."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.all: list[dict[str, Any]] = [json.loads(line) for line in lines]

    def add(self, record: dict[str, Any]) -> dict[str, Any]:
        """Keep a record; it gets the next number as its `id`."""
        numbered = {"id": self.all[-1]["id"] + 1 if self.all else 1, **record}
        with self._file.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps(numbered, ensure_ascii=False) + "\n")
        self.all.append(numbered)
        return numbered

    def rewrite(self) -> None:
        """Write everything anew, after a record was changed."""
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in self.all)
        self._file.write_text(text, encoding="utf-8")

    def clear(self) -> None:
        self.all.clear()
        self.rewrite()


@dataclass
class PlannedAnswers:
    """Answers to give instead of the good one, to see a sender retry: per receiver, a code and how many times."""

    _planned: dict[str, tuple[int, int]] = field(default_factory=dict)

    def plan(self, receiver: str, code: int, times: int) -> None:
        self._planned[receiver] = (code, times)

    def next_for(self, receiver: str) -> int | None:
        code, times = self._planned.get(receiver, (0, 0))
        if times <= 0:
            return None
        self._planned[receiver] = (code, times - 1)
        return code


def page(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A plain table; every value is escaped, because it came from outside."""
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    style = (
        "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1b1b}table{border-collapse:collapse;width:100%}"
        "th,td{border-bottom:1px solid #ccc;padding:.4rem .6rem;text-align:left;vertical-align:top}"
        "td{white-space:pre-wrap}"
    )
    return (
        f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{style}</style><h1>{html.escape(title)} ({len(rows)})</h1>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></html>"
    )


def serve(routes: list[BaseRoute], port: int, beside: Callable[[], Any] | None = None, *, host: str = HOST) -> None:
    """Serve until SIGTERM; `beside` makes a coroutine that starts whatever else listens."""

    async def run() -> None:
        also = await beside() if beside else None
        server = uvicorn.Server(
            uvicorn.Config(
                Starlette(routes=routes), host=host, port=port, log_level="warning", timeout_graceful_shutdown=3
            )
        )
        try:
            await server.serve()
        finally:
            if also is not None:
                also.close()
                await also.wait_closed()

    asyncio.run(run())
