"""What callers see of the things plans owns, and what events carry of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from contracts.plans.api import (
    ActivityView,
    AnnouncementView,
    CampaignView,
    ChannelView,
    Check,
    Comment,
    PlanActivity,
    PlanView,
    ProofView,
    ReceiptView,
    ReviewView,
    RosterDepartment,
)
from contracts.plans.events import AnnouncedChannel, FiledActivity, Venue
from contracts.policy import PolicyPack
from services.plans.domain.aggregates import Activity, Announcement, Campaign, Channel, Plan, Proof


def campaign(shown: Campaign) -> CampaignView:
    fields = {**vars(shown)}
    fields["roster"] = [RosterDepartment(**vars(entry)) for entry in shown.roster]
    return CampaignView(**fields)


def plan(
    shown: Plan,
    activities: Sequence[Activity],
    reviews: Sequence[tuple[int, datetime, list[dict[str, Any]]]],
    warnings: Sequence[Check],
) -> PlanView:
    return PlanView(
        id=shown.id,
        version=shown.version,
        campaign_id=shown.campaign_id,
        department=shown.department,
        state=shown.state,
        title=shown.title,
        content=shown.content,
        activities=[PlanActivity(key=one.key, activity_id=one.id, name=one.name) for one in activities],
        submission=shown.submission,
        digest=shown.digest,
        submitted_at=shown.submitted_at,
        filing_number=shown.filing_number,
        filed_at=shown.filed_at,
        cancelled_at=shown.cancelled_at,
        reviews=[
            ReviewView(
                submission=submission,
                returned_at=at,
                comments=[Comment.model_validate(comment) for comment in comments],
            )
            for submission, at, comments in reviews
        ],
        warnings=list(warnings),
    )


def receipt(filed: Plan) -> ReceiptView:
    """备案回执."""
    assert filed.filing_number is not None and filed.digest is not None
    assert filed.submitted_at is not None and filed.filed_at is not None
    return ReceiptView(
        plan_id=filed.id,
        filing_number=filed.filing_number,
        title=filed.title,
        submission=filed.submission,
        digest=filed.digest,
        submitted_at=filed.submitted_at,
        filed_at=filed.filed_at,
    )


def activity(shown: Activity, warnings: Sequence[Check] = ()) -> ActivityView:
    fields = {name: value for name, value in vars(shown).items() if name != "jurisdiction"}
    return ActivityView(**fields, warnings=list(warnings))


def channels(shown: Sequence[Channel]) -> list[ChannelView]:
    return [ChannelView(**vars(channel)) for channel in shown]


def announcement(shown: Announcement) -> AnnouncementView:
    return AnnouncementView(**{**vars(shown), "channels": channels(shown.channels)})


def proof(shown: Proof) -> ProofView:
    return ProofView(**vars(shown))


def announced(said: Sequence[Channel]) -> list[AnnouncedChannel]:
    """Channels as events carry them."""
    return [
        AnnouncedChannel(channel=one.channel, column=one.column, at=one.at, proof_digest=one.proof_digest)
        for one in said
    ]


def filed(activities: Sequence[Activity], plan: Plan, pack: PolicyPack) -> list[FiledActivity]:
    """Activities as plan-filed carries them; the plan is complete."""
    wanted = {given.key: given for given in plan.content.activities}
    carried = []
    for one in activities:
        given = wanted[one.key]
        assert given.main_venue is not None and given.capacity is not None
        carried.append(
            FiledActivity(
                activity_id=one.id,
                name=one.name,
                starts_at=one.starts_at,
                ends_at=one.ends_at,
                forms=given.forms,
                segments=given.segments,
                capacity=given.capacity,
                minimum=pack.participants.minimum,
                main_venue=Venue(key=given.main_venue.key, name=given.main_venue.name),
                branch_venues=[Venue(key=venue.key, name=venue.name) for venue in given.branch_venues],
                online=given.online,
            )
        )
    return carried
