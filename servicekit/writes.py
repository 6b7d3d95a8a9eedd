"""A write that can be retried safely: `Idempotency-Key`, remembered in the transaction that does the work.

The IETF draft's rules: the same key with the same request gets the first answer again; with another request it is
refused. A refusal is not remembered: nothing was changed, so the retry is judged anew.
"""

import json
import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from servicekit.auth import Actor, actor_of, actor_or_public
from servicekit.problems import KeyMissing, KeyReused, PreconditionFailed, PreconditionRequired
from servicekit.service import Service, Transaction

_VERSION = re.compile(r"^[0-9]{1,18}$")
_KEY = re.compile(r"^[\x21-\x7e]{8,200}$")

Work = Callable[[Transaction], Awaitable[BaseModel]]
Reveal = Callable[[Transaction, dict[str, Any]], Awaitable[dict[str, Any]]]


class Write:
    """One changing request: who asks, under which key, against which version."""

    def __init__(self, service: Service, request: Request, actor: Actor, body: bytes) -> None:
        self.service = service
        self.actor = actor
        self._request = request
        self._digest = sha256(
            b"\n".join([request.method.encode(), request.url.path.encode(), request.url.query.encode(), body])
        ).hexdigest()

    @property
    def expected_version(self) -> int | None:
        """The version named by If-Match, None without one. Raises PreconditionFailed when it is not one of ours."""
        header = self._request.headers.get("if-match")
        if header is None or header == "*":
            return None
        text = header.strip().removeprefix("W/").strip('"')
        if not _VERSION.match(text):
            raise PreconditionFailed(f"If-Match {header} 不是本服务给出的 ETag")
        return int(text)

    def require_version(self) -> int:
        """The version named by If-Match. Raises PreconditionRequired without one."""
        version = self.expected_version
        if version is None:
            raise PreconditionRequired("修改须说明基于哪个版本")
        return version

    async def run(self, work: Work, *, status: int = 200) -> Response:
        """Do the work in a transaction and answer with its result."""
        async with self.service.transaction() as transaction:
            result = await work(transaction)
        return _answer(status, *_parts(result))

    async def once(self, work: Work, *, status: int = 200, reveal: Reveal | None = None) -> Response:
        """The same, once for each Idempotency-Key. Raises KeyMissing, KeyReused.

        `reveal` completes the answer as it leaves with what must not be remembered in clear (a secret), first time
        and replayed alike.
        """
        key = self._request.headers.get("idempotency-key")
        if key is None or not _KEY.match(key):
            raise KeyMissing("这个请求需要 Idempotency-Key")
        principal = self.actor.subject
        async with self.service.transaction() as transaction:
            # Two requests with one key: the second waits here until the first has committed or rolled back.
            await transaction.connection.execute(
                "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"{principal}\n{key}"
            )
            before = await transaction.connection.fetchrow(
                "select request_digest, status, headers, body from idempotency_keys where principal = $1 and key = $2",
                principal,
                key,
            )
            if before is not None:
                if before["request_digest"] != self._digest:
                    raise KeyReused("同一个 Idempotency-Key 先前用于内容不同的请求")
                told = await reveal(transaction, before["body"]) if reveal else before["body"]
                return _answer(before["status"], before["headers"] | {"Idempotent-Replayed": "true"}, told)
            headers, body = _parts(await work(transaction))
            await transaction.connection.execute(
                "insert into idempotency_keys (principal, key, request_digest, status, headers, body)"
                " values ($1, $2, $3, $4, $5, $6)",
                principal,
                key,
                self._digest,
                status,
                headers,
                body,
            )
            told = await reveal(transaction, body) if reveal else body
        return _answer(status, headers, told)


def _parts(result: BaseModel) -> tuple[dict[str, str], Any]:
    version = getattr(result, "version", None)
    return ({"ETag": f'"{version}"'} if isinstance(version, int) else {}), result.model_dump(mode="json")


def _answer(status: int, headers: dict[str, str], body: Any) -> Response:
    content = json.dumps(body, ensure_ascii=False).encode()
    return Response(content, status, headers=headers, media_type="application/json")


def answer(result: BaseModel, status: int = 200) -> Response:
    """A read's result, with the ETag of its `version` where it has one."""
    return _answer(status, *_parts(result))


def check_version(expected: int | None, actual: int) -> None:
    """Raises PreconditionFailed when the caller saw another version."""
    if expected is not None and expected != actual:
        raise PreconditionFailed(f"您看到的是版本 {expected},现在是版本 {actual}")


async def _write(request: Request, actor: Annotated[Actor, Depends(actor_of)]) -> Write:
    return Write(request.app.state.service, request, actor, await request.body())


async def _public_write(request: Request, actor: Annotated[Actor, Depends(actor_or_public)]) -> Write:
    return Write(request.app.state.service, request, actor, await request.body())


Writing = Annotated[Write, Depends(_write)]
PublicWriting = Annotated[Write, Depends(_public_write)]
"""A write that needs no account; a token that is sent is still verified."""
Reading = Annotated[Actor, Depends(actor_of)]
