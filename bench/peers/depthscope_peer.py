"""Depthscope as a peer: its bench command, started once a round."""

import json
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class DepthscopeBench:
    """`command` prints one JSON line {"images", "seconds", "imagesPerSecond"} after its own warm-up.

    `options` are further ones of `bench run`, such as {"backend": "cuda", "batch": 128}.
    """

    command: str
    model: Path
    data: Path
    level: str
    options: dict[str, object] = field(default_factory=dict)
    timeout: float | None = None

    def images_per_second(self, seconds: float) -> float:
        return float(self.run(seconds)["imagesPerSecond"])

    def run(self, seconds: float) -> dict:
        """Runs it once. Raises RuntimeError with the command's last words if it fails, TimeoutExpired if it hangs."""
        arguments = {"model": self.model, "data": self.data, "seconds": seconds, "level": self.level, **self.options}
        flat = [part for name, value in arguments.items() for part in (f"--{name}", str(value))]
        done = subprocess.run(
            [*shlex.split(self.command), "bench", "run", *flat],
            capture_output=True,
            text=True,
            check=False,
            timeout=self.timeout,
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0 or not lines:
            raise RuntimeError(
                f"{self.command} bench run ended with code {done.returncode}: {(done.stderr or done.stdout)[-2000:]}"
            )
        return json.loads(lines[-1])
