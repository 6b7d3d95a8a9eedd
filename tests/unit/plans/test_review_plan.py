"""实施方案: drafted, submitted, returned, submitted again, filed or cancelled."""

from dataclasses import replace
from uuid import uuid4

import pytest
from stdnum.cn import uscc

from contracts.envelope import digest_of
from contracts.plans.api import PlanContent, RosterDepartmentIn
from servicekit.problems import Forbidden, WrongState
from services.plans.domain import permit
from services.plans.domain.check_plan import NameForbidden, PlanIncomplete
from services.plans.domain.findings import plainly
from services.plans.domain.open_campaign import (
    NotOnRoster,
    RosterRefused,
    check_roster,
    close_campaign,
    department_name,
    open_campaign,
    require_open,
)
from services.plans.domain.review_plan import (
    ActivityKeysRefused,
    cancel_plan,
    draft_activities,
    draft_plan,
    file_plan,
    filing_number,
    return_plan,
    revise_plan,
    submit_plan,
)
from tests.unit.plans.season import EDUCATION, NAME, at, campaign, content, pack, plan, wanted

NOW = at("08-16 10:00")
LETTERED = "91110000600037341L"


def test_the_title_is_composed_from_the_pack() -> None:
    drafted = draft_plan(campaign(), pack(), EDUCATION, content(), None)
    assert drafted.title == "《教育局（演练）2024年“政府开放日”活动实施方案》"
    assert (drafted.state, drafted.version, drafted.submission) == ("draft", 1, 0)


def test_the_title_may_carry_the_department_s_full_name() -> None:
    given = content().model_copy(update={"department_title": "原州区教育局"})
    assert draft_plan(campaign(), pack(), EDUCATION, given, None).title.startswith("《原州区教育局2024年")


def test_a_forbidden_name_is_refused_in_the_draft() -> None:
    with pytest.raises(NameForbidden) as refused:
        draft_plan(campaign(), pack(), EDUCATION, content(), "警务“开放日”")
    assert refused.value.clause == "4.2"
    assert refused.value.fix is not None and f"{NAME}“政府开放日”" in refused.value.fix


def test_two_activities_need_two_keys() -> None:
    with pytest.raises(ActivityKeysRefused):
        draft_plan(campaign(), pack(), EDUCATION, content(wanted(), wanted()), None)


def test_an_activity_keeps_its_id_with_its_key() -> None:
    first = draft_activities(plan(), "活动", {})
    two = plan(content=content(wanted(key="new"), wanted(capacity=50)))
    second = draft_activities(two, "活动", {activity.key: activity for activity in first})
    assert second[1].id == first[0].id != second[0].id
    assert (second[0].version, second[1].version) == (1, 2)


def test_a_submission_is_numbered_and_hashed() -> None:
    drafted, identity = plan(), uuid4()
    submitted, document = submit_plan(drafted, [], {"day": identity}, NOW)
    assert (submitted.state, submitted.submission, submitted.submitted_at) == ("submitted", 1, NOW)
    assert submitted.digest == digest_of(document)
    assert document["activity_ids"] == {"day": str(identity)}
    again, other = submit_plan(replace(return_plan(submitted), content=PlanContent(theme="改")), [], {}, NOW)
    assert again.submission == other["submission"] == 2
    assert again.digest != submitted.digest


def test_a_refused_finding_stops_a_submission_and_a_warning_does_not() -> None:
    finding = plainly("venue-missing", "没有主会场", "content", clause="3.1", fix="填写")
    warning = finding.model_copy(update={"severity": "warn"})
    assert submit_plan(plan(), [warning], {}, NOW)[0].state == "submitted"
    with pytest.raises(PlanIncomplete) as refused:
        submit_plan(plan(), [warning, finding, finding], {}, NOW)
    assert len(refused.value.errors) == 2
    assert refused.value.clause == "3.1"


def test_the_life_of_a_plan() -> None:
    submitted, _ = submit_plan(plan(), [], {}, NOW)
    returned = return_plan(submitted)
    assert revise_plan(returned, campaign(), pack(), content(theme="二稿"), None).state == "returned"
    resubmitted, _ = submit_plan(returned, [], {}, NOW)
    filed = file_plan(resubmitted, filing_number("640402-2024", 12), NOW)
    assert (filed.state, filed.filing_number, filed.filed_at) == ("filed", "640402-2024-0012", NOW)
    cancelled = cancel_plan(returned, NOW)
    assert cancelled.cancelled_at == NOW
    for done in (filed, cancelled):
        with pytest.raises(WrongState):
            submit_plan(done, [], {}, NOW)
        with pytest.raises(WrongState):
            cancel_plan(done, NOW)
        with pytest.raises(WrongState):
            revise_plan(done, campaign(), pack(), content(), None)
    for early in (plan(), returned):
        with pytest.raises(WrongState):
            file_plan(early, "x", NOW)
        with pytest.raises(WrongState):
            return_plan(early)
    with pytest.raises(WrongState):
        revise_plan(submitted, campaign(), pack(), content(), None)


def test_opening_fixes_the_pack() -> None:
    draft = campaign(state="draft", pack_version=None, pack_digest=None, opened_at=None)
    opened = open_campaign(draft, pack(), NOW)
    assert (opened.state, opened.pack_digest, opened.opened_at) == ("open", pack().digest, NOW)
    require_open(opened)
    closed = close_campaign(opened, NOW)
    for again in (opened, closed):
        with pytest.raises(WrongState):
            open_campaign(again, pack(), NOW)
    for shut in (draft, closed):
        with pytest.raises(WrongState):
            require_open(shut)
        with pytest.raises(WrongState):
            close_campaign(shut, NOW)


def test_who_is_on_the_roster() -> None:
    assert department_name(campaign(), EDUCATION) == NAME
    with pytest.raises(NotOnRoster):
        department_name(campaign(), "11640402000000002C")


def roster(*entries: tuple[str, str]) -> list[RosterDepartmentIn]:
    contacts = [{"name": "张三", "email": "z@dept.example"}]
    return [
        RosterDepartmentIn.model_validate({"department": department, "name": name, "contacts": contacts})
        for department, name in entries
    ]


def test_a_roster_is_refused_with_every_mistake() -> None:
    good = "1164040200000000" + "1"
    good += uscc.calc_check_digit(good)
    other = "1164040200000000" + "2"
    other += uscc.calc_check_digit(other)
    check_roster(roster((good, "甲局"), (other, "乙局")))
    swapped = good[:-1] + other[-1]
    with pytest.raises(RosterRefused) as refused:
        check_roster(roster((good, "甲局"), (swapped, "乙局"), (good, "丙局"), (other, "丙局")))
    assert [(error.code, error.field) for error in refused.value.errors] == [
        ("department-twice", "roster.0.department"),
        ("uscc-invalid", "roster.1.department"),
        ("department-twice", "roster.2.department"),
        ("name-twice", "roster.2.name"),
        ("name-twice", "roster.3.name"),
    ]


def test_a_code_is_kept_in_one_spelling_only() -> None:
    """Lower case passes the check digit, and would be another department to everybody who compares codes."""
    assert uscc.is_valid(LETTERED.lower())
    check_roster(roster((LETTERED, "甲局")))
    with pytest.raises(RosterRefused):
        check_roster(roster((LETTERED.lower(), "甲局")))


class Asker:
    """A caller as a token describes one."""

    def __init__(self, role: str, department: str | None = None, jurisdiction: str | None = None) -> None:
        self.role, self.department, self.jurisdiction = role, department, jurisdiction

    def may(self, *roles: str) -> bool:
        return self.role in roles

    def require(self, *roles: str) -> None:
        if not self.may(*roles):
            raise Forbidden("no")


@pytest.mark.parametrize(
    "asker",
    [
        Asker("department", "11640402000000002C"),
        Asker("department", EDUCATION, "640422"),
        Asker("department"),
        Asker("office"),
        Asker("frontend"),
    ],
)
def test_only_the_owner_may(asker: Asker) -> None:
    permit.as_owner(Asker("department", EDUCATION, "640402"), EDUCATION, "640402")
    with pytest.raises(Forbidden):
        permit.as_owner(asker, EDUCATION, "640402")


def test_who_may_read() -> None:
    for role in ("office", "auditor"):
        permit.as_reader(Asker(role), EDUCATION, "640402")
    permit.as_reader(Asker("frontend"), EDUCATION, "640402", public=True)
    for asker in (Asker("frontend"), Asker("office", None, "640422"), Asker("ops")):
        with pytest.raises(Forbidden):
            permit.as_reader(asker, EDUCATION, "640402")
