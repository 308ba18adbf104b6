"""What machine this is."""

from __future__ import annotations

import os
import platform
from pathlib import Path

EACH = 4  # GiB that a chapter may need


def machine() -> dict[str, str]:
    """Return what the system tells of itself: system, processor, cores and memory."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8", errors="replace").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    gib = memory()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory": f"{gib:.0f} GiB" if gib else "not known",
    }


def memory() -> float:
    """Return how much memory the machine has, in GiB; 0 where it does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (OSError, ValueError, AttributeError):
        return 0.0


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers() -> int:
    """Return how many chapters to execute at a time: one a core, as far as memory goes, and no more than four."""
    return max(1, min(cores(), int(memory() // EACH), 4))


def hardware() -> str:
    """Name processor and cores in one line."""
    about = machine()
    return f"{about['processor']}, {about['cores']} cores"
