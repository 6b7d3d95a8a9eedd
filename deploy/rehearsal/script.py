"""演练剧本: the season as data. What is in `season.toml`, typed, and refused when it does not fit."""

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from stdnum.cn import uscc

SEASON = Path(__file__).parent / "season_2024"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contact(_Data):
    """联系人, made up."""

    name: str
    email: str = Field(pattern=r"\.example$", description="A reserved domain: nobody can be written to by accident")
    phone: str | None = None


class CampaignPart(_Data):
    """年度活动."""

    title: str
    pack_id: str
    ends_at: AwareDatetime
    office_contacts: list[Contact] = Field(min_length=1)


class Frontend(_Data):
    name: str


class Department(_Data):
    """部门 (演练)."""

    number: int
    key: str
    code: str = Field(description="USCC, GB 32100")
    name: str = Field(pattern=r"（演练）$")
    email: str = Field(pattern=r"\.example$")
    theme: str

    @model_validator(mode="after")
    def _valid_code(self) -> Self:
        uscc.validate(self.code)
        return self

    @property
    def short(self) -> str:
        """The name as a table has room for it."""
        return self.name.removesuffix("（演练）")


class Step(_Data):
    """一步: at this instant somebody does something. `refused`: the rehearsal means it to be refused."""

    at: AwareDatetime
    act: str
    department: int | None = None
    refused: bool = False
    note: str | None = None
    chosen: str | None = Field(default=None, description="What the season leaves open and this file settles")

    name: str | None = None
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    online: bool = False
    branch_venues: list[dict[str, str]] = Field(default_factory=list)
    channel: str | None = None
    channels: list[str] = Field(default_factory=list)
    stated_weekday: str | None = None
    claimed_at: AwareDatetime | None = None
    photos: int = 2
    rule: str | None = None
    until: date | None = None
    reason: str | None = None
    people: int = Field(default=0, description="How many sign up, leave, come, or suggest")
    recommended: int = 0
    at_once: int | None = Field(default=None, description="Requests in flight at a time")
    birth_date: date | None = None
    of_department: int | None = Field(default=None, description="Whose registrations are handed in, when not its own")
    venue: str | None = None
    epoch: int | None = None
    notes: int = Field(default=0, description="Suggestions written down on the day")
    leave: int = Field(default=0, description="Suggestions left undecided")


class Season(_Data):
    """演练活动季: departments and what happens, in the order of time."""

    campaign: CampaignPart
    frontend: Frontend
    departments: list[Department]
    plan: dict[str, Any]
    announcement: dict[str, str]
    texts: dict[str, str]
    steps: list[Step]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for before, step in zip(self.steps, self.steps[1:], strict=False):
            if step.at < before.at:
                raise ValueError(f"{step.at.isoformat()} {step.act} 排在更晚的步骤之后")
        numbers = {department.number for department in self.departments}
        for step in self.steps:
            if step.department is not None and step.department not in numbers:
                raise ValueError(f"没有第 {step.department} 个部门")
        if self.steps[-1].at > self.campaign.ends_at:
            raise ValueError("ends_at 早于最后一步")
        return self

    def department(self, number: int) -> Department:
        return next(department for department in self.departments if department.number == number)

    def number_of(self, code: str | None) -> int | None:
        """The department of a USCC; None for none. Raises StopIteration for one that is not in the season."""
        if code is None:
            return None
        return next(department.number for department in self.departments if department.code == code)

    @property
    def begins_at(self) -> datetime:
        return self.steps[0].at


def read_season(path: Path = SEASON / "season.toml") -> Season:
    """Raises pydantic.ValidationError, or tomllib.TOMLDecodeError."""
    return Season.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
