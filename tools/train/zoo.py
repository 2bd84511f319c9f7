"""The study networks that the project keeps, each with its recipe, and the command that trains them again.

From the repository root (packages: tools/requirements.txt; CIFAR-10 in class folders below cifar/):

    ./depthscope pack --data cifar/train --out data/cifar-train.packed
    ./depthscope pack --data cifar/test --out data/cifar-test.packed
    ./depthscope pack --data synthetic:20000:train --out data/synthetic-train.packed
    ./depthscope pack --data synthetic:2000 --out data/synthetic-test.packed
    python -m tools.train.zoo --list
    python -m tools.train.zoo --data data --out zoo NAME ...   train these; without names all that zoo/ lacks
    python -m tools.train.zoo --install zoo                    copy what is trained to test-data/models

A GPU is used if there is one. Weights depend on the device and the PyTorch version in their last bits, so the card
beside each file names both.
"""

import argparse
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from tools import manifest
from tools.train import card
from tools.train import train as trainer
from tools.train.families import Config, MobileNetV1, ResNet, SmallCnn
from tools.train.recipe import Recipe

MODELS = manifest.TEST_DATA / "models"
LARGEST = 1_500_000
LARGEST_SUM = 12_000_000

CIFAR = Recipe(epochs=40, batch=64, rate=0.05, shift=3, flip=True, threads=1)
SYNTHETIC = Recipe(epochs=10, batch=64, rate=0.05, shift=2, threads=1)
# Without batch norm nothing bounds what a layer puts out, so the norm of the gradient is limited.
NO_NORM = {"rate": 0.05, "clip": 1.0}


@dataclass(frozen=True)
class Entry:
    """A network to train; `data` is the beginning of the packed files' names."""

    family: str
    config: Config
    data: str
    recipe: Recipe


def networks() -> dict[str, Entry]:
    """All networks by the name of their file, the most wanted first."""
    standard, no_norm = SmallCnn(), SmallCnn(batchNorm=False)
    plain_cifar = replace(CIFAR, **NO_NORM, epochs=16, batch=128)
    plain = replace(SYNTHETIC, epochs=12, **NO_NORM)
    found = {
        "regular-cnn-cifar10": Entry("regular-cnn", standard, "cifar", CIFAR),
        "dws-cnn-cifar10": Entry("dws-cnn", standard, "cifar", CIFAR),
        "dws-cnn-nobn-cifar10": Entry("dws-cnn", no_norm, "cifar", plain_cifar),
        "regular-cnn-nobn-cifar10": Entry("regular-cnn", no_norm, "cifar", plain_cifar),
        # Sheng et al. 2018, arXiv 1803.08607: nothing between the depthwise and the pointwise convolution.
        "dws-cnn-bare-cifar10": Entry("dws-cnn", SmallCnn(bareDepthwise=True), "cifar", CIFAR),
        "dws-cnn-relu-cifar10": Entry("dws-cnn", SmallCnn(activation="relu"), "cifar", CIFAR),
        # Fewer epochs for the two that take longest.
        "resnet-8-cifar10": Entry("resnet", ResNet(), "cifar", replace(CIFAR, epochs=20)),
        "mobilenet-v1-0.25-cifar10": Entry("mobilenet-v1", MobileNetV1(), "cifar", replace(CIFAR, epochs=16)),
        # The twins that come with the program; two threads and 18 epochs are how they were made.
        "regular-cnn-synthetic": Entry("regular-cnn", standard, "synthetic", replace(SYNTHETIC, epochs=18, threads=2)),
        "dws-cnn-synthetic": Entry("dws-cnn", standard, "synthetic", replace(SYNTHETIC, epochs=18, threads=2)),
        "dws-cnn-nobn-synthetic": Entry("dws-cnn", no_norm, "synthetic", plain),
        "regular-cnn-nobn-synthetic": Entry("regular-cnn", no_norm, "synthetic", plain),
    }
    for seed in (2, 3):
        for name in ("dws-cnn-synthetic", "regular-cnn-synthetic", "dws-cnn-cifar10", "regular-cnn-cifar10"):
            first = found[name]
            # Processes of one thread beside each other use a machine better than one of two.
            found[f"{name}-seed{seed}"] = replace(first, recipe=replace(first.recipe, seed=seed, threads=1))
    return found


def train(names: list[str], data: Path, out: Path, device: str) -> None:
    """Trains networks in the order given, each into its own file in `out`."""
    for name in names:
        entry = networks()[name]
        recipe = replace(entry.recipe, device=trainer.device_named(device))
        print(f"{name}: {recipe}", flush=True)
        trainer.make(
            entry.family,
            entry.config,
            recipe,
            data / f"{entry.data}-train.packed",
            data / f"{entry.data}-test.packed",
            out / f"{name}.safetensors",
            f"python -m tools.train.zoo {name}",
        )


def install(source: Path) -> list[str]:
    """Copies trained networks and their cards to test-data/models and enters them in the manifest.

    Returns a line for each. Raises ValueError, before anything is copied, if a file has no card, is not the one its
    card describes, was trained by another recipe, or is too large, alone or together with those that are there.
    """
    trained = [source / f"{name}.safetensors" for name in networks()]
    trained = [path for path in trained if path.exists()]
    origins = {}
    for path in trained:
        beside = path.with_suffix(".md")
        if not beside.exists():
            raise ValueError(f"{path}: no card {beside.name} beside it")
        origins[path] = card.read(beside)
        if manifest.sha256(path) != origins[path].digest:
            raise ValueError(f"{path}: not the file that {beside.name} describes")
        if not origins[path].made_with(networks()[path.stem].recipe):
            raise ValueError(f"{beside}: trained by another recipe than --list shows")
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{path}: {path.stat().st_size} bytes, over {LARGEST}")
    sizes = {path.name: path.stat().st_size for path in [*MODELS.glob("*.safetensors"), *trained]}
    if sum(sizes.values()) > LARGEST_SUM:
        raise ValueError(f"{MODELS}: would hold {sum(sizes.values())} bytes, over {LARGEST_SUM}")
    lines = []
    for path, origin in origins.items():
        copies = [Path(shutil.copyfile(p, MODELS / p.name)) for p in (path, path.with_suffix(".md"))]
        manifest.record(copies, origin.made_by, origin.seed)
        lines.append(f"{path.stem}: {origin.accuracy}, {path.stat().st_size} bytes")
    return lines


def main() -> int:
    known = networks()
    parser = argparse.ArgumentParser(description="Train or install the study networks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks to train; default: those --out lacks")
    parser.add_argument("--data", type=Path, help="folder with cifar-train.packed, synthetic-test.packed, ...")
    parser.add_argument("--out", type=Path, help="folder for weights and cards")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--list", action="store_true", help="show the networks and their recipes")
    parser.add_argument("--install", type=Path, metavar="DIR", help="copy the networks in DIR to test-data/models")
    args = parser.parse_args()
    unknown = [name for name in args.names if name not in known]
    if unknown:
        parser.error(f"no network {unknown[0]}; --list shows them")
    if args.list:
        for name, entry in known.items():
            print(f"{name}: {entry.config} {entry.recipe}")
    elif args.install:
        try:
            print("\n".join(install(args.install)) or f"{args.install}: none of the networks")
        except ValueError as e:
            raise SystemExit(str(e)) from e
    elif args.data is None or args.out is None:
        parser.error("training needs --data and --out")
    else:
        missing = [name for name in known if not (args.out / f"{name}.safetensors").exists()]
        train(args.names or missing, args.data, args.out, args.device)
    return 0


if __name__ == "__main__":
    sys.exit(main())
