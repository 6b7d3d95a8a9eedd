"""The caller as a domain sees it: what the token says, without the machinery that read it."""

from typing import Protocol


class Asker(Protocol):
    """The caller, as the token says."""

    @property
    def department(self) -> str | None: ...
    @property
    def jurisdiction(self) -> str | None: ...
    def may(self, *roles: str) -> bool: ...
    def require(self, *roles: str) -> None: ...
