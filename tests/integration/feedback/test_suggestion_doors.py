"""Suggestions from form, live question and notes, decided and published, through HTTP."""

import asyncio
import json
from typing import Any

from contracts.feedback.api import AdoptionTable
from services.feedback.domain.adoption import proof_of
from tests.infra import NatsServer
from tests.integration.feedback.conftest import Livestream, end, known
from tests.integration.livestream.stage import (
    OTHER_DEPARTMENT,
    Door,
    event,
    plan_filed,
    refused,
    said,
    say,
    until,
)

SCRIPT = "<script>alert('x')</script><img src=x onerror=alert(1)>"
FORM = {
    "text": "我是张小明,希望东关街增设垃圾桶,电话13812345678,身份证11010519491231002X",
    "name": "张小明",
    "phone": "13812345678",
    "email": "zhang.xm@example.com",
}


async def suggested(door: Door, activity: str, text: str = "希望增设停车位", **more: str) -> str:
    accepted = await door.done(f"/activities/{activity}/suggestions", {"text": text, **more})
    identity: str = accepted["suggestion_id"]
    return identity


async def decided(door: Door, suggestion: str, decision: str = "adopted", reason: str = "已列入计划") -> dict[str, Any]:
    read = await door.get(f"/suggestions/{suggestion}", role="department")
    body = {"decision": decision, "reason": reason}
    path = f"/suggestions/{suggestion}/decide"
    return await door.done(path, body, role="department", **{"if-match": read.headers["etag"]})


async def published(door: Door, activity: str) -> dict[str, Any]:
    return await door.done(f"/activities/{activity}/adoption-table", role="department")


async def listed(door: Door, activity: str, **query: str) -> list[dict[str, Any]]:
    answer = await door.get(f"/activities/{activity}/suggestions", role="department", **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_from_three_sources_to_a_published_table(
    door: Door, activity: str, bus: NatsServer, livestream: Livestream
) -> None:
    await livestream.answer()
    await suggested(door, activity, **{key: value for key, value in FORM.items() if key != "text"})
    notes = [{"text": "现场建议一", "name": "王五"}, {"text": "现场建议二"}]
    await door.done(f"/activities/{activity}/on-site-notes", {"notes": notes}, role="department")
    await say(bus, livestream.question(activity, "直播里问:消防通道何时打通?"))
    await known(door, "suggestions where source = 'live_question' and text_state = 'present'")
    await end(door, activity, bus)

    items = await listed(door, activity)
    assert [(one["source"], one["name"]) for one in items] == [
        ("form", "张*"), ("on_site", "王*"), ("on_site", None), ("live_question", None),
    ]  # fmt: skip
    for one, decision in zip(items, ("adopted", "partly", "not_adopted", "noted"), strict=True):
        await decided(door, one["id"], decision)
    table = await published(door, activity)

    numbers = ("received", "decided", "adopted", "partly", "not_adopted", "noted")
    assert [table[name] for name in numbers] == [4, 4, 1, 1, 1, 1]
    assert (table["version"], table["clause"], table["department_name"]) == (1, "4.1", "示例区应急管理局(演练)")
    public = await door.get(f"/activities/{activity}/adoption-table")
    assert public.json() == table
    assert public.headers["etag"] == '"1"'
    assert proof_of(AdoptionTable.model_validate(table)) == table["proof_digest"]

    async def told() -> bool:
        return bool(await said(bus, "feedback", "adoption-table-published"))

    await until(told, "the table is said")
    spoken = (await said(bus, "feedback", "adoption-table-published"))[0]["data"]
    assert {name: spoken[name] for name in (*numbers, "proof_digest")} == {
        name: table[name] for name in (*numbers, "proof_digest")
    }
    kinds = [one["type"].split(".")[2] for one in await said(bus, "feedback")]
    assert sorted(kinds) == ["adoption-table-published", *["suggestion-decided"] * 4, *["suggestion-received"] * 4]


async def test_a_table_with_an_undecided_suggestion_is_refused(door: Door, ended: str, bus: NatsServer) -> None:
    done, open_ = await suggested(door, ended, "一"), await suggested(door, ended, "二")
    await decided(door, done)
    problem = refused(
        await door.post(f"/activities/{ended}/adoption-table", role="department"), 409, "adoption-incomplete"
    )
    assert problem["clause"] == "4.1"
    assert [one["field"] for one in problem["errors"]] == [open_]
    assert "15天内公开反馈采纳情况" in problem["errors"][0]["sentence"]
    refused(await door.get(f"/activities/{ended}/adoption-table"), 404, "not-found")
    assert [one["id"] for one in await listed(door, ended, undecided="true")] == [open_]
    await decided(door, open_)
    assert (await published(door, ended))["received"] == 2


async def test_nothing_received_is_complete_and_before_the_end_is_not(
    door: Door, activity: str, bus: NatsServer
) -> None:
    path = f"/activities/{activity}/adoption-table"
    refused(await door.post(path, role="department"), 409, "activity-not-ended")
    await end(door, activity, bus)
    table = await published(door, activity)
    assert (table["received"], table["decided"], table["items"]) == (0, 0, [])
    page = await door.http.get(path, headers={"accept": "text/html"})
    assert "没有收到意见建议" in page.text


async def test_what_comes_later_makes_the_next_version(door: Door, ended: str, bus: NatsServer) -> None:
    first = await suggested(door, ended)
    await decided(door, first)
    one = await published(door, ended)
    path = f"/activities/{ended}/adoption-table"
    refused(await door.post(path, role="department"), 409, "adoption-unchanged")
    late = await suggested(door, ended, "晚到的建议")
    refused(await door.post(path, role="department"), 409, "adoption-incomplete")
    await decided(door, late, "noted")
    two = await published(door, ended)
    assert (two["version"], two["received"], two["noted"]) == (2, 2, 1)
    assert (await door.get(path, version="1")).json() == one
    await decided(door, first, "not_adopted", "经核实不具备条件")
    three = await published(door, ended)
    assert (three["version"], three["adopted"], three["not_adopted"]) == (3, 0, 1)
    audit = await door.get(f"/audit/adoption_table/{ended}", role="auditor")
    assert audit.json()["verified"] is True
    assert len(audit.json()["events"]) == 3


async def test_a_script_comes_out_escaped_and_persons_masked(door: Door, ended: str) -> None:
    await decided(
        door, await suggested(door, ended, SCRIPT, name="李<b>四</b>"), reason=f"答复{SCRIPT},联系010-62345678"
    )
    await decided(door, await suggested(door, ended, **FORM))
    await published(door, ended)
    path = f"/activities/{ended}/adoption-table"
    page = await door.http.get(path, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "<img" not in page.text
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page.text
    for part in ('<html lang="zh-CN">', "<caption>", '<th scope="col">', '<th scope="row">'):
        assert part in page.text
    text = page.text + (await door.get(path)).text
    for secret in ("张小明", "13812345678", "11010519491231002X", "zhang.xm@example.com", "62345678", "李<b>"):
        assert secret not in text
    assert "我是张*,希望东关街增设垃圾桶,电话138********" in text


async def test_deciding_needs_a_reason_a_version_and_the_right_department(door: Door, activity: str) -> None:
    identity = await suggested(door, activity)
    path, good = f"/suggestions/{identity}/decide", {"decision": "adopted", "reason": "同意"}
    tag: Any = {"if-match": '"1"'}
    refused(
        await door.post(path, {"decision": "adopted", "reason": "  "}, role="department", **tag), 422, "request-invalid"
    )
    refused(await door.post(path, {"decision": "adopted"}, role="department", **tag), 422, "request-invalid")
    refused(
        await door.post(path, {"decision": "maybe", "reason": "x"}, role="department", **tag), 422, "request-invalid"
    )
    refused(await door.post(path, good, role="department"), 428, "precondition-required")
    refused(await door.post(path, good, role="department", **{"if-match": '"7"'}), 412, "etag-stale")
    refused(await door.post(path, good, role="office", **tag), 403, "forbidden")
    refused(await door.post(path, good, **tag), 401, "unauthenticated")
    other = {**door.as_role("department", department=OTHER_DEPARTMENT), **tag}
    refused(await door.http.post(path, json=good, headers=other), 403, "forbidden")
    refused(await door.http.get(f"/suggestions/{identity}", headers=other), 403, "forbidden")
    assert (await listed(door, activity))[0]["decision"] is None
    answer = await door.done(path, {**good, "version": 1}, role="department")
    assert (answer["decision"], answer["version"], answer["text"]) == ("adopted", 2, "希望增设停车位")


async def test_a_retried_request_has_one_effect(door: Door, activity: str, bus: NatsServer) -> None:
    path = f"/activities/{activity}/suggestions"
    calls = (door.post(path, FORM, key="retried-request") for _ in range(5))
    answers = await asyncio.gather(*calls)
    assert len({answer.json()["suggestion_id"] for answer in answers}) == 1
    refused(await door.post(path, {"text": "另一条"}, key="retried-request"), 422, "idempotency-key-reused")
    refused(await door.http.post(path, json=FORM), 400, "idempotency-key-missing")
    assert len(await listed(door, activity)) == 1

    decide = f"/suggestions/{answers[0].json()['suggestion_id']}/decide"
    body = {"decision": "noted", "reason": "谢谢", "version": 1}
    first = await door.done(decide, body, role="department", key="decided-once")
    assert await door.done(decide, body, role="department", key="decided-once") == first

    async def told() -> bool:
        return bool(await said(bus, "feedback", "suggestion-decided"))

    await until(told, "the decision is said")
    assert len(await said(bus, "feedback")) == 2


async def test_on_site_notes_are_all_or_nothing_and_the_departments_own(door: Door, activity: str) -> None:
    path = f"/activities/{activity}/on-site-notes"
    bad = {"notes": [{"text": "好"}, {"text": ""}]}
    refused(await door.post(path, bad, role="department"), 422, "request-invalid")
    good = {"notes": [{"text": "好"}]}
    refused(await door.post(path, good), 401, "unauthenticated")
    other = door.as_role("department", department=OTHER_DEPARTMENT)
    refused(await door.http.post(path, json=good, headers=other), 403, "forbidden")
    assert await listed(door, activity) == []


async def test_a_live_question_waits_for_its_text_and_is_one(
    door: Door, activity: str, bus: NatsServer, livestream: Livestream
) -> None:
    question = livestream.question(activity, "何时开工?")
    await say(bus, question, question, {**question, "id": "00000000-0000-4000-8000-00000000abcd"})
    await known(door, "inbox where event_id = '00000000-0000-4000-8000-00000000abcd'")
    await known(door, "text_fetches where attempts > 0")
    (pending,) = await listed(door, activity)
    assert (pending["text_state"], pending["text"]) == ("pending", None)
    body = {"decision": "noted", "reason": "x", "version": pending["version"]}
    refused(await door.post(f"/suggestions/{pending['id']}/decide", body, role="department"), 409, "text-pending")
    await end(door, activity, bus)
    problem = refused(
        await door.post(f"/activities/{activity}/adoption-table", role="department"), 409, "adoption-incomplete"
    )
    assert problem["errors"][0]["code"] == "text-pending"

    await livestream.answer()
    await known(door, "suggestions where text_state = 'present'")
    (fetched,) = await listed(door, activity)
    assert (fetched["id"], fetched["text"]) == (pending["id"], "何时开工?")
    assert await door.fetch("select from text_fetches") == []
    assert len(await said(bus, "feedback", "suggestion-received")) == 1


async def test_a_question_livestream_lost_can_still_be_decided(
    door: Door, activity: str, bus: NatsServer, livestream: Livestream
) -> None:
    await livestream.answer()
    await say(bus, livestream.question(activity, None))
    await known(door, "suggestions where text_state = 'lost'")
    (lost,) = await listed(door, activity)
    assert (await decided(door, lost["id"], "noted"))["text"] is None


async def test_a_question_may_be_heard_before_the_plan(door: Door, bus: NatsServer, livestream: Livestream) -> None:
    await livestream.answer()
    early = "00000000-0000-4000-8000-0000000000e1"
    await say(bus, livestream.question(early, "先到的提问"))
    await known(door, "suggestions where text_state = 'present'")
    refused(await door.post(f"/activities/{early}/suggestions", {"text": "x"}), 404, "not-found")
    await say(bus, plan_filed(early))
    await known(door, "activities where name is not null")
    assert [one["text"] for one in await listed(door, early)] == ["先到的提问"]


async def test_a_cancelled_activity_takes_no_suggestions(door: Door, activity: str, bus: NatsServer) -> None:
    await say(bus, event("events.plans.activity-cancelled.v1", activity_id=activity))
    await known(door, "activities where cancelled_at is not null")
    refused(await door.post(f"/activities/{activity}/suggestions", FORM), 409, "activity-cancelled")
    assert await listed(door, activity) == []


async def test_no_clear_text_of_a_person_anywhere_but_in_the_answer_to_who_asks(
    door: Door, ended: str, bus: NatsServer
) -> None:
    identity = await suggested(door, ended, **FORM)
    await door.done(f"/activities/{ended}/on-site-notes", {"notes": [FORM]}, role="department")
    for one in await listed(door, ended):
        await decided(door, one["id"])
    await published(door, ended)
    tables = await door.fetch("select table_name as name from information_schema.tables where table_schema = 'public'")
    assert len(tables) > 8
    for table in tables:
        for row in await door.fetch(f'select to_jsonb(t)::text as whole from "{table["name"]}" t'):
            for secret in ("张小明", "13812345678", "11010519491231002X", "zhang.xm", "example.com"):
                assert secret not in row["whole"], table["name"]

    async def asked(question: dict[str, str]) -> Any:
        client = await bus.connect("notifications")
        try:
            answer = await client.request("queries.feedback.contacts.v1", json.dumps(question).encode(), timeout=5)
        finally:
            await client.close()
        return json.loads(answer.data)["contacts"]

    assert await asked({"suggestion": identity}) == [{"name": "张小明", "email": "zhang.xm@example.com"}]
    unnamed = await suggested(door, ended, email="z@example.org")
    assert await asked({"suggestion": unnamed}) == [{"name": None, "email": "z@example.org"}]
    assert await asked({"suggestion": ended}) == []
    assert await asked({"suggestion": await suggested(door, ended)}) == []
