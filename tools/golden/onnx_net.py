"""What the small ONNX files of the tests are put together with; see onnx_models."""

import zlib

import numpy as np
from onnx import helper, numpy_helper

SEED = 1
CASES = {}


class Net:
    """Nodes and weights of one file, added in the order in which they stand."""

    def __init__(self, name):
        self.name = name
        self.rng = np.random.default_rng([SEED, zlib.crc32(name.encode())])
        self.nodes, self.weights, self.listed = [], [], []
        self.count = 0

    def array(self, values, name=None, dtype=np.float32):
        name = name or f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype), name))
        return name

    def noise(self, *shape, positive=False, dtype=np.float32):
        v = self.rng.standard_normal(shape)
        return self.array(np.abs(v) + 0.5 if positive else v * 0.5, dtype=dtype)

    def ints(self, *values):
        return self.array(values, dtype=np.int64)

    def op(self, kind, *inputs, outputs=1, name=None, **attributes):
        made = [f"v{self.count + i}" for i in range(outputs)]
        self.count += outputs
        node = helper.make_node(kind, list(inputs), made, name=f"{kind}_{self.count}" if name is None else name, **attributes)
        self.nodes.append(node)
        return made[0] if outputs == 1 else made

    def conv(self, x, i, o, k=3, group=1, bias=True, **attributes):
        w = self.noise(o, i // group, k, k)
        return self.op("Conv", x, w, *([self.noise(o)] if bias else []), group=group, **attributes)

    def bn(self, x, c):
        return self.op("BatchNormalization", x, self.noise(c), self.noise(c), self.noise(c), self.noise(c, positive=True))

    def rounded(self, x, scale=0.03, zero=118, dtype=np.uint8, axis=None):
        """x through QuantizeLinear and DequantizeLinear."""
        p = self.parameters(scale, zero, dtype)
        along = {} if axis is None else {"axis": axis}
        return self.op("DequantizeLinear", self.op("QuantizeLinear", x, *p, **along), *p, **along)

    def parameters(self, scale, zero, dtype=np.uint8):
        """Names of a scale and a zero point."""
        return self.array(scale), self.array(zero, dtype=dtype)

    def stored(self, *shape, scale=0.01, zero=0, dtype=np.int8, axis=0):
        """Codes of weights, behind DequantizeLinear."""
        return self.op("DequantizeLinear", *self.codes(*shape, scale=scale, zero=zero, dtype=dtype), axis=axis)

    def codes(self, *shape, scale=0.01, zero=0, dtype=np.int8):
        """Names of random codes, their scale and their zero point."""
        limits = np.iinfo(dtype)
        codes = self.rng.integers(limits.min, limits.max + 1, shape)
        return self.array(codes, dtype=dtype), *self.parameters(scale, np.full(np.shape(scale), zero), dtype)

    def bias(self, n, scale):
        """A bias of 32 bits, behind DequantizeLinear."""
        return self.op("DequantizeLinear", self.array(self.rng.integers(-3000, 3000, n), dtype=np.int32), self.array(scale), axis=0)


def case(shape=(1, 3, 7, 9), opset=13, declared=None):
    """A function that gets a net and its input's name and returns its outputs' names."""

    def keep(f):
        CASES[f.__name__] = (f, shape, opset, declared or shape)
        return f

    return keep
