"""订阅推送: a front-end registers where it wants to be told, and stops it."""

import base64
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from contracts.notifications.api import WebhookIn, WebhookView
from servicekit.auth import Actor
from servicekit.crypto import Sealer
from servicekit.database import Connection
from servicekit.problems import Finding, NotFound, Refused
from servicekit.service import Transaction
from services.notifications import store
from services.notifications.domain.rules import Rules
from services.notifications.domain.webhook_urls import check_url

_SECRET_BYTES = 32


class TypeUnknown(Refused):
    code, status, title = "event-type-unknown", 422, "没有这种事件可以订阅"


class TooManyWebhooks(Refused):
    code, status, title = "too-many-webhooks", 409, "订阅数量已到上限"
    fix = "先删除不再使用的订阅"


@dataclass(frozen=True)
class Doorkeeping:
    """Who may be told, from settings."""

    https_only: bool
    hosts: tuple[str, ...]
    per_owner: int


async def subscribe(
    tx: Transaction, actor: Actor, wanted: WebhookIn, rules: Rules, door: Doorkeeping, sealer: Sealer
) -> WebhookView:
    """The secret is made here and stored sealed; `reveal_secret` tells it. Raises UrlRefused, TypeUnknown."""
    actor.require("frontend", "office")
    check_url(wanted.url, https_only=door.https_only, hosts=door.hosts)
    if unknown := sorted(set(wanted.types or ()) - rules.for_frontends):
        findings = [Finding(code="event-type-unknown", field="types", detail=kind) for kind in unknown]
        known = "、".join(sorted(rules.for_frontends))
        raise TypeUnknown(f"不能订阅: {'、'.join(unknown)}", fix=f"可以订阅: {known}", errors=findings)
    if await store.count_webhooks(tx.connection, actor.subject) >= door.per_owner:
        raise TooManyWebhooks(f"每个账号最多 {door.per_owner} 个订阅")
    webhook = WebhookView(
        id=uuid4(),
        version=1,
        url=wanted.url,
        types=sorted(set(wanted.types)) if wanted.types else None,
        departments=sorted(set(wanted.departments)) if wanted.departments else None,
        state="active",
        created_at=tx.now,
        ended_at=None,
    )
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    sealed = sealer.seal(secret, place=_place(webhook.id))
    await store.insert_webhook(tx.connection, webhook, owner=actor.subject, sealed_secret=sealed)
    return webhook


async def reveal_secret(connection: Connection, answer: dict[str, Any], sealer: Sealer) -> dict[str, Any]:
    """The answer to a subscription, with the secret: added as it leaves, so that no copy of it is stored in clear."""
    identity = UUID(answer["id"])
    return {**answer, "secret": open_secret(sealer, identity, await store.sealed_secret(connection, identity))}


async def unsubscribe(tx: Transaction, actor: Actor, identity: UUID) -> WebhookView:
    """退订: by its owner or the office; doing it twice does no harm. Raises NotFound, also for somebody else's."""
    actor.require("frontend", "office")
    found = await store.lock_webhook(tx.connection, identity)
    if found is None or not (actor.may("office") or found[1] == actor.subject):
        raise NotFound("没有这个订阅")
    webhook = found[0]
    if webhook.state == "deleted":
        return webhook
    return await store.end_webhook(tx.connection, identity, state="deleted", at=tx.now)


def open_secret(sealer: Sealer, identity: UUID, sealed: str) -> str:
    return sealer.open(sealed, place=_place(identity))


def _place(identity: UUID) -> str:
    return f"webhooks/{identity}/sealed_secret"
