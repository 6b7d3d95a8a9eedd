"""The NATS server's configuration, made from the topology: one account, one user per service with its own rights."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.topology import MAX_MESSAGE_BYTES, SERVICES, rights

OPS = "ops"
"""The user that applies the topology, replays dead letters and looks at everything. No service has its password."""

USERS: tuple[str, ...] = (OPS, *(service.name for service in SERVICES))

SYNC_INTERVAL = "always"
"""Sync to disk before acknowledging. JetStream's own default syncs every 2 minutes: a power cut loses messages whose
outbox rows are already gone. Measured with 1.5 kB events on two cores, three rounds, 200 in flight: always 3.9-4.6k/s,
1s 29-31k/s, 2m 20-27k/s; one at a time 0.4 ms against 0.14 ms. A whole season is a few thousand events, so the price is
nothing; a disk with slow syncs pays more. Ratios, not promises."""

MAX_STORE_BYTES = 20 * 1024**3
MAX_MEMORY_BYTES = 64 * 1024**2
MAX_CONNECTIONS = 256


def render(
    *,
    server_name: str,
    port: int,
    store: Path,
    passwords: Mapping[str, str],
    host: str = "127.0.0.1",
    sync_interval: str = SYNC_INTERVAL,
) -> str:
    """The configuration file; JSON, which the server reads as its own format. Holds passwords: write it 0600."""
    users = [_user(name, passwords[name]) for name in USERS]
    document: dict[str, Any] = {
        "server_name": server_name,
        "host": host,
        "port": port,
        "max_payload": MAX_MESSAGE_BYTES,
        "max_connections": MAX_CONNECTIONS,
        "write_deadline": "10s",
        "ping_interval": "20s",
        "ping_max": 3,
        "lame_duck_duration": "30s",
        "jetstream": {
            "store_dir": str(store),
            "sync_interval": sync_interval,
            "max_file_store": MAX_STORE_BYTES,
            "max_memory_store": MAX_MEMORY_BYTES,
        },
        "accounts": {"OPENDAY": {"jetstream": "enabled", "users": users}},
    }
    return json.dumps(document, indent=2) + "\n"


def _user(name: str, password: str) -> dict[str, Any]:
    if name == OPS:
        everything = {"allow": [">"]}
        return {"user": name, "password": password, "permissions": {"publish": everything, "subscribe": everything}}
    granted = rights(name)
    return {
        "user": name,
        "password": password,
        "permissions": {
            "publish": {"allow": list(granted.publish)},
            "subscribe": {"allow": list(granted.subscribe)},
            # One reply to each received request, within a minute: what answering a query needs and no more.
            "allow_responses": {"max": 1, "expires": "1m"},
        },
    }
