"""How much memory this process has taken; imports nothing that would take any."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_resident_mb() -> float | None:
    """Largest resident memory of this process so far in MB; None if this system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():
        # ru_maxrss of a new process begins at its parent's size on Linux; VmHWM does not.
        lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    try:
        import resource
    except ImportError:
        return None
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
