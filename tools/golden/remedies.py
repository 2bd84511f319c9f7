"""Writes what each remedy makes of a small network, by an implementation that shares nothing with the Java code.

Run from the repository root:

    python -m tools.golden.remedies            write test-data/remedies and its entries in test-data/MANIFEST.json
    python -m tools.golden.remedies --check    compute everything again and compare

`network.safetensors` is the network as docs/formats.md describes whole networks, with dead and shifted channels
planted; `images.safetensors` holds the calibration images (`pixels`, 0..255, seen as (pixel - 127.5) / 127.5).
`made.safetensors` holds what came of each remedy by itself, as REMEDY/NODE.WHAT; the rewrites of the network as it is,
the others of the one with repaired channels:

    rewrites      .kernel, .bias, .lower and .upper (ends of the clamp) of every convolution and every clamped node
    biases        .bias of bias-correction and bias-correction-analytic (weights of 4 bits a tensor, activations of 8)
    per-channel   .codes, .scale, .zero
    round-tensor, round-channel, adaround-channel      .codes, .scale, .bias; each layer behind those of before it

`made.json` holds the relative errors of the sums with nearest and learned codes, and what each range estimator loses
of each output at 4 bits.
"""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from tools import manifest
from tools.golden import model_files
from tools.golden.quantization import Scheme
from tools.golden.remedies_net import Net, Values, as_file, inputs, made, pixels, run, spec
from tools.golden.remedies_rounding import adaround, rounding, second_order
from tools.golden.remedies_rules import (
    absorb_bias,
    bias_correction,
    bias_correction_analytic,
    dead_channels,
    equalize,
    ranges,
    split,
)

GENERATOR = "python -m tools.golden.remedies"
OUTPUT = manifest.TEST_DATA / "remedies"
SEED = 5
SHARE = 0.02
TENSOR, CHANNEL, FEW_LEVELS = Scheme(4, 8), Scheme(4, 8, per_channel=True), Scheme(8, 4)


def parts(name: str, net: Net) -> Values:
    """All that a rewrite may change."""
    found = {f"{name}/{n}.kernel": k for n, k in net.kernels.items()}
    found |= {f"{name}/{n}.bias": b for n, b in net.biases.items()}
    for n, (low, high) in net.clamps.items():
        found |= {f"{name}/{n}.lower": low, f"{name}/{n}.upper": high}
    return found


def same(a: Values, b: Values, last: str) -> None:
    """A rewrite must leave what the network computes."""
    np.testing.assert_allclose(a[last], b[last], rtol=1e-5, atol=1e-5 * np.ptp(a[last]))


def compute() -> tuple[dict[str, tuple[Values, dict | None]], dict]:
    rng = np.random.default_rng(SEED)
    images = pixels(rng)
    x = inputs(images)
    net, stored, builder = made(rng, x)
    values, last = run(net, x), net.nodes[-1].name
    repaired = dead_channels(net, values)
    equal = equalize(net, values)
    wider = split(net, SHARE)
    for other in (repaired, equal, wider):
        same(values, run(other, x), last)
    absorbed = absorb_bias(net, values)
    for name, c in (("dw1", 0), ("pw1", 5), ("dw2", 2)):
        assert absorbed.biases[name][c] < net.biases[name][c] - 1, name
    found = {}
    for name, other in {"dead-channels": repaired, "equalize": equal, "absorb-bias": absorbed, "split": wider}.items():
        found |= parts(name, other)
    # Weights that the dead channels would drown are repaired first: 4 bits a tensor leave nothing of them.
    seen = run(repaired, x)
    tensor, channel = spec(repaired, seen, TENSOR), spec(repaired, seen, CHANNEL)
    for name, biases in {
        "bias-correction": bias_correction(repaired, seen, tensor),
        "bias-correction-analytic": bias_correction_analytic(repaired, seen, tensor),
    }.items():
        found |= {f"{name}/{n}.bias": b for n, b in biases.items()}
    for n, params in channel.weights.items():
        found |= {
            f"per-channel/{n}.codes": channel.codes[n].astype(np.float16),
            f"per-channel/{n}.scale": np.float32([p.scale for p in params]),
            f"per-channel/{n}.zero": np.float32([p.zero_point for p in params]),
        }
    errors = {}
    for name, how, solve in (
        ("round-tensor", tensor, second_order),
        ("round-channel", channel, second_order),
        ("adaround-channel", channel, adaround),
    ):
        layers = rounding(repaired, seen, how, solve)
        errors[name] = {n: {"nearest": r.nearest, "learned": r.learned} for n, r in layers.items()}
        for n, r in layers.items():
            found |= {
                f"{name}/{n}.codes": r.codes.astype(np.float16),
                f"{name}/{n}.scale": np.float32([p.scale for p in r.params]),
                f"{name}/{n}.bias": r.bias,
            }
    lost = {n.name: ranges(seen[n.name], FEW_LEVELS) for n in net.nodes if n.quantized}
    files = {
        "network.safetensors": as_file(net, builder, stored),
        "images.safetensors": ({"pixels": images.astype(np.float16)}, None),
        "made.safetensors": (found, None),
    }
    return files, {"seed": SEED, "errors": errors, "ranges": lost}


def build(name: str, folder: Path) -> list[Path]:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    files, figures = compute()
    written = []
    for file, (tensors, metadata) in files.items():
        written.append(folder / file)
        save_file({k: np.ascontiguousarray(v) for k, v in tensors.items()}, written[-1], metadata)
        written[-1].chmod(0o644)
    written.append(folder / f"{name}.json")
    written[-1].write_text(json.dumps(figures, indent=1) + "\n")
    return written


if __name__ == "__main__":
    model_files.main(__doc__, GENERATOR, SEED, OUTPUT, ["made"], build)
