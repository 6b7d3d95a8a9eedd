"""The HTTP door that every service has: problems, correlation, body limit, health, metrics, event log audit."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

import asyncpg
import nats.errors
import structlog
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from servicekit import audit, event_log, metrics
from servicekit.auth import Actor, actor_of
from servicekit.correlation import correlated
from servicekit.database import LOST, TRANSIENT
from servicekit.problems import (
    BodyMalformed,
    BodyTooLarge,
    Finding,
    InternalError,
    NotFound,
    Problem,
    Refused,
    RequestInvalid,
    TryAgain,
)
from servicekit.service import Service

log = structlog.get_logger()

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def make_app(
    title: str, description: str, lifespan: Lifespan, routers: list[APIRouter], max_body_bytes: int
) -> FastAPI:
    """A FastAPI app with everything in this module; `app.state.service` is set by the lifespan."""
    app = FastAPI(
        title=title,
        description=description,
        version="1",
        lifespan=lifespan,
        responses={"default": {"model": Problem, "description": "RFC 9457 problem"}},
    )
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(asyncpg.DataError, _unstorable)
    for transient in (*TRANSIENT, nats.errors.Error, TimeoutError, OSError):
        app.add_exception_handler(transient, _unavailable)
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(_Door, max_body_bytes=max_body_bytes)
    for router in [*routers, _ops]:
        app.include_router(router)
    return app


class _Door:
    """Correlation, the body limit and timing, as plain ASGI so that streams pass through."""

    def __init__(self, app: ASGIApp, max_body_bytes: int) -> None:
        self._app = app
        self._limit = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        with correlated(headers.get(b"x-correlation-id"), headers.get(b"traceparent")) as correlation:
            scope.setdefault("state", {})["correlation_id"] = correlation
            started, status = time.perf_counter(), 500

            async def answered(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    message["headers"] = [*message["headers"], (b"x-correlation-id", correlation.encode())]
                await send(message)

            try:
                body = await self._whole_body(scope, headers, receive, answered)
                if body is not None:
                    await self._app(scope, body, answered)
            finally:
                route = getattr(scope.get("route"), "path", "unknown")
                metrics.REQUESTS.labels(scope["method"], route, str(status)).observe(time.perf_counter() - started)

    async def _whole_body(
        self, scope: Scope, headers: dict[bytes, str], receive: Receive, send: Send
    ) -> Receive | None:
        """Read the body up to the limit and hand it on; beyond it, refuse whatever Content-Length said."""
        declared = headers.get(b"content-length", "")
        chunks: list[bytes] = []
        size = int(declared) if declared.isdigit() and int(declared) > self._limit else 0
        more = size == 0
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return None  # the client went away
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            more = message.get("more_body", False) and size <= self._limit
        if size > self._limit:
            refusal = BodyTooLarge(f"请求正文超过 {self._limit} 字节", fix="减小内容,或把附件单独上传")
            await _problem(Request(scope), refusal)(scope, receive, send)
            return None
        whole: Message | None = {"type": "http.request", "body": b"".join(chunks), "more_body": False}

        async def replay() -> Message:
            nonlocal whole
            if whole is not None:
                first, whole = whole, None
                return first
            return await receive()

        return replay


def _problem(request: Request, refused: Refused) -> JSONResponse:
    correlation = getattr(request.state, "correlation_id", None)
    headers = {"WWW-Authenticate": "Bearer"} if refused.status == 401 else {}
    if refused.status == 503:
        headers["Retry-After"] = "5"
    return JSONResponse(
        refused.problem(request.url.path, correlation),
        refused.status,
        headers=headers,
        media_type="application/problem+json",
    )


async def _refused(request: Request, refused: Exception) -> JSONResponse:
    assert isinstance(refused, Refused)
    log.info("refused", code=refused.code, path=request.url.path)
    return _problem(request, refused)


async def _invalid(request: Request, invalid: Exception) -> JSONResponse:
    assert isinstance(invalid, RequestValidationError)
    if any(error["type"] == "json_invalid" for error in invalid.errors()):
        return _problem(request, BodyMalformed("请求正文不是有效的 JSON"))
    findings = [
        Finding(code=error["type"], field=".".join(str(part) for part in error["loc"]), detail=error["msg"])
        for error in invalid.errors()
    ]
    return _problem(
        request, RequestInvalid(f"有 {len(findings)} 处不符合要求", errors=findings, fix="按 errors 逐项改正")
    )


async def _http(request: Request, wrong: Exception) -> JSONResponse:
    assert isinstance(wrong, HTTPException)
    refused = Refused(str(wrong.detail))
    if wrong.status_code == 404:
        refused = NotFound("没有这个地址")
    elif wrong.status_code == 400:
        refused = BodyMalformed("请求正文无法读取")  # the framework's own 400: a body that is not UTF-8, or too deep
    else:
        refused.status = wrong.status_code
        refused.code = "method-not-allowed" if wrong.status_code == 405 else "refused"
    return _problem(request, refused)


async def _unstorable(request: Request, wrong: Exception) -> JSONResponse:
    """JSON may carry what PostgreSQL text cannot (U+0000); any other DataError is a mistake of ours."""
    if not isinstance(wrong, asyncpg.CharacterNotInRepertoireError | asyncpg.UntranslatableCharacterError):
        return await _failed(request, wrong)
    return _problem(request, RequestInvalid("文字中有不能保存的字符(U+0000)", fix="去掉该字符"))


async def _failed(request: Request, error: Exception) -> JSONResponse:
    """A mistake of ours: logged in full, told without its details."""
    correlation = getattr(request.state, "correlation_id", None)
    log.error("request failed", path=request.url.path, correlation_id=correlation, exc_info=error)
    return _problem(request, InternalError("处理请求时出错"))


async def _unavailable(request: Request, lost: Exception) -> JSONResponse:
    log.warning("dependency unavailable", path=request.url.path, error=repr(lost))
    return _problem(request, TryAgain("数据库或消息总线暂时不可用"))


_ops = APIRouter()


@_ops.get("/livez", tags=["ops"])
async def livez() -> dict[str, str]:
    """The process runs."""
    return {"status": "alive"}


@_ops.get("/readyz", tags=["ops"])
async def readyz(request: Request) -> JSONResponse:
    """The service can do its work: database and bus answer, and it is not stopping."""
    service: Service = request.app.state.service
    checks = {"accepting": not request.app.state.stopping}
    try:
        async with service.reading() as connection:
            checks["database"] = await connection.fetchval("select true", timeout=2)
    except LOST:
        checks["database"] = False
    checks["bus"] = await service.broker.ping(timeout=2.0)
    ready = all(checks.values())
    return JSONResponse({"service": service.name, "ready": ready, "checks": checks}, 200 if ready else 503)


@_ops.get("/metrics", tags=["ops"])
async def prometheus() -> Response:
    """Prometheus metrics."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@_ops.get("/audit/{kind}/{identity}", tags=["ops"])
async def audit_chain(
    kind: str, identity: str, request: Request, actor: Annotated[Actor, Depends(actor_of)]
) -> dict[str, Any]:
    """An aggregate's events, first to last, and whether their chain of digests verifies."""
    actor.require("auditor", "office", "ops")
    service: Service = request.app.state.service
    async with service.reading() as connection:
        entries = await event_log.history(connection, f"{kind}/{identity}")
    if not entries or actor.jurisdiction not in (None, entries[0]["event"]["jurisdiction"]):
        raise NotFound("没有这个对象的事件记录")
    faults = audit.broken_links(entries)
    return {
        "aggregate": f"{kind}/{identity}",
        "verified": not faults,
        "faults": faults,
        "events": [{"digest": entry["digest"], "event": entry["event"]} for entry in entries],
    }
