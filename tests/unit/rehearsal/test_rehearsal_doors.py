"""The doors: a write is sent again under the same key, a refusal keeps its code and clause, lists are read whole."""

import json
from collections.abc import Callable

import httpx
import pytest

from deploy.rehearsal.acts import register_webhook
from deploy.rehearsal.doors import PUBLIC, Doors, NoAnswer, Refusal
from deploy.rehearsal.scene import Scene, Stage
from deploy.rehearsal.script import read_season

Answer = Callable[[httpx.Request], httpx.Response]


def doors(answer: Answer, seconds: float = 5.0) -> Doors:
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Doors(client, {"plans": "http://plans"}, lambda role, code: f"{role}/{code}", seconds)


async def test_a_write_without_an_answer_is_sent_again_under_its_key() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if len(seen) == 1:
            raise httpx.ReadError("cut")
        if len(seen) == 2:
            return httpx.Response(503, json={"code": "try-again"})
        return httpx.Response(201, json={"id": "1"})

    made = await doors(answer).post("plans", "/plans", {"a": 1}, "department", "X", key="rehearsal-001-退回")
    assert made == {"id": "1"}
    assert len(seen) == 3
    keys = {request.headers["idempotency-key"] for request in seen}
    assert len(keys) == 1
    assert keys.pop().isascii()
    assert {request.headers["authorization"] for request in seen} == {"Bearer department/X"}


async def test_who_needs_no_account_sends_no_token() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={})

    await doors(answer).post("plans", "/x", None, PUBLIC, key="rehearsal-003", headers={"x-registration-secret": "s"})
    assert "authorization" not in seen[0].headers
    assert seen[0].headers["x-registration-secret"] == "s"


async def test_a_refusal_says_code_clause_and_findings() -> None:
    problem = {"code": "announcement-refused", "clause": "3.1", "detail": "不符", "errors": [{"code": "weekday"}]}
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(422, json=problem)

    with pytest.raises(Refusal) as refused:
        await doors(answer).post("plans", "/x", None, "office", key="rehearsal-002")
    assert (refused.value.code, refused.value.clause, refused.value.findings) == (
        "announcement-refused",
        "3.1",
        ["weekday"],
    )
    assert len(seen) == 1  # a refusal is an answer


async def test_a_service_that_stays_away_is_given_up_with_its_name() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(NoAnswer, match="plans GET /plans"):
        await doors(answer, seconds=0.0).get("plans", "/plans", "office")


async def test_a_list_is_read_to_its_last_page() -> None:
    pages = {None: (["a", "b"], "p2"), "p2": (["c"], "p3"), "p3": ([], None)}

    def answer(request: httpx.Request) -> httpx.Response:
        items, following = pages[request.url.params.get("after")]
        assert request.url.params["campaign"] == "k"
        return httpx.Response(200, text=json.dumps({"items": items, "next": following}))

    found: list[object] = [item async for item in doors(answer).pages("plans", "/plans", "office", campaign="k")]
    assert found == ["a", "b", "c"]


async def test_a_front_end_on_another_port_is_registered_anew_and_the_old_address_forgotten() -> None:
    hooks = [
        {"id": "old", "state": "active", "url": "http://127.0.0.1:1/hooks/rehearsal"},
        {"id": "gone", "state": "deleted", "url": "http://127.0.0.1:2/hooks/rehearsal"},
        {"id": "mine", "state": "active", "url": "http://127.0.0.1:3/hooks/somebody"},
    ]
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.method == "GET":
            return httpx.Response(200, json={"items": hooks, "next": None})
        return httpx.Response(200, json={"id": "new", "secret": "whsec_x"})

    season = read_season()
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    made = Doors(client, {"notifications": "http://notifications"}, lambda role, code: role)
    for port in ("4", "5"):
        stage = Stage(made, season, f"http://127.0.0.1:{port}/hooks", "http://catcher")
        await register_webhook(Scene(stage, season.steps[0], "rehearsal-000", past=False))

    assert {request.url.path for request in seen if request.method == "DELETE"} == {"/webhooks/old"}
    posted = [request for request in seen if request.method == "POST"]
    assert [json.loads(request.content)["url"][17:18] for request in posted] == ["4", "5"]
    assert len({request.headers["idempotency-key"] for request in posted}) == 2  # another address, another request
    told = [request for request in seen if request.method == "PUT"]
    # The services' address of the receiver need not be one the rehearsal can reach.
    assert [str(request.url) for request in told] == ["http://catcher/hooks/rehearsal/secret"] * 2
