"""The PyTorch peers in a process of their own, which keeps what it compiled between its turns.

A GPU error in PyTorch spoils its process for good; this way it spoils nothing else.
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class WorkerError(RuntimeError):
    """The worker said no, died, or did not answer in time."""


class TorchWorker:
    """One order at a time; `log` takes what the worker prints."""

    def __init__(self, options: list[str], log: Path) -> None:
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bench.peers.torch_paired", "--serve", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                cwd=ROOT,
                start_new_session=True,
                # Its CPU threads must not spin beside what is timed next.
                env={**os.environ, "OMP_WAIT_POLICY": "passive"},
            )
        self.unread = b""

    def ask(self, limit: float, do: str, **order: object) -> dict:
        """Raises WorkerError where there is no answer within `limit` seconds; the worker is then stopped."""
        try:
            self.process.stdin.write(json.dumps({"do": do, **order}).encode() + b"\n")
            self.process.stdin.flush()
        except (OSError, ValueError) as e:  # ended by itself, or stopped
            raise WorkerError(f"the PyTorch process has ended: {self.last_words()}") from e
        end = time.monotonic() + limit
        while b"\n" not in self.unread:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            if not ready:
                self.stop()
                raise WorkerError(f"no answer to '{do}' within {limit:.0f} s")
            piece = os.read(self.process.stdout.fileno(), 1 << 16)
            if not piece:
                raise WorkerError(f"the PyTorch process ended during '{do}': {self.last_words()}")
            self.unread += piece
        line, self.unread = self.unread.split(b"\n", 1)
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
