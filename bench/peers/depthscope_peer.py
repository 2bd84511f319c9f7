"""Depthscope as a peer: its bench command, started once a round."""

import json
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DepthscopeBench:
    """`command` prints one JSON line {"images", "seconds", "imagesPerSecond"} after its own warm-up."""

    command: str
    model: Path
    data: Path
    threads: int
    seconds: float
    level: str

    def images_per_second(self) -> float:
        """Runs it once. Raises RuntimeError with the command's last words if it fails."""
        arguments = {
            "--model": self.model,
            "--data": self.data,
            "--threads": self.threads,
            "--seconds": self.seconds,
            "--level": self.level,
        }
        flat = [str(part) for pair in arguments.items() for part in pair]
        done = subprocess.run(
            [*shlex.split(self.command), "bench", "run", *flat], capture_output=True, text=True, check=False
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 or not lines:
            raise RuntimeError(
                f"{self.command} bench run ended with code {done.returncode}: {(done.stderr or done.stdout)[-2000:]}"
            )
        return float(json.loads(lines[-1])["imagesPerSecond"])
