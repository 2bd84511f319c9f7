"""Runs commands one after another against a deadline and keeps what each said; one that fails ends nothing else."""

import os
import signal
import subprocess
import time
from pathlib import Path

TAIL = 4000


class Deadline:
    """Time left of a run that something else will end."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def left(self) -> float:
        return self.end - time.monotonic()


class Steps:
    """The commands of a run and how they ended; `hidden` maps paths of this machine to what results call them."""

    def __init__(self, deadline: Deadline, hidden: dict[str, str]) -> None:
        self.deadline, self.hidden = deadline, hidden
        self.done: list[dict] = []

    def run(self, name: str, command: list[str], limit: float, reserve: float = 0) -> dict:
        """Runs a command for at most `limit` seconds, `reserve` of the whole run being left for what follows.

        Gives {"name", "command", "ok", "code", "seconds", "output"}; output is the end of what it wrote, and code is
        None where it was not started or had to be stopped.
        """
        limit = min(limit, self.deadline.left() - reserve)
        if limit <= 1:
            return self.failed(name, "not started: no time left", command)
        print(f"--- {name} (at most {limit:.0f} s): {' '.join(command)}", flush=True)
        start = time.monotonic()
        try:
            # A group of its own, since a launcher may have children that outlive it.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as e:
            return self.failed(name, f"not started: {e.strerror}", command)
        code: int | None = None
        try:
            output, _ = process.communicate(timeout=limit)
            code = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            output += b"\nstopped: out of time"
        text = output.decode(errors="replace").strip()
        print(text[-TAIL:], flush=True)
        return self._keep(name, command, code, time.monotonic() - start, text)

    def failed(self, name: str, reason: str, command: list[str] | None = None) -> dict:
        """Records a step that went wrong outside a command."""
        print(f"--- {name}: {reason}", flush=True)
        return self._keep(name, command or [], None, 0, reason)

    def skipped(self, name: str, reason: str) -> dict:
        """Records what this machine does not have."""
        print(f"--- {name}: {reason}", flush=True)
        return self._keep(name, [], None, 0, reason, ok=None)

    def passed(self, name: str, text: str, seconds: float) -> dict:
        """Records a step that is no command."""
        print(f"--- {name}: {text}", flush=True)
        return self._keep(name, [], 0, seconds, text)

    def _keep(
        self, name: str, command: list[str], code: int | None, seconds: float, text: str, ok: bool | None = False
    ) -> dict:
        step = {
            "name": name,
            "command": self.scrub(" ".join(command)),
            "ok": ok if code is None else code == 0,
            "code": code,
            "seconds": round(seconds, 1),
            "output": self.scrub(text[-TAIL:]),
        }
        self.done.append(step)
        return step

    def scrub(self, text: str) -> str:
        """Without the paths of this machine."""
        for path, name in sorted(self.hidden.items(), key=lambda item: -len(item[0])):
            text = text.replace(path, name)
        return text


def hide(**paths: Path) -> dict[str, str]:
    """Paths by the names that results may show, as they are and resolved."""
    return {str(p): f"<{name}>" for name, path in paths.items() for p in (path, path.resolve())}
