"""ONNX Runtime, TensorFlow Lite and Keras as judges of a model file: each runs it plainly and as people usually do.

All take inputs of seeded noise and hand out every output for every image. Of a quantized file they say how far apart
two neighbouring codes of an output are.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SEED = 7
# Height and width where the file leaves them open; Depthscope's own default.
OPEN_EXTENT = 224
COLOURS = 3
# Of the output's range, where no operator tells the step between its codes.
LEVELS = 255
QUANTIZED_OPS = {"QuantizeLinear", "QLinearConv", "ConvInteger", "DynamicQuantizeLinear"}
Outputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Judged:
    """What a peer says of a file.

    `inputs` are images x the file's input, as real numbers; `steps` of the outputs of a quantized file, None of others.
    `hybrid` files have weights of codes between floats, whose inputs the peer quantizes while it runs.
    """

    peer: str
    operators: int
    shape: list[int]
    input_type: str
    inputs: np.ndarray
    plain: Outputs
    usual: Outputs
    steps: dict[str, float] | None
    hybrid: bool = False


def judge(path: Path, images: int) -> Judged:
    """Runs a file on the peer of its format; raises ValueError if it has none."""
    if path.suffix not in RUNNERS:
        raise ValueError(f"{path.name}: no peer runs files of this kind")
    return RUNNERS[path.suffix](path, images)


def _generator(path: Path) -> np.random.Generator:
    # The same inputs whatever other files there are.
    return np.random.default_rng([SEED, *path.name.encode()])


def _step(known: float, output: np.ndarray) -> float:
    return known or float(np.ptp(output)) / LEVELS or 1.0


def _onnx(path: Path, images: int) -> Judged:
    import onnx
    import onnxruntime as ort

    graph = onnx.load(path).graph
    x = shape = None
    found = []
    for level in (ort.GraphOptimizationLevel.ORT_DISABLE_ALL, ort.GraphOptimizationLevel.ORT_ENABLE_ALL):
        options = ort.SessionOptions()
        options.graph_optimization_level = level
        options.log_severity_level = 3
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        source = session.get_inputs()[0]
        if x is None:
            shape = source.shape
            x = _generator(path).standard_normal([images, *_closed(shape)[1:]]).astype(np.float32)
        each = [session.run(None, {source.name: x[i : i + 1]}) for i in range(images)]
        names = [o.name for o in session.get_outputs()]
        found.append({name: np.concatenate([y[k] for y in each]) for k, name in enumerate(names)})
    steps = None
    if QUANTIZED_OPS & {n.op_type for n in graph.node}:
        steps = {name: _step(_onnx_scale(graph, name), y) for name, y in found[0].items()}
    operators = sum(n.op_type != "Constant" for n in graph.node)
    return Judged("ONNX Runtime", operators, _closed(shape), "float32", x, *found, steps)


def _closed(shape: list) -> list[int]:
    """Extents with those that the file leaves open filled in."""
    return [
        d if isinstance(d, int) and d > 0 else (1 if axis == 0 else COLOURS if axis == 1 else OPEN_EXTENT)
        for axis, d in enumerate(shape)
    ]


def _onnx_scale(graph: object, output: str) -> float:
    """The scale of the codes that an output is made of; 0 where its last operator reads none."""
    from onnx import numpy_helper

    for node in graph.node:
        if output in node.output and node.op_type == "DequantizeLinear":
            for tensor in graph.initializer:
                if tensor.name == node.input[1] and np.prod(tensor.dims) == 1:
                    return float(numpy_helper.to_array(tensor).reshape(()))
    return 0.0


def _tflite(path: Path, images: int) -> Judged:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    x = codes = operators = steps = hybrid = None
    found = []
    kernels = tf.lite.experimental.OpResolverType
    for way in (kernels.BUILTIN_REF, kernels.AUTO):
        interpreter = tf.lite.Interpreter(str(path), num_threads=1, experimental_op_resolver_type=way)
        interpreter.allocate_tensors()
        source = interpreter.get_input_details()[0]
        outputs = interpreter.get_output_details()
        if x is None:
            operators = len(interpreter._get_ops_details())
            x, codes = _tflite_inputs(path, images, source)
        each = {o["name"]: [] for o in outputs}
        for i in range(images):
            interpreter.set_tensor(source["index"], codes[i : i + 1])
            interpreter.invoke()
            for o in outputs:
                each[o["name"]].append(_real(interpreter.get_tensor(o["index"]), o))
        found.append({name: np.concatenate(y) for name, y in each.items()})
        if way == kernels.BUILTIN_REF:  # the other way hides operators in a delegate
            coded, hybrid = _quantization(interpreter)
            if coded:
                steps = {o["name"]: _step(_tflite_scale(interpreter, o), found[0][o["name"]]) for o in outputs}
    shape = [int(d) for d in source["shape"]]
    return Judged("TensorFlow Lite", operators, shape, np.dtype(source["dtype"]).name, x, *found, steps, hybrid)


def _keras(path: Path, images: int) -> Judged:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    import keras

    class DepthwiseConv2D(keras.layers.DepthwiseConv2D):
        """Files of Keras 2 state groups, which Keras 3 refuses."""

        def __init__(self, *args: object, groups: int = 1, **kwargs: object):
            super().__init__(*args, **kwargs)

    model = keras.models.load_model(path, compile=False, custom_objects={"DepthwiseConv2D": DepthwiseConv2D})
    extents = [d or (COLOURS if axis == len(model.inputs[0].shape) - 1 else OPEN_EXTENT) for axis, d in enumerate(model.inputs[0].shape)]
    shape = [1, *extents[1:]]
    x = _generator(path).uniform(-1, 1, [images, *shape[1:]]).astype(np.float32)
    names = [o._keras_history.operation.name for o in model.outputs]
    found = []
    # Operation by operation, and as one compiled program.
    for run in (lambda v: model(v, training=False), lambda v: model.predict(v, verbose=0)):
        each = [run(x[i : i + 1]) for i in range(images)]
        each = [y if isinstance(y, list) else [y] for y in each]
        found.append({name: np.concatenate([np.asarray(y[k]) for y in each]) for k, name in enumerate(names)})
    layers = sum(not isinstance(layer, keras.layers.InputLayer) for layer in model._flatten_layers(include_self=False))
    return Judged("Keras", layers, shape, "float32", x, *found, None)


def _tflite_inputs(path: Path, images: int, source: dict) -> tuple[np.ndarray, np.ndarray]:
    """Real numbers, and what the interpreter is given for them: the same, or codes."""
    shape = [images, *source["shape"][1:]]
    rng = _generator(path)
    if source["dtype"] == np.float32:
        x = rng.uniform(-1, 1, shape).astype(np.float32)
        return x, x
    limits = np.iinfo(source["dtype"])
    codes = rng.integers(limits.min, limits.max, shape, source["dtype"], endpoint=True)
    return _real(codes, source), codes


def _real(values: np.ndarray, detail: dict) -> np.ndarray:
    """What codes stand for."""
    if values.dtype == np.float32:
        return values
    scale, zero = detail["quantization"]
    return (values.astype(np.float32) - np.float32(zero)) * np.float32(scale)


def _quantization(interpreter: object) -> tuple[bool, bool]:
    """Whether operators hand on codes, and whether some make floats of floats and coded weights."""
    coded = {
        t["index"]: t["dtype"] in (np.int8, np.uint8, np.int16) and len(t["quantization_parameters"]["scales"]) > 0
        for t in interpreter.get_tensor_details()
    }
    operators = interpreter._get_ops_details()
    activations = any(coded.get(i) for op in operators for i in op["outputs"])
    hybrid = any(op["op_name"] != "DEQUANTIZE" and any(coded.get(i) for i in op["inputs"]) for op in operators)
    return activations, hybrid and not activations


def _tflite_scale(interpreter: object, output: dict) -> float:
    """The scale of the codes that an output is, or is made of; 0 where its last operator reads none."""
    if output["quantization"][0]:
        return float(output["quantization"][0])
    tensors = {t["index"]: t for t in interpreter.get_tensor_details()}
    for op in interpreter._get_ops_details():
        if output["index"] in op["outputs"] and op["op_name"] == "DEQUANTIZE":
            return float(tensors[op["inputs"][0]]["quantization"][0])
    return 0.0


RUNNERS: dict[str, Callable[[Path, int], Judged]] = {
    ".onnx": _onnx,
    ".tflite": _tflite,
    ".h5": _keras,
    ".keras": _keras,
}
