"""演练所用的栈: what `stack.json` says of it: where the services and catchers are, and how tokens are made."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy.local.issuer import ROLES, Issuer
from deploy.rehearsal.doors import Doors


class StackUnknown(RuntimeError):
    """The file is not there, or does not describe a stack one can rehearse on."""


@dataclass(frozen=True)
class Stack:
    """One running stack with a simulated clock."""

    services: Mapping[str, str]
    mail: str
    hooks: str
    webhook: str
    issuer: Issuer
    jurisdiction: str
    nats: Mapping[str, str] | None

    @classmethod
    def read(cls, file: Path) -> "Stack":
        """Raises StackUnknown."""
        try:
            told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            auth = told["auth"]
            stack = cls(
                services=told["services"],
                mail=told["mail"]["http"],
                hooks=told["webhook"]["hooks"],
                webhook=told["webhook"]["http"],
                issuer=Issuer(auth["issuer"], auth["audience"], Path(auth["signing_key"]), Path(auth["jwks"])),
                jurisdiction=auth["jurisdiction"],
                nats=told.get("nats"),
            )
        except (OSError, ValueError, KeyError, TypeError) as wrong:
            raise StackUnknown(f"{file} 不能用: {wrong!r}; 先启动一个栈 (make run)") from wrong
        if not told.get("simulated"):
            raise StackUnknown("这个栈用的是系统时钟; 演练只能在模拟时钟上进行")
        return stack

    def mint(self, role: str, department: str | None) -> str:
        """A token for a role; `department` is the USCC of a department's."""
        known = next(name for name in ROLES if name == role)
        return self.issuer.mint(known, department=department, jurisdiction=self.jurisdiction)

    @asynccontextmanager
    async def doors(self) -> AsyncIterator[Doors]:
        # The stack is on this machine: a proxy of the environment must not be asked for it.
        async with httpx.AsyncClient(timeout=15.0, trust_env=False) as client:
            yield Doors(client, self.services, self.mint)
