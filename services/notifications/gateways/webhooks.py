"""推送: Standard Webhooks over HTTP. The id stays the same across retries, so that a receiver can drop repeats."""

import asyncio
from datetime import datetime

import httpx
from standardwebhooks import Webhook

from contracts.envelope import CONTENT_TYPE
from services.notifications.domain.outcomes import Outcome, of_http_status


def client(timeout_seconds: float) -> httpx.AsyncClient:
    """Redirects are not followed: the receiver that was registered is the only one that is told."""
    return httpx.AsyncClient(timeout=timeout_seconds, follow_redirects=False, trust_env=False)


async def deliver(
    sending: httpx.AsyncClient,
    url: str,
    secret: str,
    *,
    message_id: str,
    sent_at: datetime,
    body: bytes,
    total_seconds: float,
) -> Outcome:
    """One attempt. `sent_at` is system time: receivers refuse what is minutes off."""
    signature = Webhook(secret).sign(message_id, sent_at, body.decode())
    headers = {
        "content-type": CONTENT_TYPE,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": signature,
        "user-agent": "openday-notifications/1",
    }
    try:
        # httpx limits each read, this the whole attempt. Dropped unread: only the status counts.
        async with asyncio.timeout(total_seconds), sending.stream("POST", url, content=body, headers=headers) as answer:
            return of_http_status(answer.status_code)
    except httpx.InvalidURL as wrong:
        return Outcome("permanent", f"address not usable: {wrong}")
    except (httpx.HTTPError, TimeoutError) as lost:
        return Outcome("temporary", type(lost).__name__)
