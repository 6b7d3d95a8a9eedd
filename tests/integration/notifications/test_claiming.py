"""Claims and leases: whoever lost its lease does not send."""

from collections.abc import AsyncIterator, Callable

import pytest

from contracts.registry import read_event
from servicekit.database import Pool, open_pool
from services.notifications import store
from services.notifications.domain.rules import Telling
from tests.integration.notifications.stage import CAMPAIGN, RAISED, event, now


@pytest.fixture
async def pool(service_database: Callable[[str], str]) -> AsyncIterator[Pool]:
    """A database with one event that the department's contact is to be told of by mail."""
    made = await open_pool(
        service_database("notifications"), minimum=1, maximum=3, statement_timeout=5, name="notifications"
    )
    heard = read_event(event(RAISED))
    async with made.acquire() as connection:
        await store.insert_campaign(connection, CAMPAIGN, season="季", rules={}, departments={}, opened_at=now())
        await store.insert_cause(connection, heard)
        await store.insert_mail(connection, heard.id, Telling("department", "mail", "violation-raised"))
    yield made
    await made.close()


async def test_what_is_claimed_is_nobody_else_s_until_the_lease_ends(pool: Pool) -> None:
    async with pool.acquire() as connection:
        [_] = await store.claim(connection, batch=10, lease_seconds=60)
        assert await store.claim(connection, batch=10, lease_seconds=60) == []


async def test_who_lost_the_lease_neither_sends_nor_addresses_nor_defers(pool: Pool) -> None:
    async with pool.acquire() as connection:
        [slow] = await store.claim(connection, batch=10, lease_seconds=0)
        [quick] = await store.claim(connection, batch=10, lease_seconds=60)
        assert slow.id == quick.id
        assert not await store.begin(connection, slow.id, slow.lease_until, lease_seconds=60)
        assert await store.take_targets(connection, slow, [("contact:a", "a***@b")]) is None
        await store.defer(connection, slow, seconds=3600, detail="too late")
        await store.release(connection, slow.id, slow.lease_until)
        assert await store.claim(connection, batch=10, lease_seconds=60) == []
        assert await store.begin(connection, quick.id, quick.lease_until, lease_seconds=60)
        assert not await store.begin(connection, quick.id, quick.lease_until, lease_seconds=60)


async def test_who_holds_the_lease_may_give_it_back(pool: Pool) -> None:
    async with pool.acquire() as connection:
        [one] = await store.claim(connection, batch=10, lease_seconds=60)
        await store.release(connection, one.id, one.lease_until)
        [again] = await store.claim(connection, batch=10, lease_seconds=60)
        assert again.id == one.id


async def test_an_audience_becomes_one_row_for_each_contact_and_each_is_taken_once(pool: Pool) -> None:
    async with pool.acquire() as connection:
        [one] = await store.claim(connection, batch=10, lease_seconds=60)
        contacts = [("contact:a", "a***@x"), ("contact:b", "b***@x")]
        taken = await store.take_targets(connection, one, contacts)
        assert taken is not None
        assert [target for _, target in taken] == ["contact:a", "contact:b"]
        assert taken[0][0] == one.id
        for identity, _ in taken:
            assert await store.begin(connection, identity, one.lease_until, lease_seconds=60)


async def test_what_is_settled_stays_so(pool: Pool) -> None:
    async with pool.acquire() as connection:
        [one] = await store.claim(connection, batch=10, lease_seconds=60)
        assert await store.begin(connection, one.id, one.lease_until, lease_seconds=60)
        settled = {"failure": None, "detail": None, "retry_seconds": None}
        assert await store.settle(connection, one.id, state="delivered", **settled) == 1
        assert await store.settle(connection, one.id, state="suppressed", **settled) is None
        assert await store.claim(connection, batch=10, lease_seconds=60) == []
