"""Images a second of Depthscope and of other tools: same MobileNet-V1, images and threads, interleaved in one run.

Run from the repository root (packages: bench/peers/requirements.txt):

    python -m bench.peers.run_peers --threads 2 --depthscope ./depthscope --write-table
    python -m bench.peers.run_peers --weights mobilenet_v1_0.75_224.safetensors --rounds 3

Every round gives each peer the same number of seconds, in an order that turns round from one round to the next; ratios
are taken inside a round, against ONNX Runtime's plain fp32 run. Peers get batches that are already normalised floats,
while Depthscope reads packed bytes and converts them: what difference that makes is in the peers' favour. Each peer
runs with the batch size, 1 or 8, at which it was faster in a trial. Before anything is timed, ONNX Runtime and PyTorch
must give the same logits and nearly the same errors.

Results go to bench/results/<device>/cpu_mobilenet_v1.json; --write-table also rewrites the table in docs/usage.md.
"""

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from bench.peers import mobilenet, ort_peers, rounds, safetensors_file, speed_table, torch_peers
from bench.peers.depthscope_peer import DepthscopeBench
from bench.peers.machine import device
from bench.peers.rounds import Peer

ROOT = Path(__file__).resolve().parent.parent.parent
REFERENCE = "ort-fp32"
BATCHES = (1, 8)
DEPTHSCOPE_LEVELS = {
    "plain": "Depthscope, fp32 alone",
    "paired": "Depthscope, fp32 + quantized, logits only",
    "statistics": "Depthscope, paired, all statistics and histograms",
}


def timed(run: Callable[[np.ndarray], object], batches: list[np.ndarray], seconds: float) -> float:
    """Images a second over whole batches, for at least this long, after one untimed batch."""
    run(batches[0])
    images, start = 0, time.perf_counter()
    while True:
        for batch in batches:
            run(batch)
            images += len(batch)
            spent = time.perf_counter() - start
            if spent >= seconds:
                return images / spent


def tuned(name: str, label: str, run: Callable[[np.ndarray], object], images: np.ndarray, trial: float) -> Peer:
    """The peer at the batch size that is faster in a short trial; the better of two turns counts."""
    split = {b: [images[i : i + b] for i in range(0, len(images), b)] for b in BATCHES}
    turns = [{b: timed(run, batches, trial) for b, batches in split.items()} for _ in range(2)]
    speeds = {b: max(turn[b] for turn in turns) for b in BATCHES}
    best = max(speeds, key=speeds.get)
    print(f"{name}: " + ", ".join(f"batch {b} {v:.1f}/s" for b, v in speeds.items()), flush=True)
    return Peer(name, label, lambda seconds: timed(run, split[best], seconds), best)


def python_peers(net: mobilenet.Network, images: np.ndarray, args: argparse.Namespace) -> list[Peer]:
    """All peers of this process, checked against each other."""
    calibrated = ort_peers.ranges(net, images[:16])
    calibration = torch_peers.ranges(net, images[:16])
    runs = {
        REFERENCE: ("ONNX Runtime, fp32 alone", ort_peers.plain(net, args.threads)),
        "ort-minmax": (
            "ONNX Runtime, fp32, every output fetched, min and max in numpy",
            ort_peers.min_max_fetched(net, args.threads),
        ),
        "ort-minmax-graph": (
            "ONNX Runtime, fp32, min and max of every layer in the graph",
            ort_peers.min_max(net, args.threads),
        ),
        "ort-paired-mse": (
            "ONNX Runtime, fp32 + QDQ, every output fetched, MSE in numpy",
            ort_peers.paired_mse(net, calibrated, args.threads),
        ),
        "ort-paired-mse-graph": (
            "ONNX Runtime, fp32 + QDQ and MSE in one graph",
            ort_peers.paired_mse_in_graph(net, calibrated, args.threads),
        ),
        "torch-fp32": ("PyTorch, fp32 alone", torch_peers.plain(net)),
        "torch-paired-mse": ("PyTorch, hooks + fake_quantize, MSE", torch_peers.paired_mse(net, calibration)),
        "torch-paired-statistics": (
            "PyTorch, hooks + fake_quantize, Depthscope's statistics",
            torch_peers.paired_statistics(net, calibration),
        ),
    }
    verify(runs, images[:2])
    return [tuned(name, label, run, images, args.trial) for name, (label, run) in runs.items()]


def verify(runs: dict, batch: np.ndarray) -> None:
    """Same logits from both libraries, same MSE from the paired peers; the early layers must agree closely."""
    result = {name: run(batch) for name, (_, run) in runs.items()}
    logits = result["torch-fp32"].reshape(len(batch), -1)
    np.testing.assert_allclose(
        result[REFERENCE].reshape(len(batch), -1), logits, rtol=1e-3, atol=1e-3 * np.abs(logits).max()
    )
    np.testing.assert_allclose(result["ort-paired-mse"], result["ort-paired-mse-graph"], rtol=0.2)
    # Integer and simulated arithmetic part ways with depth, so only the first layers are compared across libraries.
    np.testing.assert_allclose(result["ort-paired-mse"][:3], result["torch-paired-mse"][:3], rtol=0.05)
    full = result["torch-paired-statistics"][1].named()  # of the first convolution
    mse = float(full["error.squares"].sum() / full["bits"].sum())
    np.testing.assert_allclose(mse, result["torch-paired-mse"][0], rtol=1e-3)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time Depthscope and its peers on MobileNet-V1.")
    parser.add_argument("--alpha", type=float, default=1.0, help="width multiplier of the random network")
    parser.add_argument("--resolution", type=int, default=224)
    parser.add_argument("--weights", type=Path, help="safetensors in Keras names instead of random weights")
    parser.add_argument("--random-seed", type=int, default=1)
    parser.add_argument("--images", type=int, default=64, help="number of images, run through again and again")
    parser.add_argument("--threads", type=int, default=device()[1])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10, help="time for each peer in each round")
    parser.add_argument("--trial", type=float, default=3, help="time for each trial of a batch size")
    parser.add_argument("--depthscope", metavar="CMD", help="command that starts Depthscope; left out, only peers run")
    parser.add_argument("--out", type=Path, help="result file; default bench/results/<device>/cpu_mobilenet_v1.json")
    parser.add_argument("--write-table", action="store_true", help="rewrite the table in docs/usage.md")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    torch.set_num_threads(args.threads)
    pixels = mobilenet.smooth_images(args.images, args.resolution, args.random_seed)
    images = mobilenet.normalise(pixels)
    if args.weights:
        stored = safetensors_file.read(args.weights)
    else:
        stored = mobilenet.random_parameters(args.alpha, images[:8], args.random_seed)
    net = mobilenet.fold(stored, args.resolution)

    with tempfile.TemporaryDirectory() as folder:
        model, data = Path(folder, "mobilenet_v1.safetensors"), Path(folder, "images.packed")
        mobilenet.save(model, stored, args.resolution)
        rounds.write_images(data, pixels, net.convs[-1].channels)
        peers = python_peers(net, images, args)
        for level, label in DEPTHSCOPE_LEVELS.items() if args.depthscope else ():
            bench = DepthscopeBench(args.depthscope, model, data, level, {"backend": "cpu", "threads": args.threads})
            peers.append(Peer(f"depthscope-{level}", label, bench.images_per_second))
        speeds = rounds.measure(peers, args.rounds, args.seconds)

    cpu, cores = device()
    result = {
        "device": {"cpu": cpu, "cores": cores, "threads": args.threads},
        "network": {
            "family": "mobilenet_v1",
            "alpha": net.alpha,
            "resolution": args.resolution,
            "weights": args.weights.name if args.weights else f"random, seed {args.random_seed}",
        },
        "run": {"rounds": args.rounds, "secondsPerRound": args.seconds, "images": args.images},
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__,
            "torch": torch.__version__,
        },
        "reference": REFERENCE,
        "peers": rounds.entries(peers, speeds, REFERENCE),
    }
    out = args.out or ROOT / "bench" / "results" / rounds.slug(f"{cpu} {cores} cores") / "cpu_mobilenet_v1.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n")
    print(speed_table.cpu_table(result))
    print(f"written to {out}")
    if args.write_table:
        speed_table.rewrite(result, speed_table.CPU)
    return 0


if __name__ == "__main__":
    sys.exit(main())
