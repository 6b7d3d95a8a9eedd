"""补录凭证: an act outside the system counts at its claimed time, and only once the office accepts the proof."""

from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import uuid4

from contracts.plans.api import ChannelIn, ProofIn
from contracts.policy import PolicyPack
from servicekit.problems import WrongState
from services.plans.domain.aggregates import Activity, Proof
from services.plans.domain.announce import check_channels
from services.plans.domain.date_activity import require_filed
from services.plans.domain.findings import Incomplete, plainly, refuse_for


class ProofRefusedAsInput(Incomplete):
    code, title = "proof-refused", "凭证不符合要求"


def record_proof(activity: Activity, pack: PolicyPack, body: ProofIn, now: datetime) -> Proof:
    """Recorded, not yet counting. Raises WrongState, ProofRefusedAsInput."""
    require_filed(activity)
    if body.act != "announcement" and activity.state != "ended":
        raise WrongState("活动尚未结束", fix="活动结束后的发布才能补录")
    findings = check_channels(pack, [ChannelIn(channel=body.channel, column=body.column)], body.act)
    if body.claimed_at > now:
        findings.append(plainly("in-the-future", "发布时间还没有到", "claimed_at", fix="填写已经发生的时间"))
    refuse_for(findings, ProofRefusedAsInput)
    return Proof(
        id=uuid4(),
        version=1,
        activity_id=activity.id,
        occurrence=activity.occurrence,
        act=body.act,
        channel=body.channel,
        column=body.column,
        claimed_at=body.claimed_at,
        proof_digest=body.proof_digest,
        url=body.url,
        state="recorded",
        recorded_at=now,
    )


def decide_proof(proof: Proof, outcome: Literal["accepted", "refused"], reason: str, now: datetime) -> Proof:
    """采信 or not, with a reason. Raises WrongState."""
    if proof.state != "recorded":
        raise WrongState("凭证已有决定")
    return replace(proof, version=proof.version + 1, state=outcome, reason=reason, decided_at=now)
