"""Quantized model files layer by layer: each layer alone, fed the codes that its framework fed it.

Run from the repository root, with TFLite files of int8 or uint8, ONNX files of QDQ pairs or QLinear operators, or
folders of them (packages: numpy, pillow, onnx, onnxruntime, tensorflow-cpu):

    python -m bench.peers.layers FOLDER... --images PHOTOGRAPHS --write-table
    python -m bench.peers.layers FOLDER/net.tflite --only add_3 --keep DIR      # leaves one layer's file to look at

A whole file's outputs tell little of its layers, since one code that differs early changes many behind it. So each
operator is cut out into a file of its own (of ONNX's pairs: what lies between codes and codes). The framework runs the
whole file once in its plain kernels; a layer here reads the codes that the same layer read there, and its codes are
compared with those that it made there. The framework must make the same of the cut file, too, else nothing is measured.

Every layer is one start of Depthscope. Results go to bench/results/models/layers.json; exit code 1 if a layer
cannot be run, or is off by more than one code.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import numpy as np

from bench.peers import onnx_layers, tflite_layers
from bench.peers.layer_cuts import CutLayer
from bench.peers.machine import device
from bench.peers.model_files import Depthscope
from tools import sections

ROOT = Path(__file__).resolve().parent.parent.parent
RESULT = ROOT / "bench/results/models/layers.json"
PACKAGES = ("numpy", "onnx", "onnxruntime", "tensorflow-cpu")
CUTS = {".onnx": onnx_layers.layers, ".tflite": tflite_layers.layers}
MOST = 1


def compared(layer: CutLayer, mine: dict[str, np.ndarray]) -> dict:
    """How many codes of a layer differ, and by how much at most."""
    apart = []
    for name, made in layer.made.items():
        if name not in mine or mine[name].size != made.codes.size:
            raise ValueError(f"{layer.name}: no output {name} of {made.codes.size} values")
        apart.append(np.abs(made.codes_of(mine[name]) - made.codes.reshape(-1).astype(np.int64)))
    apart = np.concatenate(apart)
    found = {"codes": apart.size, "differ": int(np.count_nonzero(apart)), "largest": int(apart.max())}
    if layer.once is not None:
        name, made = next(iter(layer.made.items()))
        found["differFromOnce"] = int(np.count_nonzero(made.codes_of(mine[name]) != layer.once))
    return found


def measure(layer: CutLayer, suffix: str, depthscope: Depthscope, backend: str, folder: Path) -> dict:
    """A layer's entry in the results."""
    entry = {"name": layer.name, "operator": layer.operator}
    with tempfile.NamedTemporaryFile(suffix=suffix, dir=folder, delete=False) as file:
        file.write(layer.model)
    try:
        entry |= compared(layer, depthscope.outputs(Path(file.name), layer.inputs, backend, "quantized"))
    except (RuntimeError, ValueError, subprocess.TimeoutExpired) as e:
        entry["error"] = str(e).replace(file.name, "its file")
    return entry


def failure(layer: dict) -> str | None:
    """What a layer falls short in, if it does."""
    if "error" in layer:
        return layer["error"]
    return f"{layer['differ']} of {layer['codes']} codes, by {layer['largest']}" if layer["largest"] > MOST else None


def failures(entry: dict) -> list[str]:
    named = ((layer, failure(layer)) for layer in entry["layers"])
    return [f"{entry['file']}, {layer['name']} ({layer['operator']}): {why}" for layer, why in named if why]


def table(result: dict) -> str:
    """The results as a Markdown table, one row a file."""
    versions = result["versions"]
    head = (
        f"{result['images']} {'inputs' if result['images'] > 1 else 'input'} a file, backend {result['backend']};"
        f" ONNX Runtime {versions['onnxruntime']} without"
        f" optimizations, reference kernels of TensorFlow Lite {versions['tensorflow-cpu']}."
    )
    lines = [
        head,
        "",
        "| file | layers | codes | that differ | by at most | most in a layer |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for entry in result["files"]:
        ran = [layer for layer in entry["layers"] if "error" not in layer]
        codes, differ = (sum(layer[key] for layer in ran) for key in ("codes", "differ"))
        cells = [
            f"`{entry['file']}`",
            f"{len(ran)}" if len(ran) == len(entry["layers"]) else f"{len(ran)} of {len(entry['layers'])}",
            f"{codes:,}",
            f"{differ:,}" + (f" ({differ / codes:.2%})" if differ else ""),
            f"{max((layer['largest'] for layer in ran), default=0)}",
            _most(ran),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", _twice(result)])


def _twice(result: dict) -> str:
    """What of the differences is the way in which TensorFlow Lite rounds."""
    known = [layer for entry in result["files"] for layer in entry["layers"] if "differFromOnce" in layer]
    codes, differ, once = (sum(layer[key] for layer in known) for key in ("codes", "differ", "differFromOnce"))
    return (
        "The reference kernels of TensorFlow Lite multiply a sum by an integer and a power of two, and round"
        " behind each; here it is rounded once."
        f" Of {codes:,} codes of 1x1 convolutions in its files {differ:,} differ from those kernels',"
        f" {once:,} from the exact sums rounded once."
    )


def _most(ran: list[dict]) -> str:
    worst = max(ran, key=lambda layer: layer["differ"] / layer["codes"], default=None)
    return f"{worst['operator']}, {worst['differ'] / worst['codes']:.2%}" if worst and worst["differ"] else ""


def files(paths: list[Path]) -> list[Path]:
    """The files that can be cut, those of a folder sorted by name."""
    return [f for p in paths for f in (sorted(p.rglob("*")) if p.is_dir() else [p]) if f.suffix in CUTS]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path, nargs="+", help="files, or folders of them")
    parser.add_argument("--images", type=Path, help="folder of photographs; without it, noise")
    parser.add_argument("--count", type=int, default=1, help="of the inputs of a file")
    parser.add_argument("--backend", default="cpu")
    parser.add_argument("--parallel", type=int, default=2, help="starts of Depthscope at a time")
    parser.add_argument("--only", metavar="WORD", default="", help="layers whose names hold it; nothing is written")
    parser.add_argument("--keep", metavar="DIR", type=Path, help="where the layers' files are left")
    parser.add_argument("--depthscope", metavar="CMD", default="./depthscope", help="command that starts Depthscope")
    parser.add_argument("--timeout", type=float, default=600, help="seconds one layer may take")
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--write-table", action="store_true", help="rewrite the table in the documentation")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    found = (
        sorted(p for p in args.images.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
        if args.images
        else []
    )
    images = found[: args.count]
    depthscope = Depthscope(args.depthscope, args.timeout)
    entries = []
    with tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor(args.parallel) as pool:
        folder = args.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for path in files(args.models):
            cut = [layer for layer in CUTS[path.suffix](path, images) if args.only in layer.name]
            if not cut:
                continue  # a file of floats
            run = [pool.submit(measure, layer, path.suffix, depthscope, args.backend, folder) for layer in cut]
            entry = {"file": path.name, "layers": [r.result() for r in run]}
            entries.append(entry)
            kinds = Counter(layer["operator"] for layer in entry["layers"])
            print(f"{path.name}: {len(cut)} layers, {', '.join(f'{n} {k}' for k, n in kinds.items())}", flush=True)
            for layer in entry["layers"]:
                if layer.get("differ") or "error" in layer:
                    words = layer.get("error") or f"{layer['differ']} of {layer['codes']}, by {layer['largest']}"
                    print(f"  {layer['operator']} {layer['name']}: {words}", flush=True)
    result = {
        "versions": {"python": platform.python_version(), **{p: metadata.version(p) for p in PACKAGES}},
        "device": dict(zip(("cpu", "cores"), device(), strict=True)),
        "backend": args.backend,
        "images": max(1, len(images)),
        "files": sorted(entries, key=lambda e: (Path(e["file"]).suffix, e["file"])),
    }
    print(table(result))
    if not args.only:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(result, indent=1) + "\n")
    if args.write_table:
        sections.replace_section("layers", table(result))
    short = [line for entry in entries for line in failures(entry)]
    print(f"{len(entries)} files, {len(short)} layers fall short", *short, sep="\n")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
