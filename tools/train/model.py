"""A network of a family in PyTorch, and its way into Depthscope's file format."""

import json
import math
import struct
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save
from torch import nn

from tools.golden import network as oracle
from tools.train import families
from tools.train.families import Config

BN_EPSILON = 1e-3
ACTIVATIONS = {"relu": F.relu, "relu6": F.relu6, "none": lambda x: x}


class Trained(nn.Module):
    """The layers of a graph for normalised NCHW images."""

    def __init__(self, family: str, config: Config) -> None:
        super().__init__()
        builder = config.graph(family)
        self.nodes = builder.nodes
        self.shapes = builder.shapes
        self.stages = nn.ModuleDict()
        for node in self.nodes:
            if node.weighted:
                self.stages[node.name] = self._stage(node)
        for node in self.nodes:
            if node.weighted and node.kind != "fully-connected":
                _initialise(self.stages[node.name][0], node)

    def _stage(self, node: oracle.Node) -> nn.Sequential:
        c_in = self.shapes[node.inputs[0]][2]
        if node.kind == "fully-connected":
            return nn.Sequential(nn.Linear(c_in, node.channels))
        groups = c_in if node.kind == "depthwise" else 1
        pad = node.padding[::2]  # top and left; the trainer's networks pad alike on all sides
        parts = [nn.Conv2d(c_in, node.channels, node.kernel, node.stride, pad, groups=groups, bias=node.bias)]
        if node.batch_norm:
            parts.append(nn.BatchNorm2d(node.channels, eps=BN_EPSILON))
        return nn.Sequential(*parts)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made = {"input": x}
        for node in self.nodes[1:]:
            value = made[node.inputs[0]]
            match node.kind:
                case "residual-add":
                    value = value + made[node.inputs[1]]
                case "global-average-pool":
                    value = value.mean((2, 3))
                case _:
                    value = self.stages[node.name](value)
            made[node.name] = ACTIVATIONS[node.activation](value)
        return made[self.nodes[-1].name]


def _initialise(conv: nn.Conv2d, node: oracle.Node) -> None:
    """He's initialisation: by fan-out where a batch norm follows, else by fan-in, centred, with the bias at zero.

    Without a batch norm the size of the weights decides the size of the outputs. PyTorch's fan-out of a depthwise
    kernel counts all channels, which would shrink the signal in every block. And what the other convolutions read is
    never negative: unless a kernel's mean is zero, that common part grows from layer to layer until all images look
    alike. Without it a rectified normal value varies by (1 - 1/pi) / 2 instead of 1/2, which the gain makes up for.
    """
    nn.init.kaiming_normal_(conv.weight, mode="fan_out" if node.batch_norm else "fan_in", nonlinearity="relu")
    if not node.batch_norm and node.kind == "conv" and node.inputs[0] != "input":
        with torch.no_grad():
            conv.weight -= conv.weight.mean((1, 2, 3), keepdim=True)
            conv.weight /= math.sqrt(1 - 1 / math.pi)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)


def tensors(model: Trained) -> dict[str, np.ndarray]:
    """Parameters under the project's names: kernels [O, KH, KW, I], depthwise [KH, KW, C], classifier [O, 1, 1, I]."""
    found: dict[str, torch.Tensor] = {}
    for name, stage in model.stages.items():
        for part in stage:
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
    return {name: t.detach().cpu().contiguous().numpy() for name, t in found.items()}


def export(path: Path, model: Trained, family: str, config: Config) -> None:
    """Writes a safetensors file that Depthscope loads without being told the family."""
    metadata = {
        "depthscope.family": family,
        "depthscope.config": families.text(config),
        "depthscope.bn_epsilon": repr(BN_EPSILON),
    }
    content = save(tensors(model), metadata)
    # The library writes the metadata in another order every time; sorted, the same network is the same file.
    size = struct.unpack_from("<Q", content)[0]
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    sorted_header = json.dumps(header, separators=(",", ":")).encode()
    sorted_header += b" " * (-len(sorted_header) % 8)
    path.write_bytes(struct.pack("<Q", len(sorted_header)) + sorted_header + content[8 + size :])


def check_export(stored: dict[str, np.ndarray], family: str, config: Config, images: np.ndarray) -> np.ndarray:
    """Logits for NHWC images from exported tensors alone, by the golden files' own implementation."""
    builder = config.graph(family)
    net = oracle.Network(builder.nodes, builder.shapes, BN_EPSILON, stored)
    net.fold()
    made = {"input": images}
    for node in net.nodes[1:]:
        inputs = [made[i] for i in node.inputs]
        made[node.name] = oracle.apply(node, inputs, net.kernels.get(node.name), net.biases.get(node.name))
    return made[net.nodes[-1].name].reshape(len(images), -1)
