"""密钥文件: the ring that participants' data is sealed with."""

from functools import cached_property
from pathlib import Path

from servicekit.crypto import Sealer


class KeyFile:
    """Read when it is first needed, once a process."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def sealer(self) -> Sealer:
        return Sealer.from_file(self._path)
