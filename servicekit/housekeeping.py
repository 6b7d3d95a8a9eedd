"""What is kept for a time only: answers remembered for retries. By system time, since retries are."""

from datetime import timedelta

from servicekit.service import Service
from servicekit.timers import repeat

_BATCH = 1000
_FORGET = """
delete from idempotency_keys where (principal, key) in (
    select principal, key from idempotency_keys where created_at < clock_timestamp() - $1::interval limit $2)
"""


async def forget_old_answers(service: Service) -> int:
    """One batch of Idempotency-Keys that nobody retries any more; how many."""
    keep = timedelta(days=service.settings.idempotency_keep_days)
    async with service.reading() as connection:
        done = await connection.execute(_FORGET, keep, _BATCH)
    return int(done.rpartition(" ")[2])


async def keep_house(service: Service) -> None:
    """Until cancelled, every `housekeeping_idle_seconds`."""
    await repeat(service, forget_old_answers, idle_seconds=service.settings.housekeeping_idle_seconds)
