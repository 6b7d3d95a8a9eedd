"""政策包目录: the mounted files that packs and calendar layers are read from."""

import asyncio
from functools import lru_cache
from pathlib import Path

from contracts.policy import Calendar, PackInvalid, PolicyPack, load_calendar, load_pack
from services.plans.domain.open_campaign import PackRefused


class PolicyFiles:
    """Packs are read anew each time (a campaign fixes its own copy), calendars once a process."""

    def __init__(self, packs: Path, calendars: Path) -> None:
        self._packs = packs
        self._calendars = calendars
        self.calendar = lru_cache(maxsize=64)(self._calendar)

    async def pack(self, pack_id: str) -> PolicyPack:
        """政策包, resolved. Raises PackRefused with file, key and reason of every mistake."""
        try:
            return await asyncio.to_thread(load_pack, pack_id, self._packs)
        except PackInvalid as invalid:
            raise PackRefused(pack_id, invalid.mistakes) from invalid

    def _calendar(self, jurisdiction: str) -> Calendar:
        return load_calendar(jurisdiction, self._calendars)
