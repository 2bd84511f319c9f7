"""What the scripts that write small model files of a format have in common: their command line, and how files compare."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from tools import manifest


def differs(old: Path, new: Path) -> bool:
    if not old.exists():
        return True
    if old.suffix != ".npy":
        return old.read_bytes() != new.read_bytes()
    a, b = np.load(old), np.load(new)
    return a.shape != b.shape or not np.allclose(a, b, rtol=1e-5, atol=1e-6)


def main(
    doc: str, generator: str, seed: int, folder: Path, names: Iterable[str], build: Callable[[str, Path], list[Path]]
) -> None:
    """Writes the files of all names into a folder, or compares with --check; build makes those of one."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with what is there; write nothing")
    names = list(names)
    if parser.parse_args().check:
        with tempfile.TemporaryDirectory() as t:
            made = [f for name in names for f in build(name, Path(t))]
            wrong = [f.name for f in made if differs(folder / f.name, f)]
        print(f"{len(wrong)} of {len(made)} files differ", *wrong)
        sys.exit(1 if wrong else 0)
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    made = [f for name in names for f in build(name, folder)]
    manifest.record(made, generator, seed)
    print(f"{len(made)} files for {len(names)} networks, {sum(f.stat().st_size for f in made):,} bytes")
