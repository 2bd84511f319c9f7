"""The operators of a quantized TFLite file, each as a file of its own, with what the reference kernels make of it."""

import copy
import os
from pathlib import Path

import numpy as np

from bench.peers.layer_cuts import Coded, CutLayer, joined, pictures

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

CODES = (np.int8, np.uint8, np.int16)
# The ends of fused activation functions: none, ReLU, ReLU of -1 to 1, ReLU6.
ACTIVATIONS = {0: (-np.inf, np.inf), 1: (0, np.inf), 2: (-1, 1), 3: (0, 6)}


def layers(path: Path, images: list[Path]) -> list[CutLayer]:
    """Those operators that make codes; what counts shapes, or makes floats of codes, is none."""
    from tensorflow.lite.python import schema_py_generated as schema

    data = path.read_bytes()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    names = {value: name for name, value in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
    details, seen = _seen(path, images)
    found = []
    for place, operator in enumerate(model.subgraphs[0].operators):
        if not all(_coded(details[i]) for i in operator.outputs):
            continue
        read = _read(model, operator)
        if not all(_coded(details[i]) or details[i]["dtype"] == np.float32 for i in read):
            continue
        fed = [_values(details[i], seen[i]) for i in read]
        content = _alone(model, place, read, [f.shape[1:] for f in fed])
        made = {details[i]["name"]: _codes(details[i], seen[i]) for i in operator.outputs}
        layer = CutLayer(
            details[operator.outputs[0]]["name"],
            names[_kind(model.operatorCodes[operator.opcodeIndex])],
            content,
            fed[0] if len(fed) == 1 else joined(fed),
            made,
            _once(model, operator, details, seen),
        )
        _require_same(layer)
        found.append(layer)
    return found


def _seen(path: Path, images: list[Path]) -> tuple[dict[int, dict], dict[int, np.ndarray]]:
    """All tensors of the file: what they are, and their values in a run of the whole, images first."""
    interpreter = _interpreter(model_path=str(path), experimental_preserve_all_tensors=True)
    source = interpreter.get_input_details()[0]
    details = {t["index"]: t for t in interpreter.get_tensor_details()}
    x = pictures(images, [int(d) for d in source["shape"]], -1, path.name)
    if source["dtype"] == np.float32:
        x = x * 2 - 1
    else:
        limits = np.iinfo(source["dtype"])
        x = (np.rint(x * (limits.max - limits.min)) + limits.min).astype(source["dtype"])
    needed = {i for op in interpreter._get_ops_details() for i in (*op["inputs"], *op["outputs"]) if i >= 0}
    each = []
    for i in range(len(x)):
        interpreter.set_tensor(source["index"], x[i : i + 1])
        interpreter.invoke()
        each.append({t: interpreter.get_tensor(t) for t in needed})
    return details, {t: np.concatenate([np.atleast_1d(e[t]) for e in each]) for t in needed}


def _interpreter(**what: object) -> object:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(
        num_threads=1, experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF, **what
    )
    interpreter.allocate_tensors()
    return interpreter


def _coded(detail: dict) -> bool:
    return detail["dtype"] in CODES and len(detail["quantization_parameters"]["scales"]) == 1


def _codes(detail: dict, codes: np.ndarray) -> Coded:
    scale, zero = detail["quantization"]
    return Coded(codes, float(scale), int(zero))


def _values(detail: dict, seen: np.ndarray) -> np.ndarray:
    return seen if seen.dtype == np.float32 else _codes(detail, seen).values()


def _kind(code: object) -> int:
    return max(code.builtinCode, code.deprecatedBuiltinCode)


def _constant(model: object, tensor: int) -> bool:
    data = model.buffers[model.subgraphs[0].tensors[tensor].buffer].data
    return data is not None and len(data) > 0


def _read(model: object, operator: object) -> list[int]:
    """The tensors that an operator reads and that depend on the input, each once; none is told by shapes alone."""
    made = {t for op in model.subgraphs[0].operators for t in op.outputs}
    free = [int(t) for t in operator.inputs if t >= 0 and not _constant(model, t)]
    shapes = {t for t in free if t in made and model.subgraphs[0].tensors[t].type == _int32()}
    return list(dict.fromkeys(t for t in free if t not in shapes))


def _once(model: object, operator: object, details: dict, seen: dict) -> np.ndarray | None:
    """Codes of a convolution of 1x1 by sums in integers, each multiplied by a double and rounded once.

    The reference kernels multiply by an integer and a power of two, and round behind each.
    """
    if type(operator.builtinOptions).__name__ != "Conv2DOptionsT" or len(operator.inputs) != 3:
        return None
    x, w, b = (int(t) for t in operator.inputs)
    out = int(operator.outputs[0])
    options = operator.builtinOptions
    if b < 0 or tuple(details[w]["shape"][1:3]) != (1, 1) or (options.strideH, options.strideW) != (1, 1):
        return None
    kernel, bias = (_data(model, t, details[t]["dtype"]).astype(np.int64) for t in (w, b))
    read, made, weights = (
        _codes(details[x], seen[x]),
        _codes(details[out], seen[out]),
        details[w]["quantization_parameters"],
    )
    kernel = kernel.reshape(len(kernel), -1) - weights["zero_points"].reshape(-1, 1)
    sums = (read.codes.astype(np.int64) - read.zero).reshape(-1, kernel.shape[1]) @ kernel.T + bias
    codes = np.rint(sums * (read.scale * weights["scales"].astype(np.float64) / made.scale)) + made.zero
    least, most = np.iinfo(made.codes.dtype).min, np.iinfo(made.codes.dtype).max
    low, high = ACTIVATIONS[options.fusedActivationFunction]
    ends = [float(np.clip(np.rint(v / made.scale) + made.zero, least, most)) for v in (low, high)]
    return np.clip(codes, *ends).astype(np.int64).reshape(-1)


def _data(model: object, tensor: int, kind: type) -> np.ndarray:
    described = model.subgraphs[0].tensors[tensor]
    return np.frombuffer(bytes(model.buffers[described.buffer].data), kind).reshape([int(d) for d in described.shape])


def _int32() -> int:
    from tensorflow.lite.python import schema_py_generated as schema

    return schema.TensorType.INT32


class _File:
    """A new file, tensor by tensor and operator by operator."""

    def __init__(self, model: object):
        from tensorflow.lite.python import schema_py_generated as schema

        self.schema = schema
        self.model = schema.ModelT()
        self.model.version = model.version
        self.model.operatorCodes = list(model.operatorCodes)
        self.model.buffers = [schema.BufferT()]
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]

    def tensor(self, tensor: object, data: object = None) -> int:
        """The place of a tensor, of a constant one if it has data."""
        added = copy.copy(tensor)
        added.buffer = 0
        if data is not None:
            added.buffer = len(self.model.buffers)
            buffer = self.schema.BufferT()
            buffer.data = data
            self.model.buffers.append(buffer)
        self.graph.tensors.append(added)
        return len(self.graph.tensors) - 1

    def fresh(self, name: str, kind: int, shape: tuple[int, ...], data: np.ndarray | None = None) -> int:
        tensor = self.schema.TensorT()
        tensor.name, tensor.type, tensor.shape = name, kind, list(shape)
        return self.tensor(tensor, None if data is None else np.frombuffer(data.tobytes(), np.uint8))

    def operator(self, kind: int, inputs: list[int], outputs: list[int], options: object = None) -> None:
        code = self.schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = kind, min(kind, 127), 1
        self.model.operatorCodes.append(code)
        operator = self.schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = inputs, outputs
        if options is not None:
            word = type(options).__name__.removesuffix("T")
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(self.schema.BuiltinOptions, word)
        self.graph.operators.append(operator)

    def parts(self, tensors: dict[int, object], shapes: list[tuple[int, ...]]) -> dict[int, int]:
        """Several tensors out of one input of all their values: new places by old ones."""
        kinds, operators = self.schema.TensorType, self.schema.BuiltinOperator
        sizes = [int(np.prod(s)) for s in shapes]
        whole = self.fresh("joined", kinds.FLOAT32, (1, sum(sizes)))
        lengths = self.fresh("lengths", kinds.INT32, (len(sizes),), np.int32(sizes))
        axis = self.fresh("axis", kinds.INT32, (), np.int32(1))
        flat = [self.fresh(f"flat{k}", kinds.FLOAT32, (1, n)) for k, n in enumerate(sizes)]
        options = self.schema.SplitVOptionsT()
        options.numSplits = len(sizes)
        self.operator(operators.SPLIT_V, [whole, lengths, axis], flat, options)
        placed = {}
        for k, (old, shape) in enumerate(zip(tensors, shapes, strict=True)):
            target = self.fresh(f"shape{k}", kinds.INT32, (len(shape) + 1,), np.int32([1, *shape]))
            real = self.fresh(f"real{k}", kinds.FLOAT32, (1, *shape))
            self.operator(operators.RESHAPE, [flat[k], target], [real])
            placed[old] = self.tensor(tensors[old])
            self.operator(operators.QUANTIZE, [real], [placed[old]])
        self.graph.inputs = [whole]
        return placed

    def content(self) -> bytes:
        import flatbuffers

        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def _alone(model: object, place: int, read: list[int], shapes: list[tuple[int, ...]]) -> bytes:
    """A file of one operator, of what shapes it computes, and of constants."""
    graph = model.subgraphs[0]
    file = _File(model)
    if len(read) == 1:
        placed = {read[0]: file.tensor(graph.tensors[read[0]])}
        file.graph.inputs = list(placed.values())
    else:
        placed = file.parts({t: graph.tensors[t] for t in read}, shapes)

    def put(at: int) -> None:
        operator = graph.operators[at]
        for t in operator.inputs:
            if t < 0 or t in placed:
                continue
            if _constant(model, t):
                placed[t] = file.tensor(graph.tensors[t], model.buffers[graph.tensors[t].buffer].data)
            else:
                put(next(k for k, op in enumerate(graph.operators) if t in op.outputs))
        for t in operator.outputs:
            placed[t] = file.tensor(graph.tensors[t])
        copied = copy.copy(operator)
        copied.inputs = [placed[t] if t >= 0 else -1 for t in operator.inputs]
        copied.outputs = [placed[t] for t in operator.outputs]
        copied.intermediates = None
        file.graph.operators.append(copied)

    put(place)
    file.graph.outputs = [placed[t] for t in graph.operators[place].outputs]
    return file.content()


def _require_same(layer: CutLayer) -> None:
    """The peer must make of the cut layer what it made of it inside the whole, or it was cut wrongly."""
    interpreter = _interpreter(model_content=layer.model)
    source = interpreter.get_input_details()[0]
    x = layer.inputs
    if source["dtype"] != np.float32:
        scale, zero = source["quantization"]
        x = (np.rint(x / np.float32(scale)) + zero).astype(source["dtype"])
    for i in range(len(x)):
        interpreter.set_tensor(source["index"], x[i : i + 1])
        interpreter.invoke()
        for detail, made in zip(interpreter.get_output_details(), layer.made.values(), strict=True):
            share = len(made.codes) // len(x)
            if not np.array_equal(interpreter.get_tensor(detail["index"]), made.codes[i * share : (i + 1) * share]):
                raise ValueError(f"{layer.name}: {layer.operator} alone is another than within its file")
