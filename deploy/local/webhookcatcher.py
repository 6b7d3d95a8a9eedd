"""A front-end's receiver, for trying out webhooks: keeps what arrives and verifies its Standard Webhooks signature.

POST /hooks/NAME           the receiver to register        GET /received[?hook=NAME]  all of them as JSON, oldest first
PUT  /hooks/NAME/secret    {"secret": "whsec_…"}           GET /                      the same as a page
PUT  /hooks/NAME/answer    {"code": 503, "times": 2}       DELETE /received           forget everything

`verified` is true or false, and null while the receiver has no secret; what came before the secret is verified when
it is told, if that is within the five minutes a signature is good for.
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from deploy.local.catcher import MAX_BODY_BYTES, PlannedAnswers, Records, page, serve
from deploy.local.nats_server import write_private
from deploy.local.programs import HOST


class Receivers:
    """Everything received, and each receiver's secret."""

    def __init__(self, directory: Path) -> None:
        self.records = Records(directory / "received.jsonl")
        self.answers = PlannedAnswers()
        self._file = directory / "secrets.json"
        self._secrets: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}

    def keep(self, hook: str, headers: dict[str, str], body: bytes, answered: int) -> None:
        text = body.decode("utf-8", errors="replace")
        self.records.add(
            {
                "received_at": datetime.now(UTC).isoformat(),
                "hook": hook,
                "answered": answered,
                "verified": self._verify(hook, headers, text),
                "headers": headers,
                "body": text,
                "json": _json(text),
            }
        )

    def learn(self, hook: str, secret: str) -> None:
        """Remember the receiver's secret and verify what waits for it."""
        self._secrets[hook] = secret
        write_private(self._file, json.dumps(self._secrets))
        for record in self.records.all:
            if record["hook"] == hook and record["verified"] is None:
                record["verified"] = self._verify(hook, record["headers"], record["body"])
        self.records.rewrite()

    def _verify(self, hook: str, headers: dict[str, str], text: str) -> bool | None:
        secret = self._secrets.get(hook)
        if secret is None:
            return None
        try:
            Webhook(secret).verify(text, headers, json_parse=False)
        except WebhookVerificationError:
            return False
        return True


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def routes(receivers: Receivers) -> list[Route]:
    async def receive(request: Request) -> Response:
        hook = request.path_params["hook"]
        body = await request.body()
        if len(body) > MAX_BODY_BYTES:
            return Response(status_code=413)
        code = receivers.answers.next_for(hook) or 204
        receivers.keep(hook, dict(request.headers), body, code)
        return Response(status_code=code)

    async def learn(request: Request) -> Response:
        wanted = await request.json()
        receivers.learn(request.path_params["hook"], str(wanted["secret"]))
        return Response(status_code=204)

    async def plan(request: Request) -> Response:
        wanted = await request.json()
        receivers.answers.plan(request.path_params["hook"], int(wanted["code"]), int(wanted["times"]))
        return Response(status_code=204)

    async def received(request: Request) -> Response:
        hook = request.query_params.get("hook")
        return JSONResponse([r for r in receivers.records.all if hook is None or r["hook"] == hook])

    async def forget(request: Request) -> Response:
        receivers.records.clear()
        return Response(status_code=204)

    async def show(request: Request) -> Response:
        signed = {True: "是", False: "否", None: "没有密钥"}
        rows = [(r["received_at"], r["hook"], signed[r["verified"]], r["body"]) for r in receivers.records.all]
        return HTMLResponse(page("演练 Webhook 接收端", ["收到", "接收端", "签名有效", "正文"], rows[::-1]))

    return [
        Route("/", show),
        Route("/received", received, methods=["GET"]),
        Route("/received", forget, methods=["DELETE"]),
        Route("/hooks/{hook}", receive, methods=["POST"]),
        Route("/hooks/{hook}/secret", learn, methods=["PUT"]),
        Route("/hooks/{hook}/answer", plan, methods=["PUT"]),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.webhookcatcher", description="Catch webhooks.")
    parser.add_argument("--directory", type=Path, required=True, help="where they are kept")
    parser.add_argument("--host", default=HOST, help="the address to listen on")
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    serve(list(routes(Receivers(chosen.directory))), chosen.port, host=chosen.host)


if __name__ == "__main__":
    main()
