"""Whether an aggregate's chain of events is whole: versions without gaps, each holding the digest of the one before."""

from collections.abc import Sequence
from typing import Any

from contracts.envelope import NO_PREVIOUS, digest_of


def broken_links(history: Sequence[dict[str, Any]]) -> list[str]:
    """What does not fit in an aggregate's history, in words; empty when the chain verifies."""
    faults = []
    previous = NO_PREVIOUS
    for position, entry in enumerate(history, start=1):
        event, logged = entry["event"], entry["digest"]
        actual = digest_of(event)
        if actual != logged:
            faults.append(f"event {position}: its text has digest {actual}, logged was {logged}")
        if event["aggregateversion"] != position:
            faults.append(f"event {position}: carries version {event['aggregateversion']}")
        if event["previousdigest"] != previous:
            faults.append(f"event {position}: names {event['previousdigest']} as the one before, it is {previous}")
        previous = logged
    return faults
