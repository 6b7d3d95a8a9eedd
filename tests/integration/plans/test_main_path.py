"""A department's season, from draft to report, and what the other services hear of it."""

import asyncio
import json
from datetime import UTC
from typing import Any

import asyncpg
import httpx

from contracts.registry import read_event
from tests.integration.plans.conftest import (
    EDUCATION,
    WATER,
    Plans,
    announcement,
    at,
    content,
    report,
)


def utc(text: str) -> str:
    return at(text).astimezone(UTC).isoformat().replace("+00:00", "Z")


async def test_a_plan_goes_from_draft_to_report(plans: Plans) -> None:
    campaign = await plans.opened()
    plans.move_to("08-16 10:00")
    plan = await plans.drafted()
    assert plan["title"] == "《1号局（演练）2024年“政府开放日”活动实施方案》"
    assert plan["activities"][0]["name"] == "1号局（演练）“政府开放日”"
    activity = plan["activities"][0]["activity_id"]
    submitted = await plans.done(EDUCATION, f"/plans/{plan['id']}/submit")
    assert (submitted["state"], submitted["submission"]) == ("submitted", 1)
    plans.move_to("08-19 15:00")
    receipt = await plans.done("office", f"/plans/{plan['id']}/file")
    assert receipt["filing_number"] == "640402-2024-0001"
    assert receipt["digest"] == submitted["digest"]
    assert (await plans.get(EDUCATION, f"/plans/{plan['id']}/receipt")).json() == receipt
    plans.move_to("08-26 10:00")
    await plans.done(EDUCATION, f"/activities/{activity}/announcement", announcement())
    plans.move_to("09-12 11:31")
    ended = await plans.becomes(activity, "ended")
    assert ended["end_basis"] == "scheduled"
    plans.move_to("09-14 10:00")
    await plans.done(EDUCATION, f"/activities/{activity}/report", report())
    evaluation = {"text": "总结", "channels": [{"channel": "government_website", "column": "consultation"}]}
    await plans.done(EDUCATION, f"/activities/{activity}/evaluation", evaluation)
    await plans.done(EDUCATION, f"/campaigns/{campaign}/district-report", {"text": "开展情况"})

    events = await plans.events(until="district-report-submitted")
    assert [event["type"].split(".")[2] for event in events] == [
        "campaign-opened",
        "plan-submitted",
        "plan-filed",
        "announcement-issued",
        "activity-started",
        "activity-ended",
        "activity-report-published",
        "evaluation-published",
        "district-report-submitted",
    ]
    typed = [read_event(event) for event in events]
    assert {str(event.campaign) for event in typed} == {campaign}
    assert all(event.department == EDUCATION for event in typed[1:])
    assert typed[0].data.pack["id"] == "640402-2024"
    assert [entry.department for entry in typed[0].data.roster] == [EDUCATION, WATER]
    filed = typed[2].data
    assert filed.submitted_at == at("08-16 10:00")
    assert filed.filed_at == at("08-19 15:00")
    one = filed.activities[0]
    assert (str(one.activity_id), one.capacity, one.minimum, one.online) == (activity, 40, 25, True)
    assert [venue.key for venue in one.branch_venues] == ["b1"]
    assert {channel.at for channel in typed[3].data.channels} == {at("08-26 10:00")}
    started, over = typed[4], typed[5]
    assert (started.data.at, started.time) == (at("09-12 09:00"), at("09-12 09:00"))
    # Noticed a minute late; the clock counts from the scheduled end.
    assert (over.data.at, over.time, over.data.basis) == (at("09-12 11:30"), at("09-12 11:30"), "scheduled")
    chain = (await plans.get("auditor", f"/audit/activity/{activity}")).json()
    assert chain["verified"] and len(chain["events"]) == 5


async def test_every_submitted_text_is_kept_with_its_digest(plans: Plans) -> None:
    await plans.opened()
    plan = await plans.drafted()
    path = f"/plans/{plan['id']}"
    first = await plans.done(EDUCATION, f"{path}/submit")
    comments = {"comments": [{"field": "content.theme", "text": "主题太宽"}]}
    plans.move_to("08-19 10:00")
    returned = await plans.done("office", f"{path}/return", comments)
    assert returned["reviews"][0]["comments"] == [{"field": "content.theme", "text": "主题太宽"}]
    revised = await plans.put(
        EDUCATION, path, {"content": content(theme="走进课堂")}, (await plans.get(EDUCATION, path)).headers["etag"]
    )
    assert revised.status_code == 200, revised.text
    assert revised.json()["activities"] == plan["activities"]  # an activity keeps its id
    plans.move_to("08-21 16:00")
    second = await plans.done(EDUCATION, f"{path}/submit")
    kept = (await plans.get("office", f"{path}/versions")).json()["submissions"]
    assert [text["digest"] for text in kept] == [first["digest"], second["digest"]]
    assert [text["document"]["content"]["theme"] for text in kept] == ["走进教育", "走进课堂"]
    assert first["digest"] != second["digest"]
    returned_event, resubmitted = [read_event(event) for event in await plans.events(until="plan-returned")][2:4]
    assert (returned_event.data.version, resubmitted.data.version) == (1, 2)
    assert resubmitted.data.submitted_at == at("08-21 16:00")


async def test_filing_numbers_have_no_gaps(plans: Plans) -> None:
    await plans.opened()
    ready = []
    for who in (EDUCATION, WATER, EDUCATION, WATER):
        plan = await plans.drafted(who)
        await plans.done(who, f"/plans/{plan['id']}/submit")
        ready.append(plan["id"])
    draft = await plans.drafted()
    answers = await asyncio.gather(
        plans.post("office", f"/plans/{draft['id']}/file"),  # refused: takes no number
        *(plans.post("office", f"/plans/{identity}/file") for identity in ready),
        plans.post("office", f"/plans/{ready[0]}/file"),  # filed once only
    )
    numbers = sorted(answer.json()["filing_number"] for answer in answers if answer.status_code == 200)
    assert numbers == [f"640402-2024-000{n}" for n in (1, 2, 3, 4)]


async def test_an_undated_activity_is_fixed_later(plans: Plans) -> None:
    await plans.opened()
    _, activity = await plans.filed(starts_at=None, ends_at=None)
    plans.move_to("09-02 10:00")
    early = await plans.post(EDUCATION, f"/activities/{activity}/announcement", announcement())
    assert early.json()["code"] == "wrong-state"
    times = {"starts_at": "2024-09-10T09:00:00+08:00", "ends_at": "2024-09-10T11:00:00+08:00"}
    fixed = await plans.done(EDUCATION, f"/activities/{activity}/schedule", times)
    assert (fixed["occurrence"], fixed["warnings"][0]["code"]) == (1, "publicity-unreachable")
    assert "2024-09-17" in fixed["warnings"][0]["detail"]
    again = await plans.post(EDUCATION, f"/activities/{activity}/schedule", times)
    assert again.json()["code"] == "wrong-state"
    events = [read_event(event) for event in await plans.events(until="activity-scheduled")]
    assert events[-2].data.activities[0].starts_at is None
    assert events[-1].data.starts_at == at("09-10 09:00")


async def test_a_postponed_activity_is_corrected_where_it_was_announced(plans: Plans) -> None:
    await plans.opened()
    _, activity = await plans.filed()
    plans.move_to("08-26 09:00")
    await plans.done(EDUCATION, f"/activities/{activity}/announcement", announcement())
    plans.move_to("09-04 18:00")
    moved = {
        "starts_at": "2024-09-20T09:00:00+08:00",
        "ends_at": "2024-09-20T11:30:00+08:00",
        "reason": "天气",
        "correction": {
            "channels": [{"channel": "government_website", "column": "plans_and_announcements"}],
            "stated_date": "2024-09-20",
            "stated_weekday": "星期五",
        },
    }
    before = await plans.snapshot()
    bare = await plans.post(EDUCATION, f"/activities/{activity}/postpone", {**moved, "correction": None})
    assert (bare.status_code, bare.json()["code"]) == (422, "correction-required")
    wrong = {**moved, "correction": {**moved["correction"], "stated_weekday": "星期四"}}  # type: ignore[dict-item]
    assert (await plans.post(EDUCATION, f"/activities/{activity}/postpone", wrong)).json()["errors"][0][
        "code"
    ] == "weekday"
    assert await plans.snapshot() == before
    shown = await plans.done(EDUCATION, f"/activities/{activity}/postpone", moved)
    assert shown["occurrence"] == 2
    assert [warning["code"] for warning in shown["warnings"]] == ["channel-uncorrected"]
    plans.move_to("09-05 10:00")
    more = {"channels": [{"channel": "new_media"}]}
    await plans.done(EDUCATION, f"/activities/{activity}/announcement/channels", more)

    events = [read_event(event) for event in await plans.events(until="announcement-amended")]
    rescheduled, corrected, amended = events[-3:]
    assert (rescheduled.data.occurrence, rescheduled.data.old_starts_at) == (2, at("09-12 09:00"))
    assert (corrected.data.occurrence, len(corrected.data.channels)) == (2, 1)
    assert [(channel.channel, channel.at) for channel in amended.data.channels] == [
        ("government_website", at("09-04 18:00")),
        ("new_media", at("09-05 10:00")),
    ]
    # The old date passes; the activity begins on the new one.
    plans.move_to("09-20 12:00")
    await plans.becomes(activity, "ended")
    starts = [event for event in await plans.events(until="activity-ended") if "activity-started" in event["type"]]
    assert [read_event(event).data.at for event in starts] == [at("09-20 09:00")]


async def test_a_cancelled_activity_never_starts(plans: Plans) -> None:
    await plans.opened()
    _, activity = await plans.filed()
    await plans.done(EDUCATION, f"/activities/{activity}/announcement", announcement())
    _, other = await plans.filed(WATER)
    plans.move_to("09-06 10:00")
    bare = await plans.post(EDUCATION, f"/activities/{activity}/cancel", {"reason": "场馆维修"})
    assert bare.json()["code"] == "correction-required"
    body = {"reason": "场馆维修", "correction": {"channels": announcement()["channels"]}}
    await plans.done(EDUCATION, f"/activities/{activity}/cancel", body)
    plans.move_to("09-12 12:00")
    await plans.becomes(other, "ended")
    events = await plans.events(until="activity-ended")
    about = [event["type"].split(".")[2] for event in events if event.get("activityid") == activity]
    assert about == ["announcement-issued", "activity-cancelled", "announcement-corrected"]


async def test_the_end_is_corrected_within_the_pack_hours_only(plans: Plans) -> None:
    await plans.opened()
    _, activity = await plans.filed()
    path = f"/activities/{activity}/correct-end"
    early = {"ended_at": "2024-09-12T10:40:00+08:00", "reason": "提前结束"}
    assert (await plans.post(EDUCATION, path, early)).json()["code"] == "wrong-state"
    plans.move_to("09-12 14:00")
    await plans.becomes(activity, "ended")
    future = {"ended_at": "2024-09-12T14:01:00+08:00", "reason": "还没结束"}
    assert (await plans.post(EDUCATION, path, future)).json()["errors"][0]["code"] == "in-the-future"
    shown = await plans.done(EDUCATION, path, early)
    assert (shown["end_basis"], shown["ended_at"]) == ("corrected", utc("09-12 10:40"))
    plans.move_to("09-13 11:30")
    assert (await plans.post(EDUCATION, path, early)).json()["code"] == "wrong-state"
    corrected = read_event((await plans.events(until="activity-end-corrected"))[-1])
    assert (corrected.data.old_at, corrected.data.at) == (at("09-12 11:30"), at("09-12 10:40"))


async def test_a_proof_counts_from_the_office_s_decision(plans: Plans) -> None:
    await plans.opened()
    _, activity = await plans.filed()
    plans.move_to("09-13 10:00")
    body = {
        "act": "announcement",
        "channel": "newspaper",
        "claimed_at": "2024-09-10T08:00:00+08:00",
        "proof_digest": "b" * 64,
    }
    future = {**body, "claimed_at": "2024-09-13T10:00:01+08:00"}
    refused = await plans.post(EDUCATION, f"/activities/{activity}/proofs", future)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "in-the-future")
    proof = await plans.done(EDUCATION, f"/activities/{activity}/proofs", body)
    other = await plans.done(EDUCATION, f"/activities/{activity}/proofs", {**body, "channel": "radio"})
    waiting = (await plans.get("office", f"/proofs?campaign={plans.campaign}&state=recorded")).json()["items"]
    assert [item["id"] for item in waiting] == [proof["id"], other["id"]]
    assert (await plans.post(EDUCATION, f"/proofs/{proof['id']}/accept", {"reason": "属实"})).status_code == 403
    plans.move_to("09-14 10:00")
    await plans.done("office", f"/proofs/{proof['id']}/accept", {"reason": "属实"})
    await plans.done("office", f"/proofs/{other['id']}/refuse", {"reason": "无法核实"})
    again = await plans.post("office", f"/proofs/{proof['id']}/refuse", {"reason": "改主意"})
    assert again.json()["code"] == "wrong-state"
    said = [read_event(event) for event in await plans.events(until="proof-refused") if "proof" in event["type"]]
    assert [event.data.TYPE.split(".")[2] for event in said] == [
        "proof-recorded",
        "proof-recorded",
        "proof-accepted",
        "proof-refused",
    ]
    assert said[2].data.claimed_at == at("09-10 08:00")
    assert said[2].data.at == at("09-14 10:00")


async def test_a_withdrawn_announcement_can_be_issued_again(plans: Plans) -> None:
    await plans.opened()
    _, activity = await plans.filed()
    path = f"/activities/{activity}/announcement"
    first = await plans.done(EDUCATION, path, announcement())
    assert (await plans.post(EDUCATION, path, announcement())).json()["code"] == "wrong-state"
    await plans.done(EDUCATION, f"{path}/withdraw", {"reason": "内容有误"})
    assert (await plans.get(EDUCATION, path)).status_code == 404
    second = await plans.done(EDUCATION, path, announcement())
    assert second["id"] != first["id"]
    events = await plans.events(until="announcement-withdrawn")
    assert read_event(events[-2]).data.reason == "内容有误"


async def test_late_steps_are_never_refused(plans: Plans) -> None:
    await plans.opened()
    plans.move_to("09-25 10:00")
    late = await plans.drafted()
    assert [warning["code"] for warning in late["warnings"]] == ["publicity-unreachable"]
    assert late["warnings"][0]["clause"] == "3.1" and "2024-10-10" in late["warnings"][0]["detail"]
    await plans.done(EDUCATION, f"/plans/{late['id']}/submit")
    await plans.done("office", f"/plans/{late['id']}/file")
    activity = late["activities"][0]["activity_id"]
    await plans.becomes(activity, "ended")
    await plans.done(EDUCATION, f"/activities/{activity}/announcement", announcement())
    plans.move_to("10-30 10:00")
    await plans.done("office", f"/campaigns/{plans.campaign}/close")
    await plans.done(EDUCATION, f"/activities/{activity}/report", report())
    await plans.done(EDUCATION, f"/campaigns/{plans.campaign}/district-report", {"text": "迟到的报送"})


async def test_two_replicas_start_an_activity_once(start: Any) -> None:
    one, two = await start(), await start()
    await one.opened()
    activities = [(await one.filed(who))[1] for who in (EDUCATION, WATER, EDUCATION)]
    one.move_to("09-12 12:00")
    two.move_to("09-12 12:00")
    for activity in activities:
        await one.becomes(activity, "ended")
    for activity in activities:
        chain = (await two.get("office", f"/audit/activity/{activity}")).json()
        assert chain["verified"]
        assert [entry["event"]["type"].split(".")[2] for entry in chain["events"]] == [
            "activity-started",
            "activity-ended",
        ]


async def test_contacts_are_sealed_and_told_on_request_only(plans: Plans) -> None:
    await plans.opened()
    asker = await plans.bus.connect("notifications")
    try:

        async def contacts(**question: Any) -> Any:
            message = await asker.request("queries.plans.contacts.v1", json.dumps(question).encode(), timeout=5)
            return json.loads(message.data)

        campaign = plans.campaign
        assert await contacts(campaign=campaign, department=EDUCATION, audience="department") == {
            "contacts": [{"name": "联系人1", "email": "d1@dept.example"}]
        }
        assert await contacts(campaign=campaign, department=EDUCATION, audience="office") == {
            "contacts": [{"name": "值班员", "email": "office@district.example"}]
        }
        assert (await contacts(campaign="nonsense", audience="office"))["contacts"] == []
        assert (await contacts(campaign=campaign, audience="department"))["contacts"] == []
    finally:
        await asker.close()
    plan = {"campaign_id": campaign, "content": content(), "contact": {"name": "李四", "email": "li@dept.example"}}
    drafted = await plans.done(EDUCATION, "/plans", plan)
    path = f"/plans/{drafted['id']}/contact"
    assert (await plans.get(EDUCATION, path)).json()["contact"]["email"] == "li@dept.example"
    assert (await plans.get(WATER, path)).status_code == 403
    stored = await _every_row(plans)
    for personal in ("联系人1", "dept.example", "district.example", "0954-2030405", "李四"):
        assert personal not in stored


async def _every_row(plans: Plans) -> str:
    connection = await asyncpg.connect(plans.dsn)
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        rows = [
            await connection.fetchval(f"select string_agg(t::text, '') from {name['tablename']} t") for name in tables
        ]
        return "".join(filter(None, rows))
    finally:
        await connection.close()


async def test_what_a_caller_may_read(plans: Plans) -> None:
    await plans.opened()
    filed, activity = await plans.filed()
    draft = await plans.drafted(WATER)
    everything: httpx.Response = await plans.get("office", f"/plans?campaign={plans.campaign}&limit=1")
    assert [item["id"] for item in everything.json()["items"]] == [filed]
    rest = await plans.get("office", f"/plans?limit=1&after={everything.json()['next']}")
    assert [item["id"] for item in rest.json()["items"]] == [draft["id"]]
    own = (await plans.get(WATER, "/plans")).json()["items"]
    assert [item["id"] for item in own] == [draft["id"]]
    assert (await plans.get(WATER, f"/plans?department={EDUCATION}")).status_code == 403
    assert (await plans.get("frontend", "/plans")).status_code == 403
    public = (await plans.get("frontend", "/activities")).json()["items"]
    assert [item["id"] for item in public] == [activity]
    assert (await plans.get("frontend", f"/activities/{draft['activities'][0]['activity_id']}")).status_code == 403
    assert (await plans.get("frontend", f"/activities/{activity}")).status_code == 200
    assert (await plans.get("office", "/plans?after=nonsense")).status_code == 400
