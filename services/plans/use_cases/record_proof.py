"""补录凭证: recorded by the department, decided by the office."""

from typing import Literal
from uuid import UUID

from contracts.plans.api import ProofIn, ProofView, ReasonIn
from contracts.plans.events import ProofAccepted, ProofRecorded, ProofRefused
from servicekit.service import Transaction
from servicekit.writes import check_version
from services.plans.domain import permit, show
from services.plans.domain import prove as domain
from services.plans.domain.aggregates import Activity, Proof
from services.plans.store import activities
from services.plans.store import publicity as store
from services.plans.use_cases.tell import own_activity, tell


async def record_proof(tx: Transaction, asker: permit.Asker, identity: UUID, body: ProofIn) -> ProofView:
    """补录. Raises Forbidden, WrongState, ProofRefusedAsInput."""
    activity, pack = await own_activity(tx, asker, identity)
    proof = domain.record_proof(activity, pack, body, tx.now)
    await store.save_proof(tx.connection, proof)
    await _say(tx, activity, proof, ProofRecorded)
    return show.proof(proof)


async def decide_proof(
    tx: Transaction,
    asker: permit.Asker,
    identity: UUID,
    expected: int | None,
    outcome: Literal["accepted", "refused"],
    body: ReasonIn,
) -> ProofView:
    """采信 or not. Raises Forbidden, WrongState."""
    proof = await store.load_proof(tx.connection, identity, lock=True)
    activity = await activities.load(tx.connection, proof.activity_id)
    permit.as_office(asker, activity.jurisdiction)
    check_version(expected, proof.version)
    decided = domain.decide_proof(proof, outcome, body.reason, tx.now)
    await store.save_proof(tx.connection, decided)
    await _say(tx, activity, decided, ProofAccepted if outcome == "accepted" else ProofRefused)
    return show.proof(decided)


async def _say(
    tx: Transaction,
    activity: Activity,
    proof: Proof,
    kind: type[ProofRecorded] | type[ProofAccepted] | type[ProofRefused],
) -> None:
    event = kind(
        proof_id=proof.id,
        act=proof.act,
        activity_id=activity.id,
        plan_id=activity.plan_id,
        occurrence=proof.occurrence,
        channel=proof.channel,
        column=proof.column,
        claimed_at=proof.claimed_at,
        proof_digest=proof.proof_digest,
        at=tx.now,
    )
    await tell(tx, activity, event, aggregate=proof.id)
