"""年度活动, its roster and contacts."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.envelope import Instant
from contracts.plans.api.words import Email, In, Line, Out, Uscc


class ContactIn(In):
    """联系人: kept encrypted; told to nobody but the services that send a message."""

    name: Line
    email: Email
    phone: Annotated[str, StringConstraints(pattern=r"^[0-9+() -]{5,30}$")] | None = None


class RosterDepartmentIn(In):
    """名册上的部门(单位)."""

    department: Uscc
    name: Line
    contacts: list[ContactIn] = Field(min_length=1, max_length=10)


class CampaignIn(In):
    """年度活动: a draft; the pack is resolved and fixed when it opens."""

    pack_id: Annotated[str, Field(pattern=r"^\d{6}-\d{4}$", description="政策包, 例 640402-2024")]
    title: Line | None = None
    roster: list[RosterDepartmentIn] = Field(min_length=1, max_length=500)
    office_contacts: list[ContactIn] = Field(min_length=1, max_length=10)


class RosterDepartment(Out):
    department: str
    name: str


class CampaignView(Out):
    id: UUID
    version: int
    state: Literal["draft", "open", "closed"]
    jurisdiction: str
    title: str
    pack_id: str
    pack_version: str | None = Field(description="None until the campaign opens, like pack_digest")
    pack_digest: str | None
    roster: list[RosterDepartment]
    created_at: Instant
    opened_at: Instant | None
    closed_at: Instant | None


class CampaignPage(Out):
    items: list[CampaignView]
    next: str | None = Field(description="Pass as `after` for the next page; null on the last")


class ContactsQuestion(In):
    """谁该收到: the department's contacts, or the office's."""

    campaign: UUID
    department: str | None = None
    audience: Literal["department", "office"]


class ContactAnswer(Out):
    name: str
    email: str


class ContactsAnswer(Out):
    contacts: list[ContactAnswer]
