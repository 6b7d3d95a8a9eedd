"""How much memory the stack takes: per process, all together, and the most it ever took.

PSS counts a page shared by n processes as a n-th for each, so that the sum is true; RSS counts it n times.
"""

import asyncio
import os
from dataclasses import asdict, dataclass

import psutil  # type: ignore[import-untyped]

SAMPLE_SECONDS = 0.5


@dataclass(frozen=True)
class Footprint:
    """Bytes of one program, its own children included. `pss` falls back to RSS where the system keeps it secret."""

    pid: int
    processes: int
    rss: int
    pss: int

    def as_data(self) -> dict[str, int]:
        return asdict(self)


def footprint(pid: int) -> Footprint | None:
    """None when the process is gone."""
    try:
        top = psutil.Process(pid)
        members = [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return None
    sizes = [size for size in map(_size, members) if size is not None]
    return Footprint(pid, len(sizes), sum(rss for rss, _ in sizes), sum(pss for _, pss in sizes))


def _size(process: "psutil.Process") -> tuple[int, int] | None:
    try:
        full = process.memory_full_info()
        return full.rss, getattr(full, "pss", full.rss)
    except psutil.AccessDenied:
        rss: int = process.memory_info().rss
        return rss, rss
    except psutil.NoSuchProcess:
        return None


class PeakWatch:
    """Samples the PSS of this process and everything below it. What lives shorter than a sample is missed."""

    def __init__(self) -> None:
        self.peak_bytes = 0

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            found = await asyncio.to_thread(footprint, os.getpid())
            self.peak_bytes = max(self.peak_bytes, found.pss if found else 0)
            await asyncio.sleep(SAMPLE_SECONDS)


def mebibytes(size: int) -> str:
    return f"{size / 1024**2:.0f} MiB"
