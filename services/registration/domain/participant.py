"""参加条件: who may take part, judged on the activity's day, and what may be collected from them."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime

from stdnum.cn import ric
from stdnum.exceptions import InvalidComponent, ValidationError

from contracts.policy import SHANGHAI, Choice, PolicyPack
from contracts.registration.api import ParticipantIn
from servicekit.problems import Refused


class ConsentMissing(Refused):
    code, status, title = "consent-required", 422, "没有同意收集个人信息"
    fix = "请本人阅读说明并同意后再提交"


class DataNotCollected(Refused):
    code, status, title = "data-not-collected", 422, "不收集这项信息"


class DataMissing(Refused):
    code, status, title = "data-required", 422, "缺少必填信息"


class IdNumberWrong(Refused):
    code, status, title = "id-number-invalid", 422, "身份证号有误"
    fix = "请核对 18 位居民身份证号,或改填出生日期"


class TooYoung(Refused):
    code, status, title = "too-young", 422, "活动当天未满参加年龄"


class CategoryRefused(Refused):
    code, status, title = "category-unknown", 422, "没有这个代表类别"


class NotInvited(Refused):
    code, status, title = "not-invited", 422, "不在邀请之列"


class TieRefused(Refused):
    code, status, title = "tie-unknown", 422, "与本行政区域的联系不符合要求"


@dataclass(frozen=True)
class Participant:
    """报名人, admitted: everything normalised, nothing the pack does not collect."""

    name: str
    phone: str
    email: str | None
    id_number: str | None
    birth_date: date
    category: str
    tie: str
    needs: str | None


def age_on(birth_date: date, day: date) -> int:
    """周岁 on a day; the birthday itself counts."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def day_of(starts_at: datetime) -> date:
    """活动当天, in Asia/Shanghai."""
    return starts_at.astimezone(SHANGHAI).date()


def invitee_clause(pack: PolicyPack) -> str:
    """The clause that says who is invited."""
    return pack.check("minimum_age").clause


def admit(pack: PolicyPack, given: ParticipantIn, day: date) -> Participant:
    """The participant. Raises the first of this module's refusals that applies."""
    clause = invitee_clause(pack)
    if not given.consent:
        raise ConsentMissing("没有同意按说明收集和使用个人信息", clause=clause)
    _only_what_is_collected(pack, given, clause)
    id_number, birth_date = _proof_of_age(given, clause)
    _old_enough(pack, birth_date, day, clause)
    _invited(pack, given.category, clause)
    ties = pack.participants.eligibility.ties
    if given.tie not in {tie.key for tie in ties}:
        raise TieRefused(f"没有“{given.tie}”这一项", clause=clause, fix=f"可选: {_listed(ties)}")
    return Participant(
        name=unicodedata.normalize("NFC", given.name),
        phone=given.phone,
        email=given.email,
        id_number=id_number,
        birth_date=birth_date,
        category=given.category,
        tie=given.tie,
        needs=given.needs or None,
    )


def is_eligible(pack: PolicyPack, birth_date: date, category: str, tie: str, day: date) -> bool:
    """参加条件 on the day it was held, which may be another than the one they signed up for."""
    people = pack.participants
    return (
        age_on(birth_date, day) >= people.eligibility.minimum_age
        and category in {choice.key for choice in people.categories}
        and tie in {choice.key for choice in people.eligibility.ties}
    )


def _only_what_is_collected(pack: PolicyPack, given: ParticipantIn, clause: str) -> None:
    asked = {field.key: field for field in pack.personal_data.fields}
    for key, value in (("email", given.email), ("resident_id", given.id_number), ("needs", given.needs)):
        if value is not None and key not in asked:
            raise DataNotCollected(f"不收集 {key}", clause=clause, fix="请删去这项信息")
        if value is None and key in asked and asked[key].required:
            raise DataMissing(f"没有填写{asked[key].label}", clause=clause, fix=f"请填写{asked[key].label}")


def _proof_of_age(given: ParticipantIn, clause: str) -> tuple[str | None, date]:
    """The identity number, where that is the proof, and the date of birth. Raises IdNumberWrong."""
    if given.id_number is None:
        assert given.birth_date is not None, "the input has one of the two"
        return None, given.birth_date
    try:
        number = _checked(ric.compact(given.id_number))
    except ValidationError as wrong:
        # Nothing of the number itself: a refusal is logged and shown.
        raise IdNumberWrong(f"身份证号不正确 ({type(wrong).__name__})", clause=clause) from wrong
    return number, ric.get_birth_date(number)


def _checked(number: str) -> str:
    """Length, check digit and date. Raises stdnum's ValidationError."""
    try:
        ric.validate(number)
    except InvalidComponent:
        # The library also refuses a place whose code is younger than its bearer; many got their number later than that.
        ric.get_birth_date(number)
    return number


def _old_enough(pack: PolicyPack, birth_date: date, day: date, clause: str) -> None:
    least = pack.participants.eligibility.minimum_age
    if age_on(birth_date, day) < least:
        detail = f"活动当天 {day} 未满 {least} 周岁"
        raise TooYoung(detail, clause=clause, fix=f"活动当天须年满 {least} 周岁,请改由符合条件的人报名")


def _invited(pack: PolicyPack, category: str, clause: str) -> None:
    people = pack.participants
    for excluded in people.not_invited:
        if category == excluded.key:
            raise NotInvited(f"“{excluded.label}”不在邀请之列", clause=clause, fix="请以其他类别报名")
    if category not in {choice.key for choice in people.categories}:
        raise CategoryRefused(f"没有“{category}”这一类别", clause=clause, fix=f"可选: {_listed(people.categories)}")


def _listed(choices: tuple[Choice, ...]) -> str:
    return "、".join(f"{choice.key} ({choice.label})" for choice in choices)
