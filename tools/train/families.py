"""The families of study networks: settings under the names of the file format, and the layers they stand for."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import ClassVar, Protocol

from tools.golden.network import Builder

Blocks = tuple[tuple[int, int], ...]


class Config(Protocol):
    """The settings of a network; `graph` lists its layers under the node names of the Java family."""

    input: tuple[int, int, int]
    classes: int

    def graph(self, family: str) -> Builder: ...


def _finish(b: Builder, classifier: str, classes: int) -> Builder:
    b.add("global_pool", "global-average-pool")
    return b.add(classifier, "fully-connected", classes, bias=True)


@dataclass(frozen=True)
class SmallCnn:
    """The twins dws-cnn and regular-cnn; a block is [width, stride].

    With `bareDepthwise` nothing follows a depthwise convolution: no batch norm, no bias, no activation function.
    """

    input: tuple[int, int, int] = (32, 32, 3)
    classes: int = 10
    stem: int = 16
    blocks: Blocks = ((24, 1), (32, 2), (32, 1), (48, 2), (48, 1), (64, 2), (64, 1))
    batchNorm: bool = True
    activation: str = "relu6"
    padding: str = "symmetric"
    bareDepthwise: bool = False

    optional: ClassVar[tuple[str, ...]] = ("bareDepthwise",)

    def graph(self, family: str) -> Builder:
        b = Builder(*self.input)
        rest = {"activation": self.activation, "batch_norm": self.batchNorm, "bias": not self.batchNorm}
        b.add("stem", "conv", self.stem, kernel=3, padding=1, **rest)
        for i, (width, stride) in enumerate(self.blocks, start=1):
            if family == "dws-cnn":
                after = {} if self.bareDepthwise else rest
                b.add(f"block{i}_dw", "depthwise", kernel=3, stride=stride, padding=1, **after)
                b.add(f"block{i}_pw", "conv", width, **rest)
            else:
                b.add(f"block{i}_conv", "conv", width, kernel=3, stride=stride, padding=1, **rest)
        return _finish(b, "classifier", self.classes)


@dataclass(frozen=True)
class MobileNetV1:
    """MobileNet-V1 in Keras' names; with `smallImages` the stem and block 2 keep the resolution."""

    input: tuple[int, int, int] = (32, 32, 3)
    classes: int = 10
    alpha: float = 0.25
    padding: str = "symmetric"
    rounding: str = "truncate"
    smallImages: bool = True

    optional: ClassVar[tuple[str, ...]] = ("smallImages",)

    BLOCKS: ClassVar[Blocks] = (
        (64, 1),
        (128, 2),
        (128, 1),
        (256, 2),
        (256, 1),
        (512, 2),
        *((512, 1),) * 5,
        (1024, 2),
        (1024, 1),
    )

    def graph(self, family: str) -> Builder:
        b = Builder(*self.input)
        rest = {"activation": "relu6", "batch_norm": True}
        b.add("conv1", "conv", int(32 * self.alpha), kernel=3, stride=1 if self.smallImages else 2, padding=1, **rest)
        for i, (width, stride) in enumerate(self.BLOCKS, start=1):
            if self.smallImages and i == 2:
                stride = 1
            b.add(f"conv_dw_{i}", "depthwise", kernel=3, stride=stride, padding=1, **rest)
            b.add(f"conv_pw_{i}", "conv", int(width * self.alpha), **rest)
        return _finish(b, "conv_preds", self.classes)


@dataclass(frozen=True)
class ResNet:
    """Residual blocks of two 3x3 convolutions; a 1x1 convolution carries the input past where the shape changes."""

    input: tuple[int, int, int] = (32, 32, 3)
    classes: int = 10
    stem: int = 16
    blocks: Blocks = ((16, 1), (32, 2), (64, 2))
    activation: str = "relu"
    padding: str = "symmetric"

    optional: ClassVar[tuple[str, ...]] = ()

    def graph(self, family: str) -> Builder:
        b = Builder(*self.input)
        active = {"activation": self.activation, "batch_norm": True}
        b.add("stem", "conv", self.stem, kernel=3, padding=1, **active)
        for i, (width, stride) in enumerate(self.blocks, start=1):
            skip = b.last
            b.add(f"block{i}_conv1", "conv", width, kernel=3, stride=stride, padding=1, **active)
            b.add(f"block{i}_conv2", "conv", width, kernel=3, padding=1, batch_norm=True)
            main = b.last
            if stride != 1 or b.shapes[skip][2] != width:
                b.add(f"block{i}_shortcut", "conv", width, stride=stride, inputs=(skip,), batch_norm=True)
                skip = b.last
            b.add(f"block{i}_add", "residual-add", inputs=(main, skip), activation=self.activation)
        return _finish(b, "classifier", self.classes)


FAMILIES: dict[str, Callable[..., Config]] = {
    "dws-cnn": SmallCnn,
    "regular-cnn": SmallCnn,
    "mobilenet-v1": MobileNetV1,
    "resnet": ResNet,
}


def read(family: str, path: Path) -> Config:
    """Settings from a JSON file; those left out are the family's standard.

    Raises ValueError for names, activations, paddings or roundings that the trainer does not know.
    """
    content = json.loads(path.read_text())
    kind = FAMILIES[family]
    unknown = content.keys() - {f.name for f in fields(kind)}
    if unknown:
        raise ValueError(f"{path}: unknown settings {sorted(unknown)}")
    config = kind(**content)
    trained = {"activation": ("relu", "relu6"), "padding": ("symmetric",), "rounding": ("truncate",)}
    for name, words in trained.items():
        if getattr(config, name, words[0]) not in words:
            raise ValueError(f"{path}: {name} must be {' or '.join(words)}")
    return config


def text(config: Config) -> str:
    """The JSON of the weights file, without optional settings that are off."""
    content = {k: v for k, v in asdict(config).items() if v or k not in config.optional}
    return json.dumps(content, separators=(",", ":"))
