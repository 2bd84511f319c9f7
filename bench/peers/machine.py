"""The machine that peers run on."""

import os
import platform
import re
import subprocess


def device() -> tuple[str, int]:
    """Model name of the processor and the number of CPUs this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        listing = subprocess.run(
            ["lscpu"], capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C"}
        )
        found = re.search(r"^Model name:\s*(.+)$", listing.stdout, re.MULTILINE)
    except (OSError, subprocess.CalledProcessError):
        found = None
    return (found.group(1).strip() if found else platform.processor() or "unknown"), cores
