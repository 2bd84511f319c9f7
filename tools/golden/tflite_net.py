"""What the small TFLite files of the tests are put together with; see tflite_models."""

import zlib

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

SEED = 1
CASES = {}
SAME, VALID = 0, 1
NONE, RELU, RELU_N1_TO_1, RELU6 = range(4)
# Of operators that the interpreter does not know in their first version.
VERSIONS = {"BROADCAST_TO": 2}
TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.float16): schema.TensorType.FLOAT16,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.uint8): schema.TensorType.UINT8,
    np.dtype(np.int16): schema.TensorType.INT16,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.int64): schema.TensorType.INT64,
}


class Net:
    """Tensors and operators of one file, added in the order in which they stand."""

    def __init__(self, name):
        self.name = name
        self.rng = np.random.default_rng([SEED, zlib.crc32(name.encode())])
        self.tensors, self.operators, self.codes = [], [], []
        self.buffers = [schema.BufferT()]

    def tensor(self, dtype=np.float32, shape=(), data=None, q=None, name=None, axis=0):
        t = schema.TensorT()
        t.name = f"t{len(self.tensors)}" if name is None else name
        t.type = TYPES[np.dtype(dtype)]
        t.shape = [int(d) for d in shape]
        t.buffer = 0
        if data is not None:
            b = schema.BufferT()
            b.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            t.buffer = len(self.buffers)
            self.buffers.append(b)
        if q is not None:
            t.quantization = schema.QuantizationParametersT()
            t.quantization.scale = np.atleast_1d(np.asarray(q[0], np.float32))
            t.quantization.zeroPoint = np.atleast_1d(np.asarray(q[1], np.int64))
            t.quantization.quantizedDimension = axis
        self.tensors.append(t)
        return len(self.tensors) - 1

    def array(self, values, dtype=np.float32, q=None, axis=0):
        v = np.asarray(values, dtype)
        return self.tensor(dtype, v.shape, v, q, axis=axis)

    def noise(self, *shape, dtype=np.float32, positive=False):
        v = self.rng.standard_normal(shape)
        return self.array(np.abs(v) + 0.5 if positive else v * 0.5, dtype)

    def ints(self, *values):
        return self.array(values, np.int32)

    def op(
        self,
        kind,
        *inputs,
        outputs=1,
        dtype=np.float32,
        rank=4,
        shape=None,
        q=None,
        custom=None,
        options=None,
        **fields,
    ):
        """An operator; rank is that of its output, whose extents the interpreter finds."""
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, kind)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = VERSIONS.get(kind, 1)
        code.customCode = custom
        self.codes.append(code)
        o = schema.OperatorT()
        o.opcodeIndex = len(self.codes) - 1
        o.inputs = list(inputs)
        made = [self.tensor(dtype, shape or [1] * rank, q=q) for _ in range(outputs)]
        o.outputs = made
        if options:
            o.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            o.builtinOptions = getattr(schema, options + "T")()
            for k, v in fields.items():
                assert hasattr(o.builtinOptions, k), k
                setattr(o.builtinOptions, k, v)
        self.operators.append(o)
        return made[0] if outputs == 1 else made

    def conv(self, x, i, o, k=3, stride=1, padding=SAME, dilation=1, act=NONE, bias=None, w=None, **more):
        window = {
            "padding": padding,
            "strideH": stride,
            "strideW": stride,
            "dilationHFactor": dilation,
            "dilationWFactor": dilation,
        }
        w = self.noise(o, k, k, i) if w is None else w
        b = self.noise(o) if bias is None else bias
        return self.op("CONV_2D", x, w, b, options="Conv2DOptions", fusedActivationFunction=act, **window, **more)

    def depthwise(self, x, c, m=1, k=3, stride=1, padding=SAME, dilation=1, act=NONE, w=None, b=None, **more):
        window = {
            "padding": padding,
            "strideH": stride,
            "strideW": stride,
            "dilationHFactor": dilation,
            "dilationWFactor": dilation,
        }
        w = self.noise(1, k, k, c * m) if w is None else w
        b = self.noise(c * m) if b is None else b
        fields = {"options": "DepthwiseConv2DOptions", "depthMultiplier": m, "fusedActivationFunction": act}
        return self.op("DEPTHWISE_CONV_2D", x, w, b, **fields, **window, **more)

    def pool(self, kind, x, k=(2, 2), stride=(2, 2), padding=VALID, act=NONE, **more):
        return self.op(
            kind,
            x,
            options="Pool2DOptions",
            filterHeight=k[0],
            filterWidth=k[1],
            strideH=stride[0],
            strideW=stride[1],
            padding=padding,
            fusedActivationFunction=act,
            **more,
        )

    def dense(self, x, i, o, act=NONE, keep=False, rank=2, bias=True):
        b = self.noise(o) if bias else -1
        fields = {"options": "FullyConnectedOptions", "fusedActivationFunction": act, "keepNumDims": keep, "rank": rank}
        return self.op("FULLY_CONNECTED", x, self.noise(o, i), b, **fields)

    def binary(self, kind, a, b, act=NONE, **more):
        option = kind.capitalize() + "Options"
        return self.op(kind, a, b, options=option, fusedActivationFunction=act, **more)

    def reduce(self, kind, x, *axes, keep=False, rank=2):
        return self.op(kind, x, self.ints(*axes), options="ReducerOptions", keepDims=keep, rank=rank)

    def pad(self, x, *pads, value=None, **more):
        p = self.array(np.reshape(pads, (-1, 2)), np.int32)
        if value is None:
            return self.op("PAD", x, p, options="PadOptions", **more)
        return self.op("PADV2", x, p, self.array(value), options="PadV2Options", **more)

    def reshape(self, x, *shape, **more):
        return self.op(
            "RESHAPE", x, self.ints(*shape), options="ReshapeOptions", newShape=list(shape), rank=len(shape), **more
        )

    def concat(self, *xs, axis=3, act=NONE, **more):
        return self.op(
            "CONCATENATION", *xs, options="ConcatenationOptions", axis=axis, fusedActivationFunction=act, **more
        )

    def softmax(self, x, beta=1.0, rank=2, **more):
        return self.op("SOFTMAX", x, options="SoftmaxOptions", beta=beta, rank=rank, **more)

    def bytes(self, inputs, outputs):
        g = schema.SubGraphT()
        g.tensors, g.operators, g.inputs, g.outputs, g.name = self.tensors, self.operators, inputs, outputs, "main"
        m = schema.ModelT()
        m.version, m.subgraphs, m.buffers, m.operatorCodes = 3, [g], self.buffers, self.codes
        m.description = "made by tools/golden"
        b = flatbuffers.Builder(1024)
        b.Finish(m.Pack(b), b"TFL3")
        return bytes(b.Output())


def case(shape=(1, 7, 9, 3), dtype=np.float32, q=None, runs=True):
    """A function that gets a net and its input and returns its outputs; where it runs not, the interpreter cannot."""

    def keep(f):
        CASES[f.__name__] = (f, shape, dtype, q, runs)
        return f

    return keep
