"""How the kernel tools end when they cannot go on."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class Failure(Exception):
    """One line for the standard error, and the exit status: 1 stale or broken, 3 a tool is missing."""

    def __init__(self, message: str, status: int = 1):
        super().__init__(message)
        self.status = status
