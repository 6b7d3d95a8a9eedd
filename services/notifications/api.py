"""HTTP of notifications: what was told to whom, and where front-ends want to be told."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from contracts.notifications.api import (
    EventType,
    NotificationPage,
    NotificationView,
    State,
    WebhookCreated,
    WebhookIn,
    WebhookPage,
    WebhookView,
)
from servicekit.auth import Actor
from servicekit.problems import NotFound
from servicekit.service import Service
from servicekit.writes import Reading, Writing
from services.notifications import views
from services.notifications.domain.rules import Rules
from services.notifications.use_cases import subscribe

After = Annotated[int, Query(ge=0, le=2**62, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]


def routes(rules: Rules, door: subscribe.Doorkeeping) -> APIRouter:
    """The service's routes."""
    router = APIRouter(tags=["notifications"])
    _add_reads(router)
    _add_webhooks(router, rules, door)
    return router


def _add_reads(router: APIRouter) -> None:
    @router.get("/notifications")
    async def notifications(
        request: Request,
        actor: Reading,
        campaign: UUID | None = None,
        department: Annotated[str | None, Query(max_length=18)] = None,
        event_type: Annotated[EventType | None, Query()] = None,
        state: State | None = None,
        after: After = 0,
        limit: Limit = 50,
    ) -> NotificationPage:
        """通知记录, oldest first. Office, ops and auditor see all; a front-end what its own webhooks are told."""
        service: Service = request.app.state.service
        async with service.reading() as connection:
            return await views.notifications(
                connection,
                owner=_only_of(actor),
                campaign=campaign,
                department=department,
                event_type=event_type,
                state=state,
                after=after,
                limit=limit,
            )

    @router.get("/notifications/{identity}")
    async def notification(request: Request, actor: Reading, identity: Annotated[UUID, Path()]) -> NotificationView:
        """一条通知."""
        service: Service = request.app.state.service
        async with service.reading() as connection:
            found = await views.notification(connection, identity, owner=_only_of(actor))
        if found is None:
            raise NotFound("没有这条通知")
        return found


def _add_webhooks(router: APIRouter, rules: Rules, door: subscribe.Doorkeeping) -> None:
    @router.post("/webhooks", status_code=201, response_model=WebhookCreated)
    async def register(write: Writing, body: WebhookIn) -> Response:
        """订阅推送. The answer alone holds the secret. Needs Idempotency-Key; roles frontend, office."""
        sealer = write.service.seal_key()
        return await write.once(
            lambda tx: subscribe.subscribe(tx, write.actor, body, rules, door, sealer),
            status=201,
            reveal=lambda tx, answer: subscribe.reveal_secret(tx.connection, answer, sealer),
        )

    @router.get("/webhooks")
    async def webhooks(request: Request, actor: Reading, after: After = 0, limit: Limit = 50) -> WebhookPage:
        """推送订阅, without secrets. A front-end sees its own, the office all."""
        actor.require("frontend", "office", "ops", "auditor")
        service: Service = request.app.state.service
        async with service.reading() as connection:
            return await views.webhooks(connection, owner=_only_of(actor), after=after, limit=limit)

    @router.delete("/webhooks/{identity}", response_model=WebhookView)
    async def delete(write: Writing, identity: Annotated[UUID, Path()]) -> Response:
        """退订. What is not sent yet is suppressed. Repeating it does no harm."""
        return await write.run(lambda tx: subscribe.unsubscribe(tx, write.actor, identity))


def _only_of(actor: Actor) -> str | None:
    """None for who sees everything, else the front-end whose own things are seen. Raises Forbidden."""
    if actor.may("office", "ops", "auditor"):
        return None
    actor.require("frontend")
    return actor.subject
