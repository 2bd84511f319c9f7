"""Writes the table of a peers run into docs/usage.md, between the bench:cpu or the bench:gpu markers.

Run from the repository root:

    python -m bench.peers.speed_table bench/results/<device>/cpu_mobilenet_v1.json
    python -m bench.peers.speed_table bench/results/<gpu>/gpu_mobilenet_v1.json
"""

import argparse
import json
import sys
from pathlib import Path

from tools import sections

CPU, GPU = "cpu", "gpu"


def cpu_table(result: dict) -> str:
    """The result as a Markdown table with a line that says what was run."""
    versions = result["versions"]
    where = f"{result['device']['cpu']}, {result['device']['threads']} threads"
    with_what = f"ONNX Runtime {versions['onnxruntime']}, PyTorch {versions['torch']}."
    return "\n".join([_heading(result, where, with_what), "", *_rows(result, "ONNX Runtime fp32")])


def gpu_table(result: dict) -> str:
    """The same of a run on a GPU, and how many times as fast Depthscope does the same work."""
    device, versions = result["device"], result["versions"]
    driver = device["before"].get("driver_version", "unknown")
    with_what = f"PyTorch {versions.get('torch', 'missing')}, TF32 off where not said; driver {driver}"
    if "copyGBs" in device:
        with_what += f"; copying on the device moves {device['copyGBs']:.0f} GB/s"
    labels = {p["name"]: p["label"] for p in result["peers"]}
    reference = labels[result["reference"]]
    lines = [_heading(result, device["gpu"], f"{with_what}."), "", *_rows(result, f'"{reference}"')]
    times = [f'{_spread(c["ratio"], 2)} times "{labels[c["over"]]}"' for c in result.get("comparisons", [])]
    if times:
        lines += ["", f"Depthscope with all statistics runs at {'; '.join(times)}."]
    return "\n".join(lines)


def _heading(result: dict, where: str, with_what: str) -> str:
    network, run = result["network"], result["run"]
    return (
        f"MobileNet-V1 {network['alpha']:g} at {network['resolution']} ({network['weights']}), {where}; "
        f"median of {run['rounds']} interleaved rounds of {run['secondsPerRound']:g} s, "
        f"lowest and highest in brackets. {with_what}"
    )


def _rows(result: dict, reference: str) -> list[str]:
    rows = [f"| | batch | images/s | of {reference} |", "|---|---:|---:|---:|"]
    for peer in result["peers"]:
        speed, ratio = _spread(peer["imagesPerSecond"], 1), _spread(peer["ratio"], 2)
        rows.append(f"| {peer['label']} | {peer['batch'] or '-'} | {speed} | {ratio} |")
    return rows


def _spread(summary: dict, digits: int) -> str:
    middle, low, high = (f"{summary[key]:.{digits}f}" for key in ("median", "min", "max"))
    return f"{middle} ({low}-{high})"


def rewrite(result: dict, section: str, page: Path | None = None) -> None:
    """Replaces what stands between a section's markers; raises ValueError if the page does not have both, in order."""
    table = gpu_table if section == GPU else cpu_table
    sections.replace_section(f"bench:{section}", table(result), page)


def main() -> int:
    parser = argparse.ArgumentParser(description="Write a peers run into docs/usage.md.")
    parser.add_argument("result", type=Path, help="file that bench.peers.run_peers or bench.gpu.run wrote")
    parser.add_argument("--page", type=Path, help="another page with the same markers")
    args = parser.parse_args()
    result = json.loads(args.result.read_text())
    rewrite(result, GPU if "gpu" in result["device"] else CPU, args.page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
