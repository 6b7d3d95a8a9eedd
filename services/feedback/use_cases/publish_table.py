"""发布采纳表."""

from uuid import UUID

from contracts.feedback.api import AdoptionTable
from contracts.feedback.events import AdoptionTablePublished
from servicekit.crypto import Sealer
from servicekit.service import Transaction
from services.feedback import store
from services.feedback.domain import adoption, permit
from services.feedback.use_cases.tell import tell


async def publish_table(tx: Transaction, asker: permit.Asker, sealer: Sealer, activity_id: UUID) -> AdoptionTable:
    """采纳表, complete or refused (the department); what came later makes the next version.

    Raises NotFound, Forbidden, ActivityCancelled, ActivityNotEnded, AdoptionIncomplete, AdoptionUnchanged.
    """
    activity = await store.activity(tx.connection, activity_id, lock=True)
    permit.as_owner(asker, activity)
    basis = adoption.basis_of(await store.pack(tx.connection, activity.campaign_id))
    received = await store.suggestions(tx.connection, activity_id)
    adoption.require_complete(activity, received, basis)
    told = await store.told(tx.connection, sealer, received)
    before = await store.latest_table(tx.connection, activity_id)
    name = await store.department_name(tx.connection, activity)
    table = adoption.compose(activity, name, told, before, basis, tx.now)
    await store.add_table(tx.connection, table)
    event = AdoptionTablePublished(
        activity_id=activity_id,
        table_version=table.version,
        received=table.received,
        decided=table.decided,
        adopted=table.adopted,
        partly=table.partly,
        not_adopted=table.not_adopted,
        noted=table.noted,
        counted_until=table.counted_until,
        proof_digest=table.proof_digest,
        at=tx.now,
    )
    await tell(tx, activity, event, activity_id)
    return table
