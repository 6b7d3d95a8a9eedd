"""The one-shot job that migrates every service's database: env <SERVICE>_DATABASE_URL for each."""

import asyncio
import os
from pathlib import Path

from contracts.topology import SERVICES
from servicekit.migrations import migrate

_SERVICES = Path(__file__).parents[2] / "services"


async def migrate_all() -> None:
    """One after the other, so that what failed is what was named last."""
    for service in SERVICES:
        dsn = os.environ[f"{service.name.upper()}_DATABASE_URL"]
        applied = await migrate(dsn, [_SERVICES / service.name / "migrations"])
        print(f"{service.name}: {', '.join(applied) or 'nothing new'}", flush=True)


if __name__ == "__main__":
    asyncio.run(migrate_all())
