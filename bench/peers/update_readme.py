"""Writes the table of a peers run into README.md, between the two bench:cpu markers.

Run from the repository root:

    python -m bench.peers.update_readme bench/results/<device>/cpu_mobilenet_v1.json
"""

import argparse
import json
import sys
from pathlib import Path

START, END = "<!-- bench:cpu:start -->", "<!-- bench:cpu:end -->"


def table(result: dict) -> str:
    """The result as a Markdown table with a line that says what was run."""
    device, network, run = result["device"], result["network"], result["run"]
    versions = result["versions"]
    lines = [
        f"MobileNet-V1 {network['alpha']:g} at {network['resolution']} ({network['weights']}), {device['cpu']}, "
        f"{device['threads']} threads; median of {run['rounds']} interleaved rounds of {run['secondsPerRound']:g} s, "
        f"lowest and highest in brackets. ONNX Runtime {versions['onnxruntime']}, PyTorch {versions['torch']}.",
        "",
        "| | batch | images/s | of ONNX Runtime fp32 |",
        "|---|---:|---:|---:|",
    ]
    for peer in result["peers"]:
        speed, ratio = peer["imagesPerSecond"], peer["ratio"]
        lines.append(
            f"| {peer['label']} | {peer['batch'] or '-'} "
            f"| {speed['median']:.1f} ({speed['min']:.1f}-{speed['max']:.1f}) "
            f"| {ratio['median']:.2f} ({ratio['min']:.2f}-{ratio['max']:.2f}) |"
        )
    return "\n".join(lines)


def rewrite(readme: Path, result: dict) -> None:
    """Replaces what stands between the markers; raises ValueError if the file does not have both, in order."""
    text = readme.read_text()
    start, end = text.find(START), text.find(END)
    if start < 0 or end < start:
        raise ValueError(f"{readme}: no {START} followed by {END}")
    readme.write_text(f"{text[: start + len(START)]}\n{table(result)}\n{text[end:]}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Write a peers run into README.md.")
    parser.add_argument("result", type=Path, help="file that run_peers wrote")
    parser.add_argument("--readme", type=Path, default=Path("README.md"))
    args = parser.parse_args()
    rewrite(args.readme, json.loads(args.result.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
