"""Speed of ONNX networks in Depthscope, in float32 and quantized with all statistics, beside ONNX Runtime's float32.

Run from the repository root with the packages of bench/peers/requirements.txt:

    python -m bench.peers.onnx_networks mobilenet_v2.onnx squeezenet1.1.onnx --write-table

Networks with one input [1 or any, 3, 224, 224]. Peers take turns in rounds; a ratio is that of one round.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.peers import machine, mobilenet, rounds
from bench.peers.depthscope_peer import DepthscopeBench
from tools import sections

RESOLUTION = 224
REFERENCE = "onnxruntime"
LEVELS = {
    "plain": "Depthscope, fp32 alone",
    "paired": "Depthscope, fp32 + quantized, logits only",
    "statistics": "Depthscope, paired, all statistics and histograms",
}


def runtime(model: Path, pixels: np.ndarray, batch: int, threads: int) -> rounds.Peer:
    from bench.peers import ort_peers

    session = ort_peers.session(model.read_bytes(), threads)
    given = session.get_inputs()[0]
    fixed = isinstance(given.shape[0], int)
    size = given.shape[0] if fixed else batch
    images = np.ascontiguousarray((pixels[:size].astype(np.float32) / 127.5 - 1).transpose(0, 3, 1, 2))
    names = [session.get_outputs()[0].name]

    def measure(seconds: float) -> float:
        session.run(names, {given.name: images})
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            session.run(names, {given.name: images})
            done += size
        return done / (time.perf_counter() - start)

    return rounds.Peer(REFERENCE, "ONNX Runtime, fp32", measure, size)


def network(model: Path, pixels: np.ndarray, data: Path, args: argparse.Namespace) -> dict:
    peers = [runtime(model, pixels, args.batch, args.threads)]
    for level, label in LEVELS.items():
        bench = DepthscopeBench(args.depthscope, model, data, level, {"backend": "cpu", "threads": args.threads})
        peers.append(rounds.Peer(level, label, bench.images_per_second))
    speeds = rounds.measure(peers, args.rounds, args.seconds)
    return {"name": model.stem, "peers": rounds.entries(peers, speeds, REFERENCE)}


def table(result: dict) -> str:
    run, device = result["run"], result["device"]
    heading = (
        f"{device['cpu']}, {device['threads']} threads; median of {run['rounds']} interleaved rounds of "
        f"{run['secondsPerRound']:g} s. Images a second, in brackets the ratio to ONNX Runtime {result['onnxruntime']} "
        "in float32."
    )
    lines = [
        heading,
        "",
        "| network | ONNX Runtime, fp32 | " + " | ".join(LEVELS.values()) + " |",
        "|---|" + "---:|" * (1 + len(LEVELS)),
    ]
    for net in result["networks"]:
        cells = [
            f"{p['imagesPerSecond']['median']:.1f}"
            + ("" if p["name"] == REFERENCE else f" ({p['ratio']['median']:.2f})")
            for p in net["peers"]
        ]
        lines.append(f"| {net['name']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, nargs="+")
    parser.add_argument("--depthscope", default="./depthscope")
    parser.add_argument("--threads", type=int, default=machine.device()[1])
    parser.add_argument("--batch", type=int, default=8, help="images at a time in ONNX Runtime, where the file lets it")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--write-table", action="store_true", help="into docs/usage.md")
    args = parser.parse_args()
    import onnxruntime

    pixels = mobilenet.smooth_images(64, RESOLUTION, 1)
    cpu, _ = machine.device()
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "images.packed")
        rounds.write_images(data, pixels, 1000)
        networks = [network(m, pixels, data, args) for m in args.models]
    result = {
        "device": {"cpu": cpu, "threads": args.threads},
        "onnxruntime": onnxruntime.__version__,
        "run": {"rounds": args.rounds, "secondsPerRound": args.seconds},
        "networks": networks,
    }
    out = sections.ROOT / "bench/results" / rounds.slug(f"{cpu} {args.threads} cores") / "onnx_networks.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    print(table(result))
    if args.write_table:
        sections.replace_section("bench:onnx", table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
