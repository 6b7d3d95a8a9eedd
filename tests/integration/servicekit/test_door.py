"""The HTTP door: retries, versions, who may come in, how much may be carried, and how a refusal reads."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from deploy.local.issuer import Issuer
from deploy.local.programs import free_port
from tests.infra import NatsServer
from tests.integration.servicekit.conftest import StartToy, Wire
from tests.integration.servicekit.toy import Hearing, cuts_connections, kept, settings, toy_app, until

PROBLEM = "application/problem+json"


async def test_many_requests_with_one_key_change_something_once_and_get_one_answer(
    start: StartToy, bus: NatsServer
) -> None:
    async with start() as toy:
        answers = await asyncio.gather(*(toy.add("thing", key="the-same-key") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert {answer.headers["etag"] for answer in answers} == {'"1"'}
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
        assert len(await toy.fetch("select * from things")) == 1
        assert len(await toy.fetch("select * from event_log")) == 1


async def test_one_key_with_another_request_is_refused(start: StartToy) -> None:
    async with start() as toy:
        assert (await toy.add("thing", key="the-same-key")).status_code == 201
        other = await toy.add("another", key="the-same-key")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
        assert len(await toy.fetch("select * from things")) == 1


async def test_one_key_of_two_callers_is_two_keys(start: StartToy) -> None:
    async with start() as toy:
        assert (await toy.add("thing", key="the-same-key")).status_code == 201
        token = toy.tokens.mint("office", subject="somebody-else")
        headers = {"authorization": f"Bearer {token}", "idempotency-key": "the-same-key"}
        answer = await toy.http.post("/things", json={"name": "other"}, headers=headers)
        assert answer.status_code == 201
        assert "idempotent-replayed" not in answer.headers


@pytest.mark.parametrize("key", [None, "short", "with space in it", "键键键键键键键键键", "x" * 201])
async def test_a_write_without_a_usable_key_is_refused(start: StartToy, key: str | None) -> None:
    async with start() as toy:
        headers: dict[str, Any] = {"authorization": toy.as_role()["authorization"]}
        if key is not None:
            headers["idempotency-key"] = key.encode()
        answer = await toy.http.post("/things", json={"name": "thing"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")
        assert await toy.fetch("select * from things") == []


async def test_a_refusal_is_not_remembered(start: StartToy) -> None:
    async with start() as toy:
        first = await toy.add("refused", key="the-same-key")
        assert first.status_code == 409
        assert await toy.fetch("select * from idempotency_keys") == []
        assert await toy.fetch("select * from event_log") == []


async def test_a_change_needs_the_version_it_was_made_from(start: StartToy) -> None:
    async with start() as toy:
        made = await toy.add("thing")
        url, etag = f"/things/{made.json()['id']}", made.headers["etag"]

        async def rename(name: str, **headers: str) -> httpx.Response:
            return await toy.http.put(url, json={"name": name}, headers=toy.as_role(**headers))

        missing = await rename("no version")
        assert (missing.status_code, missing.json()["code"]) == (428, "precondition-required")
        foreign = await rename("not ours", **{"if-match": '"abc"'})
        assert (foreign.status_code, foreign.json()["code"]) == (412, "etag-stale")
        changed = await rename("changed", **{"if-match": etag})
        assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
        stale = await rename("stale", **{"if-match": etag})
        assert (stale.status_code, stale.json()["code"]) == (412, "etag-stale")
        read = await toy.http.get(url, headers=toy.as_role())
        assert (read.json()["name"], read.headers["etag"]) == ("changed", '"2"')


async def test_of_two_changes_from_one_version_one_is_refused(start: StartToy) -> None:
    async with start() as toy:
        made = await toy.add("thing")
        url = f"/things/{made.json()['id']}"
        answers = await asyncio.gather(
            *(toy.http.put(url, json={"name": name}, headers=toy.as_role(**{"if-match": '"1"'})) for name in "ab")
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412]


def forged(tokens: Issuer, *, key: Any = None, header: dict[str, str] | None = None, **claims: object) -> str:
    ours = ECKey.import_key(json.loads(tokens.key_file.read_text(encoding="utf-8")))
    now = int(time.time())
    whole = {
        "iss": tokens.name,
        "aud": tokens.audience,
        "sub": "office",
        "jurisdiction": "640402",
        "exp": now + 600,
        "roles": ["office"],
        **claims,
    }
    whole = {name: value for name, value in whole.items() if value is not None}
    named = header or {"alg": "ES256", "kid": ours.kid or ""}
    return jwt.encode(named, whole, key or ours, algorithms=["ES256", "HS256"])


def _unsigned(tokens: Issuer) -> str:
    body = forged(tokens).split(".")[1]
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{head}.{body}."


def _tampered(tokens: Issuer) -> str:
    head, body, signature = forged(tokens).split(".")
    other = forged(tokens, roles=["office", "ops"]).split(".")[1]
    assert body != other
    return f"{head}.{other}.{signature}"


FORGERIES: dict[str, Callable[[Issuer], str]] = {
    "expired": lambda tokens: forged(tokens, exp=int(time.time()) - 120),
    "never expires": lambda tokens: forged(tokens, exp=None),
    "not yet valid": lambda tokens: forged(tokens, nbf=int(time.time()) + 600),
    "another issuer": lambda tokens: forged(tokens, iss="https://elsewhere.test"),
    "no issuer": lambda tokens: forged(tokens, iss=None),
    "another audience": lambda tokens: forged(tokens, aud="another-system"),
    "no audience": lambda tokens: forged(tokens, aud=None),
    "nobody": lambda tokens: forged(tokens, sub=None),
    "no district": lambda tokens: forged(tokens, jurisdiction=None),
    "roles as text": lambda tokens: forged(tokens, roles="office"),
    "tampered": _tampered,
    "unknown key": lambda tokens: forged(tokens, key=ECKey.generate_key("P-256"), header={"alg": "ES256", "kid": "x"}),
    "foreign key under our name": lambda tokens: forged(tokens, key=ECKey.generate_key("P-256")),
    "alg none": _unsigned,
    "public key as a shared secret": lambda tokens: forged(
        tokens, key=OctKey.import_key(tokens.jwks.read_text(encoding="utf-8")), header={"alg": "HS256"}
    ),
    "not a token": lambda _: "nonsense",
    "three parts of nothing": lambda _: "a.b.c",
    "empty": lambda _: "",
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_token_that_is_not_ours_for_us_and_now_is_refused(
    start: StartToy, tokens: Issuer, forgery: str
) -> None:
    token = FORGERIES[forgery](tokens)
    async with start() as toy:
        good = await toy.http.get(f"/things/{uuid4()}", headers={"authorization": f"Bearer {forged(tokens)}"})
        assert good.status_code == 404
        answer = await toy.http.get(f"/things/{uuid4()}", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize("header", [None, "", "Basic b2ZmaWNlOg==", "Bearer", "Bearer "])
async def test_without_a_token_nobody_comes_in(start: StartToy, header: str | None) -> None:
    async with start() as toy:
        headers = {} if header is None else {"authorization": header}
        answer = await toy.http.post("/things", json={"name": "x"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert await toy.fetch("select * from things") == []


async def test_a_rotated_key_is_learnt_without_a_restart(start: StartToy, tmp_path: Any, tokens: Issuer) -> None:
    jwks = tmp_path / "jwks.json"
    jwks.write_text(tokens.jwks.read_text())
    fresh = ECKey.generate_key("P-256", auto_kid=True)
    async with start(auth_jwks=str(jwks)) as toy:
        headers = {
            "authorization": f"Bearer {forged(tokens, key=fresh, header={'alg': 'ES256', 'kid': fresh.kid or ''})}"
        }
        url = f"/things/{uuid4()}"
        assert (await toy.http.get(url, headers=toy.as_role())).status_code == 404
        # A token under an unknown key makes the service look again, once in a while.
        toy.app.state.tokens._read_at -= 10
        jwks.write_text(json.dumps({"keys": [fresh.as_dict(private=False)]}))
        assert (await toy.http.get(url, headers=headers)).status_code == 404
        # The issuer away: what is known still works.
        jwks.unlink()
        toy.app.state.tokens._read_at -= 1_000
        assert (await toy.http.get(url, headers=headers)).status_code == 404


async def test_a_role_that_is_missing_is_said(start: StartToy) -> None:
    async with start() as toy:
        answer = await toy.http.get(f"/things/{uuid4()}", headers=toy.as_role("auditor"))
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "office" in answer.json()["detail"]


async def test_a_problem_says_what_was_wrong_whose_rule_it_is_and_what_to_do(start: StartToy) -> None:
    async with start() as toy:
        headers = {"x-correlation-id": "from-the-front-end"}
        answer = await toy.http.post("/things", json={"name": "refused"}, headers={**toy.as_role(), **headers})
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["x-correlation-id"] == "from-the-front-end"
    assert answer.json() == {
        "type": "urn:openday:problem:name-forbidden",
        "title": "名称不能使用",
        "status": 409,
        "code": "name-forbidden",
        "detail": "不能用这个名称",
        "clause": "4.2",
        "fix": "换一个",
        "instance": "/things",
        "correlation_id": "from-the-front-end",
        "errors": [{"code": "name", "field": "name", "detail": "此名不可", "clause": "4.2"}],
    }


@pytest.mark.parametrize(
    ("body", "status", "code", "where"),
    [
        (b'{"name": "x"', 400, "body-malformed", None),
        (b"", 422, "request-invalid", "body"),
        (b"[]", 422, "request-invalid", "body"),
        (b'{"name": "x", "admin": true}', 422, "request-invalid", "body.admin"),
        (b'{"name": ""}', 422, "request-invalid", "body.name"),
        (b'{"name": 7}', 422, "request-invalid", "body.name"),
        (b'{"name": "nul \\u0000 inside"}', 422, "request-invalid", None),
        (b'{"name": "half a \\ud800 pair"}', 422, "request-invalid", "body.name"),
        (b'{"name": "\xff"}', 400, "body-malformed", None),
        (b"[" * 100_000, 400, "body-malformed", None),
    ],
    ids=["cut", "empty", "list", "unknown-field", "too-short", "number", "nul", "surrogate", "not-utf8", "deep"],
)
async def test_a_body_that_does_not_fit_is_a_clear_problem_and_changes_nothing(
    start: StartToy, body: bytes, status: int, code: str, where: str | None
) -> None:
    async with start() as toy:
        headers = toy.as_role(**{"content-type": "application/json"})
        answer = await toy.http.post("/things", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.headers["content-type"] == PROBLEM
        assert where is None or [error["field"] for error in answer.json()["errors"]] == [where]
        assert await toy.fetch("select * from things") == []


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("GET", "/nowhere", 404, "not-found"), ("PATCH", "/things", 405, "method-not-allowed"),
     ("GET", "/things/not-a-uuid", 422, "request-invalid")],
)  # fmt: skip
async def test_what_is_not_there_is_a_problem_too(
    start: StartToy, method: str, path: str, status: int, code: str
) -> None:
    async with start() as toy:
        answer = await toy.http.request(method, path, headers=toy.as_role())
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == PROBLEM


async def test_a_mistake_of_ours_is_a_problem_without_its_details(start: StartToy) -> None:
    async with start() as toy:
        answer = await toy.add("broken", key="the-same-key")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
        assert answer.headers["content-type"] == PROBLEM
        assert answer.json()["correlation_id"]
        assert "s3cret" not in answer.text
        assert await toy.fetch("select * from things") == []
        assert await toy.fetch("select * from idempotency_keys") == []


@cuts_connections
async def test_a_lost_database_is_said_and_comes_back_by_itself(start: StartToy, dsn: str, wire: Wire) -> None:
    through = dsn.replace(f":{wire.there[1]}/", f":{wire.port}/")
    assert through != dsn
    async with start(database_url=through) as toy:
        await toy.add("before")
        await wire.cut()
        answers = [await toy.add("meanwhile") for _ in range(3)]
        ready = await toy.http.get("/readyz")
        alive = await toy.http.get("/livez")
        await wire.mend()
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, "try-again")}
        assert {answer.headers["retry-after"] for answer in answers} == {"5"}
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, False)
        assert alive.status_code == 200

        async def again() -> bool:
            return (await toy.add("after", key="the-same-key")).status_code == 201

        await until(again, "a write")
        assert [row["name"] for row in await toy.fetch("select name from things order by name")] == ["after", "before"]


@asynccontextmanager
async def served(bus: NatsServer, dsn: str, tokens: Issuer) -> AsyncIterator[int]:
    """The toy behind uvicorn, with a limit of 10 000 bytes; its port."""
    port = free_port()
    app = toy_app(settings(bus, dsn, tokens, max_body_bytes=10_000), Hearing())
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="on"))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started, "a server")
    try:
        yield port
    finally:
        server.should_exit = True
        await serving


async def test_a_body_beyond_the_limit_is_refused_whatever_its_headers_say(
    bus: NatsServer, dsn: str, tokens: Issuer
) -> None:
    token = tokens.mint("office")

    async def in_chunks(number: int) -> AsyncIterator[bytes]:
        yield b'{"name": "'
        for _ in range(number):
            yield b"x" * 100
        yield b'"}'

    async with served(bus, dsn, tokens) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:

        async def send(body: bytes | AsyncIterator[bytes]) -> httpx.Response:
            headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}
            return await http.post("/things", content=body, headers={**headers, "content-type": "application/json"})

        declared = await send(b'{"name": "' + b"x" * 20_000 + b'"}')
        chunked = await send(in_chunks(200))
        small = await send(in_chunks(1))
    for answer in (declared, chunked):
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
        assert answer.headers["x-correlation-id"] == answer.json()["correlation_id"]
    assert small.status_code == 201


async def test_a_body_without_end_is_refused_as_soon_as_it_passes_the_limit(
    bus: NatsServer, dsn: str, tokens: Issuer
) -> None:
    async with served(bus, dsn, tokens) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = b"POST /things HTTP/1.1\r\nhost: toy\r\ntransfer-encoding: chunked\r\n\r\n"
        writer.write(head + b"4e20\r\n" + b"x" * 20_000 + b"\r\n")  # and no last chunk ever
        try:
            await writer.drain()
            status = await asyncio.wait_for(reader.readline(), 10)
        finally:
            writer.close()
            await writer.wait_closed()
    assert status.startswith(b"HTTP/1.1 413 ")


async def test_a_correlation_id_is_made_up_when_the_one_sent_is_not_one(start: StartToy, bus: NatsServer) -> None:
    async with start() as toy:
        bad = {"x-correlation-id": "has spaces and \x7f", "traceparent": "00-zz-zz-01"}
        answer = await toy.http.post("/things", json={"name": "a"}, headers={**toy.as_role(), **bad})
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        good = {"x-correlation-id": "0af7651916cd43dd", "traceparent": trace}
        await toy.http.post("/things", json={"name": "b"}, headers={**toy.as_role(), **good})

        async def both() -> bool:
            return len(await kept(bus, "EVENTS_DEADLINES")) == 2

        await until(both, "two events")
        first, second = (json.loads(message.data) for message in await kept(bus, "EVENTS_DEADLINES"))
    made_up = answer.headers["x-correlation-id"]
    assert len(made_up) == 32
    assert first["correlationid"] == made_up
    assert second["correlationid"] == "0af7651916cd43dd"
    assert second["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")


async def test_ops_see_metrics_and_documents_without_anybodys_data(start: StartToy) -> None:
    async with start() as toy:
        made = await toy.add("thing")
        await toy.http.get(f"/things/{made.json()['id']}", headers=toy.as_role())
        metrics = (await toy.http.get("/metrics")).text
        openapi = (await toy.http.get("/openapi.json")).json()
        asyncapi = (await toy.http.get("/asyncapi.json")).json()
    assert 'route="/things/{identity}"' in metrics
    assert made.json()["id"] not in metrics
    assert "/things" in openapi["paths"]
    assert asyncapi["asyncapi"].startswith("3.")
    assert "deadlines-plans" in json.dumps(asyncapi)


async def test_answers_remembered_for_retries_are_forgotten_in_time(start: StartToy) -> None:
    async with start(housekeeping_idle_seconds=0.05) as toy:
        await toy.add("old", key="an-old-key")
        await toy.add("new", key="a-new-key")
        await toy.fetch(
            "update idempotency_keys set created_at = created_at - interval '8 days' where key = 'an-old-key'"
        )

        async def forgotten() -> bool:
            return [row["key"] for row in await toy.fetch("select key from idempotency_keys")] == ["a-new-key"]

        await until(forgotten, "only the new key left")
