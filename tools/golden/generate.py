"""Writes the golden files that the contract tests read, from an implementation that shares nothing with the Java code.

Run from the repository root:

    python -m tools.golden.generate            write test-data/golden and its entries in test-data/MANIFEST.json
    python -m tools.golden.generate --check    compute everything again and compare with the files that are there

For each case a small random network runs on a few random images, in float32 and quantized. `<case>.json` holds the
network, the scheme, the quantization parameters and every figure of docs/numerics.md; `<case>.safetensors` holds

    pixels               [n, h, w, c]  0..255 as F32; the network sees (pixel - 127.5) / 127.5
    <node>.kernel ...    the stored (unfolded) parameters under the project's names
    fp32/<node>          [n, h, w, c]  output after the activation function, fp32 stream
    quantized/<node>     [n, h, w, c]  the same of the quantized stream (dequantized values)
    codes/<node>         codes of quantized/<node>; F16 for widths up to 8 bits (exact), else F32
    weightCodes/<node>   codes of the folded kernel, in the kernel's layout; F16 or F32 likewise

An element counts as clipped (saturation, clipping energy) where the clamp changed its code, that is where
rint(x / scale) + zeroPoint lies outside [qmin, qmax]; the rest of its own error is rounding. `gain` is the NSR over the
NSR of the node's first input. Per-channel figures are arrays in channel order; null stands for 0/0. Figures are written
with 9 digits, parameters in full.

The seed of a case is the first from its start seed for which no value lies so near a tie that float32 sums taken in
another order could change a code, and no two logits tie where a rank depends on it; so codes must match exactly where
the file says "exactCodes": true. Two more files pin single steps: quant_params.json the formula (quant_cases.py) and
network_figures.json the figures of the logits, ties included.
"""

import argparse
import json
import math
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from tools import manifest
from tools.golden import figures, quant_cases
from tools.golden.network import (
    FUNCTIONS,
    Builder,
    LayerRun,
    Network,
    NetworkRun,
    Node,
    channels_first,
    random_network,
    run_paired,
)
from tools.golden.quantization import Scheme

GENERATOR = "python -m tools.golden.generate"
OUTPUT = manifest.TEST_DATA / "golden"
W8A8 = Scheme()
SYMMETRIC_WEIGHTS = {"weight_symmetric": True, "weight_signed": True}


@dataclass(frozen=True)
class Case:
    """One golden network. `shrink` below 1 makes activation ranges too small on purpose."""

    name: str
    seed: int
    network: Builder
    scheme: Scheme = W8A8
    images: int = 2
    dead_channels: int = 0
    shrink: float = 1.0
    histograms: bool = False


def separable(height: int, width: int, stem: int, *widths: int) -> Builder:
    """A depthwise-separable chain; the second and later blocks have stride 2."""
    b = Builder(height, width, 3)
    norm = {"activation": "relu6", "batch_norm": True}
    b.add("stem", "conv", stem, kernel=3, stride=2, padding="same", **norm)
    for i, channels in enumerate(widths, start=1):
        b.add(f"block{i}_dw", "depthwise", kernel=3, stride=min(i, 2), padding="same", **norm)
        b.add(f"block{i}_pw", "conv", channels, **norm)
    b.add("global_pool", "global-average-pool")
    return b.add("classifier", "fully-connected", 10, bias=True)


def regular() -> Builder:
    """Dense convolutions with symmetric padding, one of them without batch norm, one with a bias under it."""
    b = Builder(7, 6, 1)
    b.add("stem", "conv", 4, kernel=3, padding=1, activation="relu", batch_norm=True)
    b.add("block1_conv", "conv", 7, kernel=3, stride=2, padding=1, activation="relu", bias=True)
    b.add("block2_conv", "conv", 8, kernel=3, padding=1, activation="relu", batch_norm=True, bias=True)
    b.add("global_pool", "global-average-pool")
    return b.add("classifier", "fully-connected", 7, bias=True)


def residual() -> Builder:
    """Two sums: one of signed branches without activation, one with ReLU."""
    b = Builder(5, 4, 3)
    b.add("stem", "conv", 5, kernel=3, padding=1, activation="relu6", batch_norm=True)
    b.add("expand", "conv", 9, activation="relu6", batch_norm=True)
    b.add("spatial", "depthwise", kernel=3, padding=1, activation="relu6", batch_norm=True)
    b.add("project", "conv", 5, batch_norm=True)
    b.add("sum1", "residual-add", inputs=("stem", "project"))
    b.add("mix", "conv", 5, bias=True)
    b.add("sum2", "residual-add", inputs=("sum1", "mix"), activation="relu")
    b.add("global_pool", "global-average-pool")
    return b.add("classifier", "fully-connected", 6, bias=True)


def pooled() -> Builder:
    """Max and average pools whose windows overhang the border, on one side more than on the other."""
    b = Builder(9, 6, 1)
    b.add("stem", "conv", 3, kernel=3, padding=1, bias=True)
    b.add("max_pool", "max-pool", kernel=3, stride=2, padding=(0, 1, 1, 1))
    b.add("mix", "conv", 33, activation="relu", bias=True)
    b.add("average_pool", "average-pool", kernel=3, stride=2, padding=1)
    b.add("head", "conv", 4, bias=True)
    b.add("global_pool", "global-average-pool")
    return b.add("classifier", "fully-connected", 6, bias=True)


def small() -> Builder:
    """The network of the cases that vary the scheme: a 5x5 depthwise, a 1-channel squeeze, mixed activations."""
    b = Builder(7, 5, 3)
    b.add("stem", "conv", 3, kernel=3, stride=2, padding="same", activation="relu6", batch_norm=True)
    b.add("wide", "conv", 9, activation="none", batch_norm=True)
    b.add("spatial", "depthwise", kernel=5, padding=2, activation="relu", batch_norm=True)
    b.add("squeeze", "conv", 1, activation="relu6", bias=True)
    b.add("spread", "conv", 7, activation="relu", bias=True)
    b.add("global_pool", "global-average-pool")
    return b.add("classifier", "fully-connected", 6, bias=True)


def grouped() -> Builder:
    """Groups, a multiplier, dilated windows, a clamp for the tensor and one a channel, three tensors side by side."""
    b = Builder(9, 8, 4)
    b.add("stem", "conv", 6, kernel=3, padding=2, dilation=2, activation="relu6", batch_norm=True)
    b.add("grouped", "conv", 9, kernel=3, stride=2, padding=1, groups=3, batch_norm=True, bias=True)
    b.add("multiplied", "depthwise", 18, kernel=3, padding=1, groups=9, clamp=((-0.25,), (1.5,)), batch_norm=True)
    b.add("dilated_dw", "depthwise", kernel=3, padding=2, dilation=2, activation="relu", batch_norm=True)
    b.add("max_pool", "max-pool", kernel=2, padding=(0, 1, 1, 0), dilation=2)
    b.add("average_pool", "average-pool", kernel=2, padding=(1, 0, 0, 1), dilation=2)
    b.add("mix", "conv", 5, clamp=((-1.0, 0.0, -0.5, -2.0, 0.125), (1.0, 6.0, 0.5, 0.25, 3.0)), bias=True)
    b.add("joined", "concat", inputs=("average_pool", "mix", "average_pool"))
    b.add("last", "conv", 7, activation="relu", bias=True)
    b.add("global_pool", "global-average-pool")
    return b.add("classifier", "fully-connected", 6, bias=True)


def branched() -> Builder:
    """Branches that are multiplied by a gate of one position, subtracted and concatenated; sigmoid and tanh."""
    b = Builder(6, 5, 3)
    b.add("stem", "conv", 6, kernel=3, padding=1, activation="relu6", batch_norm=True)
    b.add("squeeze", "global-average-pool")
    b.add("excite", "fully-connected", 6, bias=True)
    b.add("gate", "sigmoid")
    b.add("gated", "multiply", inputs=("stem", "gate"))
    b.add("left", "conv", 6, kernel=3, padding=1, inputs=("gated",), bias=True)
    b.add("bent", "tanh")
    b.add("difference", "subtract", inputs=("gate", "bent"), activation="relu")
    b.add("sum", "residual-add", inputs=("difference", "gated"), clamp=((-0.5,), (2.0,)))
    b.add("product", "multiply", inputs=("bent", "sum"))
    b.add("joined", "concat", inputs=("product", "stem"))
    b.add("mix", "conv", 7, activation="relu", bias=True)
    b.add("pair", "concat", inputs=("mix", "sum"))
    b.add("global_pool", "global-average-pool")
    return b.add("classifier", "fully-connected", 6, bias=True)


def functions() -> Builder:
    """Every function of a value that the network knows, each of the same values on both sides of 0; and their sum."""
    b = Builder(6, 5, 3)
    b.add("stem", "conv", 8, kernel=3, padding=1, batch_norm=True)
    b.add("spread", "conv", 7, bias=True)
    total = "spread"
    for name in FUNCTIONS:
        b.add(name, name, inputs=("abs" if name == "sqrt" else "spread",))
        b.add(f"sum_{name}", "residual-add", inputs=(total, name))
        total = b.last
    b.add("global_pool", "global-average-pool")
    return b.add("classifier", "fully-connected", 6, bias=True)


def moved() -> Builder:
    """Values that are moved, padded, resized and held against their neighbours, between layers that quantize."""
    b = Builder(4, 6, 3)
    b.add("stem", "conv", 8, kernel=3, padding=1, batch_norm=True)
    b.add("leaky", "leaky-relu", slope=tuple(i / 8 for i in range(-2, 6)))
    places = b.places()
    b.rearrange("depth_to_space", "depth-to-space", places.reshape(4, 6, 2, 2, 2).transpose(0, 2, 1, 3, 4).reshape(8, 12, 2))
    b.add("mix", "conv", 6, kernel=3, stride=2, padding=1, bias=True)
    b.add("response", "local-response", response=(5, 0.5, 0.75, 1.0))
    b.add("corners", "resize-bilinear", to=(5, 9), corners=True)
    b.rearrange("shuffle", "channel-shuffle", b.places()[..., [0, 3, 1, 4, 2, 5]])
    around = ((1, 0), (2, 1), (0, 0))
    b.rearrange("pad", "pad", np.pad(b.places(), around, constant_values=-1), fill=(0.3, -0.7, 0.0, 1.9, -0.05, 9.0))
    b.add("even", "local-response", response=(4, 0.25, 0.6, 2.0))
    b.rearrange("part", "slice", b.places()[5:0:-2, ::3])
    b.add("last", "conv", 7, bias=True)
    b.add("slope", "leaky-relu", slope=(0.1,))
    b.add("larger", "resize-bilinear", to=(4, 7))
    b.add("global_pool", "global-average-pool")
    return b.add("classifier", "fully-connected", 6, bias=True)


def normed() -> Builder:
    """Norms over the channels of a position: of all alike, of each its own, on one channel and on many."""
    b = Builder(5, 4, 3)
    b.add("stem", "conv", 19, kernel=3, padding=1, batch_norm=True)
    own = {"scale": tuple(i / 8 for i in range(-3, 16)), "shift": tuple(i % 5 / 4 - 0.5 for i in range(19))}
    b.add("norm", "layer-norm", epsilon=2.0**-20, **own)
    b.add("bent", "gelu-tanh")
    b.add("mix", "conv", 5, bias=True)
    b.add("alike", "layer-norm", epsilon=0.25, scale=(1.5,) * 5, shift=(0.25,) * 5)
    b.add("squeeze", "conv", 1, bias=True)
    b.add("one", "layer-norm", epsilon=2.0**-10, scale=(3.0,), shift=(-0.5,))
    b.add("joined", "concat", inputs=("one", "alike", "squeeze"))
    b.add("global_pool", "global-average-pool")
    b.add("last_norm", "layer-norm", epsilon=2.0**-17, scale=(1.0,) * 7, shift=(0.0,) * 7)
    return b.add("classifier", "fully-connected", 6, bias=True)


CASES = [
    Case("separable_w8a8", 1000, separable(7, 7, 16, 17, 24), histograms=True),
    Case("regular_w8a8", 2000, regular()),
    Case("residual_signed", 3000, residual(), Scheme(weight_signed=True, activation_signed=True)),
    Case("pooled_w8a8", 4000, pooled()),
    Case("per_channel_symmetric", 5000, separable(7, 6, 4, 6, 8), Scheme(per_channel=True, **SYMMETRIC_WEIGHTS)),
    Case("w4a8", 6000, small(), Scheme(weight_bits=4, per_channel=True)),
    Case("w8_only", 7000, small(), Scheme(activation_bits=None)),
    Case("a8_only_symmetric", 8000, small(), Scheme(None, activation_symmetric=True, activation_signed=True)),
    Case("w16a16", 9000, small(), Scheme(16, 16)),
    Case("near_dead_batch_norm", 11000, separable(7, 7, 4, 6, 8), dead_channels=2),
    Case("too_small_ranges", 12000, small(), shrink=0.6),
    Case("grouped_dilated", 13000, grouped(), Scheme(per_channel=True)),
    Case("branched", 14000, branched()),
    Case("functions", 15000, functions()),
    Case("moved", 16000, moved()),
    Case("normed", 17000, normed()),
]


def float32_margin(net_run: NetworkRun) -> bool:
    """Whether every code would survive an error of a few float32 roundings in the value before it."""
    for name, layer in net_run.layers.items():
        if layer.codes is None or name == "input":
            continue
        params = net_run.activation_params[name]
        steps = layer.before.astype(np.float64) / float(params.scale)
        doubt = 1e-6 * np.abs(steps).max()
        from_tie = np.abs(np.abs(steps - np.floor(steps)) - 0.5)
        if (from_tie <= doubt).any():
            return False
    return True


def clear_ranks(logits: np.ndarray, labels: list[int]) -> bool:
    """Whether the first place and the label's rank hold without breaking ties."""
    tops = np.sort(logits, axis=1)
    own = logits[np.arange(len(labels)), labels]
    return bool((tops[:, -1] > tops[:, -2]).all() and ((logits == own[:, None]).sum(1) == 1).all())


def layer_json(node: Node, net: Network, run: NetworkRun, histograms: bool) -> dict:
    """All figures of one layer."""
    layer = run.layers[node.name]
    x, xq = layer.x, layer.xq
    e = xq.astype(np.float64) - x.astype(np.float64)
    rows = x.reshape(-1, node.channels).T
    result = {
        "kind": node.kind,
        "fp32": {**figures.distribution(x), "channelRangeRatio": figures.channel_range_ratio(rows)},
        "quantized": {
            **figures.distribution(xq),
            "channelRangeRatio": figures.channel_range_ratio(xq.reshape(-1, node.channels).T),
        },
        "error": figures.error(x, xq, layer.clipped),
        "energy": figures.energies(layer.terms, e),
        "channels": channels_json(node, layer, e),
    }
    own_nsr = result["error"]["nsr"]
    if node.inputs and own_nsr is not None:
        source = run.layers[node.inputs[0]]
        before = figures.error(source.x, source.xq, source.clipped)["nsr"]
        result["error"]["gain"] = None if before is None else figures.ratio(own_nsr, before)
    if node.name in run.activation_params:
        scale = float(run.activation_params[node.name].scale)
        ranges = rows.max(1).astype(np.float64) - rows.min(1).astype(np.float64)
        result["channels"]["effectiveLevels"] = (ranges / scale).tolist()
    if node.weighted:
        folded = channels_first(node, net.kernels[node.name])
        stored = net.stored[f"{node.name}.kernel"]
        result["weights"] = {
            "min": float(folded.min()),
            "max": float(folded.max()),
            "channelRangeRatio": figures.channel_range_ratio(folded),
            "unfoldedMin": float(stored.min()),
            "unfoldedMax": float(stored.max()),
        }
    if histograms:
        result["bitHistogramFp32"] = figures.bit_histogram(x)
    return result


def channels_json(node: Node, layer: LayerRun, e: np.ndarray) -> dict:
    """The same figures for every channel."""
    count = node.channels
    return {
        "fp32": figures.by_channel(count, lambda c: figures.distribution(layer.x[..., c])),
        "quantized": figures.by_channel(count, lambda c: figures.distribution(layer.xq[..., c])),
        "error": figures.by_channel(
            count,
            lambda c: figures.error(layer.x[..., c], layer.xq[..., c], layer.clipped[..., c]),
        ),
        "energy": figures.by_channel(
            count,
            lambda c: figures.energies({k: t[..., c] for k, t in layer.terms.items()}, e[..., c]),
        ),
    }


def plain(value: object) -> object:
    """Figures for JSON: 9 significant digits, non-finite numbers as strings."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, float):
        return float(f"{value:.9g}")
    return value


def write_json(path: Path, content: dict) -> None:
    """One line a top-level key, so that a difference between two versions can be read."""
    lines = [f"{json.dumps(k)}: {json.dumps(v, allow_nan=False, separators=(',', ':'))}" for k, v in content.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def tensors(net: Network, run: NetworkRun, pixels: np.ndarray, scheme: Scheme) -> dict[str, np.ndarray]:
    """Everything that goes into the safetensors file."""
    found = {"pixels": pixels, **net.stored}
    for name, layer in run.layers.items():
        found[f"fp32/{name}"] = layer.x
        found[f"quantized/{name}"] = layer.xq
        if layer.codes is not None:
            found[f"codes/{name}"] = layer.codes.astype(_code_type(scheme.activation_bits))
    for name, codes in run.weight_codes.items():
        found[f"weightCodes/{name}"] = codes.astype(_code_type(scheme.weight_bits))
    return {name: np.ascontiguousarray(t) for name, t in found.items()}


def _code_type(bits: int) -> type:
    return np.float16 if bits <= 8 else np.float32


def compute(case: Case, seed: int) -> tuple[Network, NetworkRun, np.ndarray, list[int]]:
    """Network, both streams, pixels and labels for one seed."""
    rng = np.random.default_rng(seed)
    net = random_network(case.network, rng, case.dead_channels)
    shape = (case.images, *case.network.input_shape)
    pixels = rng.integers(0, 256, shape).astype(np.float32)
    images = (pixels - np.float32(127.5)) / np.float32(127.5)
    run = run_paired(net, images, case.scheme, case.shrink)
    logits = run.layers[net.nodes[-1].name].x.reshape(case.images, -1)
    # Mostly the fp32 network's own answer, so that accuracies are neither 0 nor 1.
    labels = [int(row.argmax()) if rng.random() < 0.7 else int(rng.integers(len(row))) for row in logits]
    return net, run, pixels, labels


def write_case(case: Case, folder: Path) -> tuple[int, list[Path]]:
    """Finds the case's seed and writes its two files."""
    wide = 16 in (case.scheme.activation_bits, case.scheme.weight_bits)
    for seed in range(case.seed, case.seed + 999):
        net, run, pixels, labels = compute(case, seed)
        last = run.layers[net.nodes[-1].name]
        x, xq = (t.reshape(case.images, -1) for t in (last.x, last.xq))
        if (wide or float32_margin(run)) and clear_ranks(x, labels) and clear_ranks(xq, labels):
            break
    else:
        raise RuntimeError(f"{case.name}: no seed keeps its values away from ties")
    content = {
        "name": case.name,
        "seed": seed,
        "input": list(case.network.input_shape),
        "images": case.images,
        "exactCodes": not wide,
        "nodes": [n.as_json() for n in net.nodes],
        "bnEpsilon": net.epsilon,
        "scheme": case.scheme.as_json(),
        "activationParams": {k: p.as_json() for k, p in run.activation_params.items()},
        "weightParams": {k: [p.as_json() for p in ps] for k, ps in run.weight_params.items()},
        "network": plain(figures.network(x, xq, labels)),
        "layers": {n.name: plain(layer_json(n, net, run, case.histograms)) for n in net.nodes},
    }
    paths = [folder / f"{case.name}.json", folder / f"{case.name}.safetensors"]
    write_json(paths[0], content)
    save_file(tensors(net, run, pixels, case.scheme), paths[1])
    return seed, paths


def network_figures(seed: int) -> dict:
    """Logits of both streams for random images, some with tied logits, and the figures of the network."""
    rng = np.random.default_rng(seed)
    images, classes = 40, 11
    x = rng.normal(0, 3, (images, classes)).astype(np.float32)
    xq = (np.rint((x + rng.normal(0, 1, x.shape)) / 0.25) * 0.25).astype(np.float32)
    x[:4] = np.rint(x[:4])
    xq[4] = xq[5, 0]
    xq[6] = xq[6] * 100
    labels = [int(row.argmax()) if rng.random() < 0.5 else int(rng.integers(classes)) for row in x]
    return {
        "name": "network_figures",
        "seed": seed,
        "logitsFp32Bits": x.view(np.int32).tolist(),
        "logitsQuantizedBits": xq.view(np.int32).tolist(),
        "network": plain(figures.network(x, xq, labels)),
    }


def generate(folder: Path) -> dict[Path, int]:
    """Writes all golden files into a folder; returns the seed of each."""
    written = {}
    for case in CASES:
        seed, paths = write_case(case, folder)
        written.update(dict.fromkeys(paths, seed))
        print(f"{case.name}: seed {seed}, {sum(p.stat().st_size for p in paths)} bytes")
    path = folder / "quant_params.json"
    path.write_text(quant_cases.as_text(seed=1))
    written[path] = 1
    path = folder / "network_figures.json"
    write_json(path, network_figures(seed=2))
    written[path] = 2
    return written


def check() -> int:
    """Compares a fresh computation with the files under test-data; 0 when all agree."""
    with tempfile.TemporaryDirectory() as folder:
        fresh = generate(Path(folder))
        bad = [
            p.name for p in fresh if not (OUTPUT / p.name).exists() or p.read_bytes() != (OUTPUT / p.name).read_bytes()
        ]
    for name in bad:
        print(f"{name}: differs from a fresh computation", file=sys.stderr)
    return 1 if bad else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Write or check the golden files.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    if args.check:
        return check()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for path, seed in generate(OUTPUT).items():
        manifest.record([path], GENERATOR, seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
