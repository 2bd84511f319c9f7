"""The small twins dws-cnn and regular-cnn in PyTorch, and their way into Depthscope's file format."""

import json
from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import nn

from tools.golden import network as oracle

FAMILIES = ("dws-cnn", "regular-cnn")
BN_EPSILON = 1e-3


@dataclass(frozen=True)
class Config:
    """Shape of a twin; a block is [width, stride]. The names are those of the JSON that goes into the weights file."""

    input: tuple[int, int, int] = (32, 32, 3)
    classes: int = 10
    stem: int = 16
    blocks: tuple[tuple[int, int], ...] = ((24, 1), (32, 2), (32, 1), (48, 2), (48, 1), (64, 2), (64, 1))
    batchNorm: bool = True  # noqa: N815 - a name of the file format
    activation: str = "relu6"
    padding: str = "symmetric"

    @staticmethod
    def read(path: Path) -> "Config":
        """Raises ValueError for names, activations or paddings that do not exist."""
        content = json.loads(path.read_text())
        unknown = content.keys() - asdict(Config()).keys()
        if unknown:
            raise ValueError(f"{path}: unknown settings {sorted(unknown)}")
        config = Config(**content)
        if config.activation not in ("relu", "relu6") or config.padding != "symmetric":
            raise ValueError(f"{path}: the activation is relu or relu6, the padding symmetric")
        return config


def build(family: str, config: Config) -> nn.Sequential:
    """The network for normalised NCHW images; children carry the node names of the Java family."""
    stages: list[tuple[str, nn.Module]] = []

    def conv(name: str, c_in: int, c_out: int, kernel: int, stride: int, groups: int = 1) -> None:
        parts = [nn.Conv2d(c_in, c_out, kernel, stride, kernel // 2, groups=groups, bias=not config.batchNorm)]
        if config.batchNorm:
            parts.append(nn.BatchNorm2d(c_out, eps=BN_EPSILON))
        parts.append(nn.ReLU6() if config.activation == "relu6" else nn.ReLU())
        stages.append((name, nn.Sequential(*parts)))

    width = config.stem
    conv("stem", config.input[2], width, 3, 1)
    for i, (channels, stride) in enumerate(config.blocks, start=1):
        if family == "dws-cnn":
            conv(f"block{i}_dw", width, width, 3, stride, groups=width)
            conv(f"block{i}_pw", width, channels, 1, 1)
        else:
            conv(f"block{i}_conv", width, channels, 3, stride)
        width = channels
    stages.append(("global_pool", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())))
    stages.append(("classifier", nn.Linear(width, config.classes)))
    model = nn.Sequential(OrderedDict(stages))
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return model


def tensors(model: nn.Sequential) -> dict[str, np.ndarray]:
    """Parameters under the project's names: kernels [O, KH, KW, I], depthwise [KH, KW, C], classifier [O, 1, 1, I]."""
    found: dict[str, torch.Tensor] = {}
    for name, stage in model.named_children():
        for part in stage.children() if isinstance(stage, nn.Sequential) else [stage]:
            if isinstance(part, nn.Conv2d):
                depthwise = part.groups > 1
                weight = part.weight.squeeze(1).permute(1, 2, 0) if depthwise else part.weight.permute(0, 2, 3, 1)
                found[f"{name}.kernel"] = weight
            elif isinstance(part, nn.Linear):
                found[f"{name}.kernel"] = part.weight[:, None, None, :]
            elif isinstance(part, nn.BatchNorm2d):
                found[f"{name}.bn.gamma"] = part.weight
                found[f"{name}.bn.beta"] = part.bias
                found[f"{name}.bn.mean"] = part.running_mean
                found[f"{name}.bn.variance"] = part.running_var
            if isinstance(part, nn.Conv2d | nn.Linear) and part.bias is not None:
                found[f"{name}.bias"] = part.bias
    return {name: t.detach().contiguous().numpy() for name, t in found.items()}


def export(path: Path, model: nn.Sequential, family: str, config: Config) -> None:
    """Writes a safetensors file that Depthscope loads without being told the family."""
    metadata = {
        "depthscope.family": family,
        "depthscope.config": json.dumps(asdict(config), separators=(",", ":")),
        "depthscope.bn_epsilon": repr(BN_EPSILON),
    }
    save_file(tensors(model), path, metadata)


def check_export(stored: dict[str, np.ndarray], family: str, config: Config, images: np.ndarray) -> np.ndarray:
    """Logits for NHWC images from exported tensors alone, by the golden files' own implementation."""
    b = oracle.Builder(*config.input)
    rest = {"activation": config.activation, "batch_norm": config.batchNorm, "bias": not config.batchNorm}
    b.add("stem", "conv", config.stem, kernel=3, padding=1, **rest)
    for i, (channels, stride) in enumerate(config.blocks, start=1):
        if family == "dws-cnn":
            b.add(f"block{i}_dw", "depthwise", kernel=3, stride=stride, padding=1, **rest)
            b.add(f"block{i}_pw", "conv", channels, **rest)
        else:
            b.add(f"block{i}_conv", "conv", channels, kernel=3, stride=stride, padding=1, **rest)
    b.add("global_pool", "global-average-pool")
    b.add("classifier", "fully-connected", config.classes, bias=True)
    net = oracle.Network(b.nodes, b.shapes, BN_EPSILON, stored)
    net.fold()
    made = {"input": images}
    for node in net.nodes[1:]:
        inputs = [made[i] for i in node.inputs]
        made[node.name] = oracle.apply(node, inputs, net.kernels.get(node.name), net.biases.get(node.name))
    return made["classifier"].reshape(len(images), -1)
