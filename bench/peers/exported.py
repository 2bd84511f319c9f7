"""Exported ONNX files in ONNX Runtime, without its optimizations, against Depthscope's own quantized network.

Run from the repository root (packages: numpy, pillow, onnx, onnxruntime):

    python -m bench.peers.exported RUN... --images PHOTOGRAPHS [--count 100] [--int32-bias]

Each RUN is a folder with network.safetensors (`depthscope export --to network.safetensors`) and quantization.json. The
whole network runs on the photographs: share of equal top-1 and signal-to-noise ratio of the logits. Then each layer
alone, fed what Depthscope's quantized layers before it gave: codes that differ, all of which must be neighbours. Where
Depthscope's own cpu and reference backends are further apart than the bound on logits, that is the bound. Exit code 1 if
a figure falls short; with --int32-bias, whose biases are rounded, the first one.
"""

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

# Of the whole network: two implementations differ in the order of their sums in float32.
LEAST_AGREEMENT = 0.97
LEAST_DECIBEL = 30.0
# Room below what the project's own backends differ by, on fewer images.
MARGIN_DECIBEL = 1.5
# Of a layer alone: share of codes that may be the next one, because a value lies at the edge between two; by bytes of a
# code, since edges of 16 bits lie 256 times as close.
MOST_TIES = {1: 2e-3, 2: 2e-2}
LAYER_IMAGES = 4
NETWORK = "network.safetensors"


def described(network: Path) -> dict:
    """The graph in the metadata of a network's file."""
    with network.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return json.loads(header["__metadata__"]["depthscope.graph"])


def photographs(folder: Path, count: int, graph: dict) -> np.ndarray:
    """The first images below a folder as the network reads them, NHWC."""
    from PIL import Image

    settings = graph["images"]
    height, width, _ = graph["nodes"][0]["shape"]
    mean = np.float64(settings["mean"])
    std = np.float64(settings["std"])
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))[:count]
    batch = []
    for path in files:
        image = Image.open(path).convert("RGB")
        if settings.get("resize") == "short-side":
            short = settings["shortSide"]
            scale = short / min(image.size)
            size = tuple(max(short, int(side * scale)) for side in image.size)
        elif settings.get("resize") == "crop-share":
            short = int(height / settings["share"])
            size = tuple(max(short, side * short // min(image.size)) for side in image.size)
        else:
            size = (width, height)
        image = image.resize(size, Image.Resampling.BILINEAR)
        left, top = (image.width - width) // 2, (image.height - height) // 2
        pixels = np.float64(image.crop((left, top, left + width, top + height)))
        batch.append(((pixels - mean) / std).astype(np.float32))
    return np.stack(batch)


def session(model):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    source = model if isinstance(model, str) else model.SerializeToString()
    return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def file_order(nhwc: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(nhwc, -1, 1))


def decibel(signal: np.ndarray, other: np.ndarray) -> float:
    noise = np.sum(np.square(np.float64(other) - signal))
    return float("inf") if noise == 0 else float(10 * np.log10(np.sum(np.square(np.float64(signal))) / noise))


def file_name(tensor: str) -> str:
    return tensor.replace("/", "_")


class Layers:
    """The nodes of an exported file that make up each layer."""

    def __init__(self, path: Path, graph: dict):
        import onnx

        # The extractor needs the types of what it cuts at.
        model = onnx.shape_inference.infer_shapes(onnx.load(path))
        self.extractor = onnx.utils.Extractor(model)
        self.constants = {i.name for i in model.graph.initializer}
        self.nodes = {n.name: n for n in model.graph.node}
        self.made = {n.output[0]: n for n in model.graph.node}
        self.graph = graph

    def alone(self, layer: dict):
        """(model from the layer's inputs to its codes, names of its inputs by layer), or None without codes."""
        end = self.nodes.get(layer["name"] + "/quantize")
        start = self.nodes.get(layer["name"])
        if end is None or start is None or not layer.get("inputs"):
            return None
        values = [v for v in start.input if v and not self.is_constant(v)]
        model = self.extractor.extract_model(values, [end.output[0]])
        return model, dict(zip(layer["inputs"], values, strict=True))

    def is_constant(self, value: str) -> bool:
        while value in self.made and self.made[value].op_type == "DequantizeLinear":
            value = self.made[value].input[0]
        return value in self.constants


def whole(path: Path, x: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """Share of images of the same class, and decibels of the logits."""
    run = session(str(path))
    source = run.get_inputs()[0].name
    got = np.concatenate([run.run(None, {source: file_order(x[i : i + 1])})[0] for i in range(len(x))])
    expected = expected.reshape(len(x), -1)
    return float(np.mean(got.argmax(1) == expected.argmax(1))), decibel(expected, got)


def each_layer(layers: Layers, tensors: Path, images: int) -> list[tuple[str, int, int, int, int]]:
    """(layer, bytes of a code, codes, codes that differ, largest difference) of every layer with codes."""
    found = []
    for layer in layers.graph["nodes"]:
        alone = layers.alone(layer)
        if alone is None:
            continue
        model, names = alone
        feeds = {
            value: file_order(np.load(tensors / f"{file_name(name)}.npy")[:images]) for name, value in names.items()
        }
        got = session(model).run(None, feeds)[0]
        expected = file_order(np.load(tensors / f"{file_name(layer['name'])}.codes.npy")[:images])
        apart = np.abs(got.astype(np.int64) - expected.astype(np.int64).reshape(got.shape))
        found.append((layer["name"], got.dtype.itemsize, apart.size, int(np.count_nonzero(apart)), int(apart.max())))
    return found


def check(folder: Path, args: argparse.Namespace) -> bool:
    command = shlex.split(args.depthscope)
    network, parameters = folder / NETWORK, folder / "quantization.json"
    graph = described(network)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        exported = work / "net_qdq.onnx"

        def depthscope(*arguments: object) -> None:
            subprocess.run([*command, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)

        bias = ["--int32-bias"] if args.int32_bias else []
        how = ["--model", network, "--quantization", parameters]
        depthscope("export", *how, "--to", exported, *bias)
        x = photographs(args.images, args.count, graph)
        np.save(work / "x.npy", x)
        np.save(work / "few.npy", x[:LAYER_IMAGES])
        depthscope("run", *how, "--input", work / "x.npy", "--out", work / "outputs")
        depthscope("run", *how, "--input", work / "few.npy", "--out", work / "all", "--tensors", "all")
        depthscope("run", *how, "--input", work / "few.npy", "--out", work / "oracle", "--backend", "reference")
        name = f"quantized/{file_name(graph['outputs'][0])}.npy"
        oracle = decibel(np.load(work / "oracle" / name), np.load(work / "all" / name))
        logits = np.load(work / "outputs" / name)
        agreement, level = whole(exported, x, logits)
        layers = each_layer(Layers(exported, graph), work / "all/quantized", LAYER_IMAGES)
    codes, apart = sum(n for _, _, n, _, _ in layers), sum(a for _, _, _, a, _ in layers)
    worst = max(layers, key=lambda layer: layer[3] / layer[2])
    print(
        f"{graph['name']}: {len(x)} images, top-1 equal on {agreement:.1%}, logits {level:.1f} dB (cpu to reference {oracle:.1f});"
        f" {len(layers)} layers alone: {apart} of {codes} codes differ, by {max(m for *_, m in layers)} at most;"
        f" worst {worst[0]}, {worst[3]} of {worst[2]}"
    )
    if args.int32_bias:
        return agreement >= LEAST_AGREEMENT  # another network, by half a code of each bias at most
    least = min(LEAST_DECIBEL, oracle - MARGIN_DECIBEL)
    tied = all(m <= 1 and a <= max(1, MOST_TIES[size] * n) for _, size, n, a, m in layers)
    return agreement >= LEAST_AGREEMENT and level >= least and tied


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--int32-bias", action="store_true")
    parser.add_argument("--depthscope", default="./depthscope", help="the command")
    args = parser.parse_args()
    sound = [check(folder, args) for folder in args.runs]  # every one is printed
    return 0 if all(sound) else 1


if __name__ == "__main__":
    sys.exit(main())
