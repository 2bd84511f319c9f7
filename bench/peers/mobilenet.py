"""MobileNet-V1 as every peer runs it: layers, parameters in Keras names, folded weights, test images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from bench.peers import safetensors_file

EPSILON = 1e-3
WIDTHS = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024]
STRIDE_2 = {2, 4, 6, 12}


@dataclass(frozen=True)
class Conv:
    """A convolution followed by batch norm and ReLU6, or the classifier, which has neither."""

    name: str
    channels: int
    kernel: int
    stride: int
    depthwise: bool
    classifier: bool = False

    @property
    def kernel_key(self) -> str:
        return f"{self.name}/{'depthwise_kernel' if self.depthwise else 'kernel'}"

    def padding(self, size: int) -> tuple[int, int]:
        """Zeros before and after, as TensorFlow's "same" pads an axis of this size."""
        total = max(0, (-(-size // self.stride) - 1) * self.stride + self.kernel - size)
        return total // 2, total - total // 2


@dataclass(frozen=True)
class Network:
    """Layers in order, with folded weights in PyTorch's layout [O, I / groups, KH, KW]."""

    alpha: float
    resolution: int
    convs: list[Conv]
    weights: dict[str, np.ndarray]
    biases: dict[str, np.ndarray]

    @property
    def input_channels(self) -> dict[str, int]:
        before = [3, *(c.channels for c in self.convs)]
        return {c.name: i for c, i in zip(self.convs, before, strict=False)}


def layers(alpha: float, classes: int = 1000) -> list[Conv]:
    """All convolutions of the network at a width multiplier."""
    found = [Conv("conv1", int(32 * alpha), 3, 2, False)]
    for i, width in enumerate(WIDTHS, start=1):
        found.append(Conv(f"conv_dw_{i}", found[-1].channels, 3, 2 if i in STRIDE_2 else 1, True))
        found.append(Conv(f"conv_pw_{i}", int(width * alpha), 1, 1, False))
    return [*found, Conv("conv_preds", classes, 1, 1, False, classifier=True)]


def random_parameters(alpha: float, images: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Random stored parameters; moving statistics are those of `images`, so that activations keep a sane size."""
    rng = np.random.default_rng(seed)
    stored: dict[str, np.ndarray] = {}
    x = torch.from_numpy(images)
    for conv in layers(alpha):
        c_in = x.shape[1]
        if conv.depthwise:
            kernel = rng.normal(0, 0.4, (3, 3, conv.channels, 1))
        else:
            spread = (2 / (c_in * conv.kernel**2)) ** 0.5
            kernel = rng.normal(0, spread, (conv.kernel, conv.kernel, c_in, conv.channels))
        stored[conv.kernel_key] = kernel.astype(np.float32)
        if conv.classifier:
            stored[f"{conv.name}/bias"] = rng.normal(0, 0.1, conv.channels).astype(np.float32)
            break
        x = _convolve(conv, x, torch.from_numpy(_torch_layout(conv, stored[conv.kernel_key])))
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3))
        norm = {
            "gamma": torch.from_numpy(rng.uniform(0.5, 1.5, conv.channels).astype(np.float32)),
            "beta": torch.from_numpy(rng.normal(0.5, 0.5, conv.channels).astype(np.float32)),
            "moving_mean": mean,
            "moving_variance": variance,
        }
        stored.update({f"{conv.name}_bn/{k}": v.numpy() for k, v in norm.items()})
        x = (x - mean.view(1, -1, 1, 1)) / (variance.view(1, -1, 1, 1) + EPSILON).sqrt()
        x = F.relu6(x * norm["gamma"].view(1, -1, 1, 1) + norm["beta"].view(1, -1, 1, 1))
    return stored


def _convolve(conv: Conv, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    (top, bottom), (left, right) = conv.padding(x.shape[2]), conv.padding(x.shape[3])
    groups = x.shape[1] if conv.depthwise else 1
    return F.conv2d(F.pad(x, (left, right, top, bottom)), weight, stride=conv.stride, groups=groups)


def _torch_layout(conv: Conv, kernel: np.ndarray) -> np.ndarray:
    """HWIO, or HWC1 for depthwise kernels, to [O, I, H, W] or [C, 1, H, W]."""
    axes = (2, 3, 0, 1) if conv.depthwise else (3, 2, 0, 1)
    return np.ascontiguousarray(kernel.transpose(axes))


def save(path: Path, stored: dict[str, np.ndarray], resolution: int) -> None:
    """A safetensors file in Keras names that Depthscope loads."""
    metadata = {"bn_epsilon": str(EPSILON), "resolution": str(resolution), "layout": "keras (HWIO, depthwise HWC1)"}
    safetensors_file.write(path, stored, metadata)


def fold(stored: dict[str, np.ndarray], resolution: int) -> Network:
    """Batch norm folded in double, rounded once; the width multiplier is read off the first kernel."""
    alpha = stored["conv1/kernel"].shape[3] / 32
    convs = layers(alpha, stored["conv_preds/bias"].shape[0])
    weights, biases = {}, {}
    for conv in convs:
        weight = _torch_layout(conv, stored[conv.kernel_key]).astype(np.float64)
        if conv.classifier:
            bias = stored[f"{conv.name}/bias"]
        else:
            gamma, beta, mean, variance = (
                stored[f"{conv.name}_bn/{p}"].astype(np.float64)
                for p in ("gamma", "beta", "moving_mean", "moving_variance")
            )
            factor = gamma / np.sqrt(variance + EPSILON)
            weight = weight * factor.reshape(-1, 1, 1, 1)
            bias = beta - mean * factor
        weights[conv.name] = weight.astype(np.float32)
        biases[conv.name] = bias.astype(np.float32)
    return Network(alpha, resolution, convs, weights, biases)


def smooth_images(count: int, resolution: int, seed: int) -> np.ndarray:
    """Random images, uint8 [n, h, w, 3]: noise at three scales, so that neighbouring pixels are alike."""
    rng = np.random.default_rng(seed)
    total = np.zeros((count, resolution, resolution, 3))
    for cells, weight in ((4, 60.0), (16, 25.0), (resolution, 6.0)):
        coarse = torch.from_numpy(rng.normal(0, weight, (count, 3, cells, cells)))
        fine = F.interpolate(coarse, (resolution, resolution), mode="bilinear", align_corners=False)
        total += fine.permute(0, 2, 3, 1).numpy()
    return np.clip(np.rint(total + 120), 0, 255).astype(np.uint8)


def varied_images(count: int, resolution: int, seed: int) -> np.ndarray:
    """The same, quicker where many are wanted: a fourth of them is made, the others are those turned over."""
    made = smooth_images(-(-count // 4), resolution, seed)
    return np.concatenate([made, made[:, :, ::-1], made[:, ::-1], made[:, ::-1, ::-1]])[:count]


def normalise(pixels: np.ndarray) -> np.ndarray:
    """uint8 NHWC to float32 NCHW in -1..1."""
    x = (pixels.astype(np.float32) - np.float32(127.5)) / np.float32(127.5)
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2))
