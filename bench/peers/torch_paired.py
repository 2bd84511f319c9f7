"""PyTorch doing Depthscope's work on a GPU: MobileNet-V1 in fp32 and fake-quantized, with the same statistics.

Run from the repository root; it needs PyTorch and NumPy and nothing else:

    python -m bench.peers.torch_paired                          # on the GPU, random weights
    python -m bench.peers.torch_paired --device cpu --alpha 0.25 --resolution 64 --batches 4,8

Peers: the plain fp32 forward, both streams with logits only, and both with all statistics; eager (the pair with hooks,
as is usual) or the whole forward compiled; memory with channels last or not. TF32 is off, except for the peers that
show what it would give. Images lie on the device as bytes and every step normalises its own batch there. Statistics
stay on the device and are added up over the whole run.

Before anything is timed, the logits are compared with float64 on the CPU, every statistic with NumPy in float64, and
the compiled networks with the eager ones. Then each peer gets the batch size, and each histogram the way of counting,
that is fastest on this device. With --serve it takes orders from bench.gpu.run, which times Depthscope between.
"""

import argparse
import itertools
import json
import math
import os
import statistics
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
import torch._dynamo
from torch import nn

from bench.peers import mobilenet, rounds, safetensors_file, statistics_check
from bench.peers import torch_statistics as stats
from bench.peers.torch_network import HookedPair, StagedPair, build, calibrate, image_batch
from tools import packed

CALIBRATION_IMAGES = 32
CHECKED_IMAGES = 2
WARM_UP = 0.3
AHEAD = 2  # batches that may wait on the device: enough to keep it busy, few enough to stop in time


@dataclass(frozen=True)
class Variant:
    """One way to do one level of the work."""

    name: str
    label: str
    level: str
    compiled: bool = False
    channels_last: bool = True
    tf32: bool = False


VARIANTS = (
    Variant("torch-plain", "PyTorch, fp32 alone", "plain"),
    Variant("torch-paired", "PyTorch, hooks + fake_quantize, logits only", "paired"),
    Variant("torch-statistics", "PyTorch, hooks + fake_quantize, Depthscope's statistics", "statistics"),
    Variant("torch-plain-compile", "PyTorch, torch.compile, fp32 alone", "plain", compiled=True),
    Variant(
        "torch-statistics-compile",
        "PyTorch, torch.compile, both streams with Depthscope's statistics",
        "statistics",
        compiled=True,
    ),
    Variant("torch-paired-compile", "PyTorch, torch.compile, both streams, logits only", "paired", compiled=True),
    Variant("torch-plain-nchw", "PyTorch, fp32 alone, channels first", "plain", channels_last=False),
    Variant(
        "torch-statistics-nchw",
        "PyTorch, hooks + fake_quantize, Depthscope's statistics, channels first",
        "statistics",
        channels_last=False,
    ),
    Variant("torch-plain-tf32", "PyTorch, fp32 alone, TF32 allowed", "plain", tf32=True),
    Variant(
        "torch-statistics-tf32",
        "PyTorch, hooks + fake_quantize, Depthscope's statistics, TF32 allowed",
        "statistics",
        tf32=True,
    ),
    Variant(
        "torch-plain-compile-nchw",
        "PyTorch, torch.compile, fp32 alone, channels first",
        "plain",
        compiled=True,
        channels_last=False,
    ),
    Variant(
        "torch-statistics-compile-nchw",
        "PyTorch, torch.compile, both streams with Depthscope's statistics, channels first",
        "statistics",
        compiled=True,
        channels_last=False,
    ),
)

Step = Callable[[torch.Tensor], object]


class Workload:
    """The network, the images on the device, and the calibration that all peers share."""

    def __init__(self, net: mobilenet.Network, pixels: np.ndarray, device: torch.device) -> None:
        self.net, self.device = net, device
        self.pixels = torch.from_numpy(np.array(pixels)).to(device)
        self.calibration = self.calibrated(CALIBRATION_IMAGES)

    def calibrated(self, images: int) -> "calibrate":
        allow_tf32(False)
        return calibrate(self.net, image_batch(self.pixels[:images]))

    def batches(self, size: int) -> list[torch.Tensor]:
        return [self.pixels[i : i + size] for i in range(0, len(self.pixels) - size + 1, size)]


@dataclass
class Built:
    """A variant's network, ready to run a batch of bytes; `recorders` is empty unless it records statistics."""

    variant: Variant
    step: Step
    recorders: nn.ModuleList = field(default_factory=nn.ModuleList)

    def run(self, pixels: torch.Tensor) -> object:
        allow_tf32(self.variant.tf32)
        with torch.no_grad():
            return self.step(pixels)

    def clear(self) -> None:
        for recorder in self.recorders:
            recorder.totals.clear()


def allow_tf32(allowed: bool) -> None:
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def make(variant: Variant, work: Workload, counters: dict[str, str], formula: bool = False) -> Built:
    """Builds a variant; `counters` names the ways of counting bits and codes.

    With `formula` an eager variant quantizes by the formula, too: slower, and bit by bit what Depthscope does.
    """
    net, device, last = work.net, work.device, variant.channels_last
    formula |= variant.compiled
    recorders = nn.ModuleList()
    if variant.level == "plain":
        model: Callable = build(net, device, last)
    else:
        if variant.level == "statistics":
            ways = {kind: stats.COUNTERS[name] for kind, name in counters.items()}
            measures = recorders = stats.recorders(work.calibration, ways, formula, device)
        else:
            measures = stats.logits_only(work.calibration, formula, device)
        if variant.compiled:
            model = StagedPair(net, device, measures, last).eval()
        else:
            model = HookedPair(net, device, lambda k, x, y: measures[k](x, y), last)

    def step(pixels: torch.Tensor) -> object:
        return model(image_batch(pixels, last))

    if variant.compiled:
        # Shapes are fixed, so that the compiler may count on them; every batch size is compiled anew.
        step = torch.compile(step, dynamic=False, fullgraph=True)
    return Built(variant, step, recorders)


# --- checks


def check_counters(device: torch.device, compiled: bool, seconds: float) -> tuple[dict[str, str], dict]:
    """The fastest exact way of counting bits and codes on this device, and the images' worth of what was found."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(32 if device.type == "cuda" else 2, 64, 56, 56, generator=generator).mul_(2).clamp_(0, 6)
    x = x.to(device).contiguous(memory_format=torch.channels_last)
    scale = 6 / 255
    work = {
        "bits": (lambda t: stats.bit_bins(t, stats.BITS_UP_TO_6), stats.BITS_UP_TO_6),
        "codes": (lambda t: torch.round(t / scale).to(torch.int32), 256),
    }
    chosen, report = {}, {}
    for kind, (values, bins) in work.items():
        expected = np.bincount(values(x).cpu().numpy().ravel(), minlength=bins)
        found: dict[str, float | str] = {}
        for name, counter in stats.COUNTERS.items():

            def count(t: torch.Tensor, values=values, counter=counter, bins=bins) -> torch.Tensor:
                return counter(values(t), 0, bins)

            run = torch.compile(count, dynamic=False, fullgraph=True) if compiled else count
            try:
                if not np.array_equal(run(x).cpu().numpy(), expected):
                    found[name] = "wrong counts"
                    continue
                speed = timed(run, [x], seconds, device)["imagesPerSecond"]
                found[name] = round(len(x) / speed * 1e3, 4)
            except Exception as e:  # noqa: BLE001 - a way that this version or device lacks is left out
                found[name] = first_line(e)
        times = {name: value for name, value in found.items() if isinstance(value, float)}
        if not times:
            raise RuntimeError(f"no exact way to count {kind}: {found}")
        chosen[kind] = min(times, key=times.get)
        report[kind] = {"chosen": chosen[kind], "milliseconds": found}
    return chosen, report


def check_logits(work: Workload) -> dict[str, float]:
    """Largest error of the fp32 logits against float64 on the CPU, over the largest logit; TF32 for comparison."""
    pixels = work.pixels[:CHECKED_IMAGES].cpu()
    exact_net = build(work.net, torch.device("cpu")).double()
    x = image_batch(pixels).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        expected = exact_net(x.double())
    errors = {}
    for variant in (v for v in VARIANTS if v.level == "plain" and not v.compiled):
        found = make(variant, work, {}).run(work.pixels[:CHECKED_IMAGES]).double().cpu()
        errors[variant.name] = float((found - expected).abs().max() / expected.abs().max())
        assert variant.tf32 or errors[variant.name] < 1e-4, f"{variant.name}: logits off by {errors[variant.name]:g}"
    return errors


def check_statistics(work: Workload, counters: dict[str, str]) -> None:
    """Every statistic of every stage against float64, with the recorders of the hooks and those for the compiler."""
    ways = {kind: stats.COUNTERS[name] for kind, name in counters.items()}
    for formula in (False, True):
        recorders = stats.recorders(work.calibration, ways, formula, work.device)
        seen = []

        def measure(k: int, x: torch.Tensor, y: torch.Tensor, recorders=recorders, seen=seen) -> torch.Tensor:
            xq = recorders[k](x, y)
            seen.append([t.cpu().contiguous().numpy() for t in (x, y, xq)])
            return xq

        allow_tf32(False)
        HookedPair(work.net, work.device, measure)(image_batch(work.pixels[:CHECKED_IMAGES]))
        for name, recorder, tensors in zip(work.calibration.names, recorders, seen, strict=True):
            try:
                statistics_check.check(recorder, *tensors)
            except AssertionError as e:
                raise AssertionError(f"{name}: {e}") from e


def check_compiled(built: Built, work: Workload, counters: dict[str, str], pixels: torch.Tensor) -> None:
    """The compiled variant against the eager one of its level. Its first call compiles it."""
    eager = make(Variant("", "", built.variant.level), work, counters, formula=True)
    expected, found = eager.run(pixels), built.run(pixels)
    if built.variant.level == "plain":
        expected, found = (expected,), (found,)
    # Streams are computed in another order; a code at a tie may differ, and what follows from it.
    for e, f, limit in zip(expected, found, (1e-3, 0.3), strict=False):
        off = float((f - e).abs().max() / e.abs().max())
        assert off < limit, f"{built.variant.name}: logits differ from the eager network's by {off:g}"
    # Without statistics there are no recorders.
    for name, a, b in zip(work.calibration.names, eager.recorders, built.recorders, strict=False):
        _check_same(f"{built.variant.name}, {name}", a.totals.named(), b.totals.named())
    built.clear()


def _check_same(where: str, eager: dict[str, torch.Tensor], compiled: dict[str, torch.Tensor]) -> None:
    count = int(eager["bits"].sum())
    for name, limit in (("bits", 2e-3), ("codes", 0.02)):
        moved = int((eager[name] - compiled[name]).abs().sum()) / count
        assert moved <= limit, f"{where}: {name} differ for {moved:.2%} of the values"
        assert int(eager[name].sum()) == int(compiled[name].sum()), f"{where}: {name} do not count every value"
    for name in ("fp32.power2", "quantized.power2", "error.squares"):
        a, b = float(eager[name].sum()), float(compiled[name].sum())
        assert math.isclose(a, b, rel_tol=1e-4 if name.startswith("fp32") else 0.02), f"{where}: {name} {a:g}, {b:g}"


# --- timing


def timed(step: Step, batches: list[torch.Tensor], seconds: float, device: torch.device) -> dict:
    """Runs over the batches for this long after a warm-up; on a GPU the device's own events are the clock."""
    cuda = device.type == "cuda"

    def mark() -> object:
        if not cuda:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def repeat(limit: float) -> list[object]:
        marks, end = [mark()], time.perf_counter() + limit
        while True:
            step(batches[(len(marks) - 1) % len(batches)])
            marks.append(mark())
            if cuda and len(marks) > AHEAD:
                marks[-1 - AHEAD].synchronize()
            if time.perf_counter() >= end:
                break
        if cuda:
            torch.cuda.synchronize()
        return marks

    repeat(min(WARM_UP, seconds))
    marks = repeat(seconds)
    steps = [a.elapsed_time(b) if cuda else (b - a) * 1e3 for a, b in itertools.pairwise(marks)]
    ordered = sorted(steps)
    return {
        "imagesPerSecond": len(batches[0]) * len(steps) / sum(steps) * 1e3,
        "milliseconds": {
            "median": round(statistics.median(steps), 4),
            "p10": round(ordered[len(ordered) // 10], 4),
            "p90": round(ordered[len(ordered) * 9 // 10], 4),
        },
    }


def copy_bandwidth(device: torch.device) -> float:
    """Bytes read and written a second, in GB, by a copy much larger than any cache."""
    size = 2 << 30 if device.type == "cuda" else 64 << 20
    a = torch.zeros(size, dtype=torch.uint8, device=device)
    b = torch.ones_like(a)
    found = timed(lambda _: b.copy_(a), [torch.zeros(1)], 0.5, device)
    return 2 * size / found["milliseconds"]["median"] / 1e6


# --- the run


class Peers:
    """All peers of this process on one device."""

    def __init__(self, work: Workload, options: argparse.Namespace) -> None:
        self.work, self.options = work, options
        self.built: dict[str, Built] = {}
        self.batch: dict[str, int] = {}
        self.counters: dict[bool, dict[str, str]] = {}

    def prepare(self, seconds: float) -> dict:
        """Checks, compiles, and chooses batch sizes, for about this long; what does not fit is named as skipped."""
        end = time.perf_counter() + seconds
        trial = self.options.trial
        report: dict = {"histograms": {}, "checks": {}, "peers": [], "skipped": {}}
        report["checks"]["fp32 logits, relative error"] = check_logits(self.work)
        self.counters[False], report["histograms"]["eager"] = check_counters(self.work.device, False, trial / 4)
        check_statistics(self.work, self.counters[False])
        report["checks"]["statistics against float64"] = "passed"

        wanted = [v for v in VARIANTS if self.wanted(v)]
        eager, compiled = ([v for v in wanted if v.compiled == c] for c in (False, True))
        # A second batch size is compiled only when every peer has one.
        trials = [(v, b) for v in eager for b in self.options.batches]
        trials += [(v, b) for b in self.options.batches for v in compiled]
        tried: dict[str, dict[int, float | str]] = {v.name: {} for v in wanted}
        for variant, batch in trials:
            if variant.name in report["skipped"]:
                continue
            # Compiling cannot be interrupted.
            if variant.compiled and time.perf_counter() > end - self.options.compile_reserve:
                if not tried[variant.name]:
                    report["skipped"][variant.name] = "no time left to compile"
                continue
            try:
                if variant.compiled and variant.level == "statistics" and True not in self.counters:
                    found = check_counters(self.work.device, True, trial / 4)
                    self.counters[True], report["histograms"]["compiled"] = found
                start = time.perf_counter()
                tried[variant.name][batch] = self.try_batch(variant, batch)
                spent = time.perf_counter() - start
                print(f"{variant.name}, batch {batch}: {tried[variant.name][batch]}, {spent:.1f} s", file=sys.stderr)
            except Exception as e:  # noqa: BLE001 - one peer that fails does not take the others with it
                traceback.print_exc()
                report["skipped"][variant.name] = first_line(e)
        for variant in wanted:
            speeds = {b: s for b, s in tried[variant.name].items() if isinstance(s, float)}
            if variant.name in report["skipped"] or not speeds:
                report["skipped"].setdefault(variant.name, f"no batch size works: {tried[variant.name]}")
                continue
            self.batch[variant.name] = max(speeds, key=speeds.get)
            entry = {"name": variant.name, "label": variant.label, "level": variant.level}
            report["peers"].append({**entry, "batch": self.batch[variant.name], "tried": tried[variant.name]})
        return report

    def wanted(self, variant: Variant) -> bool:
        named = not self.options.only or variant.name in self.options.only
        return named and (not variant.tf32 or self.work.device.type == "cuda")

    def try_batch(self, variant: Variant, batch: int) -> float | str:
        """Images a second in a short trial, or why there is none; the variant is built at its first."""
        if variant.name not in self.built:
            counters = self.counters.get(variant.compiled, self.counters[False])
            self.built[variant.name] = make(variant, self.work, counters)
        built, batches = self.built[variant.name], self.work.batches(batch)
        if not batches:
            return "more than there are images"
        try:
            if variant.compiled:
                check_compiled(built, self.work, self.counters[False], batches[0])
            found = timed(built.run, batches, self.options.trial, self.work.device)
            return round(found["imagesPerSecond"], 1)
        except torch.OutOfMemoryError:
            return "out of memory"
        finally:
            if self.work.device.type == "cuda":
                torch.cuda.empty_cache()

    def measure(self, name: str, seconds: float) -> dict:
        """Times one peer at its batch size; its statistics start from nothing."""
        built = self.built[name]
        built.clear()
        found = timed(built.run, self.work.batches(self.batch[name]), seconds, self.work.device)
        if self.work.device.type == "cuda":
            torch.cuda.empty_cache()  # Depthscope takes its turn next and may want the memory
        return found

    def statistics(self, images: int) -> dict:
        """Figures of every stage over the first images, which also calibrate: to compare with Depthscope's."""
        work = Workload(self.work.net, self.work.pixels[:images].cpu().numpy(), self.work.device)
        built = make(Variant("", "", "statistics"), work, self.counters[False], formula=True)
        built.run(work.pixels)
        return {n: figures(r) for n, r in zip(work.calibration.names, built.recorders, strict=True)}


def figures(recorder: stats.Recorder) -> dict[str, float]:
    """Range and mean of the fp32 stream, and the error, of one stage."""
    found = recorder.totals.named()
    shift = recorder.shift.flatten().double().cpu()
    count = float(found["bits"].sum()) / len(shift)  # of each channel
    sums, squares = found["fp32.power1"], found["fp32.power2"]
    signal = squares + 2 * shift * sums + count * shift * shift
    noise = float(found["error.squares"].sum())
    return {
        "min": float(found["fp32.min"].min()),
        "max": float(found["fp32.max"].max()),
        "mean": float((sums + count * shift).sum()) / (count * len(shift)),
        "mse": noise / (count * len(shift)),
        "sqnrDb": 10 * math.log10(float(signal.sum()) / noise) if noise else math.inf,
        "saturated": int(found["saturated"].sum()),
    }


def first_line(e: BaseException) -> str:
    return f"{type(e).__name__}: {str(e).strip().splitlines()[0] if str(e).strip() else ''}"[:300]


def serve(peers: Peers) -> None:
    """One JSON order a line from stdin, one JSON answer a line to what was stdout; everything else goes to stderr."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    orders = {
        "prepare": lambda o: peers.prepare(o["seconds"]),
        "measure": lambda o: peers.measure(o["name"], o["seconds"]),
        "statistics": lambda o: peers.statistics(o["images"]),
        "copy": lambda _: {"GBs": copy_bandwidth(peers.work.device)},
        "versions": lambda _: versions(peers.work.device),
    }
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = orders[order["do"]](order)
        except Exception as e:  # noqa: BLE001 - the run goes on without this answer
            traceback.print_exc()
            answer = {"error": first_line(e)}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def versions(device: torch.device) -> dict[str, str]:
    found = {"torch": torch.__version__, "numpy": np.__version__}
    if device.type == "cuda":
        found |= {
            "device": torch.cuda.get_device_name(device),
            "cuda": torch.version.cuda,
            "cudnn": str(torch.backends.cudnn.version()),
        }
    return found


def arguments() -> argparse.Namespace:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    def names(text: str) -> list[str]:
        return [part for part in text.split(",") if part]

    parser = argparse.ArgumentParser(description="Time PyTorch doing Depthscope's work.")
    parser.add_argument("--device", default="cuda", help="cuda, or cpu to try it out")
    parser.add_argument("--alpha", type=float, default=1.0, help="width multiplier of the random network")
    parser.add_argument("--resolution", type=int, default=224)
    parser.add_argument("--weights", type=Path, help="safetensors in Keras names instead of random weights")
    parser.add_argument("--data", type=Path, help="packed file instead of random images")
    parser.add_argument("--images", type=int, default=512, help="number of random images")
    parser.add_argument("--batches", type=numbers, default=[128, 256, 64, 32], help="sizes to try, likeliest first")
    parser.add_argument("--only", type=names, default=[], help="names of peers, all if left out")
    parser.add_argument("--trial", type=float, default=0.5, help="seconds for each trial of a batch size")
    parser.add_argument("--prepare", type=float, default=1800, help="seconds for checks, compiling and trials")
    parser.add_argument("--compile-reserve", type=float, default=60, help="nothing is compiled with less time left")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="time for each peer in each round")
    parser.add_argument("--out", type=Path, help="result file")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def workload(args: argparse.Namespace, device: torch.device) -> Workload:
    if args.data:
        pixels = packed.read(args.data).pixels[: args.images]
    else:
        pixels = mobilenet.varied_images(args.images, args.resolution, seed=1)
    if args.weights:
        stored = safetensors_file.read(args.weights)
    else:
        stored = mobilenet.random_parameters(args.alpha, mobilenet.normalise(pixels[:8]), seed=1)
    return Workload(mobilenet.fold(stored, pixels.shape[1]), pixels, device)


def main() -> int:
    args = arguments()
    device = torch.device(args.device)
    torch.backends.cudnn.benchmark = True
    # All variants are closures of one function, and each batch size is compiled anew.
    torch._dynamo.config.recompile_limit = 100
    peers = Peers(workload(args, device), args)
    if args.serve:
        serve(peers)
        return 0
    report = peers.prepare(args.prepare)
    turns = [
        rounds.Peer(p["name"], p["label"], lambda s, n=p["name"]: peers.measure(n, s)["imagesPerSecond"], p["batch"])
        for p in report["peers"]
    ]
    speeds = rounds.measure(turns, args.rounds, args.seconds)
    reference = turns[0].name
    result = {
        "versions": versions(device),
        "copyGBs": round(copy_bandwidth(device), 1),
        "prepared": report,
        "reference": reference,
        "peers": rounds.entries(turns, speeds, reference),
    }
    text = json.dumps(result, indent=1)
    if args.out:
        args.out.write_text(text + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
