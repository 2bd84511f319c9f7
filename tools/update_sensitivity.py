"""Rewrites what docs/usage.md says of a measurement of sensitivity, so that no number there is typed by hand.

python -m tools.update_sensitivity runs/usual runs/exhaustive bench/results/amd-epyc-2-cores/sensitivity.json

The first two are folders of `depthscope sensitivity`, as it is and with --exhaustive; the file is what
bench/jmh/io/depthscope/run/SensitivityAgainstBruteForce.java prints.
"""

import argparse
import json
from pathlib import Path

from tools import sections

NAMES = {"alone": "quantized alone", "allBut": "all but this one"}
SHOWN = 5


def spearman(ranking: list[str], other: list[str]) -> float:
    n = len(ranking)
    squares = sum((place - other.index(layer)) ** 2 for place, layer in enumerate(ranking))
    return 1 - 6 * squares / (n * (n * n - 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("usual", type=Path)
    parser.add_argument("exhaustive", type=Path)
    parser.add_argument("bench", type=Path)
    args = parser.parse_args()
    usual, whole = (json.loads((d / "sensitivity.json").read_text()) for d in (args.usual, args.exhaustive))
    seconds = [json.loads((d / "manifest.json").read_text())["secondsRunning"] for d in (args.usual, args.exhaustive)]
    bench = json.loads(args.bench.read_text())
    ranks = " | ".join(f"{spearman(usual['rankings'][d], whole['rankings'][d]):.4f}" for d in NAMES)
    own = f"{bench['aloneSpearman']:.4f} | {bench['allButSpearman']:.4f}"
    scheme = f"{usual['scheme']['name']} {usual['scheme']['granularity']}"
    first = [f"{words}: " + ", ".join(f"`{n}`" for n in usual["rankings"][d][:SHOWN]) for d, words in NAMES.items()]
    lines = [
        f"`{usual['sensitivityOf']}`, {scheme}, {usual['images']} photographs, calibrated on the first 100, {len(usual['layers'])} layers:",
        "",
        "| | passes | seconds | Spearman, alone | Spearman, all but |",
        "|---|---:|---:|---:|---:|",
        f"| usual | {usual['cost']['passes']:.1f} | {seconds[0]:.0f} | {ranks} |",
        f"| `--exhaustive`, the bits of brute force | {whole['cost']['passes']:.1f} | {seconds[1]:.0f} | 1 | 1 |",
        f"| in turns, {bench['images']} images: usual | {bench['passes']:.1f} | {bench['seconds']:.0f} | {own} |",
        f"| ... and every run by itself | {bench['bruteForcePasses']:.0f} | {bench['bruteForceSeconds']:.0f} | 1 | 1 |",
        "",
        "Most sensitive: " + "; ".join(first) + ".",
    ]
    sections.replace_section("sensitivity", "\n".join(lines))


if __name__ == "__main__":
    main()
