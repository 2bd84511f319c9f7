"""Writes test-data/frameworks/mobilenet-v1.json: logits of MobileNet-V1 as its frameworks compute them.

    python -m tools.golden.frameworks             # needs torch, timm, transformers, keras and tensorflow
    python -m tools.golden.frameworks --check     # computes everything again and compares to 1e-5

Networks have 10 classes and weights from noise.values(NAME, ...); `networks` lists each tensor as the framework names
it with its shape, offset and scale, so that a test can make the same file. `cases` have the network, what its
configuration says, the resolution and the 10 logits of one image: noise.pixels(7, (n, n, 3)), x = (p - 127.5) / 127.5.
Odd feature maps are the point: there every framework pads in its own way.
"""

import argparse
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import timm
import torch
from transformers import MobileNetV1Config, MobileNetV1ForImageClassification

from tools import manifest
from tools.golden import noise

FILE = manifest.TEST_DATA / "frameworks" / "mobilenet-v1.json"
GENERATOR = "python -m tools.golden.frameworks"
SEED = 7
CLASSES = 10
TOLERANCE = 1e-5


def image(side: int) -> np.ndarray:
    p = noise.pixels(SEED, (1, side, side, 3)).astype(np.float64)
    return ((p - 127.5) / 127.5).astype(np.float32)


def recipe(name: str, shape: tuple[int, ...], fan_in: int) -> tuple[float, float]:
    """Offset and scale that keep the signal's size from layer to layer."""
    if len(shape) > 1:
        return 0.0, float(np.float32(np.sqrt(6 / fan_in)))
    last = name.rsplit("/", 1)[-1].rsplit(".", 1)[-1]
    if last in ("gamma", "weight"):
        return 1.0, 0.25
    if last in ("moving_variance", "running_var"):
        return 1.0, 0.5
    return 0.0, 0.25


class Keras:
    def __init__(self, alpha: float):
        self.alpha = alpha
        self.weights = self.build(64).weights
        self.tensors = []
        for w in self.weights:
            shape = tuple(w.shape)
            fan_in = 9 if "_dw_" in w.path else int(np.prod(shape[:-1]))
            self.tensors.append((w.path, shape, *recipe(w.path, shape, fan_in)))

    def build(self, side: int) -> keras.Model:
        return keras.applications.MobileNet(
            input_shape=(side, side, 3), alpha=self.alpha, weights=None, classes=CLASSES, classifier_activation=None
        )

    def logits(self, side: int, config: dict) -> np.ndarray:
        assert not config
        model = self.build(side)
        model.set_weights([noise.values(*t) for t in self.tensors])
        return np.asarray(model(image(side), training=False)).ravel()


class Torch:
    """A PyTorch module made by `build(config)`."""

    def __init__(self, build):
        self.build = build
        self.tensors = []
        for name, t in build({}).state_dict().items():
            shape = tuple(t.shape)
            if shape:
                self.tensors.append((name, shape, *recipe(name, shape, int(np.prod(shape[1:])))))

    def logits(self, side: int, config: dict) -> np.ndarray:
        model = self.build(config).eval()
        model.load_state_dict({t[0]: torch.from_numpy(noise.values(*t)) for t in self.tensors}, strict=False)
        with torch.no_grad():
            out = model(torch.from_numpy(image(side).transpose(0, 3, 1, 2).copy()))
        return getattr(out, "logits", out).numpy().ravel()


def transformers(config: dict) -> torch.nn.Module:
    return MobileNetV1ForImageClassification(MobileNetV1Config(depth_multiplier=0.25, num_labels=CLASSES, **config))


def pytorch_image_models(config: dict) -> torch.nn.Module:
    return timm.create_model("mobilenetv1_100", num_classes=CLASSES, **config)


def cases() -> dict:
    networks = {
        "keras-0.25": Keras(0.25),
        "keras-0.75": Keras(0.75),
        "transformers-0.25": Torch(transformers),
        "timm-1.0": Torch(pytorch_image_models),
    }
    wanted = [("keras-0.25", n, {}) for n in (33, 75, 96, 160, 192, 200, 224, 240)]
    wanted += [("keras-0.75", n, {}) for n in (75, 240)]
    for n in (75, 96, 150, 240):  # at 33 every strided map is odd, and both pad alike
        wanted += [("transformers-0.25", n, {"tf_padding": p}) for p in (True, False)]
    wanted += [("transformers-0.25", 75, {"tf_padding": True, "hidden_act": "relu", "layer_norm_eps": 0.01})]
    for n in (75, 96, 150):
        wanted += [("timm-1.0", n, {}), ("timm-1.0", n, {"pad_type": "same"})]
    found = []
    for network, side, config in wanted:
        logits = networks[network].logits(side, config)
        found.append(
            {"network": network, "config": config, "side": side, "logits": [float(f"{v:.9g}") for v in logits]}
        )
    for a in found:  # a case that another padding would pass is no case
        same = [b for b in found if b is not a and (b["network"], b["side"]) == (a["network"], a["side"])]
        for b in same:
            if np.abs(np.subtract(a["logits"], b["logits"])).max() < 100 * TOLERANCE:
                raise AssertionError(f"{a['config']} and {b['config']} give the same at {a['side']}")
    return {
        "networks": {n: [[t[0], list(t[1]), t[2], t[3]] for t in net.tensors] for n, net in networks.items()},
        "cases": found,
    }


def text(content: dict) -> str:
    """A line per network and case."""
    networks = [f"  {json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in content["networks"].items()]
    lines = [f"  {json.dumps(c)}" for c in content["cases"]]
    return '{"networks": {\n' + ",\n".join(networks) + '\n},\n"cases": [\n' + ",\n".join(lines) + "\n]}\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="logits of the frameworks' MobileNet-V1")
    parser.add_argument("--check", action="store_true", help="compare with the file that is there")
    content = cases()
    if parser.parse_args().check:
        old = json.loads(FILE.read_text())
        worst = max(
            float(np.abs(np.subtract(a["logits"], b["logits"])).max())
            for a, b in zip(old["cases"], content["cases"], strict=True)
        )
        same = json.dumps(old["networks"]) == json.dumps(content["networks"])
        print(f"largest difference {worst:.2g}, networks {'equal' if same else 'DIFFERENT'}")
        return int(not (worst <= TOLERANCE and same))
    FILE.write_text(text(content))
    manifest.record([FILE], GENERATOR, SEED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
