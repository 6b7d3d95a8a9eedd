"""Where a stack lives and on which ports, from flags and OPENDAY_* variables. Nothing else decides."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Self

from contracts.topology import SERVICES
from deploy.local.programs import CHECKOUT, free_port

DEFAULTS: dict[str, Any] = tomllib.loads((Path(__file__).parent / "defaults.toml").read_text(encoding="utf-8"))

SERVICE_NAMES: tuple[str, ...] = tuple(service.name for service in SERVICES)
_MARK = "openday-stack"

Kind = Literal["run", "rehearsal"]


class SettingWrong(ValueError):
    """A flag or variable that cannot be used; says which."""


@dataclass(frozen=True)
class StackSettings:
    """One stack: its kind, its directory, a port for every process that listens, and its clock."""

    kind: Kind
    data: Path
    ports: Mapping[str, int]
    clock: Literal["simulated", "system"]
    simulated_start: datetime
    log_level: str

    @classmethod
    def read(
        cls, kind: Kind, *, data: str | None, port_base: str | None, ports: list[str], clock: str | None = None
    ) -> Self:
        """Flags win over OPENDAY_* variables, those over the defaults. Raises SettingWrong."""
        chosen = data or os.environ.get("OPENDAY_DATA_DIR") or str(CHECKOUT / ".data" / kind)
        base = port_base or os.environ.get("OPENDAY_PORT_BASE") or str(DEFAULTS["port_base"][kind])
        time = clock or os.environ.get("OPENDAY_CLOCK") or "simulated"
        if time not in ("simulated", "system"):
            raise SettingWrong(f"OPENDAY_CLOCK is {time!r}; it is simulated or system")
        return cls(
            kind=kind,
            data=Path(chosen).expanduser().absolute(),
            ports=_ports(base, ports),
            clock="simulated" if time == "simulated" else "system",
            simulated_start=DEFAULTS["simulated_start"],
            log_level=os.environ.get("OPENDAY_LOG_LEVEL", "info"),
        )

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def stack_file(self) -> Path:
        return self.data / "stack.json"

    @property
    def played_mark(self) -> Path:
        return self.data / "season-played.json"

    def claim(self) -> None:
        """Make the data directory, readable only by its owner, and mark it as ours. Raises SettingWrong."""
        if self.data.exists() and any(self.data.iterdir()) and not (self.data / _MARK).exists():
            raise SettingWrong(f"{self.data} holds something else; give an empty or new OPENDAY_DATA_DIR")
        self.data.mkdir(parents=True, exist_ok=True)
        # As root, PostgreSQL's unprivileged user passes through to its cluster; it can list nothing.
        self.data.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (self.data / _MARK).touch()

    def is_ours(self) -> bool:
        return (self.data / _MARK).exists()


def _ports(base: str, explicit: list[str]) -> dict[str, int]:
    """`base` is a number, to which each name's offset is added, or `auto`: free ports, other ones at each start."""
    offsets: dict[str, int] = DEFAULTS["port_offsets"]
    names = list(offsets)
    if base == "auto":
        ports = {name: free_port() for name in names}
    else:
        start = _number("OPENDAY_PORT_BASE", base)
        ports = {name: start + offsets[name] for name in names}
    for name in names:
        if variable := os.environ.get(f"OPENDAY_PORT_{name.upper()}"):
            ports[name] = _number(f"OPENDAY_PORT_{name.upper()}", variable)
    for setting in explicit:
        name, _, value = setting.partition("=")
        if name not in ports:
            raise SettingWrong(f"--port {setting}: names are {', '.join(ports)}")
        ports[name] = _number(f"--port {name}", value)
    if len(set(ports.values())) < len(ports):
        raise SettingWrong(f"two processes would share a port: {ports}")
    return ports


def _number(setting: str, value: str) -> int:
    try:
        number = int(value)
    except ValueError:
        number = -1
    if not 1024 <= number <= 65000:
        raise SettingWrong(f"{setting} is {value!r}; it must be a number from 1024 to 65000")
    return number
