"""The list of generated test files: path, size, SHA-256, generator and seed of each.

test-data/MANIFEST.json is written only through this module, so that every file under test-data can say which command
made it. Paths in it are relative to test-data.
"""

import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEST_DATA = ROOT / "test-data"
MANIFEST = TEST_DATA / "MANIFEST.json"


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def record(paths: list[Path], generator: str, seed: int) -> None:
    """Adds or replaces the entries of these files, which lie under test-data; the others stay."""
    entries = {}
    if MANIFEST.exists():
        entries = {e["path"]: e for e in json.loads(MANIFEST.read_text())["files"]}
    for path in paths:
        name = path.resolve().relative_to(TEST_DATA).as_posix()
        entries[name] = {
            "path": name,
            "bytes": path.stat().st_size,
            "sha256": sha256(path),
            "generator": generator,
            "seed": seed,
        }
    # A file that was renamed or dropped must not live on in the list.
    kept = [entries[name] for name in sorted(entries) if (TEST_DATA / name).exists()]
    MANIFEST.write_text(json.dumps({"version": 1, "files": kept}, indent=1) + "\n")
