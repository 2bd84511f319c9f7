"""Writes a study's table and its verdicts into docs/study.md, so that no number there is typed by hand.

./depthscope study --data cifar/test --out runs/study
python -m tools.update_study runs/study/study.json

Another study of the page: --section imagenet; the page says how it is run.
"""

import argparse
import json
from pathlib import Path

from tools import sections


def setting(run: dict) -> tuple[int, str]:
    return run["bits"], run["granularity"]


def by_network(runs: list[dict]) -> dict[str, dict[tuple[int, str], dict]]:
    """Runs of each network by setting, networks in the order of the study."""
    found: dict[str, dict[tuple[int, str], dict]] = {}
    for run in runs:
        found.setdefault(run["network"], {})[setting(run)] = run
    return found


def number(value: float | str, digits: int) -> str:
    """A figure as text; the file has non-finite ones as strings."""
    return value if isinstance(value, str) else f"{value:.{digits}f}"


def percent(share: float | str) -> str:
    return share if isinstance(share, str) else f"{100 * share:.2f} %"


def accuracies(runs: list[dict]) -> list[str]:
    settings = sorted({setting(r) for r in runs}, key=lambda s: (-s[0], s[1] != "per-tensor"))
    head = "".join(f" {bits} bits, {granularity} |" for bits, granularity in settings)
    lines = [f"| network | float32 |{head}", "|---|---:|" + "---:|" * len(settings)]
    for name, own in by_network(runs).items():
        first = next(iter(own.values()))
        cells = "".join(f" {100 * own[s]['top1Quantized']:.2f} |" if s in own else " |" for s in settings)
        lines.append(f"| `{name}` | {100 * first['top1Fp32']:.2f} |{cells}")
    return lines


def figures(runs: list[dict]) -> list[str]:
    head = ["loss", "QMSE", "QCE", "ratio, weights", "ratio, activations", "steps, weights", "steps, activations"]
    head += ["growth, dB a layer", "gain, dB"]
    lines = ["| network | " + " | ".join(head) + " |", "|---|" + "---:|" * len(head)]
    for name, own in by_network(runs).items():
        run = own.get((8, "per-tensor"))
        if run is None:
            continue
        cells = [
            percent(run["relativeAccuracyDrop"]),
            number(run["qmse"], 6),
            number(run["qce"], 3),
            number(run["weightChannelRangeRatio"], 3),
            number(run["activationChannelRangeRatio"], 3),
            number(run["weightRangeFluctuation"], 2),
            number(run["activationRangeFluctuation"], 2),
            number(run["errorGrowthDb"], 2),
            number(run["totalGainDb"], 1),
        ]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return lines


def mended(study: dict) -> list[str]:
    """What remedies made of the networks; nothing if they were not tried."""
    if not study.get("mended"):
        return []
    lines = [
        "What remedies mend, on the images that none of them learned from:",
        "",
        "| network | setting | float32 | as it was | mended | logit SQNR, dB | remedies |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for m in study["mended"]:
        top1 = " | ".join(number(100 * m[k], 2) for k in ("top1Fp32", "top1Quantized", "top1Mended"))
        sqnr = f"{number(m['logitSqnrDb'], 1)} to {number(m['logitSqnrDbMended'], 1)}"
        lines.append(
            f"| `{m['network']}` | {m['bits']} bits, {m['granularity']} | {top1} | {sqnr} | {m['remedies'].replace(' ', ', ') or 'none'} |"
        )
    return [*lines, ""]


def claims(study: dict) -> list[str]:
    lines = []
    for claim in study["claims"]:
        lines += [f"{claim['number']}. {claim['statement']} **{claim['verdict'].capitalize()}.**"]
        lines += [f"   * {e['statement']}: {e['verdict']}" for e in claim["evidence"] if e["counts"]]
    return lines


def section(study: dict) -> str:
    """The section as Markdown."""
    place = study["provenance"]
    return "\n".join(
        [
            f"{study['images']:,} test images; top-1 in percent, weights and activations of the same bits.",
            f"{len(study['runs'])} runs in {place['secondsOfRuns']:.0f} s, {place['backend']} backend, {place['processors']} processors.",
            "",
            *accuracies(study["runs"]),
            "",
            "At 8 bits, one scale a tensor of weights:",
            "",
            *figures(study["runs"]),
            "",
            *mended(study),
            "What that says of the paper's claims, by the rules above:",
            "",
            *claims(study),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path, help="study.json")
    parser.add_argument("--section", default="cifar10", help="which one of the page (default: %(default)s)")
    parser.add_argument("--mended", action="store_true", help="what remedies mend alone, into a section of its own")
    parser.add_argument("--stdout", action="store_true", help="print the section instead")
    args = parser.parse_args()
    study = json.loads(args.study.read_text())
    text = "\n".join(mended(study)).rstrip() if args.mended else section(study)
    if args.stdout:
        print(text)
    else:
        sections.replace_section(f"study:{args.section}{'-mended' * args.mended}", text)


if __name__ == "__main__":
    main()
