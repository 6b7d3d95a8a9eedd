"""Each bad input is a clear problem, and nothing changed: not one row of one table."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.policy import PACKS_DIRECTORY
from tests.integration.plans.conftest import (
    EDUCATION,
    ITEMS,
    OPENS,
    PACK,
    STRANGER,
    WATER,
    Plans,
    announcement,
    campaign_body,
    content,
    report,
)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of a refusal, which every front-end can read."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, body
    assert body["type"] == f"urn:openday:problem:{code}"
    assert body["title"] and body["detail"] and body["correlation_id"]
    return body


async def test_who_asks_must_be_known(plans: Plans) -> None:
    await plans.opened()
    plan = await plans.drafted()
    path = f"/plans/{plan['id']}/submit"
    key = {"Idempotency-Key": "a-key-that-is-new"}
    before = await plans.snapshot()
    expired = plans.tokens.mint("department", department=EDUCATION, seconds=-120)
    for headers in (
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": f"Bearer {expired}"},
        {"Authorization": plans.as_(EDUCATION)["Authorization"].replace("Bearer", "Basic")},
        {"Authorization": plans.as_(EDUCATION)["Authorization"][:-4] + "AAAA"},
    ):
        refused = await plans.http.post(path, headers={**headers, **key})
        problem(refused, 401, "unauthenticated")
        assert refused.headers["www-authenticate"] == "Bearer"
    assert await plans.snapshot() == before


async def test_a_department_touches_only_its_own(plans: Plans) -> None:
    await plans.opened()
    plan, activity = await plans.filed()
    draft = await plans.drafted()
    before = await plans.snapshot()
    etag = f'"{draft["version"]}"'
    for answer in [
        await plans.get(WATER, f"/plans/{plan}"),
        await plans.get(WATER, f"/plans/{plan}/versions"),
        await plans.put(WATER, f"/plans/{draft['id']}", {"content": content(theme="改动")}, etag),
        await plans.post(WATER, f"/plans/{draft['id']}/submit"),
        await plans.post(WATER, f"/plans/{draft['id']}/cancel", {"reason": "不是我的"}),
        await plans.post(WATER, f"/activities/{activity}/announcement", announcement()),
        await plans.post(WATER, f"/activities/{activity}/cancel", {"reason": "不是我的"}),
        await plans.post("office", f"/plans/{draft['id']}/submit"),
        await plans.post(EDUCATION, f"/plans/{draft['id']}/file"),
        await plans.post(EDUCATION, f"/plans/{draft['id']}/return", {"comments": [{"text": "改"}]}),
        await plans.post(EDUCATION, "/campaigns", campaign_body(EDUCATION)),
        await plans.post("frontend", f"/campaigns/{plans.campaign}/close"),
    ]:
        problem(answer, 403, "forbidden")
    body = {"campaign_id": plans.campaign, "content": content()}
    problem(await plans.post(STRANGER, "/plans", body), 403, "not-on-roster")
    report_path = f"/campaigns/{plans.campaign}/district-report"
    problem(await plans.post(STRANGER, report_path, {"text": "报送"}), 403, "not-on-roster")
    assert await plans.snapshot() == before


async def test_another_district_s_office_has_no_say(plans: Plans) -> None:
    await plans.opened()
    plan = await plans.drafted()
    await plans.done(EDUCATION, f"/plans/{plan['id']}/submit")
    before = await plans.snapshot()
    plans.headers["office"] = {"Authorization": f"Bearer {plans.tokens.mint('office', jurisdiction='640422')}"}
    problem(await plans.post("office", f"/plans/{plan['id']}/file"), 403, "forbidden")
    problem(await plans.post("office", "/campaigns", campaign_body(EDUCATION)), 403, "forbidden")
    assert (await plans.get("office", "/plans")).json()["items"] == []
    assert await plans.snapshot() == before


async def test_a_body_that_cannot_be_read(plans: Plans) -> None:
    await plans.opened()
    headers = {**plans.as_(EDUCATION), "Idempotency-Key": "a-key-that-is-new"}
    before = await plans.snapshot()

    async def send(raw: bytes, path: str = "/plans") -> httpx.Response:
        return await plans.http.post(path, content=raw, headers={**headers, "content-type": "application/json"})

    problem(await send(b'{"campaign_id": '), 400, "body-malformed")
    problem(await send(b"\xff\xfe"), 400, "body-malformed")
    problem(await send(b" " * 1_048_577), 413, "body-too-large")
    problem(await send(b"[]"), 422, "request-invalid")
    body: dict[str, Any] = {"campaign_id": plans.campaign, "content": content()}
    unknown = [
        {**body, "filing_number": "1"},
        {**body, "content": {**content(), "state": "filed"}},
        {**body, "content": content(secret="x")},
        {**body, "content": content(capacity="forty")},
        {**body, "content": content(starts_at="2024-09-12T09:00:00")},
        {**body, "content": content(theme="长" * 201)},
        {**body, "campaign_id": "not-an-id"},
    ]
    fields = []
    for wrong in unknown:
        found = problem(await plans.post(EDUCATION, "/plans", wrong), 422, "request-invalid")
        fields.append(found["errors"][0]["field"])
    assert fields == [
        "body.filing_number",
        "body.content.state",
        "body.content.activities.0.secret",
        "body.content.activities.0.capacity",
        "body.content.activities.0.starts_at",
        "body.content.theme",
        "body.campaign_id",
    ]
    problem(await plans.get(EDUCATION, "/no-such-place"), 404, "not-found")
    problem(await plans.get(EDUCATION, f"/plans/{plans.campaign}"), 404, "not-found")
    assert await plans.snapshot() == before


async def test_a_stale_or_missing_etag(plans: Plans) -> None:
    await plans.opened()
    plan = await plans.drafted()
    path = f"/plans/{plan['id']}"
    seen = (await plans.get(EDUCATION, path)).headers["etag"]
    revision = {"content": content(theme="第二稿")}
    fresh = await plans.put(EDUCATION, path, revision, seen)
    assert fresh.status_code == 200 and fresh.headers["etag"] != seen
    before = await plans.snapshot()
    problem(await plans.put(EDUCATION, path, {"content": content(theme="第三稿")}, seen), 412, "etag-stale")
    problem(await plans.put(EDUCATION, path, {"content": content(theme="第三稿")}, '"abc"'), 412, "etag-stale")
    problem(await plans.put(EDUCATION, path, {"content": content(theme="第三稿")}, None), 428, "precondition-required")
    problem(await plans.post(EDUCATION, f"{path}/submit", etag=seen), 412, "etag-stale")
    assert await plans.snapshot() == before
    shown = await plans.get(EDUCATION, path)
    assert (shown.headers["etag"], shown.json()["content"]["theme"]) == (fresh.headers["etag"], "第二稿")


async def test_two_writers_of_one_version(plans: Plans) -> None:
    await plans.opened()
    plan = await plans.drafted()
    path, etag = f"/plans/{plan['id']}", f'"{plan["version"]}"'
    answers = await asyncio.gather(
        *(plans.put(EDUCATION, path, {"content": content(theme=f"稿{n}")}, etag) for n in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


async def test_an_idempotency_key(plans: Plans) -> None:
    await plans.opened()
    body = {"campaign_id": plans.campaign, "content": content()}
    first = await plans.post(EDUCATION, "/plans", body, key="the-same-key")
    assert first.status_code == 201
    before = await plans.snapshot()
    again = await plans.post(EDUCATION, "/plans", body, key="the-same-key")
    assert (again.status_code, again.json(), again.headers["etag"]) == (201, first.json(), first.headers["etag"])
    assert again.headers["idempotent-replayed"] == "true"
    other = {**body, "content": content(theme="另一份")}
    problem(await plans.post(EDUCATION, "/plans", other, key="the-same-key"), 422, "idempotency-key-reused")
    problem(await plans.post(EDUCATION, "/plans", body, key="short"), 400, "idempotency-key-missing")
    missing = await plans.http.post("/plans", json=body, headers=plans.as_(EDUCATION))
    problem(missing, 400, "idempotency-key-missing")
    assert await plans.snapshot() == before
    # The key belongs to who used it.
    assert (await plans.post(WATER, "/plans", body, key="the-same-key")).status_code == 201
    answers = await asyncio.gather(
        *(plans.post(EDUCATION, f"/plans/{first.json()['id']}/submit", key="one-submit") for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert all(answer.json() == answers[0].json() for answer in answers)
    submitted = [event for event in await plans.events(until="plan-submitted") if "submitted" in event["type"]]
    assert len(submitted) == 1


async def test_a_step_out_of_order(plans: Plans) -> None:
    draft_campaign = (await plans.done("office", "/campaigns", campaign_body(EDUCATION)))["id"]
    body = {"campaign_id": draft_campaign, "content": content()}
    problem(await plans.post(EDUCATION, "/plans", body), 409, "wrong-state")
    problem(await plans.post("office", f"/campaigns/{draft_campaign}/close"), 409, "wrong-state")
    problem(
        await plans.post(EDUCATION, f"/campaigns/{draft_campaign}/district-report", {"text": "x"}), 409, "wrong-state"
    )
    await plans.opened()
    plan, activity = await plans.filed()
    draft = await plans.drafted()
    drafted_activity = draft["activities"][0]["activity_id"]
    before = await plans.snapshot()
    shown = await plans.get(EDUCATION, f"/plans/{plan}")
    evaluation = {"text": "总结", "channels": [{"channel": "government_website", "column": "consultation"}]}
    proof = {"act": "activity_report", "channel": "new_media", "claimed_at": OPENS, "proof_digest": "c" * 64}
    times = {"starts_at": "2024-09-13T09:00:00+08:00", "ends_at": "2024-09-13T10:00:00+08:00"}
    for answer in [
        await plans.post("office", f"/campaigns/{plans.campaign}/open"),
        await plans.put(EDUCATION, f"/plans/{plan}", {"content": content()}, shown.headers["etag"]),
        await plans.post(EDUCATION, f"/plans/{plan}/submit"),
        await plans.post("office", f"/plans/{plan}/file"),
        await plans.post("office", f"/plans/{draft['id']}/file"),
        await plans.post("office", f"/plans/{draft['id']}/return", {"comments": [{"text": "改"}]}),
        await plans.post(EDUCATION, f"/plans/{plan}/cancel", {"reason": "备案后"}),
        await plans.post(EDUCATION, f"/activities/{activity}/schedule", times),
        await plans.post(EDUCATION, f"/activities/{activity}/report", report()),
        await plans.post(EDUCATION, f"/activities/{activity}/evaluation", evaluation),
        await plans.post(EDUCATION, f"/activities/{activity}/proofs", proof),
        await plans.post(EDUCATION, f"/activities/{activity}/correct-end", {"ended_at": OPENS, "reason": "早"}),
        await plans.post(EDUCATION, f"/activities/{drafted_activity}/postpone", {**times, "reason": "未备案"}),
        await plans.post(EDUCATION, f"/activities/{drafted_activity}/cancel", {"reason": "未备案"}),
    ]:
        problem(answer, 409, "wrong-state")
    channels = {"channels": [{"channel": "newspaper"}]}
    path = f"/activities/{activity}/announcement"
    problem(await plans.post(EDUCATION, f"{path}/channels", channels), 404, "not-found")
    problem(await plans.post(EDUCATION, f"{path}/withdraw", {"reason": "没有"}), 404, "not-found")
    problem(await plans.get(EDUCATION, f"/plans/{draft['id']}/receipt"), 404, "not-found")
    assert await plans.snapshot() == before


async def test_nothing_is_announced_before_it_is_filed(plans: Plans) -> None:
    await plans.opened()
    draft = await plans.drafted()
    before = await plans.snapshot()
    path = f"/activities/{draft['activities'][0]['activity_id']}/announcement"
    found = problem(await plans.post(EDUCATION, path, announcement()), 409, "not-filed")
    assert found["clause"] == "2.1" and "备案" in found["fix"]
    assert await plans.snapshot() == before


@pytest.mark.parametrize("name", ["原州区司法局“司法开放日”", "司法 开放日", "「司法」开放日"])
async def test_a_forbidden_name(plans: Plans, name: str) -> None:
    await plans.opened()
    draft = await plans.drafted()
    before = await plans.snapshot()
    body = {"content": content(), "name": name}
    found = problem(
        await plans.post(EDUCATION, "/plans", {**body, "campaign_id": plans.campaign}), 422, "forbidden-name"
    )
    assert (found["clause"], found["errors"][0]["clause"]) == ("4.2", "4.2")
    assert "专有名词" in found["errors"][0]["sentence"]
    assert "1号局（演练）“政府开放日”" in found["fix"]
    path = f"/plans/{draft['id']}"
    problem(await plans.put(EDUCATION, path, body, f'"{draft["version"]}"'), 422, "forbidden-name")
    assert await plans.snapshot() == before


async def test_a_submission_is_refused_with_every_finding(plans: Plans) -> None:
    await plans.opened()
    plan = await plans.drafted(
        theme="警务开放日",
        starts_at="2024-10-08T09:00:00+08:00",
        ends_at="2024-10-08T08:00:00+08:00",
        stated_weekday="星期三",
        capacity=24,
        minimum_age=16,
        forms=[],
        segments=["experience_segment"],
        main_venue=None,
        categories=["martian"],
    )
    before = await plans.snapshot()
    path = f"/plans/{plan['id']}"
    found = problem(await plans.post(EDUCATION, f"{path}/submit"), 422, "plan-incomplete")
    codes = {(error["code"], error.get("clause")) for error in found["errors"]}
    assert codes == {
        ("forbidden-name", "4.2"),
        ("season", "1"),
        ("end-before-start", None),
        ("weekday", "3.1"),
        ("places", "2.2"),
        ("minimum-age", "2.2"),
        ("forms", "3.2"),
        ("segments", "3.2"),
        ("venue-missing", None),
        ("key-unknown", None),
    }
    assert all(error["fix"] for error in found["errors"])
    assert await plans.snapshot() == before
    check = (await plans.get(EDUCATION, f"{path}/check")).json()
    assert not check["complete"]
    assert {finding["code"] for finding in check["findings"]} == {code for code, _ in codes}
    empty = await plans.done(EDUCATION, "/plans", {"campaign_id": plans.campaign, "content": {}})
    refused = problem(await plans.post(EDUCATION, f"/plans/{empty['id']}/submit"), 422, "plan-incomplete")
    assert [error["code"] for error in refused["errors"]] == ["theme-missing", "activity-missing"]


@pytest.mark.parametrize(
    ("changes", "code", "clause"),
    [
        ({"stated_weekday": "星期三"}, "weekday", "3.1"),
        ({"stated_weekday": "Thursday"}, "weekday", "3.1"),
        ({"stated_date": "2024-09-13", "stated_weekday": "星期五"}, "stated-date", "3.1"),
        ({"items": {**ITEMS, "time_and_place": "9月12日（星期一）9时"}}, "weekday", "3.1"),
        ({"items": {**ITEMS, "email": " "}}, "announcement-items", "3.1"),
        ({"items": {**ITEMS, "theme": "校园开放日"}}, "forbidden-name", "4.2"),
        ({"channels": [{"channel": "pigeon"}]}, "channel-unknown", None),
        ({"channels": [{"channel": "government_website"}]}, "column-wrong", "3.1"),
        ({"channels": [{"channel": "government_website", "column": "consultation"}]}, "column-wrong", "3.1"),
        ({"channels": [{"channel": "newspaper", "column": "consultation"}]}, "column-wrong", "3.1"),
        ({"channels": [{"channel": "newspaper"}, {"channel": "newspaper"}]}, "channel-twice", None),
    ],
)
async def test_an_announcement_that_misleads(
    plans: Plans, changes: dict[str, Any], code: str, clause: str | None
) -> None:
    await plans.opened()
    _, activity = await plans.filed()
    before = await plans.snapshot()
    path = f"/activities/{activity}/announcement"
    found = problem(await plans.post(EDUCATION, path, announcement(**changes)), 422, "announcement-refused")
    assert [(error["code"], error.get("clause")) for error in found["errors"]] == [(code, clause)]
    assert await plans.snapshot() == before
    await plans.done(EDUCATION, path, announcement())
    twice = {"channels": [{"channel": "new_media"}]}
    problem(await plans.post(EDUCATION, f"{path}/channels", twice), 422, "announcement-refused")


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"photos": []}, ["report-parts"]),
        ({"text": "  "}, ["report-parts"]),
        ({"channels": [{"channel": "government_website", "column": "activity_reports"}]}, ["channel-missing"]),
        ({"channels": [{"channel": "new_media"}]}, ["channel-missing"]),
        (
            {"channels": [{"channel": "new_media"}, {"channel": "government_website", "column": "consultation"}]},
            ["column-wrong"],
        ),
        (
            {"photos": [], "text": "", "channels": [{"channel": "new_media"}]},
            ["report-parts"] * 2 + ["channel-missing"],
        ),
    ],
)
async def test_a_report_without_what_the_pack_asks_for(plans: Plans, changes: dict[str, Any], codes: list[str]) -> None:
    await plans.opened()
    _, activity = await plans.filed()
    plans.move_to("09-14 10:00")
    await plans.becomes(activity, "ended")
    before = await plans.snapshot()
    path = f"/activities/{activity}/report"
    found = problem(await plans.post(EDUCATION, path, report(**changes)), 422, "publication-incomplete")
    assert [error["code"] for error in found["errors"]] == codes
    assert found["clause"] == "3.3.1"
    assert await plans.snapshot() == before
    await plans.done(EDUCATION, path, report())
    problem(await plans.post(EDUCATION, path, report()), 409, "wrong-state")


@pytest.mark.parametrize(
    ("times", "code"),
    [
        (("2024-10-08T09:00:00+08:00", "2024-10-08T11:00:00+08:00"), "season"),
        (("2024-09-01T09:00:00+08:00", "2024-09-01T11:00:00+08:00"), "in-the-past"),
        (("2024-09-20T09:00:00+08:00", "2024-09-20T09:00:00+08:00"), "end-before-start"),
    ],
)
async def test_a_date_that_cannot_be(plans: Plans, times: tuple[str, str], code: str) -> None:
    await plans.opened()
    _, dated = await plans.filed()
    _, undated = await plans.filed(WATER, starts_at=None, ends_at=None)
    plans.move_to("09-04 18:00")
    before = await plans.snapshot()
    body = {"starts_at": times[0], "ends_at": times[1]}
    for who, path, sent in (
        (EDUCATION, f"/activities/{dated}/postpone", {**body, "reason": "改期"}),
        (WATER, f"/activities/{undated}/schedule", body),
    ):
        found = problem(await plans.post(who, path, sent), 422, "date-refused")
        assert [error["code"] for error in found["errors"]] == [code]
    assert await plans.snapshot() == before


async def test_a_roster_with_mistakes(plans: Plans) -> None:
    body = campaign_body(EDUCATION, WATER)
    wrong_digit = EDUCATION[:-1] + ("0" if EDUCATION[-1] != "0" else "1")
    for department, code in ((wrong_digit, "uscc-invalid"), (WATER, "department-twice"), ("1" * 18, "uscc-invalid")):
        body["roster"][0]["department"] = department
        before = await plans.snapshot()
        found = problem(await plans.post("office", "/campaigns", body), 422, "roster-refused")
        assert found["errors"][0]["code"] == code
        assert await plans.snapshot() == before


async def test_a_faulty_pack_is_refused_whole(start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = tmp_path / "packs"
    packs.mkdir()
    for file in PACKS_DIRECTORY.glob("*.toml"):
        (packs / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv("PLANS_PACKS_DIR", str(packs))
    plans: Plans = await start()
    identity = (await plans.done("office", "/campaigns", campaign_body(EDUCATION)))["id"]
    file = packs / f"{PACK}.toml"
    good = file.read_text(encoding="utf-8")
    file.write_text(good.replace("[season]", "[season]\nlenient = true"), encoding="utf-8")
    before = await plans.snapshot()
    found = problem(await plans.post("office", f"/campaigns/{identity}/open"), 422, "pack-invalid")
    assert found["errors"][0]["field"] == "season.lenient"
    assert f"{PACK}.toml" in found["errors"][0]["detail"]
    unknown = {**campaign_body(EDUCATION), "pack_id": "640402-2031"}
    problem(await plans.post("office", "/campaigns", unknown), 422, "pack-invalid")
    assert await plans.snapshot() == before
    # What a campaign opened with is what it is judged by, whatever becomes of the file.
    file.write_text(good, encoding="utf-8")
    await plans.done("office", f"/campaigns/{identity}/open")
    file.write_text(good.replace("minimum = 25", "minimum = 10"), encoding="utf-8")
    plan = await plans.done(EDUCATION, "/plans", {"campaign_id": identity, "content": content(capacity=12)})
    refused = problem(await plans.post(EDUCATION, f"/plans/{plan['id']}/submit"), 422, "plan-incomplete")
    assert [error["code"] for error in refused["errors"]] == ["places"]


async def test_a_lenient_season_only_warns(start: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = tmp_path / "packs"
    packs.mkdir()
    for file in PACKS_DIRECTORY.glob("*.toml"):
        text = file.read_text(encoding="utf-8")
        head, found, tail = text.partition('id = "season"')
        text = head + found + tail.replace('severity = "refuse"', 'severity = "warn"', 1)
        (packs / file.name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("PLANS_PACKS_DIR", str(packs))
    plans: Plans = await start()
    await plans.opened()
    plan = await plans.drafted(starts_at="2024-10-09T09:00:00+08:00", ends_at="2024-10-09T11:00:00+08:00")
    submitted = await plans.done(EDUCATION, f"/plans/{plan['id']}/submit")
    assert [(warning["code"], warning["clause"]) for warning in submitted["warnings"]] == [("season", "1")]
