"""Depthscope's outputs of model files against those of ONNX Runtime, TensorFlow Lite and Keras, on every backend.

Run from the repository root, with model files or folders of them (packages: numpy, onnx, onnxruntime, tensorflow-cpu,
keras):

    python -m bench.peers.model_files FOLDER... --write-table
    python -m bench.peers.model_files FOLDER/net.onnx --update      # measures one again, keeps what is known of others

Each peer runs a file twice: plainly (no optimizations; reference kernels; operation by operation) and as people usually
run it (all optimizations; XNNPACK; compiled). A float file's figure is the largest difference to the plain outputs as a share of the output's
range; a quantized file's is the root mean square of the differences of the quantized stream in steps between codes. The
worst output counts. The same figure between the peer's two ways says how much of it is a matter of rounding alone.

Where there is no GPU, DEPTHSCOPE_CUDA_DRIVER names the emulated driver (CONTRIBUTING.md), which runs one image.
Results go to bench/results/models/model_files.json; exit code 1 if a file falls short of BOUNDS.
"""

import argparse
import hashlib
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import numpy as np

from bench.peers import model_runners
from bench.peers.machine import device
from bench.peers.model_runners import Judged, Outputs
from tools import sections

ROOT = Path(__file__).resolve().parent.parent.parent
RESULT = ROOT / "bench/results/models/model_files.json"
BACKENDS = ("reference", "cpu", "cuda")
DRIVER = "DEPTHSCOPE_CUDA_DRIVER"
PACKAGES = ("numpy", "onnx", "onnxruntime", "tensorflow-cpu", "keras")
# A float file's share of the range, a quantized one's codes; or twice what the peer itself differs by, if that is more.
BOUNDS = {False: 2e-5, True: 0.5}
STARTS = 3


class Depthscope:
    """The command line, started once for each file and backend."""

    def __init__(self, command: str, timeout: float):
        self.command = shlex.split(command)
        self.timeout = timeout

    def call(self, *arguments: str) -> float:
        """Seconds it took. Raises RuntimeError with its last words if it fails."""
        start = time.perf_counter()
        done = subprocess.run(
            [*self.command, *arguments], capture_output=True, text=True, check=False, timeout=self.timeout
        )
        if done.returncode != 0:
            words = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no message"]
            raise RuntimeError(f"exit code {done.returncode}: {words[-1]}")
        return time.perf_counter() - start

    def outputs(self, model: Path, inputs: np.ndarray, backend: str, stream: str) -> Outputs:
        """What the file's outputs are, by name."""
        with tempfile.TemporaryDirectory() as folder:
            x, out = Path(folder, "x.npy"), Path(folder, "out")
            np.save(x, inputs)
            options = ("--model", str(model), "--input", str(x), "--out", str(out), "--backend", backend)
            self.call("run", *options)
            listed = json.loads((out / "tensors.json").read_text())["tensors"]
            return {t["name"]: np.load(out / stream / t["file"]) for t in listed}


def difference(mine: np.ndarray, theirs: np.ndarray, unit: float, codes: bool) -> float:
    """How many units two outputs are apart: at most, or of codes in the root mean square.

    A value that is not finite and not the same in both makes it infinite.
    """
    if mine.size != theirs.size:
        raise ValueError(f"{list(mine.shape)} values, not {list(theirs.shape)}")
    a, b = (v.reshape(-1).astype(np.float64) for v in (mine, theirs))
    with np.errstate(invalid="ignore"):
        apart = np.where(a == b, 0.0, np.abs(a - b))
    if not np.all(np.isfinite(apart)):
        return float("inf")
    return float(np.sqrt(np.mean(apart**2)) if codes else np.max(apart)) / unit


def differences(mine: Outputs, theirs: Outputs, units: dict[str, float], codes: bool) -> dict[str, float]:
    """The same of every output; one that is missing is an error."""
    lacking = theirs.keys() - mine.keys()
    if lacking:
        raise ValueError(f"no output {', '.join(sorted(lacking))}")
    return {name: difference(mine[name], y, units[name], codes) for name, y in theirs.items()}


def units_of(judged: Judged) -> dict[str, float]:
    """What the outputs of a file are measured in: steps between codes, or the ranges of all images."""
    return judged.steps or {n: float(np.ptp(y)) or float(np.max(np.abs(y))) or 1.0 for n, y in judged.plain.items()}


def bound(entry: dict) -> float:
    """What a figure of a file may be at most."""
    return max(BOUNDS[entry["quantized"]], 2 * max(entry["peerItself"].values()))


def failures(entry: dict) -> list[str]:
    """What a file falls short in, a line for each backend."""
    lines = []
    for backend, found in entry["backends"].items():
        if "error" in found:
            lines.append(f"{entry['file']}, {backend}: {found['error']}")
        elif not max(found["outputs"].values()) <= bound(entry):
            lines.append(f"{entry['file']}, {backend}: {worst(found)} is over {bound(entry):.1e}")
    return lines


def worst(found: dict) -> str:
    name, value = max(found["outputs"].items(), key=lambda item: item[1])
    return f"{name} {value:.2e}"


def measure(model: Path, depthscope: Depthscope, backends: list[str], images: int) -> dict:
    """A file's entry in the results."""
    judged = model_runners.judge(model, images)
    entry = {
        "file": model.name,
        "bytes": model.stat().st_size,
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "peer": judged.peer,
        "operators": judged.operators,
        "input": judged.shape,
        "inputType": judged.input_type,
        "outputs": len(judged.plain),
        "quantized": judged.steps is not None,
        "hybrid": judged.hybrid,
        "ranges": {name: [float(y.min()), float(y.max())] for name, y in judged.plain.items()},
        "peerItself": differences(judged.usual, judged.plain, units_of(judged), judged.steps is not None),
        "backends": {b: on_backend(model, depthscope, b, judged) for b in backends},
    }
    for line in failures(entry):
        print(f"FALLS SHORT {line}", flush=True)
    return entry


def on_backend(model: Path, depthscope: Depthscope, backend: str, judged: Judged) -> dict:
    """The differences of one backend, or why there are none."""
    emulated = backend == "cuda" and DRIVER in os.environ
    n = 1 if emulated else len(judged.inputs)
    found = {"images": n, "emulated": emulated}
    try:
        stream = "fp32" if judged.steps is None else "quantized"
        mine = depthscope.outputs(model, judged.inputs[:n], backend, stream)
        # Outputs without an axis of images come one after the other as well.
        theirs = {name: y[: len(y) // len(judged.inputs) * n] for name, y in judged.plain.items()}
        found["outputs"] = differences(mine, theirs, units_of(judged), judged.steps is not None)
        print(f"{model.name}, {backend}: {worst(found)}", flush=True)
    except (RuntimeError, ValueError, subprocess.TimeoutExpired) as e:
        found["error"] = str(e).replace(str(model), model.name)
    return found


def time_to_read(model: Path, depthscope: Depthscope) -> dict:
    """What `inspect` takes for a file beyond what it takes for the small network inside the program."""
    own = min(depthscope.call("inspect") for _ in range(STARTS))
    with_file = min(depthscope.call("inspect", "--model", str(model)) for _ in range(STARTS))
    return {
        "file": model.name,
        "bytes": model.stat().st_size,
        "seconds": round(with_file, 2),
        "secondsBeyondStart": round(with_file - own, 2),
        "fastestOf": STARTS,
    }


def table(result: dict) -> str:
    """The results as a Markdown table with a line that says what was run."""
    versions, cpu = result["versions"], result["device"]
    emulated = any(f.get("emulated") for e in result["files"] for f in e["backends"].values())
    cuda = "cuda: kernels on the emulated driver, 1 input; " if emulated else ""
    head = (
        f"{result['images']} inputs of noise a file; {cuda}ONNX Runtime {versions['onnxruntime']}, TensorFlow Lite "
        f"{versions['tensorflow-cpu']}, Keras {versions['keras']}; {cpu['cpu']}."
    )
    columns = [b for b in BACKENDS if any(b in e["backends"] for e in result["files"])]
    lines = [head, "", f"| file | what it is | {' | '.join(columns)} | peer itself |"]
    lines.append("|---|---|" + "---:|" * (len(columns) + 1))
    for entry in result["files"]:
        cells = [_cell(entry["backends"].get(b), entry["quantized"]) for b in columns]
        itself = _figure(max(entry["peerItself"].values()), entry["quantized"])
        lines.append(f"| `{entry['file']}` | {_words(entry)} | {' | '.join(cells)} | {itself} |")
    read = result["timeToRead"]
    reading = (
        f"The largest file, `{read['file']}` ({read['bytes'] / 1e6:.1f} MB), is read in "
        f"{read['secondsBeyondStart']:.1f} s: so much longer `inspect` takes for it than for the network inside the "
        f"program (fastest of {read['fastestOf']})."
    )
    notes = [_flat(result["files"]), *(_note(e) for e in result["files"])]
    return "\n".join([*lines, "", " ".join([reading, *filter(None, notes)])])


def _flat(entries: list[dict]) -> str:
    """Which float files are little of a test, since their outputs are the same everywhere."""
    flat = [e for e in entries if not e["quantized"] and all(low == high for low, high in e["ranges"].values())]
    names = ", ".join(f"`{e['file']}`" for e in flat)
    return f"All values of the output of {names} are the same; the share is of that value." if flat else ""


def _note(entry: dict) -> str:
    """Why a float file has a figure that stands out, where the peer itself differs as much; else nothing."""
    name, itself = max(entry["peerItself"].items(), key=lambda item: item[1])
    if entry["quantized"] or itself <= BOUNDS[False]:
        return ""
    if entry["hybrid"]:
        return f"{entry['peer']} quantizes while it runs what meets the weights of `{entry['file']}`."
    low, high = entry["ranges"][name]
    return f"The worst of `{entry['file']}` is `{name}`, whose values lie between {low:.1g} and {high:.1g}."


def _words(entry: dict) -> str:
    outputs = f", {entry['outputs']} outputs" if entry["outputs"] > 1 else ""
    kind = ", quantized" if entry["quantized"] else ", weights in codes" if entry["hybrid"] else ""
    shape = "x".join(str(d) for d in entry["input"])
    parts = "layers" if entry["peer"] == "Keras" else "operators"
    return f"{entry['operators']} {parts}, {entry['inputType']} {shape}{outputs}{kind}"


def _cell(found: dict | None, quantized: bool) -> str:
    if found is None:
        return ""
    return "fails" if "error" in found else _figure(max(found["outputs"].values()), quantized)


def _figure(value: float, quantized: bool) -> str:
    return f"{value:.2f} codes" if quantized else f"{value:.0e}"


def model_files(paths: list[Path]) -> list[Path]:
    """The files that a peer runs, those of a folder sorted by name."""
    found = []
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        found += [f for f in inside if f.suffix in model_runners.RUNNERS]
    return found


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Hold Depthscope's outputs of model files against their frameworks'.")
    parser.add_argument("models", type=Path, nargs="*", help="files, or folders of them")
    parser.add_argument("--backends", default=",".join(BACKENDS), help="default: %(default)s")
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--depthscope", metavar="CMD", default="./depthscope", help="command that starts Depthscope")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds one run may take")
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--update", action="store_true", help="keep the entries of other files, time nothing again")
    parser.add_argument("--write-table", action="store_true", help="rewrite the table in the documentation")
    args = parser.parse_args()
    args.backends = args.backends.split(",")
    unknown = set(args.backends) - set(BACKENDS)
    if unknown:
        parser.error(f"no backend {', '.join(sorted(unknown))}")
    if not args.models and not args.write_table:
        parser.error("no files")
    return args


def main() -> int:
    args = arguments()
    result = json.loads(args.out.read_text()) if args.update or not args.models else {"files": []}
    paths = model_files(args.models)
    depthscope = Depthscope(args.depthscope, args.timeout)
    if args.models:
        entries = {e["file"]: e for e in result["files"]}
        entries |= {p.name: measure(p, depthscope, args.backends, args.images) for p in paths}
        cpu, cores = device()
        result |= {
            "device": {"cpu": cpu, "cores": cores},
            "versions": {"python": platform.python_version(), **{p: metadata.version(p) for p in PACKAGES}},
            "images": args.images,
            "files": sorted(entries.values(), key=lambda e: (Path(e["file"]).suffix, e["file"])),
        }
        if not args.update:
            result["timeToRead"] = time_to_read(max(paths, key=lambda p: p.stat().st_size), depthscope)
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(result, indent=1) + "\n")
        print(f"written to {args.out}")
    if args.write_table:
        sections.replace_section("models", table(result))
    short = [line for entry in result["files"] for line in failures(entry)]
    print(f"{len(result['files'])} files, {len(short)} fall short", *short, sep="\n")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
