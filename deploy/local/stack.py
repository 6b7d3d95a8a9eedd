"""The whole embedded stack: what runs, in which order it comes up and goes down, and the file that describes it."""

import asyncio
import http.client
import json
import signal
import sys
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.apply_topology import apply
from deploy.local import postgres_server as pg
from deploy.local.credentials import Credentials, open_credentials
from deploy.local.issuer import ROLES, Issuer, open_issuer
from deploy.local.nats_server import nats_program, write_private
from deploy.local.programs import CHECKOUT, HOST, Program
from deploy.local.settings import DEFAULTS, SERVICE_NAMES, StackSettings
from deploy.local.supervisor import Announce, StartFailed, Supervisor
from deploy.nats.config import OPS
from deploy.postgres.databases import ensure_databases
from servicekit.migrations import migrate

_FORMER_SECONDS = 30.0


@dataclass(frozen=True)
class Stack:
    """A stack's settings and secrets, and the supervisor of its processes."""

    settings: StackSettings
    credentials: Credentials
    issuer: Issuer
    supervisor: Supervisor
    announce: Announce

    @classmethod
    def open(cls, settings: StackSettings, announce: Announce) -> "Stack":
        secrets = settings.data / "secrets"
        credentials = open_credentials(secrets)
        issuer = open_issuer(secrets, name=f"https://{credentials.stack}.issuer.localhost")
        return cls(settings, credentials, issuer, Supervisor(settings.logs, announce), announce)

    def url(self, name: str) -> str:
        return f"http://{HOST}:{self.settings.ports[name]}"

    @property
    def nats_url(self) -> str:
        return f"nats://{HOST}:{self.settings.ports['nats']}"

    async def up(self) -> None:
        """Servers, then databases, streams and migrations, then services. Raises PortTaken, StartFailed and others."""
        await self.supervisor.start(await self._postgres(), self._nats(), self._mailcatcher(), self._webhookcatcher())
        admin = pg.dsn(
            self.settings.ports["postgres"], pg.SUPERUSER, self.credentials.postgres[pg.SUPERUSER], "postgres"
        )
        roles = {name: self.credentials.postgres[name] for name in SERVICE_NAMES}
        _, steps = await asyncio.gather(
            ensure_databases(admin, roles), apply(self.nats_url, OPS, self.credentials.nats[OPS])
        )
        done = sum(step.outcome != "unchanged" for step in steps)
        self.announce(f"bus topology applied ({len(steps)} streams and consumers, {done} new or changed)")
        started = time.monotonic()
        # What `python -m services.<name> migrate` does, without three more interpreters importing everything.
        await asyncio.gather(*(migrate(self._database(name), [migrations_of(name)]) for name in SERVICE_NAMES))
        self.announce(f"databases migrated ({time.monotonic() - started:.1f} s)")
        await self.supervisor.start(*(self._service(name) for name in SERVICE_NAMES))
        write_private(self.settings.stack_file, json.dumps(self.description(), indent=2, ensure_ascii=False) + "\n")
        self.write_tokens()

    async def down(self) -> None:
        """Services drain first, then what they need goes."""
        for names in (SERVICE_NAMES, ("mailcatcher", "webhookcatcher"), ("nats",), ("postgres",)):
            await self.supervisor.stop(names)

    def description(self) -> dict[str, Any]:
        """What a client of the stack needs: addresses, the ops user, the issuer. Holds secrets."""
        ports = self.settings.ports
        return {
            "kind": self.settings.kind,
            "data_dir": str(self.settings.data),
            "clock": self.settings.clock,
            "simulated": self.settings.clock == "simulated",
            "simulated_start": self.settings.simulated_start.isoformat(),
            "services": {name: self.url(name) for name in SERVICE_NAMES},
            "nats": {"url": self.nats_url, "user": OPS, "password": self.credentials.nats[OPS]},
            "postgres": {"host": HOST, "port": ports["postgres"], "passwords": dict(self.credentials.postgres)},
            "mail": {"http": self.url("mail"), "smtp_host": HOST, "smtp_port": ports["smtp"]},
            "webhook": {"http": self.url("webhook"), "hooks": f"{self.url('webhook')}/hooks"},
            "auth": {
                "issuer": self.issuer.name,
                "audience": self.issuer.audience,
                "jwks": str(self.issuer.jwks),
                "signing_key": str(self.issuer.key_file),
                "jurisdiction": DEFAULTS["jurisdiction"],
            },
        }

    def write_tokens(self) -> None:
        """A file per token, so that `$(cat …)` puts it into a request: each role's, and each department's."""
        directory = self.settings.data / "tokens"
        directory.mkdir(mode=0o700, exist_ok=True)
        for role in ROLES:
            if role != "department":
                write_private(directory / f"{role}.jwt", self.issuer.mint(role))
        for department in roster():
            token = self.issuer.mint("department", department=department["code"])
            write_private(directory / f"department-{department['code']}.jwt", token)

    async def _postgres(self) -> Program:
        placement = pg.place(self.settings.data / "postgres")
        password = self.credentials.postgres[pg.SUPERUSER]
        deadline = time.monotonic() + _FORMER_SECONDS
        while not pg.former_is_gone(placement):
            if time.monotonic() > deadline:
                raise StartFailed(f"another PostgreSQL server still runs on {placement.cluster}")
            await asyncio.sleep(0.1)
        if not (placement.cluster / "PG_VERSION").exists():
            self.announce("making the PostgreSQL cluster")
            await asyncio.to_thread(pg.initialise, placement, password)
        return pg.postgres_program(placement, port=self.settings.ports["postgres"], password=password)

    def _nats(self) -> Program:
        return nats_program(
            self.settings.data / "nats",
            port=self.settings.ports["nats"],
            passwords=self.credentials.nats,
            server_name=self.credentials.stack,
        )

    def _mailcatcher(self) -> Program:
        ports = self.settings.ports
        return _python(
            "mailcatcher",
            "deploy.local.mailcatcher",
            {"--directory": self.settings.data / "mail", "--smtp-port": ports["smtp"], "--http-port": ports["mail"]},
            listens={"mail": ports["mail"], "smtp": ports["smtp"]},
        )

    def _webhookcatcher(self) -> Program:
        port = self.settings.ports["webhook"]
        return _python(
            "webhookcatcher",
            "deploy.local.webhookcatcher",
            {"--directory": self.settings.data / "webhooks", "--port": port},
            listens={"webhook": port},
        )

    def _service(self, name: str) -> Program:
        port = self.settings.ports[name]
        return Program(
            name=name,
            command=(sys.executable, "-m", f"services.{name}", "serve"),
            environment=self.service_environment(name),
            listens={name: port},
            stop_signal=signal.SIGTERM,
            stop_seconds=25.0,
            ready=lambda: _answers(port, "/readyz", lambda body: _is_named(body, name)),
        )

    def _database(self, name: str) -> str:
        return pg.dsn(self.settings.ports["postgres"], name, self.credentials.postgres[name], name)

    def service_environment(self, name: str) -> dict[str, str]:
        """Every setting of a service, under its prefix."""
        ports = self.settings.ports
        simulated = self.settings.clock == "simulated"
        values = {
            "DEPLOYMENT": "embedded" if self.settings.kind == "run" else "rehearsal",
            "CLOCK": self.settings.clock,
            "LOG_LEVEL": self.settings.log_level,
            "HTTP_HOST": HOST,
            "HTTP_PORT": str(ports[name]),
            "DATABASE_URL": self._database(name),
            "NATS_URL": self.nats_url,
            "NATS_USER": name,
            "NATS_PASSWORD": self.credentials.nats[name],
            "AUTH_ISSUER": self.issuer.name,
            "AUTH_AUDIENCE": self.issuer.audience,
            "AUTH_JWKS": str(self.issuer.jwks),
            "ENCRYPTION_KEYS_FILE": str(self.credentials.encryption_keys[name]),
        }
        if simulated:
            values["SIMULATED_START"] = self.settings.simulated_start.isoformat()
        if name == "notifications":
            values |= {"SMTP_HOST": HOST, "SMTP_PORT": str(ports["smtp"]), "SMTP_TLS": "none"}
            values["SMTP_SENDER"] = DEFAULTS["mail_sender"]
        return {f"{name.upper()}_{key}": value for key, value in values.items()}


def migrations_of(name: str) -> Path:
    return CHECKOUT / "services" / name / "migrations"


def roster() -> list[dict[str, Any]]:
    """The departments of the season that is played: number, name, code."""
    file = CHECKOUT / DEFAULTS["season"]
    departments: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))["departments"]
    return departments


def _python(name: str, module: str, flags: dict[str, object], *, listens: dict[str, int]) -> Program:
    port = next(iter(listens.values()))
    return Program(
        name=name,
        command=(sys.executable, "-m", module, *(str(part) for flag in flags.items() for part in flag)),
        listens=listens,
        stop_seconds=6.0,
        ready=lambda: _answers(port, "/", lambda _: True),
    )


def _is_named(body: bytes, name: str) -> bool:
    """The service itself says which one it is."""
    try:
        return bool(json.loads(body)["service"] == name)
    except (ValueError, KeyError, TypeError):
        return False


async def _answers(port: int, path: str, fits: Callable[[bytes], bool]) -> bool:
    """Whether GET answers 200 with a fitting body. Threaded and with little code: it is asked often."""

    def ask() -> bool:
        connection = http.client.HTTPConnection(HOST, port, timeout=3)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status == 200 and fits(answer.read())
        except http.client.HTTPException:
            return False
        finally:
            connection.close()

    return await asyncio.to_thread(ask)
