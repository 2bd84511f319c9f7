"""The layers of a quantized ONNX file, each as a file of its own, with what ONNX Runtime makes of it.

A layer is what stands between codes and codes: an operator of codes, or what is computed in float32 between a
DequantizeLinear and a QuantizeLinear.
"""

from pathlib import Path

import numpy as np

from bench.peers.layer_cuts import Coded, CutLayer, joined, pictures

CODES = (np.int8, np.uint8, np.int16, np.uint16)
# Which of an operator's inputs are the scale and zero point of its output; others hand on those of their first input.
SCALE_OF_OUTPUT = {
    "QuantizeLinear": 1,
    "QLinearConv": 6,
    "QLinearMatMul": 6,
    "QGemm": 7,
    "QLinearAdd": 6,
    "QLinearMul": 6,
    "QLinearAveragePool": 3,
    "QLinearGlobalAveragePool": 3,
    "QLinearSigmoid": 3,
    "QLinearLeakyRelu": 3,
    "QLinearSoftmax": 3,
    "QLinearConcat": 0,
}
WRITTEN = "layer_output"


def layers(path: Path, images: list[Path]) -> list[CutLayer]:
    """The layers in the order in which they run; none of a file of floats."""
    import onnx

    model = onnx.load(path)
    if not any(node.op_type == "QuantizeLinear" for node in model.graph.node):
        return []
    file = _Whole(model, path.name, images)
    found = []
    for node in model.graph.node:
        for output in node.output:
            if output in file.changing and file.seen[output].dtype in CODES:
                found.append(file.layer(node, output))
    return found


class _Whole:
    """A file, and all that changes in it, as ONNX Runtime has it without optimizations."""

    def __init__(self, model: object, name: str, images: list[Path]):
        import onnx

        self.onnx = onnx
        self.model = model
        self.constants = {i.name: i for i in model.graph.initializer}
        self.made = {out: node for node in model.graph.node for out in node.output if out}
        source = next(i for i in model.graph.input if i.name not in self.constants)
        self.changing = {source.name}
        for node in model.graph.node:
            if self.changing & set(node.input):
                self.changing |= {o for o in node.output if o}
        shape = [d.dim_value or (1 if axis == 0 else 0) for axis, d in enumerate(source.type.tensor_type.shape.dim)]
        if not all(shape):
            raise ValueError(f"{name}: extents of the input are open")
        x = pictures(images, shape, 1, name) * 2 - 1
        outputs = [n for n in self.changing if n != source.name]
        opened = self.onnx.ModelProto()
        opened.CopyFrom(model)
        del opened.graph.output[:]
        opened.graph.output.extend(onnx.ValueInfoProto(name=n) for n in outputs)
        session = _session(opened)
        each = [session.run(outputs, {source.name: x[i : i + 1]}) for i in range(len(x))]
        self.seen = {n: np.concatenate([np.atleast_1d(e[k]) for e in each]) for k, n in enumerate(outputs)}
        self.seen[source.name] = x

    def layer(self, last: object, output: str) -> CutLayer:
        """What makes an output of codes from codes before it, or from the file's input."""
        nodes, read, constants = [], [], {}

        def take(node: object) -> None:
            for value in node.input:
                if value in self.constants:
                    constants[value] = self.constants[value]
                elif value in self.changing and (value not in self.made or self.seen[value].dtype in CODES):
                    read.append(value)
                elif value and self.made[value] not in nodes:
                    take(self.made[value])
            nodes.append(node)

        take(last)
        read = list(dict.fromkeys(read))
        fed = [self.values(v) for v in read]
        model = self.alone(nodes, read, constants, output, [f.shape[1:] for f in fed])
        words = [n.op_type for n in nodes if n.op_type not in ("QuantizeLinear", "DequantizeLinear")]
        layer = CutLayer(
            output,
            " ".join(words) or last.op_type,
            model.SerializeToString(),
            fed[0] if len(fed) == 1 else joined(fed),
            {WRITTEN: self.coded(output)},
        )
        _require_same(layer, model)
        return layer

    def parameters(self, codes: str) -> tuple[str, str]:
        """The names of the scale and the zero point of a tensor of codes."""
        node = self.made[codes]
        at = SCALE_OF_OUTPUT.get(node.op_type)
        return self.parameters(node.input[0]) if at is None else (node.input[at], node.input[at + 1])

    def coded(self, name: str) -> Coded:
        scale, zero = (self.onnx.numpy_helper.to_array(self.constants[p]).reshape(()) for p in self.parameters(name))
        return Coded(self.seen[name], float(scale), int(zero))

    def values(self, name: str) -> np.ndarray:
        return self.seen[name] if self.seen[name].dtype == np.float32 else self.coded(name).values()

    def alone(
        self, nodes: list, read: list[str], constants: dict, output: str, shapes: list[tuple[int, ...]]
    ) -> object:
        """The model of some nodes, of one input of real numbers, and of their output of codes as what it stands for."""
        helper = self.onnx.helper
        before, given = [], dict(zip(read, read, strict=True))
        if len(read) == 1:
            source = read[0] + "_real"
            extents = shapes[0]
            if self.seen[read[0]].dtype == np.float32:
                source = read[0]
            given[read[0]] = source
        else:
            source, extents = "joined", (sum(int(np.prod(s)) for s in shapes),)
            sizes = self.onnx.numpy_helper.from_array(np.int64([np.prod(s) for s in shapes]), "lengths")
            constants["lengths"] = sizes
            flat = [f"flat{k}" for k in range(len(read))]
            before.append(helper.make_node("Split", [source, "lengths"], flat, axis=1))
            for k, (value, shape) in enumerate(zip(read, shapes, strict=True)):
                constants[f"shape{k}"] = self.onnx.numpy_helper.from_array(np.int64([1, *shape]), f"shape{k}")
                given[value] = f"real{k}"
                before.append(helper.make_node("Reshape", [flat[k], f"shape{k}"], [given[value]]))
        for value in read:
            if self.seen[value].dtype in CODES:
                names = self.parameters(value)
                constants |= {n: self.constants[n] for n in names}
                before.append(helper.make_node("QuantizeLinear", [given[value], *names], [value]))
        names = self.parameters(output)
        constants |= {n: self.constants[n] for n in names}
        after = helper.make_node("DequantizeLinear", [output, *names], [WRITTEN])
        kind = self.onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            [*before, *nodes, after],
            "layer",
            [helper.make_tensor_value_info(source, kind, [1, *extents])],
            [helper.make_tensor_value_info(WRITTEN, kind, [1, *self.seen[output].shape[1:]])],
            list(constants.values()),
        )
        model = helper.make_model(graph, opset_imports=list(self.model.opset_import))
        model.ir_version = self.model.ir_version
        return model


def _session(model: object) -> object:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _require_same(layer: CutLayer, model: object) -> None:
    """ONNX Runtime must make of the cut layer what it made of it inside the whole, or it was cut wrongly."""
    session = _session(model)
    source = session.get_inputs()[0].name
    got = np.concatenate([session.run(None, {source: layer.inputs[i : i + 1]})[0] for i in range(len(layer.inputs))])
    made = layer.made[WRITTEN]
    if not np.array_equal(made.codes_of(got), made.codes.reshape(-1)):
        raise ValueError(f"{layer.name}: {layer.operator} alone is another than within its file")
