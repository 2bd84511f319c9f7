"""Trains a study network on packed images and exports it with a model card.

The images are those that Depthscope itself writes, so that both see the same pixels. From the repository root
(packages: tools/requirements.txt):

    ./depthscope pack --data synthetic:20000:train --out /tmp/train.packed
    ./depthscope pack --data synthetic:2000 --out /tmp/test.packed
    python -m tools.train.train --family dws-cnn --train /tmp/train.packed --test /tmp/test.packed \\
        --out test-data/models/dws-cnn-synthetic.safetensors

SGD with Nesterov momentum, weight decay on kernels, a linear warm-up of one epoch and a cosine down to zero, random
shifts and optional mirror images. The same seed, versions and thread count give the same file. The card (FILE.md) holds
the recipe, the log of all epochs and the accuracy; a file under test-data is also entered in its MANIFEST.json.
"""

import argparse
import hashlib
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tools import manifest, packed
from tools.train import small_cnn
from tools.train.small_cnn import Config


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what comes out, besides data and architecture."""

    epochs: int
    batch: int
    rate: float
    momentum: float
    decay: float
    shift: int
    flip: bool
    seed: int
    threads: int


@dataclass(frozen=True)
class Epoch:
    number: int
    loss: float
    train_accuracy: float
    test_accuracy: float


def normalise(pixels: np.ndarray) -> torch.Tensor:
    """uint8 NHWC to NCHW floats, (pixel - 127.5) / 127.5."""
    x = torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2).float()
    return ((x - 127.5) / 127.5).contiguous(memory_format=torch.channels_last)


def augment(x: torch.Tensor, recipe: Recipe, generator: torch.Generator) -> torch.Tensor:
    """Shifts every image by up to `shift` pixels, edges repeated, and mirrors half of them if asked."""
    n, _, h, w = x.shape
    if recipe.shift:
        s = recipe.shift
        wide = F.pad(x, (s, s, s, s), mode="replicate")
        dy, dx = torch.randint(0, 2 * s + 1, (2, n), generator=generator)
        rows = (dy[:, None] + torch.arange(h)).view(n, 1, h, 1)
        columns = (dx[:, None] + torch.arange(w)).view(n, 1, 1, w)
        x = wide[torch.arange(n).view(n, 1, 1, 1), torch.arange(x.shape[1]).view(1, -1, 1, 1), rows, columns]
    if recipe.flip:
        mirrored = torch.rand(n, generator=generator) < 0.5
        x = torch.where(mirrored.view(n, 1, 1, 1), x.flip(3), x)
    return x.contiguous(memory_format=torch.channels_last)


def predict(model: nn.Module, pixels: np.ndarray) -> torch.Tensor:
    """Logits of all images."""
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(normalise(pixels[i : i + 500])) for i in range(0, len(pixels), 500)])


def rate_at(step: int, steps: int, warm: int, peak: float) -> float:
    if step < warm:
        return peak * (step + 1) / warm
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def train(model: nn.Module, data: packed.Packed, test: packed.Packed, recipe: Recipe) -> list[Epoch]:
    """Trains in place and returns the log."""
    generator = torch.Generator().manual_seed(recipe.seed)
    kernels = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    optimiser = torch.optim.SGD(
        [{"params": kernels, "weight_decay": recipe.decay}, {"params": others}],
        lr=recipe.rate,
        momentum=recipe.momentum,
        nesterov=True,
    )
    labels = torch.from_numpy(data.labels)
    per_epoch = len(labels) // recipe.batch
    log = []
    for number in range(1, recipe.epochs + 1):
        model.train()
        start, losses, right = time.perf_counter(), 0.0, 0
        order = torch.randperm(len(labels), generator=generator)
        for i in range(per_epoch):
            step = (number - 1) * per_epoch + i
            for group in optimiser.param_groups:
                group["lr"] = rate_at(step, recipe.epochs * per_epoch, per_epoch, recipe.rate)
            chosen = order[i * recipe.batch : (i + 1) * recipe.batch]
            logits = model(augment(normalise(data.pixels[chosen.numpy()]), recipe, generator))
            loss = F.cross_entropy(logits, labels[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses += loss.item()
            right += int((logits.argmax(1) == labels[chosen]).sum())
        accuracy = float((predict(model, test.pixels).argmax(1).numpy() == test.labels).mean())
        log.append(Epoch(number, losses / per_epoch, right / (per_epoch * recipe.batch), accuracy))
        print(
            f"epoch {number}: loss {log[-1].loss:.4f}, train {log[-1].train_accuracy:.4f}, "
            f"test {accuracy:.4f}, {time.perf_counter() - start:.0f} s",
            flush=True,
        )
    return log


def card(
    path: Path,
    args: argparse.Namespace,
    model: nn.Sequential,
    data: packed.Packed,
    test: packed.Packed,
    log: list[Epoch],
) -> str:
    """The model card, in Markdown. It holds no times, so that the same training gives the same card."""
    predicted = predict(model, test.pixels).argmax(1).numpy()
    classes = [f"| {c} | {100 * float((predicted[test.labels == c] == c).mean()):.1f} % |" for c in range(test.classes)]
    epochs = [
        f"| {e.number} | {e.loss:.4f} | {100 * e.train_accuracy:.2f} % | {100 * e.test_accuracy:.2f} % |" for e in log
    ]
    parameters = sum(p.numel() for p in model.parameters())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    mirrored = ", mirror images" if args.flip else ""
    return "\n".join(
        [
            f"# {path.stem}",
            "",
            f"Family `{args.family}`, {parameters} trainable parameters, {path.stat().st_size} bytes.",
            f"Input (pixel - 127.5) / 127.5, RGB. **Test accuracy {100 * log[-1].test_accuracy:.2f} %** in float32,",
            f"after the last epoch; no epoch was chosen by its test accuracy. SHA-256 `{digest}`.",
            "",
            "| | |",
            "|---|---|",
            f"| training data | `{data.description}`, {len(data.labels)} images, fingerprint `{data.fingerprint}` |",
            f"| test data | `{test.description}`, {len(test.labels)} images, fingerprint `{test.fingerprint}` |",
            f"| optimiser | SGD, batch {args.batch}, Nesterov momentum {args.momentum:g} |",
            f"| weight decay | {args.decay:g} on kernels |",
            f"| learning rate | {args.rate:g}, warm-up of one epoch, cosine to 0 over {args.epochs} epochs |",
            f"| augmentation | shifts up to {args.shift} pixels{mirrored} |",
            f"| seed, threads, PyTorch | {args.seed}, {args.threads}, {torch.__version__} |",
            "| made by | `python -m tools.train.train` |",
            "",
            "| epoch | loss | training accuracy (augmented) | test accuracy |",
            "|---:|---:|---:|---:|",
            *epochs,
            "",
            "| class | test accuracy |",
            "|---:|---:|",
            *classes,
            "",
        ]
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train a study network.")
    parser.add_argument("--family", choices=small_cnn.FAMILIES, required=True)
    parser.add_argument(
        "--config", type=Path, help="JSON with stem, blocks, ...; default: the family's standard network"
    )
    parser.add_argument("--train", type=Path, required=True, help="packed training images")
    parser.add_argument("--test", type=Path, required=True, help="packed test images")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write; the card goes beside it")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--decay", type=float, default=5e-4)
    parser.add_argument("--shift", type=int, default=2, help="largest random shift in pixels")
    parser.add_argument("--flip", action="store_true", help="mirror half of the training images")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def main() -> int:
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(args.seed)
    config = Config.read(args.config) if args.config else Config()
    data, test = packed.read(args.train), packed.read(args.test)
    for name, images in ((args.train, data), (args.test, test)):
        if images.pixels.shape[1:] != tuple(config.input) or images.classes != config.classes:
            found = "x".join(map(str, images.pixels.shape[1:]))
            raise SystemExit(f"{name}: {found} images of {images.classes} classes do not fit the network")
    recipe = Recipe(
        args.epochs, args.batch, args.rate, args.momentum, args.decay, args.shift, args.flip, args.seed, args.threads
    )
    model = small_cnn.build(args.family, config).to(memory_format=torch.channels_last)
    log = train(model, data, test, recipe)

    args.out.parent.mkdir(parents=True, exist_ok=True)
    small_cnn.export(args.out, model, args.family, config)
    few = test.pixels[:32]
    again = small_cnn.check_export(
        small_cnn.tensors(model), args.family, config, normalise(few).permute(0, 2, 3, 1).contiguous().numpy()
    )
    # The exported layouts, read by an implementation of its own, must give the network that was trained.
    np.testing.assert_allclose(again, predict(model, few).numpy(), rtol=1e-3, atol=1e-3)
    card_path = args.out.with_suffix(".md")
    card_path.write_text(card(args.out, args, model, data, test, log))
    if args.out.resolve().is_relative_to(manifest.TEST_DATA):
        manifest.record([args.out, card_path], "python -m tools.train.train", args.seed)
    print(f"written to {args.out}, {args.out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
