"""SQL of what notifications keeps and changes. Times of sending are the database's system time, never business time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from contracts.envelope import CloudEvent
from contracts.notifications.api import Audience, WebhookView
from contracts.notifications.events import Channel
from contracts.registry import read_event
from servicekit.database import Connection
from services.notifications.domain.letters import ActivityFacts, CampaignFacts, CitedRule
from services.notifications.domain.rules import Telling


@dataclass(frozen=True)
class Claimed:
    """A notification this process may work on until `lease_until`. `campaign` is None when not known yet."""

    id: UUID
    channel: Channel
    audience: Audience
    target: str
    webhook_id: UUID | None
    template: str
    attempts: int
    deferrals: int
    lease_until: datetime
    event: CloudEvent[Any]
    campaign: CampaignFacts | None
    activity: ActivityFacts | None

    @property
    def is_addressed(self) -> bool:
        """Whether it is known which contact it goes to."""
        return self.target != audience_target(self.audience)


def audience_target(audience: Audience) -> str:
    """The target of a mail whose contacts were not asked for yet."""
    return f"audience:{audience}"


async def insert_campaign(
    connection: Connection,
    campaign_id: UUID,
    *,
    season: str,
    rules: dict[str, CitedRule],
    departments: dict[str, str],
    opened_at: datetime,
) -> None:
    """The first account of a campaign stays: opening fixed it."""
    fresh = await connection.fetchval(
        "insert into campaigns (campaign_id, season, rules, opened_at) values ($1, $2, $3, $4)"
        " on conflict do nothing returning true",
        campaign_id,
        season,
        {name: rule.model_dump() for name, rule in rules.items()},
        opened_at,
    )
    if fresh:
        await connection.executemany(
            "insert into departments (campaign_id, department, name) values ($1, $2, $3)",
            [(campaign_id, department, name) for department, name in departments.items()],
        )


async def name_activity(connection: Connection, activity_id: UUID, *, name: str, venue: str) -> None:
    await connection.execute(
        "insert into activities (activity_id, name, venue) values ($1, $2, $3)"
        " on conflict (activity_id) do update set name = excluded.name, venue = excluded.venue",
        activity_id,
        name,
        venue,
    )


async def date_activity(connection: Connection, activity_id: UUID, *, occurrence: int, starts_at: datetime) -> None:
    """The date of the latest occurrence heard of stays."""
    await connection.execute(
        "insert into activities (activity_id, occurrence, starts_at) values ($1, $2, $3)"
        " on conflict (activity_id) do update set occurrence = excluded.occurrence, starts_at = excluded.starts_at"
        " where excluded.occurrence > activities.occurrence",
        activity_id,
        occurrence,
        starts_at,
    )


async def insert_cause(connection: Connection, event: CloudEvent[Any]) -> bool:
    """Keep an event somebody is told of; False when it is kept already."""
    fresh = await connection.fetchval(
        "insert into causes (event_id, type, campaign_id, department, event) values ($1, $2, $3, $4, $5)"
        " on conflict do nothing returning true",
        event.id,
        event.type,
        event.campaign,
        event.department,
        event.document(),
    )
    return fresh is not None


async def insert_mail(connection: Connection, event_id: UUID, telling: Telling) -> None:
    """One row for the audience; it becomes one for each contact once these are known."""
    await connection.execute(
        "insert into notifications (id, cause_event_id, channel, audience, target, template)"
        " values ($1, $2, 'mail', $3, $4, $5)",
        uuid4(),
        event_id,
        telling.audience,
        audience_target(telling.audience),
        telling.template,
    )


async def insert_pushes(
    connection: Connection, event_id: UUID, telling: Telling, *, kind: str, department: str | None
) -> None:
    """One row for each active webhook that wants this event."""
    await connection.execute(
        "insert into notifications (id, cause_event_id, channel, audience, target, webhook_id, template)"
        " select gen_random_uuid(), $1, 'webhook', $2, 'webhook:' || id, id, $3"
        " from webhooks where state = 'active' and (types is null or $4 = any(types))"
        " and (departments is null or $5 = any(departments)) order by sequence",
        event_id,
        telling.audience,
        telling.template,
        kind,
        department,
    )


_ABOUT = """
join causes c on c.event_id = n.cause_event_id
left join campaigns k on k.campaign_id = c.campaign_id
left join activities a on a.activity_id = (c.event -> 'data' ->> 'activity_id')::uuid
"""

_WRITABLE = """
(n.channel = 'webhook' or (k.campaign_id is not null
    and (n.audience in ('department', 'office') or a.name is not null)))
"""
"""Whether what the letter names is known by now."""

_CLAIM = f"""
with due as (
    select n.id
    from notifications n {_ABOUT}
    where n.next_attempt_at <= clock_timestamp()
        and (n.lease_until is null or n.lease_until < clock_timestamp())
        and {_WRITABLE}
    order by n.next_attempt_at, n.sequence
    limit $1
    for update of n skip locked
), claimed as (
    update notifications n set lease_until = clock_timestamp() + make_interval(secs => $2)
    from due where n.id = due.id
    returning n.*
)
select n.id, n.channel, n.audience, n.target, n.webhook_id, n.template, n.attempts, n.deferrals, n.lease_until,
    c.event, k.season, k.rules, d.department, d.name, a.name as activity_name, a.venue, a.starts_at
from claimed n {_ABOUT}
left join departments d on d.campaign_id = c.campaign_id and d.department = c.department
order by n.sequence
"""  # noqa: S608


async def claim(connection: Connection, *, batch: int, lease_seconds: float) -> list[Claimed]:
    """Up to `batch` notifications that are due, for this process alone until the lease ends."""
    rows = await connection.fetch(_CLAIM, batch, lease_seconds)
    return [
        Claimed(
            id=row["id"],
            channel=row["channel"],
            audience=row["audience"],
            target=row["target"],
            webhook_id=row["webhook_id"],
            template=row["template"],
            attempts=row["attempts"],
            deferrals=row["deferrals"],
            lease_until=row["lease_until"],
            event=read_event(row["event"]),
            campaign=_campaign(row),
            activity=_activity(row),
        )
        for row in rows
    ]


def _campaign(row: Any) -> CampaignFacts | None:
    if row["season"] is None:
        return None
    rules = {name: CitedRule.model_validate(rule) for name, rule in row["rules"].items()}
    return CampaignFacts(row["season"], rules, {row["department"]: row["name"]} if row["name"] else {})


def _activity(row: Any) -> ActivityFacts | None:
    return ActivityFacts(row["activity_name"], row["venue"], row["starts_at"]) if row["activity_name"] else None


async def take_targets(
    connection: Connection, claimed: Claimed, targets: Sequence[tuple[str, str]], *, leased: bool = True
) -> list[tuple[UUID, str]] | None:
    """Make a claimed audience row one row for each (target, masked recipient), under the same lease.

    Not `leased`: each row is due at once for whoever claims it; so many may be too much for one lease.

    Who is written to already because of this event (as another audience) is left out. Returns (id, target), empty
    when nobody is left; None when the lease was lost, and the row is another sender's.
    """
    cause = claimed.event.id
    # Both audiences of one event may be addressed at once; whoever comes second sees what the first one took.
    await connection.execute("select from causes where event_id = $1 for update", cause)
    if not await _holds(connection, claimed):
        return None
    rows = await connection.fetch("select target from notifications where cause_event_id = $1", cause)
    known = {row["target"] for row in rows}
    fresh = [(target, recipient) for target, recipient in dict(targets).items() if target not in known]
    lease = claimed.lease_until if leased else None
    await connection.executemany(
        "update notifications set target = $2, recipient = $3, lease_until = $4 where id = $1",
        [(claimed.id, target, recipient, lease) for target, recipient in fresh[:1]],
    )
    await connection.executemany(
        "insert into notifications"
        " (id, cause_event_id, channel, audience, target, recipient, template, accepted_at, lease_until)"
        " select gen_random_uuid(), cause_event_id, channel, audience, $2, $3, template, accepted_at,"
        " $4 from notifications where id = $1",
        [(claimed.id, target, recipient, lease) for target, recipient in fresh[1:]],
    )
    taken = await connection.fetch(
        "select id, target from notifications where cause_event_id = $1 and target = any($2) order by sequence",
        cause,
        [target for target, _ in fresh],
    )
    return [(row["id"], row["target"]) for row in taken]


async def _holds(connection: Connection, claimed: Claimed) -> bool:
    held = await connection.fetchval(
        "select true from notifications where id = $1 and lease_until = $2 for update", claimed.id, claimed.lease_until
    )
    return held is True


async def defer(connection: Connection, claimed: Claimed, *, seconds: float, detail: str) -> None:
    """Not tried: its contacts could not be asked. It stays accepted (or failed before) and is due again later."""
    await connection.execute(
        "update notifications set deferrals = deferrals + 1, detail = $3, lease_until = null,"
        " next_attempt_at = clock_timestamp() + make_interval(secs => $4) where id = $1 and lease_until = $2",
        claimed.id,
        claimed.lease_until,
        detail,
        seconds,
    )


async def begin(connection: Connection, identity: UUID, held_until: datetime, *, lease_seconds: float) -> bool:
    """Mark as sending, before anything leaves. False when somebody else has it by now."""
    begun = await connection.fetchval(
        "update notifications set state = 'sending', failure = null, detail = null, attempts = attempts + 1,"
        " next_attempt_at = null, lease_until = clock_timestamp() + make_interval(secs => $3)"
        " where id = $1 and lease_until = $2 and state in ('accepted', 'failed') returning true",
        identity,
        held_until,
        lease_seconds,
    )
    return begun is True


async def release(connection: Connection, identity: UUID, held_until: datetime) -> None:
    """Give back what was claimed and not begun."""
    await connection.execute(
        "update notifications set lease_until = null where id = $1 and lease_until = $2"
        " and state in ('accepted', 'failed')",
        identity,
        held_until,
    )


async def settle(
    connection: Connection,
    identity: UUID,
    *,
    state: str,
    failure: str | None,
    detail: str | None,
    retry_seconds: float | None,
) -> int | None:
    """Write down what became of it. Returns the attempts made, or None when it was settled by somebody else."""
    attempts: int | None = await connection.fetchval(
        "update notifications set state = $2, failure = $3, detail = $4, lease_until = null,"
        " next_attempt_at = case when $5::float8 is not null"
        "     then clock_timestamp() + make_interval(secs => $5::float8) end,"
        " settled_at = case when $5::float8 is null then clock_timestamp() end"
        " where id = $1 and state in ('accepted', 'sending', 'failed') and settled_at is null returning attempts",
        identity,
        state,
        failure,
        detail,
        retry_seconds,
    )
    return attempts


@dataclass(frozen=True)
class Abandoned:
    """In flight when its sender died."""

    id: UUID
    channel: Channel
    template: str
    attempts: int
    event: CloudEvent[Any]


async def abandoned(connection: Connection) -> list[Abandoned]:
    """What was being sent when the lease ran out, locked for this transaction."""
    rows = await connection.fetch(
        "select n.id, n.channel, n.template, n.attempts, c.event from notifications n"
        " join causes c on c.event_id = n.cause_event_id"
        " where n.state = 'sending' and n.lease_until < clock_timestamp()"
        " order by n.sequence limit 50 for update of n skip locked"
    )
    return [
        Abandoned(row["id"], row["channel"], row["template"], row["attempts"], read_event(row["event"])) for row in rows
    ]


async def ready_count(connection: Connection) -> int:
    """How many notifications are being sent or could be sent right now; a rehearsal waits for them."""
    count: int = await connection.fetchval(
        f"select count(*) from notifications n {_ABOUT}"  # noqa: S608
        f" where n.state = 'sending' or (n.next_attempt_at <= clock_timestamp() and {_WRITABLE})"
    )
    return count


async def insert_webhook(connection: Connection, webhook: WebhookView, *, owner: str, sealed_secret: str) -> None:
    await connection.execute(
        "insert into webhooks (id, owner, url, sealed_secret, types, departments, created_at)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        webhook.id,
        owner,
        webhook.url,
        sealed_secret,
        webhook.types,
        webhook.departments,
        webhook.created_at,
    )


async def count_webhooks(connection: Connection, owner: str) -> int:
    count: int = await connection.fetchval("select count(*) from webhooks where owner = $1 and state = 'active'", owner)
    return count


async def lock_webhook(connection: Connection, identity: UUID) -> tuple[WebhookView, str] | None:
    """A webhook and its owner, locked."""
    row = await connection.fetchrow(
        "select id, version, url, types, departments, state, created_at, ended_at, owner from webhooks"
        " where id = $1 for update",
        identity,
    )
    return (WebhookView.model_validate(dict(row)), row["owner"]) if row else None


async def end_webhook(connection: Connection, identity: UUID, *, state: str, at: datetime) -> WebhookView:
    row = await connection.fetchrow(
        "update webhooks set state = $2, ended_at = $3, version = version + 1 where id = $1"
        " returning id, version, url, types, departments, state, created_at, ended_at",
        identity,
        state,
        at,
    )
    assert row is not None
    return WebhookView.model_validate(dict(row))


async def receiver(connection: Connection, identity: UUID) -> tuple[str, str] | None:
    """Address and sealed secret of a webhook that still wants to be told."""
    row = await connection.fetchrow(
        "select url, sealed_secret from webhooks where id = $1 and state = 'active'", identity
    )
    return (row["url"], row["sealed_secret"]) if row else None


async def sealed_secret(connection: Connection, identity: UUID) -> str:
    secret: str = await connection.fetchval("select sealed_secret from webhooks where id = $1", identity)
    return secret
