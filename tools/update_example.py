"""Rewrites the worked example in README.md from two run directories, so that no number there is typed by hand.

python -m tools.update_example runs/per-tensor runs/per-channel
"""

import argparse
import json
from pathlib import Path

from tools import sections

LAYERS = ("input", "conv1", "conv_dw_1", "conv_pw_1", "conv_dw_6", "conv_dw_12", "conv_pw_13", "conv_preds")


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def number(value: float | str, digits: int) -> str:
    """A figure as text; results.json has non-finite ones as strings."""
    return value if isinstance(value, str) else f"{value:.{digits}f}"


def figures(runs: dict[str, dict]) -> list[str]:
    lines = ["| | " + " | ".join(runs) + " |", "|---|" + "---:|" * len(runs)]
    rows = {
        "top-1, float32": "top1Fp32",
        "top-1, quantized": "top1Quantized",
        "same class": "agreementTop1",
    }
    for text, field in rows.items():
        lines.append(f"| {text} | " + " | ".join(percent(r["network"][field]) for r in runs.values()) + " |")
    return lines


def layers(runs: dict[str, dict]) -> list[str]:
    head = "| layer | folded weights | weight ratio |"
    lines = [
        head + "".join(f" SQNR, {name} |" for name in runs),
        "|---|---:|---:|" + "---:|" * len(runs),
    ]
    by_name = [{layer["name"]: layer for layer in r["layers"]} for r in runs.values()]
    for name in LAYERS:
        layer = by_name[0][name]
        w = layer["weights"]
        weights = "| | " if w is None else f"| {w['min']:.1f} .. {w['max']:.1f} | {w['channelRangeRatio']:.3f} "
        sqnr = "".join(f"| {number(run[name]['error']['sqnrDb'], 1)} dB " for run in by_name)
        lines.append(f"| `{name}` {weights}{sqnr}|")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("per_tensor", type=Path)
    parser.add_argument("per_channel", type=Path)
    args = parser.parse_args()
    runs = {
        "per tensor": json.loads((args.per_tensor / "results.json").read_text()),
        "per channel": json.loads((args.per_channel / "results.json").read_text()),
    }
    images = runs["per tensor"]["network"]["images"]
    text = "\n".join([f"{images} photographs, W8A8:", "", *figures(runs), "", *layers(runs)])
    sections.replace_section("example", text)


if __name__ == "__main__":
    main()
