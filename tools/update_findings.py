"""Rewrites what docs/findings.md says of the order of findings, so that no number there is typed by hand.

python -m tools.update_findings "per tensor" runs/per-tensor runs/all-but [NAME RUN SENSITIVITY ...]

RUN is a folder of `depthscope analyze`, SENSITIVITY one of `depthscope sensitivity --exhaustive` of the same network.
"""

import argparse
import json
import math
from pathlib import Path

from tools import sections

SHOWN = 10


def spearman(ranking: list[str], other: list[str]) -> float:
    n = len(ranking)
    places = {layer: place for place, layer in enumerate(sorted(ranking, key=other.index))}
    squares = sum((place - places[layer]) ** 2 for place, layer in enumerate(ranking))
    return 1 - 6 * squares / (n * (n * n - 1))


def by_layer_cost(findings: dict) -> list[str]:
    """Layers in the order that findings had when they were ordered by what they cost the values of their layer."""
    all_findings = [f for top in findings["findings"] for f in (top, *top["consequences"])]

    def place(f: dict) -> tuple:
        cost, sqnr = f["evidence"].get("layerCostDb", 0.0), f["evidence"].get("sqnrDb", math.nan)
        cost, sqnr = float(cost), float(sqnr)
        high = findings["lostAccuracy"] and cost >= 6 and sqnr < 20
        return (0 if high else 1 if cost >= 3 and sqnr < 30 else 2, -cost)

    return list(dict.fromkeys(f["layer"] for f in sorted(all_findings, key=place)))


def table(name: str, run: Path, measured_in: Path) -> list[str]:
    findings = json.loads((run / "findings.json").read_text())
    sensitivity = json.loads((measured_in / "sensitivity.json").read_text())
    measured = {layer["name"]: layer["allBut"] for layer in sensitivity["layers"]}
    shares = {s["layer"]: s["share"] for s in findings["errorShares"] if s["layer"] in measured}
    before = [layer for layer in by_layer_cost(findings) if layer in measured]
    first = list(shares)[:SHOWN]
    names = [layer["name"] for layer in sensitivity["layers"]]
    now = list(shares) + [layer for layer in names if layer not in shares]
    # A layer of which nothing was found came after all others.
    old = before + [layer for layer in names if layer not in before]
    first_old = [layer for layer in old if layer in first]
    all_but, alone = (sensitivity["rankings"][d] for d in ("allBut", "alone"))
    whole = sensitivity["quantized"]
    head = f"SQNR {whole['sqnrDb']:.1f} dB"
    if whole.get("top1") is not None:
        head += f", top-1 {100 * whole['top1']:.1f} %"
    lines = [
        f"{name}: {head}. Rank correlation (Spearman) now, and before in brackets: of these {SHOWN} with what is measured "
        f"{spearman(first, all_but):.2f} ({spearman(first_old, all_but):.2f}), of all {len(names)} "
        f"{spearman(now, all_but):.2f} ({spearman(old, all_but):.2f}), of all with the order of each layer quantized "
        f"alone {spearman(now, alone):.2f} ({spearman(old, alone):.2f}).",
        "",
        "| layer | own share | place before | gain measured, dB | top-1 then |",
        "|---|---:|---:|---:|---:|",
    ]
    for layer in first:
        of = measured[layer]
        place = before.index(layer) + 1 if layer in before else "-"
        top1 = "" if of.get("top1") is None else f"{100 * of['top1']:.1f} %"
        lines.append(f"| `{layer}` | {100 * shares[layer]:.1f} % | {place} | {of['gainDb']:.2f} | {top1} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", help="NAME RUN SENSITIVITY, one network after the other")
    args = parser.parse_args()
    if len(args.runs) % 3:
        parser.error("NAME RUN SENSITIVITY come in threes")
    tables = [
        table(args.runs[i], Path(args.runs[i + 1]), Path(args.runs[i + 2])) for i in range(0, len(args.runs), 3)
    ]
    sections.replace_section("findings", "\n\n".join("\n".join(lines) for lines in tables))


if __name__ == "__main__":
    main()
