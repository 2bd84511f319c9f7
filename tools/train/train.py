"""Trains a study network on packed images and exports it with a model card.

The images are those that Depthscope itself writes, so that both see the same pixels. From the repository root
(packages: tools/requirements.txt):

    ./depthscope pack --data synthetic:20000:train --out /tmp/train.packed
    ./depthscope pack --data synthetic:2000 --out /tmp/test.packed
    python -m tools.train.train --family dws-cnn --train /tmp/train.packed --test /tmp/test.packed \\
        --out test-data/models/dws-cnn-synthetic.safetensors

SGD with Nesterov momentum, weight decay on kernels, a linear warm-up and a cosine down to zero, random shifts and
optional mirror images. The same seed, versions, device and thread count give the same file. The card (FILE.md) holds
the recipe, the log of all epochs and the accuracy; a file under test-data is also entered in its MANIFEST.json.
tools/train/zoo.py trains the networks that the project keeps, each by its own recipe.
"""

import argparse
import math
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tools import manifest, packed
from tools.train import card, families, model
from tools.train.families import Config
from tools.train.recipe import Epoch, Recipe


def normalise(pixels: np.ndarray, device: str = "cpu") -> torch.Tensor:
    """uint8 NHWC to NCHW floats, (pixel - 127.5) / 127.5."""
    x = torch.from_numpy(np.array(pixels)).to(device).permute(0, 3, 1, 2).float()
    return ((x - 127.5) / 127.5).contiguous(memory_format=torch.channels_last)


def augment(x: torch.Tensor, recipe: Recipe, generator: torch.Generator) -> torch.Tensor:
    """Shifts every image by up to `shift` pixels, edges repeated, and mirrors half of them if asked.

    The random numbers come from the CPU whatever the device, so that every device sees the same images.
    """
    n, _, h, w = x.shape
    if recipe.shift:
        s = recipe.shift
        wide = F.pad(x, (s, s, s, s), mode="replicate")
        dy, dx = torch.randint(0, 2 * s + 1, (2, n), generator=generator)
        rows = (dy[:, None] + torch.arange(h)).view(n, 1, h, 1).to(x.device)
        columns = (dx[:, None] + torch.arange(w)).view(n, 1, 1, w).to(x.device)
        images = torch.arange(n, device=x.device).view(n, 1, 1, 1)
        x = wide[images, torch.arange(x.shape[1], device=x.device).view(1, -1, 1, 1), rows, columns]
    if recipe.flip:
        mirrored = torch.rand(n, generator=generator) < 0.5
        x = torch.where(mirrored.view(n, 1, 1, 1).to(x.device), x.flip(3), x)
    return x.contiguous(memory_format=torch.channels_last)


def predict(net: nn.Module, pixels: np.ndarray, device: str = "cpu") -> torch.Tensor:
    """Logits of all images, on the CPU."""
    net.eval()
    with torch.inference_mode():
        return torch.cat([net(normalise(pixels[i : i + 500], device)).cpu() for i in range(0, len(pixels), 500)])


def rate_at(step: int, steps: int, warm: int, peak: float) -> float:
    if step < warm:
        return peak * (step + 1) / warm
    return peak * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def train(net: nn.Module, data: packed.Packed, test: packed.Packed, recipe: Recipe) -> list[Epoch]:
    """Trains in place and returns the log."""
    generator = torch.Generator().manual_seed(recipe.seed)
    kernels = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() <= 1]
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
        net.train()
        start, losses, right = time.perf_counter(), 0.0, 0
        order = torch.randperm(len(labels), generator=generator)
        for i in range(per_epoch):
            step = (number - 1) * per_epoch + i
            for group in optimiser.param_groups:
                group["lr"] = rate_at(step, recipe.epochs * per_epoch, recipe.warmup * per_epoch, recipe.rate)
            chosen = order[i * recipe.batch : (i + 1) * recipe.batch]
            wanted = labels[chosen].to(recipe.device)
            logits = net(augment(normalise(data.pixels[chosen.numpy()], recipe.device), recipe, generator))
            loss = F.cross_entropy(logits, wanted)
            optimiser.zero_grad()
            loss.backward()
            if recipe.clip:
                nn.utils.clip_grad_norm_(net.parameters(), recipe.clip)
            optimiser.step()
            losses += loss.item()
            right += int((logits.argmax(1) == wanted).sum())
        if not math.isfinite(losses):
            raise SystemExit(f"epoch {number}: the loss is no longer finite; a lower rate or --clip may help")
        accuracy = float((predict(net, test.pixels, recipe.device).argmax(1).numpy() == test.labels).mean())
        log.append(Epoch(number, losses / per_epoch, right / (per_epoch * recipe.batch), accuracy))
        print(
            f"epoch {number}: loss {log[-1].loss:.4f}, train {log[-1].train_accuracy:.4f}, "
            f"test {accuracy:.4f}, {time.perf_counter() - start:.0f} s",
            flush=True,
        )
    return log


def read_images(path: Path, config: Config) -> packed.Packed:
    """Packed images that fit the network; ends the program with a reason if they do not."""
    images = packed.read(path)
    if images.pixels.shape[1:] != tuple(config.input) or images.classes != config.classes:
        found = "x".join(map(str, images.pixels.shape[1:]))
        raise SystemExit(f"{path}: {found} images of {images.classes} classes do not fit the network")
    return images


def device_named(word: str) -> str:
    """PyTorch's device for `auto`, `cpu` or `cuda`."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if word == "auto" else word


def make(
    family: str, config: Config, recipe: Recipe, data_path: Path, test_path: Path, out: Path, made_by: str
) -> float:
    """Trains, exports, checks the export and writes the card; returns the accuracy on the test images."""
    # cuBLAS gives the same bits every time only with this, and only if it is set before its first use.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(recipe.threads)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.allow_tf32 = False
    torch.manual_seed(recipe.seed)
    data, test = read_images(data_path, config), read_images(test_path, config)
    net = model.Trained(family, config).to(recipe.device, memory_format=torch.channels_last)
    log = train(net, data, test, recipe)

    out.parent.mkdir(parents=True, exist_ok=True)
    model.export(out, net, family, config)
    few = test.pixels[:32]
    images = normalise(few).permute(0, 2, 3, 1).contiguous().numpy()
    again = model.check_export(model.tensors(net), family, config, images)
    # The exported layouts, read by an implementation of its own, must give the network that was trained.
    np.testing.assert_allclose(again, predict(net, few, recipe.device).numpy(), rtol=1e-3, atol=1e-3)
    predicted = predict(net, test.pixels, recipe.device).argmax(1).numpy()
    parameters = sum(p.numel() for p in net.parameters())
    made = card.write(out, family, parameters, recipe, data, test, predicted, log, made_by)
    if out.resolve().is_relative_to(manifest.TEST_DATA):
        manifest.record([out, made], made_by, recipe.seed)
    print(f"written to {out}, {out.stat().st_size} bytes")
    return log[-1].test_accuracy


def arguments() -> argparse.Namespace:
    standard = Recipe()
    parser = argparse.ArgumentParser(description="Train a study network.")
    parser.add_argument("--family", choices=families.FAMILIES, required=True)
    parser.add_argument("--config", type=Path, help="JSON with stem, blocks, ...; default: the standard network")
    parser.add_argument("--train", type=Path, required=True, help="packed training images")
    parser.add_argument("--test", type=Path, required=True, help="packed test images")
    parser.add_argument("--out", type=Path, required=True, help="safetensors file to write; the card goes beside it")
    parser.add_argument("--epochs", type=int, default=standard.epochs)
    parser.add_argument("--batch", type=int, default=standard.batch)
    parser.add_argument("--rate", type=float, default=standard.rate)
    parser.add_argument("--momentum", type=float, default=standard.momentum)
    parser.add_argument("--decay", type=float, default=standard.decay)
    parser.add_argument("--shift", type=int, default=standard.shift, help="largest random shift in pixels")
    parser.add_argument("--flip", action="store_true", help="mirror half of the training images")
    parser.add_argument("--warmup", type=int, default=standard.warmup, help="epochs in which the rate rises")
    parser.add_argument("--clip", type=float, default=standard.clip, help="largest norm of the gradient; 0: any")
    parser.add_argument("--seed", type=int, default=standard.seed)
    parser.add_argument("--threads", type=int, default=standard.threads)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    return parser.parse_args()


def main() -> int:
    args = arguments()
    config = families.read(args.family, args.config) if args.config else families.FAMILIES[args.family]()
    recipe = Recipe(
        epochs=args.epochs,
        batch=args.batch,
        rate=args.rate,
        momentum=args.momentum,
        decay=args.decay,
        shift=args.shift,
        flip=args.flip,
        warmup=args.warmup,
        clip=args.clip,
        seed=args.seed,
        threads=args.threads,
        device=device_named(args.device),
    )
    make(args.family, config, recipe, args.train, args.test, args.out, "python -m tools.train.train")
    return 0


if __name__ == "__main__":
    sys.exit(main())
