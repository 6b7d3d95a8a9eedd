"""活动, 公告, 凭证, 发布: what may happen when, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.plans.api import ChannelIn, CorrectionIn, ProofIn
from contracts.policy import PolicyPack
from servicekit.problems import WrongState
from services.plans.domain import announce, publish
from services.plans.domain.announce import AnnouncementRefused, NotFiled
from services.plans.domain.date_activity import (
    CorrectionRequired,
    DateRefused,
    EndRefused,
    cancel_activity,
    correct_end,
    end_activity,
    file_activity,
    postpone_activity,
    schedule_activity,
    start_activity,
)
from services.plans.domain.findings import Incomplete
from services.plans.domain.prove import ProofRefusedAsInput, decide_proof, record_proof
from tests.unit.plans.season import activity, at, on, pack, said

NOW = at("09-04 18:00")
NEW = (at("09-20 09:00"), at("09-20 11:30"))
ENDED = {"state": "ended", "ended_at": at("09-12 11:30"), "end_basis": "scheduled"}


def codes(refused: pytest.ExceptionInfo[Incomplete]) -> list[str]:
    return [error.code for error in refused.value.errors]


def test_an_undated_activity_gets_its_first_date() -> None:
    dated, warnings = schedule_activity(activity(starts_at=None, ends_at=None), pack(), *NEW, NOW)
    assert (dated.occurrence, dated.starts_at, warnings) == (1, NEW[0], [])
    with pytest.raises(WrongState):
        schedule_activity(dated, pack(), *NEW, NOW)


def test_a_postponement_opens_the_next_occurrence() -> None:
    moved, _ = postpone_activity(activity(), pack(), *NEW, NOW)
    assert (moved.occurrence, moved.starts_at, moved.ends_at) == (2, *NEW)
    again, _ = postpone_activity(moved, pack(), at("09-21 09:00"), at("09-21 10:00"), NOW)
    assert again.occurrence == 3
    with pytest.raises(DateRefused):
        postpone_activity(moved, pack(), *NEW, NOW)


@pytest.mark.parametrize(
    ("starts", "ends", "code"),
    [
        ("10-01 09:00", "10-01 10:00", "season"),
        ("09-04 18:00", "09-04 19:00", "in-the-past"),
        ("09-20 10:00", "09-20 09:00", "end-before-start"),
    ],
)
def test_a_new_date_must_be_one(starts: str, ends: str, code: str) -> None:
    with pytest.raises(DateRefused) as refused:
        postpone_activity(activity(), pack(), at(starts), at(ends), NOW)
    assert codes(refused) == [code]


@pytest.mark.parametrize(
    "changes", [{"state": "draft"}, {"state": "cancelled"}, {"state": "started"}, ENDED, {"starts_at": None}]
)
def test_what_cannot_be_postponed(changes: dict[str, Any]) -> None:
    with pytest.raises(WrongState):
        postpone_activity(activity(**changes), pack(), *NEW, NOW)


def test_the_clock_starts_and_ends_it() -> None:
    ended = end_activity(start_activity(file_activity(activity(state="draft"))))
    assert (ended.state, ended.ended_at, ended.end_basis) == ("ended", at("09-12 11:30"), "scheduled")
    with pytest.raises(WrongState):
        cancel_activity(ended)


def test_an_end_is_corrected_within_the_pack_s_hours() -> None:
    hours = pack().correct_end_within.n
    assert hours == 24
    corrected = correct_end(activity(**ENDED), pack(), at("09-12 10:00"), at("09-13 11:29"))
    assert (corrected.ended_at, corrected.end_basis) == (at("09-12 10:00"), "corrected")
    with pytest.raises(WrongState):
        correct_end(activity(**ENDED), pack(), at("09-12 10:00"), at("09-13 11:30"))
    # A correction to later opens no further day.
    late = correct_end(activity(**ENDED), pack(), at("09-13 11:00"), at("09-13 11:29"))
    with pytest.raises(WrongState):
        correct_end(late, pack(), at("09-13 11:10"), at("09-13 11:30"))


@pytest.mark.parametrize(("ended", "code"), [("09-12 12:01", "in-the-future"), ("09-12 09:00", "end-before-start")])
def test_an_end_that_cannot_be(ended: str, code: str) -> None:
    with pytest.raises(EndRefused) as refused:
        correct_end(activity(**ENDED), pack(), at(ended), at("09-12 12:00"))
    assert codes(refused) == [code]


def test_an_announcement_counts_from_its_commit() -> None:
    issued = announce.announce(activity(), pack(), said(), NOW)
    assert [(channel.channel, channel.column, channel.at) for channel in issued.channels] == [
        ("government_website", "plans_and_announcements", NOW),
        ("new_media", None, NOW),
    ]
    later = at("09-05 08:00")
    amended = announce.amend(issued, activity(announced=True), pack(), on("radio"), later)
    assert [channel.at for channel in amended.current_channels()] == [NOW, NOW, later]
    with pytest.raises(AnnouncementRefused) as refused:
        announce.amend(amended, activity(announced=True), pack(), on("radio"), later)
    assert codes(refused) == ["channel-twice"]


def test_announcing_late_is_on_the_record_and_not_refused() -> None:
    for state in ({"state": "started"}, ENDED):
        assert announce.announce(activity(**state), pack(), said(), at("09-13 09:00")).version == 1


def test_what_cannot_be_announced() -> None:
    with pytest.raises(NotFiled) as refused:
        announce.announce(activity(state="draft"), pack(), said(), NOW)
    assert refused.value.clause == "2.1"
    for changes in ({"announced": True}, {"state": "cancelled"}, {"starts_at": None, "ends_at": None}):
        with pytest.raises(WrongState):
            announce.announce(activity(**changes), pack(), said(), NOW)


def test_every_missing_item_is_named() -> None:
    items = dict(said().items)
    del items["theme"]
    items["tips"] = ""
    with pytest.raises(AnnouncementRefused) as refused:
        announce.announce(activity(), pack(), said(items=items), NOW)
    assert [error.field for error in refused.value.errors] == ["items.theme", "items.tips"]
    assert {error.clause for error in refused.value.errors} == {"3.1"}


def test_further_items_are_welcome_where_the_list_ends_in_deng() -> None:
    more = {**said().items, "parking": "东门"}
    assert announce.announce(activity(), pack(), said(items=more), NOW).items["parking"] == "东门"
    document = pack().model_dump(mode="json")
    document["announcement"]["open_ended"] = False
    with pytest.raises(AnnouncementRefused) as refused:
        announce.announce(activity(), PolicyPack.model_validate(document), said(items=more), NOW)
    assert codes(refused) == ["item-unknown"]


def test_a_correction_opens_the_new_occurrence() -> None:
    issued = announce.announce(activity(), pack(), said(), NOW)
    moved, _ = postpone_activity(activity(announced=True), pack(), *NEW, NOW)
    body = {"channels": [{"channel": "new_media"}], "stated_date": "2024-09-20", "stated_weekday": "周五"}
    correction = CorrectionIn.model_validate(body)
    corrected = announce.correct(issued, moved, pack(), correction, NOW, dated=True)
    assert corrected.occurrence == 2
    assert [channel.channel for channel in corrected.current_channels()] == ["new_media"]
    assert len(corrected.channels) == 3
    (warning,) = announce.uncorrected(issued, correction, pack())
    assert (warning.severity, "政府网站" in warning.detail) == ("warn", True)


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ({}, "date-missing"),
        ({"stated_date": "2024-09-20"}, "date-missing"),
        ({"stated_date": "2024-09-20", "stated_weekday": "星期四"}, "weekday"),
        ({"stated_date": "2024-09-12", "stated_weekday": "星期四"}, "stated-date"),
    ],
)
def test_a_correction_states_the_new_date(stated: dict[str, Any], code: str) -> None:
    issued = announce.announce(activity(), pack(), said(), NOW)
    moved, _ = postpone_activity(activity(announced=True), pack(), *NEW, NOW)
    correction = CorrectionIn.model_validate({"channels": [{"channel": "new_media"}], **stated})
    with pytest.raises(AnnouncementRefused) as refused:
        announce.correct(issued, moved, pack(), correction, NOW, dated=True)
    assert codes(refused) == [code]
    with pytest.raises(CorrectionRequired):
        announce.correct(issued, moved, pack(), None, NOW, dated=True)


def test_a_cancellation_s_correction_needs_no_date() -> None:
    issued = announce.announce(activity(), pack(), said(), NOW)
    correction = CorrectionIn(channels=on("website", "new_media"))
    corrected = announce.correct(issued, activity(), pack(), correction, NOW, dated=False)
    assert corrected.occurrence == 1
    assert announce.uncorrected(issued, correction, pack()) == []


WEBSITE = {"channel": "government_website"}


@pytest.mark.parametrize(
    ("channels", "found"),
    [
        ([{**WEBSITE, "column": "activity_reports"}, {"channel": "new_media"}], []),
        ([{**WEBSITE, "column": "activity_reports"}, {"channel": "new_media"}, {"channel": "radio"}], []),
        ([{**WEBSITE, "column": "activity_reports"}], ["channel-missing"]),
        ([{"channel": "new_media"}], ["channel-missing"]),
        ([WEBSITE, {"channel": "new_media"}], ["column-wrong"]),
        ([{"channel": "radio"}], ["channel-missing", "channel-missing"]),
    ],
)
def test_where_a_report_must_be(channels: list[dict[str, Any]], found: list[str]) -> None:
    given = [ChannelIn.model_validate(channel) for channel in channels]
    parts = {"text": True, "photos": True}
    if not found:
        publish.check_publication(activity(**ENDED), pack(), "activity_report", parts, given)
        return
    with pytest.raises(publish.PublicationIncomplete) as refused:
        publish.check_publication(activity(**ENDED), pack(), "activity_report", parts, given)
    assert codes(refused) == found
    assert refused.value.clause == "3.3.1"


def test_a_part_that_the_pack_asks_for_and_nobody_sends_is_missing() -> None:
    document = pack().model_dump(mode="json")
    document["publications"]["activity_report"]["parts"].append({"key": "attendance", "label": "到场人数"})
    channels = [ChannelIn(channel="government_website", column="activity_reports"), ChannelIn(channel="new_media")]
    with pytest.raises(publish.PublicationIncomplete) as refused:
        publish.check_publication(
            activity(**ENDED),
            PolicyPack.model_validate(document),
            "activity_report",
            {"text": True, "photos": True},
            channels,
        )
    assert "到场人数" in refused.value.detail


def test_nothing_is_reported_before_the_end() -> None:
    for state in ("draft", "filed", "started", "cancelled"):
        with pytest.raises(WrongState):
            publish.check_publication(activity(state=state), pack(), "evaluation", {}, [])


def proof(**changes: Any) -> ProofIn:
    fields = {"act": "announcement", "channel": "newspaper", "claimed_at": NOW, "proof_digest": "a" * 64}
    return ProofIn.model_validate(fields | changes)


def test_a_proof_waits_for_the_office() -> None:
    recorded = record_proof(activity(occurrence=2), pack(), proof(), NOW)
    assert (recorded.state, recorded.occurrence, recorded.claimed_at) == ("recorded", 2, NOW)
    accepted = decide_proof(recorded, "accepted", "属实", at("09-14 10:00"))
    assert (accepted.state, accepted.reason, accepted.decided_at) == ("accepted", "属实", at("09-14 10:00"))
    for outcome in ("accepted", "refused"):
        with pytest.raises(WrongState):
            decide_proof(accepted, outcome, "再议", NOW)
    assert decide_proof(replace(recorded), "refused", "不实", NOW).state == "refused"


def test_a_claim_in_the_future_is_none() -> None:
    with pytest.raises(ProofRefusedAsInput) as refused:
        record_proof(activity(), pack(), proof(claimed_at=at("09-04 18:01")), NOW)
    assert codes(refused) == ["in-the-future"]
    with pytest.raises(ProofRefusedAsInput):
        record_proof(activity(), pack(), proof(channel="pigeon"), NOW)
    with pytest.raises(WrongState):
        record_proof(activity(state="draft"), pack(), proof(), NOW)
    with pytest.raises(WrongState):
        record_proof(activity(), pack(), proof(act="evaluation"), NOW)
