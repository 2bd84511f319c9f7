"""Condenses what bench/run-jmh.sh measured and writes its table into docs/usage.md.

Run from the repository root, with the JSON files of one or more vector widths. They must come from JMH's sample mode,
which times single calls: the fastest of many is little disturbed by what else the machine does.

    VECTOR_BITS=256 SHAPES=mobilenet_v1 bench/run-jmh.sh -bm sample -f 0 -wi 6 -i 3 -w 500ms -r 300ms \
        -p recording=STATISTICS -rff JMH.json

    python -m bench.kernel_table --machine NAME --cpu "WORDS" 256=JMH.json 512=JMH.json   # bench/results/NAME/jmh.json
    python -m bench.kernel_table --machine NAME                                     # the table alone, from that file
"""

import argparse
import json
import math
import sys
from pathlib import Path

from tools import sections

ROOT = Path(__file__).resolve().parent.parent
PEAK_STEPS, PEAK_CHAINS = 20_000, 12  # PeakBenchmark


def shapes() -> dict[str, list[str]]:
    """The fields of each line of the shape files, by file and layer."""
    lines = {}
    for path in sorted((ROOT / "bench/shapes").glob("*.txt")):
        for line in path.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                fields = line.split()
                lines[f"{path.stem}/{fields[0]}"] = fields
    return lines


def outputs(fields: list[str]) -> int:
    """Values a layer puts out; all shape files pad so that the stride alone shrinks the image."""
    height, width, channels, stride = int(fields[2]), int(fields[3]), int(fields[5]), int(fields[7])
    return math.ceil(height / stride) * math.ceil(width / stride) * channels


def flops(fields: list[str]) -> int:
    """Multiplications and additions of one image."""
    inputs = 1 if fields[1] == "depthwise" else int(fields[4])
    return 2 * outputs(fields) * int(fields[6]) ** 2 * inputs


def condense(runs: list[dict], bits: int) -> dict:
    """One width: the peak in GFLOP/s and, for each kernel and layer, the fastest and the median call."""
    layers = shapes()
    peak, rows = None, []
    for run in runs:
        if run["mode"] != "sample":
            raise ValueError(f"{run['benchmark']} was measured in mode {run['mode']}, not sample")
        percentiles = run["primaryMetric"]["scorePercentiles"]
        fastest, median = percentiles["0.0"], percentiles["50.0"]
        params = run.get("params") or {}
        if "layer" not in params:
            peak = 2 * PEAK_STEPS * PEAK_CHAINS * (bits // 32) / fastest / 1e3
            continue
        row = {
            "kernel": run["benchmark"].rsplit(".", 1)[1],
            "layer": params["layer"],
            **({"level": params["recording"]} if "recording" in params else {}),
            "fastestUs": round(fastest, 1),
            "medianUs": round(median, 1),
        }
        if row["kernel"] == "gemm":
            if peak is None:
                raise ValueError("the PeakBenchmark must come first")
            row["percentOfPeak"] = round(100 * flops(layers[row["layer"]]) / fastest / 1e3 / peak)
        elif row["kernel"] == "epilogue":
            row["nsPerValue"] = round(fastest * 1e3 / outputs(layers[row["layer"]]), 2)
        rows.append(row)
    if peak is None:
        raise ValueError("no PeakBenchmark among the results")
    above = [row["layer"] for row in rows if row.get("percentOfPeak", 0) > 105]
    if above:
        raise ValueError(f"{bits} bits: above the peak, so that was not compiled yet: {', '.join(above)}")
    return {"vectorBits": bits, "peakGflops": round(peak, 1), "kernels": rows}


def table(result: dict) -> str:
    """The results as Markdown: one row a layer, one group of columns a width."""
    widths = result["widths"]
    cells: dict[str, dict] = {}
    for width in widths:
        for row in width["kernels"]:
            key = (width["vectorBits"], row["kernel"], row.get("level"))
            cells.setdefault(row["layer"], {})[key] = row
    names = [f"{w['vectorBits']} bits (peak {w['peakGflops']:.0f} GFLOP/s)" for w in widths]
    heading = (
        f"{result['cpu']}, one thread; fastest of many single calls, microseconds an image. "
        "Product and depthwise: one stream, in brackets the product's share of what fused multiply-adds on registers "
        "reach. Finishing: bias, activation function, quantization and all statistics of the pair."
    )
    lines = [
        heading,
        "",
        "| layer | " + " | ".join(f"{n}: kernel | finishing" for n in names) + " |",
        "|---|" + "---:|---:|" * len(widths),
    ]
    for layer, found in cells.items():
        row = [layer.split("/", 1)[1]]
        for bits in (w["vectorBits"] for w in widths):
            gemm, depthwise = found.get((bits, "gemm", None)), found.get((bits, "depthwise", None))
            if gemm:
                row.append(f"{gemm['fastestUs']:.0f} ({gemm['percentOfPeak']} %)")
            else:
                row.append(f"{depthwise['fastestUs']:.0f}" if depthwise else "-")
            finishing = found.get((bits, "epilogue", "STATISTICS"))
            row.append(f"{finishing['fastestUs']:.0f}" if finishing else "-")
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Condense JMH's results and write them into docs/usage.md.")
    parser.add_argument("runs", nargs="*", help="BITS=FILE, what run-jmh.sh -rff FILE wrote")
    parser.add_argument("--machine", required=True, help="folder in bench/results")
    parser.add_argument("--cpu", default="", help="the machine in words")
    args = parser.parse_args()
    path = ROOT / "bench/results" / args.machine / "jmh.json"
    if args.runs:
        files = {int(bits): json.loads(Path(name).read_text()) for bits, name in (r.split("=", 1) for r in args.runs)}
        widths = [condense(runs, bits) for bits, runs in files.items()]
        path.parent.mkdir(parents=True, exist_ok=True)
        result = {"cpu": args.cpu, "widths": widths}
        path.write_text(json.dumps(result, indent=1) + "\n")
    sections.replace_section("bench:kernels", table(json.loads(path.read_text())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
