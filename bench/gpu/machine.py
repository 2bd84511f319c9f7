"""What the GPU says of itself. Nothing here changes a setting."""

import csv
import shutil
import subprocess

FIELDS = (
    "name",
    "driver_version",
    "compute_cap",
    "memory.total",
    "memory.used",
    "clocks.sm",
    "clocks.max.sm",
    "clocks.mem",
    "clocks.max.mem",
    "power.draw",
    "power.limit",
    "temperature.gpu",
    "ecc.mode.current",
    "clocks_throttle_reasons.active",
)
COMMON_PLACES = ("/usr/local/cuda/bin", "/usr/local/nvidia/bin", "/opt/nvidia/bin", "/usr/bin")


def find(tool: str) -> str | None:
    """A CUDA tool on the path or where it usually lies."""
    return shutil.which(tool) or shutil.which(tool, path=":".join(COMMON_PLACES))


def query(index: int = 0) -> dict[str, str]:
    """nvidia-smi's fields for one GPU; {"error": why} where there is none. Fields it does not know are left out."""
    smi = find("nvidia-smi")
    if smi is None:
        return {"error": "no nvidia-smi"}
    found: dict[str, str] = {}
    try:
        answer = _ask(smi, index, FIELDS)
        if answer is not None:
            return answer
        for field in FIELDS:
            found |= _ask(smi, index, (field,)) or {}
    except (OSError, subprocess.TimeoutExpired) as e:
        return {"error": str(e)}
    return found or {"error": "nvidia-smi answers nothing"}


def _ask(smi: str, index: int, fields: tuple[str, ...]) -> dict[str, str] | None:
    command = [smi, f"--id={index}", f"--query-gpu={','.join(fields)}", "--format=csv,noheader"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    row = next(csv.reader(done.stdout.splitlines(), skipinitialspace=True), [])
    if done.returncode != 0 or len(row) != len(fields):
        return None
    return dict(zip(fields, (value.strip() for value in row), strict=True))
