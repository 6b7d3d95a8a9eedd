"""What registration accepts and answers over HTTP. Inputs refuse unknown fields; every string and list has a bound.

Instants carry an offset when they come in and are UTC when they go out. Categories, ties and the data that may be
collected are the policy pack's: which ones exist is judged against the campaign's pack.
"""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()-]{3,26}[0-9]$")]
Email = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$")]

State = Literal["confirmed", "waitlisted", "cancelled", "checked_in", "absent"]
Source = Literal["online", "recommendation"]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


# 报名


class ParticipantIn(_In):
    """报名人. Exactly one of `id_number` and `birth_date` says how old they are on the day; kept encrypted."""

    name: Line
    phone: Phone
    email: Email | None = Field(default=None, description="通知只能发邮件: 没有邮箱就收不到")
    id_number: Annotated[str, StringConstraints(strip_whitespace=True, min_length=15, max_length=24)] | None = Field(
        default=None, description="居民身份证号, 18 位, 核对校验码"
    )
    birth_date: date | None = Field(default=None, description="出生日期 YYYY-MM-DD")
    category: Key = Field(description="代表类别, 政策包的 participants.categories")
    tie: Key = Field(description="生活、工作或学习, 政策包的 participants.eligibility.ties")
    needs: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] | None = Field(
        default=None, description="特殊需要; 政策包允许收集时才可填写"
    )
    consent: bool = Field(description="同意按政策包收集和使用以上信息")

    @model_validator(mode="after")
    def _one_proof_of_age(self) -> Self:
        if (self.id_number is None) == (self.birth_date is None):
            raise ValueError("身份证号和出生日期填写其中一项")
        return self


class RecommendationIn(_In):
    """线下推荐: every participant of the list, or none of them."""

    participants: list[ParticipantIn] = Field(min_length=1, max_length=200)


class RegistrationReceipt(_Out):
    """报名结果."""

    registration_id: UUID
    activity_id: UUID
    state: State
    position: int | None = Field(description="候补的次序; 已确认的没有")
    version: int


class SignUpReceipt(RegistrationReceipt):
    """报名结果, with what is needed to see or cancel it later; nobody can look the secret up again."""

    secret: str | None = Field(default=None, description="Sent back in X-Registration-Secret")


class RecommendationReceipt(_Out):
    """推荐结果, in the order of the list."""

    registrations: list[RegistrationReceipt]


class RegistrationView(_Out):
    """One registration, for who holds its secret and for its department: masked."""

    registration_id: UUID
    activity_id: UUID
    state: State
    position: int | None = Field(description="候补中的当前次序")
    source: Source
    name: str = Field(description="脱敏, 例 张*")
    phone: str = Field(description="脱敏, 例 138****5678")
    category: str
    tie: str
    registered_at: datetime
    cancelled_at: datetime | None
    checked_in_at: datetime | None
    version: int


class RegistrationPage(_Out):
    items: list[RegistrationView]
    next: str | None


# 活动


class ActivityView(_Out):
    """活动 as everybody may see it."""

    activity_id: UUID
    name: str | None
    starts_at: datetime | None = Field(description="None while the date is 待定")
    ends_at: datetime | None
    open: bool = Field(description="现在可以报名")
    closed_because: str | None = Field(description="不能报名的原因代码, 例 sign-up-closed")
    capacity: int | None
    confirmed: int = Field(description="已占用的名额")
    waitlisted: int
    minimum_age: int | None = Field(description="活动当天须满的周岁")
    categories: list[str]
    ties: list[str]
    data: list[str] = Field(description="可以收集的信息, 政策包的 personal_data.fields")


# 签到


class CheckInIn(_In):
    registration_id: UUID
    at: AwareDatetime = Field(description="到场时刻; 事后补传的也用当时的时刻")


class CheckInsIn(_In):
    """签到: the whole list, or nothing of it."""

    check_ins: list[CheckInIn] = Field(min_length=1, max_length=500)


class CheckInReceipt(_Out):
    """签到结果."""

    checked_in: int = Field(description="这次新签到的人数")
    already: int = Field(description="早已签到的人数, 没有重复计入")
    present: int = Field(description="到场总人数")
    headcount_revision: int = Field(description="到场人数的版次; 活动结束前为 0")


# queries.registration.contacts.v1


class ContactsQuestion(BaseModel):
    """Whom to write to: one registration, or everybody of an activity in one of `states`."""

    model_config = ConfigDict(extra="ignore")
    activity: UUID
    registration: UUID | None = None
    states: list[State] | None = Field(default=None, max_length=10)
    channel: Literal["email", "phone"] = "email"


class ContactAnswer(_Out):
    registration: UUID
    name: str
    email: str | None = None
    phone: str | None = None


class ContactsAnswer(_Out):
    contacts: list[ContactAnswer]
    unreachable: int = Field(default=0, description="Participants who left nothing for this channel")
