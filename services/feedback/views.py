"""Reads: suggestions for those who answer them, published tables, and the contact another service asks for."""

from typing import Any
from uuid import UUID

from contracts.feedback.api import AdoptionTable, SuggestionPage, SuggestionView
from servicekit.crypto import Sealer
from servicekit.database import Connection
from servicekit.problems import BadRequest, NotFound
from servicekit.service import Service
from services.feedback import store
from services.feedback.domain import permit
from services.feedback.domain.suggestion import Suggestion, show


async def suggestion(connection: Connection, asker: permit.Asker, sealer: Sealer, identity: UUID) -> SuggestionView:
    """Raises NotFound, Forbidden."""
    found = await store.suggestion(connection, identity)
    permit.as_reader(asker, await store.activity(connection, found.activity_id))
    return show((await store.told(connection, sealer, [found]))[0])


async def suggestion_page(
    connection: Connection,
    asker: permit.Asker,
    sealer: Sealer,
    activity_id: UUID,
    *,
    undecided: bool,
    after: str | None,
    limit: int,
) -> SuggestionPage:
    """In the order of arrival. Raises NotFound, Forbidden."""
    permit.as_reader(asker, await store.activity(connection, activity_id))
    rows = await connection.fetch(
        f"select sequence, {store.COLUMNS} from suggestions where activity_id = $1 and sequence > $2"  # noqa: S608
        " and (not $3::boolean or decision is null) order by sequence limit $4",
        activity_id,
        _cursor(after),
        undecided,
        limit,
    )
    found = [Suggestion(**{name: value for name, value in row.items() if name != "sequence"}) for row in rows]
    items = [show(told) for told in await store.told(connection, sealer, found)]
    return SuggestionPage(items=items, next=str(rows[-1]["sequence"]) if len(rows) == limit else None)


async def table(connection: Connection, activity_id: UUID, version: int | None) -> AdoptionTable:
    """Raises NotFound."""
    found = await store.latest_table(connection, activity_id, version)
    if found is None:
        raise NotFound("没有发布过这个采纳表")
    return found


async def contacts(service: Service, question: dict[str, Any]) -> dict[str, Any]:
    """`{suggestion}` -> `{contacts}`: whom to write the answer to; nobody where no address was left."""
    try:
        identity = UUID(str(question.get("suggestion")))
    except ValueError:
        return {"contacts": []}
    async with service.reading() as connection:
        found = await store.contact(connection, service.seal_key(), identity)
    return {"contacts": [{"name": found[0], "email": found[1]}] if found is not None else []}


def _cursor(after: str | None) -> int:
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit()) or len(after) > 18:
        raise BadRequest("after 不是本服务给出的游标", fix="用上一页的 next")
    return int(after)
