"""`python -m services.plans migrate` and `serve`, as a deployment runs them."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import asyncpg
import httpx
import pytest

from deploy.local.programs import free_port
from tests.infra import ROOT, PostgresServer, elsewhere


def plans(command: str) -> list[str]:
    return [sys.executable, "-m", "services.plans", command]


@pytest.fixture
def empty_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The DSN of a database that nothing was migrated into."""
    name = f"plans_{secrets.token_hex(4)}"

    async def run(statement: str) -> None:
        admin = await asyncpg.connect(postgres_server.admin)
        await admin.execute(statement)
        await admin.close()

    elsewhere(run(f'create database "{name}"'))
    yield postgres_server.dsn(name)
    elsewhere(run(f'drop database "{name}" with (force)'))


@pytest.mark.usefixtures("settings")
def test_it_migrates_serves_and_stops(empty_database: str) -> None:
    port = free_port()
    environment = {**os.environ, "PLANS_DATABASE_URL": empty_database, "PLANS_HTTP_PORT": str(port)}
    for expected in ("plans/0001_create_plans.sql", '"migrations": []'):
        done = subprocess.run(
            plans("migrate"), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout
    serving = subprocess.Popen(plans("serve"), cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    try:
        url = f"http://127.0.0.1:{port}"
        assert all(_ready(url, serving)["checks"].values())
        paths = httpx.get(f"{url}/openapi.json").json()["paths"]
        assert "/plans/{plan_id}/submit" in paths and "/activities/{activity_id}/announcement" in paths
        assert "queries.plans.contacts.v1" in httpx.get(f"{url}/asyncapi.json").text
        assert httpx.get(f"{url}/livez").json() == {"status": "alive"}
    finally:
        serving.send_signal(signal.SIGTERM)
        output, _ = serving.communicate(timeout=30)
    # Stopped in order, then uvicorn lets the signal end the process, so that a supervisor sees what ended it.
    assert serving.returncode in (0, -signal.SIGTERM), output.decode()
    assert b"service stopped" in output


def _ready(url: str, process: "subprocess.Popen[bytes]") -> dict[str, dict[str, bool]]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            answer = httpx.get(f"{url}/readyz")
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if answer.status_code == 200:
            found: dict[str, dict[str, bool]] = answer.json()
            return found
    pytest.fail(f"plans did not become ready (exit {process.poll()})")


@pytest.mark.usefixtures("settings")
def test_no_key_ring_no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contacts are personal data; without a key to seal them the service refuses to run at all."""
    monkeypatch.delenv("PLANS_ENCRYPTION_KEYS_FILE")
    done = subprocess.run(plans("serve"), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "encryption_keys_file" in done.stderr
