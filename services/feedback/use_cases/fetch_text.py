"""取得提问内容: live questions' texts, asked of livestream with no connection held, again until it answers."""

from dataclasses import dataclass

import structlog

from servicekit.service import Service
from services.feedback import store
from services.feedback.domain.suggestion import with_text
from services.feedback.gateways import QuestionTexts, TextUnavailable

log = structlog.get_logger()


@dataclass(frozen=True)
class Fetcher:
    """Seconds are system time. Any number of replicas may run it: what one asks for is leased to it."""

    texts: QuestionTexts
    batch: int
    lease_seconds: float
    delays_seconds: tuple[float, ...]

    async def turn(self, service: Service) -> int:
        """One batch; how many texts came."""
        async with service.reading() as connection:
            fetches = await store.claim_fetches(connection, self.lease_seconds, self.batch)
        return sum([await self._fetch(service, fetch) for fetch in fetches])

    async def _fetch(self, service: Service, fetch: store.Fetch) -> bool:
        try:
            text = await self.texts.ask(service, fetch.question_id)
        except TextUnavailable as silent:
            delay = self.delays_seconds[min(fetch.attempts, len(self.delays_seconds)) - 1]
            log.warning("question's text not fetched", attempt=fetch.attempts, retry_in=delay, error=str(silent))
            async with service.reading() as connection:
                await store.delay_fetch(connection, fetch.suggestion_id, delay)
            return False
        place = f"suggestions/{fetch.suggestion_id}/text"
        sealed = service.seal_key().seal(text, place=place) if text is not None else None
        async with service.transaction() as tx:
            before = await store.suggestion(tx.connection, fetch.suggestion_id, lock=True)
            after = with_text(before, "present" if text is not None else "lost")
            if after != before:
                await store.save_text(tx.connection, after, sealed)
            await store.end_fetch(tx.connection, fetch.suggestion_id)
        return True
