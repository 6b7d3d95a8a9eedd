"""The things plans owns, as values: a change makes a new one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from contracts.plans.api import PlanContent
from contracts.plans.events import Act


@dataclass(frozen=True)
class RosterEntry:
    """名册上的部门(单位)."""

    department: str
    name: str


@dataclass(frozen=True)
class Campaign:
    """年度活动."""

    id: UUID
    version: int
    state: Literal["draft", "open", "closed"]
    jurisdiction: str
    title: str
    pack_id: str
    pack_version: str | None
    pack_digest: str | None
    roster: tuple[RosterEntry, ...]
    created_at: datetime
    opened_at: datetime | None = None
    closed_at: datetime | None = None

    def entry(self, department: str) -> RosterEntry | None:
        """The department's line of the roster."""
        return next((entry for entry in self.roster if entry.department == department), None)


@dataclass(frozen=True)
class Plan:
    """实施方案. `submission` counts submitted texts; digest and time are the last one's."""

    id: UUID
    version: int
    campaign_id: UUID
    jurisdiction: str
    department: str
    state: Literal["draft", "submitted", "returned", "filed", "cancelled"]
    title: str
    name: str | None
    content: PlanContent
    submission: int = 0
    digest: str | None = None
    submitted_at: datetime | None = None
    filing_number: str | None = None
    filed_at: datetime | None = None
    cancelled_at: datetime | None = None


@dataclass(frozen=True)
class Activity:
    """活动: a draft until its plan is filed; `occurrence` counts its dates."""

    id: UUID
    version: int
    plan_id: UUID
    campaign_id: UUID
    jurisdiction: str
    department: str
    key: str
    name: str
    state: Literal["draft", "filed", "started", "ended", "cancelled"]
    occurrence: int
    starts_at: datetime | None
    ends_at: datetime | None
    ended_at: datetime | None = None
    end_basis: Literal["scheduled", "corrected"] | None = None
    announced: bool = False


@dataclass(frozen=True)
class Channel:
    """渠道: one place where something was published, and when plans committed it."""

    channel: str
    column: str | None
    occurrence: int
    at: datetime
    url: str | None
    proof_digest: str | None


@dataclass(frozen=True)
class Announcement:
    """公告 of one activity; after a correction, of its new occurrence."""

    id: UUID
    version: int
    activity_id: UUID
    occurrence: int
    items: dict[str, str]
    channels: tuple[Channel, ...]
    issued_at: datetime
    withdrawn_at: datetime | None = None

    def current_channels(self) -> tuple[Channel, ...]:
        """Where the current occurrence has been announced so far."""
        return tuple(channel for channel in self.channels if channel.occurrence == self.occurrence)


@dataclass(frozen=True)
class Proof:
    """补录凭证."""

    id: UUID
    version: int
    activity_id: UUID
    occurrence: int
    act: Act
    channel: str
    column: str | None
    claimed_at: datetime
    proof_digest: str
    url: str | None
    state: Literal["recorded", "accepted", "refused"]
    recorded_at: datetime
    decided_at: datetime | None = None
    reason: str | None = None
