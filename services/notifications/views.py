"""SQL of reads. Recipients come out masked."""

from typing import Any
from uuid import UUID

from contracts.notifications.api import NotificationPage, NotificationView, WebhookPage, WebhookView
from servicekit.database import Connection
from services.notifications.domain.masking import mask_url

_NOTIFICATION = """
select n.sequence, n.id, n.cause_event_id, c.type as event_type, c.campaign_id as campaign, c.department, n.audience,
    n.channel, n.recipient, w.url, n.webhook_id, n.template, n.state, n.failure, n.detail, n.attempts, n.accepted_at,
    n.settled_at, n.next_attempt_at
from notifications n
join causes c on c.event_id = n.cause_event_id
left join webhooks w on w.id = n.webhook_id
"""


async def notifications(
    connection: Connection,
    *,
    owner: str | None,
    campaign: UUID | None,
    department: str | None,
    event_type: str | None,
    state: str | None,
    after: int,
    limit: int,
) -> NotificationPage:
    """Oldest first. `owner`: only what is told to this front-end's own webhooks."""
    rows = await connection.fetch(
        f"{_NOTIFICATION} where n.sequence > $1 and ($2::uuid is null or c.campaign_id = $2)"
        " and ($3::text is null or c.department = $3) and ($4::text is null or c.type = $4)"
        " and ($5::text is null or n.state = $5) and ($6::text is null or w.owner = $6)"
        " order by n.sequence limit $7",
        after,
        campaign,
        department,
        event_type,
        state,
        owner,
        limit + 1,
    )
    page = rows[:limit]
    following = str(page[-1]["sequence"]) if len(rows) > limit else None
    return NotificationPage(items=[_notification(row) for row in page], next=following)


async def notification(connection: Connection, identity: UUID, *, owner: str | None) -> NotificationView | None:
    row = await connection.fetchrow(
        f"{_NOTIFICATION} where n.id = $1 and ($2::text is null or w.owner = $2)", identity, owner
    )
    return _notification(row) if row else None


def _notification(row: Any) -> NotificationView:
    fields = dict(row)
    url = fields.pop("url")
    if url is not None:
        fields["recipient"] = mask_url(url)
    return NotificationView.model_validate(fields)


async def webhooks(connection: Connection, *, owner: str | None, after: int, limit: int) -> WebhookPage:
    """Oldest first, deleted ones left out."""
    rows = await connection.fetch(
        "select sequence, id, version, url, types, departments, state, created_at, ended_at from webhooks"
        " where state <> 'deleted' and sequence > $1 and ($2::text is null or owner = $2)"
        " order by sequence limit $3",
        after,
        owner,
        limit + 1,
    )
    page = rows[:limit]
    following = str(page[-1]["sequence"]) if len(rows) > limit else None
    return WebhookPage(items=[WebhookView.model_validate(dict(row)) for row in page], next=following)
