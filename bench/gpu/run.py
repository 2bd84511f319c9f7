"""Everything that is measured on a GPU, in one run of a few minutes: Depthscope from its portable bundle, and PyTorch.

Run from the repository root on a machine with an NVIDIA GPU, Python 3 with PyTorch and NumPy; Java is in the bundle:

    python3 -m bench.gpu.run --bundle target/depthscope-bundle-linux-x86_64.tar.gz
    python3 -m bench.gpu.run --quick                     # two minutes, fewer peers, one round

In order: `devices`, `verify`, `bench kernels`; the PyTorch peers are checked and prepared; Depthscope's batch size is
chosen; then all take turns in rounds, and ratios are taken inside a round. At the end both do the same 16 images, and
their figures are compared layer by layer; compute-sanitizer runs last, where it exists and time is left. A step that
fails is recorded with what it said, and the others go on. Nothing on the GPU is set, only read.

Results go to bench/results/<gpu>/ (--out names another folder for <gpu>); --write-table rewrites the table in docs/usage.md.
"""

import argparse
import json
import math
import platform
import re
import shlex
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.gpu import machine
from bench.gpu.agreement import compare
from bench.gpu.steps import Deadline, Steps, hide
from bench.gpu.torch_worker import TorchWorker, WorkerError
from bench.peers import rounds, speed_table
from bench.peers.depthscope_peer import DepthscopeBench

ROOT = Path(__file__).resolve().parent.parent.parent
LEVELS = {
    "plain": "Depthscope, fp32 alone",
    "paired": "Depthscope, fp32 + quantized, logits only",
    "statistics": "Depthscope, paired, all statistics and histograms",
    "sources": "Depthscope, the same with the sources of error",
}
EAGER = "torch-plain,torch-paired,torch-statistics"
SAME_WORK = "depthscope-statistics"
AGREEMENT_IMAGES = 16
RESULT = "gpu_mobilenet_v1.json"


class Run:
    """One run; `result` is written after every step, so that a run cut short leaves what it had."""

    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.args, self.folder = args, folder
        self.deadline = Deadline(args.limit)
        self.command = args.depthscope or str(unpacked(args.bundle, folder) / "depthscope")
        self.model, self.data = folder / "mobilenet_v1.safetensors", folder / "images.packed"
        home = Path(shlex.split(self.command)[0]).absolute().parent
        self.steps = Steps(
            self.deadline, hide(tmp=folder, bundle=home, repository=ROOT, out=args.out, home=Path.home())
        )
        gpu = machine.query()
        self.out = args.out / rounds.slug(gpu.get("name", f"no GPU, {args.backend} backend"))
        self.out.mkdir(parents=True, exist_ok=True)
        self.result: dict = {
            "device": {"gpu": gpu.get("name", "none"), "before": gpu},
            "network": {
                "family": "mobilenet_v1",
                "alpha": args.alpha,
                "resolution": args.resolution,
                "weights": "random, seed 1",
            },
            "run": {"secondsPerRound": args.seconds, "images": args.images, "quick": args.quick},
            "versions": {"python": platform.python_version()},
        }
        self.failed: dict[str, str] = {}

    def write(self) -> None:
        self.result["steps"] = self.steps.done
        self.result["failed"] = {name: self.steps.scrub(why) for name, why in self.failed.items()}
        partial = self.out / f"{RESULT}.partial"
        partial.write_text(json.dumps(self.result, indent=1) + "\n")
        partial.replace(self.out / RESULT)

    def depthscope(self, *arguments: object) -> list[str]:
        return [*shlex.split(self.command), *(str(a) for a in arguments)]

    def generate(self) -> None:
        """The network and the images that everything here runs."""
        from bench.peers import mobilenet  # loads PyTorch, which takes seconds

        pixels = mobilenet.varied_images(self.args.images, self.args.resolution, seed=1)
        stored = mobilenet.random_parameters(self.args.alpha, mobilenet.normalise(pixels[:8]), seed=1)
        mobilenet.save(self.model, stored, self.args.resolution)
        rounds.write_images(self.data, pixels, 1000)

    def commands(self) -> None:
        """What Depthscope has to say by itself."""
        backend = ["--backend", self.args.backend]
        version = self.steps.run("version", self.depthscope("--version"), 20)
        self.result["versions"]["depthscope"] = version["output"].splitlines()[-1] if version["ok"] else "unknown"
        self.steps.run("devices", self.depthscope("devices"), 30)
        self.write()
        self.steps.run("verify", self.depthscope("verify", *backend), self.args.verify_limit)
        self.write()
        kernels = self.out / "kernels.json"
        kernels.unlink(missing_ok=True)
        bench = self.depthscope("bench", "kernels", "--json", kernels)
        step = self.steps.run("bench kernels", [*bench, *self.args.kernels], self.args.kernels_limit)
        if step["code"] is None:  # out of time: at least the kernels in use, timed only
            few = [*bench, "--best", "--no-check", "--repeats", "5"]
            self.steps.run("bench kernels, the best only", few, self.args.kernels_limit / 2)
        self.write()

    def start_worker(self, only: str) -> TorchWorker:
        data = ["--device", self.args.torch_device, "--weights", self.model, "--data", self.data]
        times = ["--trial", self.args.seconds / 5, "--compile-reserve", self.args.compile_limit]
        peers = ["--batches", ",".join(map(str, self.args.batches)), "--only", only]
        return TorchWorker([str(o) for o in (*data, *times, *peers)], self.folder / "pytorch.log")

    def prepare(self, worker: TorchWorker, seconds: float) -> list[rounds.Peer]:
        """PyTorch's peers, checked and ready; none if that failed."""
        start = time.monotonic()
        try:
            self.result["versions"] |= worker.ask(60, "versions")
            self.result["device"]["copyGBs"] = round(worker.ask(30, "copy")["GBs"], 1)
            report = worker.ask(seconds + self.args.compile_limit, "prepare", seconds=seconds)
        except WorkerError as e:
            self.steps.failed("PyTorch peers", str(e))
            return []
        self.result["pytorch"] = report
        self.failed |= report["skipped"]
        self.steps.passed("PyTorch peers", f"{len(report['peers'])} ready", time.monotonic() - start)

        def measure(seconds: float, name: str) -> float:
            return worker.ask(3 * seconds + 20, "measure", name=name, seconds=seconds)["imagesPerSecond"]

        peers = [(p["name"], p["label"], p["batch"]) for p in report["peers"]]
        return [rounds.Peer(n, l, self.guarded(n, lambda s, n=n: measure(s, n)), b) for n, l, b in peers]

    def depthscope_peers(self) -> list[rounds.Peer]:
        """Depthscope's levels, each with the batch size at which the statistics were fastest in a short trial."""

        def bench(level: str, batch: int, warm_up: float) -> DepthscopeBench:
            options = {"backend": self.args.backend, "batch": batch, "warm-up": warm_up}
            return DepthscopeBench(self.command, self.model, self.data, level, options, timeout=60)

        tried: dict[int, float | str] = {}
        backend = "unknown"
        for batch in self.args.batches:
            try:
                answer = bench("statistics", batch, 0.5).run(self.args.seconds / 2)
                tried[batch] = round(float(answer["imagesPerSecond"]), 1)
                backend = answer.get("backend", backend)
            except Exception as e:  # noqa: BLE001 - a batch that does not fit is no end
                tried[batch] = self.steps.scrub(str(e)[-300:])
            print(f"depthscope, batch {batch}: {tried[batch]}", flush=True)
        speeds = {b: s for b, s in tried.items() if isinstance(s, float)}
        best = max(speeds, key=speeds.get) if speeds else self.args.batches[0]
        self.result["depthscope"] = {"backend": backend, "batch": best, "tried": tried}
        peers = []
        for level, label in LEVELS.items():
            name, run = f"depthscope-{level}", bench(level, best, self.args.warm_up)
            peers.append(rounds.Peer(name, label, self.guarded(name, run.images_per_second), best))
        return peers

    def guarded(self, name: str, measure: Callable[[float], float]) -> Callable[[float], float]:
        """A peer that fails once is left out: its speed is not a number from then on."""

        def guard(seconds: float) -> float:
            if name in self.failed:
                return math.nan
            try:
                return measure(seconds)
            except Exception as e:  # noqa: BLE001 - whatever it was, the others go on
                self.failed[name] = str(e)[-1000:]
                print(f"{name}: {self.failed[name]}", flush=True)
                return math.nan

        return guard

    def rounds(self, peers: list[rounds.Peer]) -> None:
        """Everyone in turn, as often as time allows."""
        began = time.monotonic()
        done = [began]

        def go_on() -> bool:
            done.append(time.monotonic())
            return self.deadline.left() > (done[-1] - done[-2]) * 1.1 + self.args.reserve

        speeds = rounds.measure(peers, self.args.rounds, self.args.seconds, go_on)
        good = [p for p in peers if all(map(math.isfinite, speeds[p.name]))]
        if not good:
            self.steps.failed("rounds", "no peer could be timed")
            return
        self.result["run"]["rounds"] = len(speeds[good[0].name])
        reference = fastest_plain(good, speeds)
        self.result["reference"] = reference
        self.result["peers"] = rounds.entries(good, speeds, reference)
        self.result["comparisons"] = comparisons([p.name for p in good], speeds, reference)
        self.steps.passed("rounds", f"{len(good)} peers of {len(peers)}", time.monotonic() - began)

    def agreement(self, worker: TorchWorker) -> None:
        """Both programs on the same images: their figures, layer by layer."""
        out = self.folder / "agreement"
        images = min(AGREEMENT_IMAGES, self.args.images)
        analyze = self.depthscope("analyze", "--model", self.model, "--data", self.data, "--limit", images)
        analyze += ["--calibrate", str(images), "--batch", str(images), "--backend", self.args.backend]
        step = self.steps.run("analyze", [*analyze, "--quiet", "--out", str(out)], 60)
        if not step["ok"]:
            return
        start = time.monotonic()
        try:
            stages = worker.ask(60, "statistics", images=images)
            found = compare(json.loads((out / "results.json").read_text()), stages)
        except (WorkerError, OSError, KeyError, ValueError) as e:
            self.steps.failed("agreement with PyTorch", f"{type(e).__name__}: {e}")
            return
        self.result["agreement"] = found
        report = self.steps.passed if found["ok"] else lambda name, text, _: self.steps.failed(name, text)
        report("agreement with PyTorch", found["text"], time.monotonic() - start)

    def sanitizer(self) -> None:
        """Memory errors and races of the kernels, on a small network."""
        tool = machine.find("compute-sanitizer")
        if tool is None:
            self.steps.skipped("compute-sanitizer", "not installed")
            return
        for kind in ("memcheck", "racecheck"):
            out = self.folder / kind
            small = self.depthscope("analyze", "--backend", self.args.backend, "--limit", 4, "--batch", 4)
            small += ["--calibrate", "4", "--quiet", "--out", str(out)]
            options = ["--tool", kind, "--target-processes", "all", "--error-exitcode", "86"]
            self.steps.run(f"compute-sanitizer {kind}", [tool, *options, *small], self.args.sanitizer_limit, 5)
            self.write()

    def all(self) -> None:
        self.generate()
        # It starts while Depthscope answers; both are timed only when the other rests.
        worker = self.start_worker(self.args.only)
        try:
            self.commands()
            peers = self.prepare(worker, min(self.args.prepare, self.deadline.left() * 0.45))
            if not peers:  # what is compiled may have hung or broken the process
                worker.stop()
                worker = self.start_worker(EAGER)
                peers = self.prepare(worker, self.args.prepare / 4)
            self.write()
            peers += self.depthscope_peers()
            self.write()
            self.rounds(peers)
            self.result["device"]["after"] = machine.query()
            self.write()
            self.agreement(worker)
            self.write()
        finally:
            worker.stop()
        self.sanitizer()


def unpacked(bundle: Path, folder: Path) -> Path:
    """The bundle's folder; an archive is unpacked first."""
    if bundle.is_dir():
        return bundle
    with tarfile.open(bundle) as archive:
        archive.extractall(folder, filter="data")
    return folder / "depthscope"


def fastest_plain(peers: list[rounds.Peer], speeds: dict[str, list[float]]) -> str:
    """What ratios are taken against: PyTorch's fastest plain run in full fp32, or whatever comes first without one."""
    plain = [p.name for p in peers if re.fullmatch(r"torch-plain(-compile)?(-nchw)?", p.name)]
    return max(plain, key=lambda name: rounds.summary(speeds[name])["median"], default=peers[0].name)


def comparisons(names: list[str], speeds: dict[str, list[float]], reference: str) -> list[dict]:
    """How many times as fast Depthscope with all statistics is as each peer that does the same work, and as plain fp32."""
    if SAME_WORK not in names:
        return []
    others = [n for n in names if n.startswith("torch-statistics") or n == reference and n.startswith("torch")]
    return [
        {
            "over": other,
            "ratio": rounds.summary([a / b for a, b in zip(speeds[SAME_WORK], speeds[other], strict=True)]),
        }
        for other in others
    ]


def arguments() -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    parser = argparse.ArgumentParser(description="Measure Depthscope and PyTorch on this machine's GPU.")
    parser.add_argument("--bundle", type=Path, default=ROOT / "target" / "depthscope-bundle-linux-x86_64.tar.gz")
    parser.add_argument("--depthscope", metavar="CMD", help="command that starts Depthscope, instead of a bundle")
    parser.add_argument("--backend", default="cuda", help="Depthscope's; cpu to try this script out")
    parser.add_argument("--torch-device", default="cuda", help="PyTorch's; cpu to try this script out")
    parser.add_argument("--alpha", type=float, default=1.0)
    parser.add_argument("--resolution", type=int, default=224)
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--batches", type=numbers, default=[128, 256, 64, 32], help="sizes to try, likeliest first")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.5, help="time for each peer in each round")
    parser.add_argument("--only", default="", help="names of PyTorch peers, all if left out")
    parser.add_argument("--limit", type=float, default=520, help="seconds for the whole run")
    parser.add_argument("--quick", action="store_true", help="two minutes: few peers, one batch size, one round")
    parser.add_argument("--out", type=Path, default=ROOT / "bench" / "results")
    parser.add_argument("--write-table", action="store_true", help="rewrite the table in docs/usage.md")
    args = parser.parse_args()
    args.warm_up, args.reserve = 1.0, 45.0
    args.verify_limit, args.kernels_limit, args.sanitizer_limit = 80.0, 90.0, 60.0
    args.prepare, args.compile_limit = 190.0, 60.0
    args.kernels = []
    if args.quick:
        args.limit, args.rounds, args.seconds, args.batches = min(args.limit, 115), 1, 1.0, args.batches[:1]
        args.only = args.only or "torch-plain,torch-plain-compile,torch-statistics"
        args.warm_up, args.reserve = 0.5, 10.0
        args.verify_limit, args.kernels_limit, args.sanitizer_limit = 25.0, 20.0, 15.0
        args.prepare, args.compile_limit = 30.0, 20.0
        args.kernels = ["--best"]
    return args


def main() -> int:
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(args, Path(folder))
        try:
            run.all()
        finally:
            run.write()
    if "peers" in run.result:
        print(speed_table.gpu_table(run.result))
        if args.write_table:
            speed_table.rewrite(run.result, speed_table.GPU)
    for step in run.steps.done:
        word = {True: "ok", None: "-"}.get(step["ok"], "FAILED")
        print(f"{word:6} {step['seconds']:6.1f} s  {step['name']}")
    print(f"written to {run.out / RESULT}")
    return 0 if all(step["ok"] is not False for step in run.steps.done) else 1


if __name__ == "__main__":
    sys.exit(main())
