"""What a run ran on, without a name of the machine or of a place on it."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

_LIBRARIES = ("granian", "Flask", "redis", "hiredis", "requests", "urllib3", "pydantic")


def machine() -> dict[str, str]:
    """Give cores, processor and memory."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "processor": _processor(),
        "memory": f"{memory_mb / 1000:.0f} GB",
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions(redis_version: str) -> dict[str, str]:
    """Give the versions of all that takes part."""
    said = subprocess.run(["wrk", "--version"], check=False, capture_output=True, text=True)
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
        "Redis": redis_version,
        "wrk": said.stdout.split()[1] if len(said.stdout.split()) > 1 else "unknown",
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "unknown")
