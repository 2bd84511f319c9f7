"""The model card of a trained network, and what can be read back from one."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tools import packed
from tools.train.recipe import Epoch, Recipe


def write(
    path: Path,
    family: str,
    parameters: int,
    recipe: Recipe,
    data: packed.Packed,
    test: packed.Packed,
    predicted: np.ndarray,
    log: list[Epoch],
    made_by: str,
) -> Path:
    """Writes the card beside the weights file `path`. It holds no times, so that the same training gives the same card.

    `parameters` counts the trainable ones, `predicted` holds the class that the network gives each test image.
    """
    classes = [f"| {c} | {100 * float((predicted[test.labels == c] == c).mean()):.1f} % |" for c in range(test.classes)]
    epochs = [
        f"| {e.number} | {e.loss:.4f} | {100 * e.train_accuracy:.2f} % | {100 * e.test_accuracy:.2f} % |" for e in log
    ]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    content = [
        f"# {path.stem}",
        "",
        f"Family `{family}`, {parameters} trainable parameters, {path.stat().st_size} bytes.",
        f"Input (pixel - 127.5) / 127.5, RGB. **Test accuracy {100 * log[-1].test_accuracy:.2f} %** in float32,",
        f"after the last epoch; no epoch was chosen by its test accuracy. SHA-256 `{digest}`.",
        "",
        "| | |",
        "|---|---|",
        f"| training data | `{data.description}`, {len(data.labels)} images, fingerprint `{data.fingerprint}` |",
        f"| test data | `{test.description}`, {len(test.labels)} images, fingerprint `{test.fingerprint}` |",
        *_rows(recipe),
        f"| seed, threads, device, PyTorch | {recipe.seed}, {recipe.threads}, {recipe.device}, {torch.__version__} |",
        f"| made by | `{made_by}` |",
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
    card = path.with_suffix(".md")
    card.write_text("\n".join(content))
    return card


def _rows(recipe: Recipe) -> list[str]:
    """All of a recipe that decides how good a network is; the rest decides its last bits."""
    mirrored = ", mirror images" if recipe.flip else ""
    clipped = f", gradients clipped to the norm {recipe.clip:g}" if recipe.clip else ""
    warm = "one epoch" if recipe.warmup == 1 else f"{recipe.warmup} epochs"
    return [
        f"| optimiser | SGD, batch {recipe.batch}, Nesterov momentum {recipe.momentum:g}{clipped} |",
        f"| weight decay | {recipe.decay:g} on kernels |",
        f"| learning rate | {recipe.rate:g}, warm-up of {warm}, cosine to 0 over {recipe.epochs} epochs |",
        f"| augmentation | shifts up to {recipe.shift} pixels{mirrored} |",
    ]


@dataclass(frozen=True)
class Origin:
    """What a card says about the weights file beside it."""

    digest: str
    seed: int
    made_by: str
    accuracy: str
    lines: frozenset[str]

    def made_with(self, recipe: Recipe) -> bool:
        """True if the network was trained by this recipe, on whatever device."""
        return self.seed == recipe.seed and self.lines.issuperset(_rows(recipe))


def read(card: Path) -> Origin:
    """Raises ValueError, with the file's name, if an entry is missing."""
    content = card.read_text()
    patterns = (
        r"SHA-256 `([0-9a-f]{64})`",
        r"^\| seed, [^|]*\| (\d+),",
        r"^\| made by \| `([^`]+)` \|",
        r"Test accuracy ([\d.]+ %)",
    )
    found = [re.search(pattern, content, re.MULTILINE) for pattern in patterns]
    if None in found:
        raise ValueError(f"{card}: no model card of this trainer")
    digest, seed, made_by, accuracy = (match[1] for match in found)
    return Origin(digest, int(seed), made_by, accuracy, frozenset(content.splitlines()))
