"""Small ONNX files that are quantized; what is kept of them is the quantized network's output. See onnx_models."""

import numpy as np

from tools.golden.onnx_net import case

SPREAD = np.float32([0.004, 0.006, 0.008, 0.01, 0.012])


@case()
def quantized_by_channel(n, x):
    w = n.stored(5, 3, 3, 3, scale=SPREAD)
    y = n.op("Conv", n.rounded(x), w, n.bias(5, np.float32(0.03) * SPREAD))
    return [n.rounded(n.op("Relu", y), scale=0.05, zero=0)]


@case(shape=(1, 4, 7, 9))
def quantized_unsigned_weights(n, x):
    w = n.stored(4, 1, 3, 3, scale=0.01, zero=131, dtype=np.uint8)
    y = n.op("Conv", n.rounded(x), w, group=4)
    return [n.rounded(n.op("Clip", y, n.array(0.0), n.array(6.0)), scale=6 / 255, zero=0)]


@case(shape=(1, 20))
def quantized_product(n, x):
    y = n.rounded(n.op("MatMul", n.rounded(x), n.stored(20, 5, scale=SPREAD, axis=1)), scale=0.08)
    return [n.rounded(n.op("Gemm", y, n.stored(5, 5, scale=SPREAD), n.bias(5, np.float32(0.08) * SPREAD), transB=1), scale=0.1)]


@case()
def quantized_for_one_reader(n, x):
    y = n.op("Conv", n.rounded(x), n.stored(4, 3, 1, 1))
    return [n.rounded(y, scale=0.2), n.op("Sigmoid", y)]


@case()
def quantized_for_each_reader(n, x):
    y = n.op("Conv", n.rounded(x), n.stored(4, 3, 1, 1))
    return [n.rounded(n.op("Concat", n.rounded(y, scale=0.2), n.rounded(y, scale=0.05), axis=1), scale=0.07)]


@case()
def quantized_twice(n, x):
    y = n.rounded(n.op("Conv", n.rounded(x), n.stored(4, 3, 1, 1)), scale=0.05)
    return [n.rounded(n.op("Relu", y), scale=0.03, zero=0)]


@case()
def quantized_and_moved(n, x):
    p = n.parameters(0.05, 120)
    y = n.op("QuantizeLinear", n.op("Conv", n.rounded(x), n.stored(4, 3, 1, 1)), *p)
    y = n.op("MaxPool", y, kernel_shape=[2, 2], strides=[2, 2])
    y = n.op("Reshape", n.op("Transpose", y, perm=[0, 2, 3, 1]), n.ints(1, -1))
    return [n.op("DequantizeLinear", y, *p)]


@case()
def quantized_resized(n, x):
    p, q = n.parameters(0.05, 120), n.parameters(0.06, 3, np.int8)
    y = n.op("QuantizeLinear", n.op("Conv", n.rounded(x), n.stored(4, 3, 1, 1)), *p)
    y = n.op("Resize", y, "", n.array([1, 1, 2, 2]), mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    y = n.op("QuantizeLinear", n.op("Conv", n.op("DequantizeLinear", y, *p), n.stored(3, 4, 3, 3)), *q)
    return [n.op("DequantizeLinear", n.op("Resize", y, "", "", n.ints(1, 3, 5, 8)), *q)]


@case(opset=21)
def quantized_16_bits(n, x):
    x = n.rounded(x, scale=1e-4, zero=0, dtype=np.int16)
    return [n.rounded(n.op("Conv", x, n.stored(4, 3, 1, 1)), scale=2e-4, zero=0, dtype=np.int16)]


@case()
def quantized_from_float(n, x):
    w = n.rounded(n.noise(5, 3, 3, 3), scale=SPREAD, zero=np.zeros(5), dtype=np.int8, axis=0)
    return [n.rounded(n.op("Conv", n.rounded(x), w), scale=0.05)]


@case()
def quantized_padded(n, x):
    y = n.op("Pad", n.rounded(x), n.ints(0, 0, 1, 2, 0, 0, 2, 1))
    return [n.rounded(n.op("Conv", y, n.stored(4, 3, 3, 3)), scale=0.08)]


@case()
def quantized_to_the_end(n, x):
    y = n.rounded(n.op("GlobalAveragePool", n.op("Conv", n.rounded(x), n.stored(4, 3, 1, 1))), scale=0.02)
    return [n.rounded(n.op("Softmax", n.op("Flatten", y)), scale=1 / 256, zero=0)]


@case()
def quantized_to_codes(n, x):
    return [n.op("QuantizeLinear", n.op("Conv", n.rounded(x), n.stored(4, 3, 1, 1)), *n.parameters(0.05, 120))]


@case()
def quantized_rectified(n, x):
    """No activation function but the codes' range, 0 to 6."""
    return [n.rounded(n.op("Conv", n.rounded(x), n.stored(4, 3, 1, 1)), scale=6 / 255, zero=0)]


@case()
def quantized_gate(n, x):
    """x times sigmoid(x), rounded between: no function of x."""
    y = n.rounded(n.op("Conv", n.rounded(x), n.stored(4, 3, 1, 1)), scale=0.05)
    return [n.rounded(n.op("Mul", y, n.rounded(n.op("Sigmoid", y), scale=1 / 64, zero=0)), scale=0.05)]


@case()
def quantized_average(n, x):
    y = n.rounded(n.op("Conv", n.rounded(x), n.stored(4, 3, 1, 1)), scale=0.05)
    return [n.rounded(n.op("AveragePool", y, kernel_shape=[3, 3], strides=[2, 2]), scale=0.05)]


def entered(n, x, scale=0.03, zero=118):
    """x as codes, with their parameters."""
    p = n.parameters(scale, zero)
    return n.op("QuantizeLinear", x, *p), *p


@case()
def qoperators(n, x):
    first, second = n.parameters(0.06, 3), n.parameters(0.09, 120)
    y = n.op("QLinearConv", *entered(n, x), *n.codes(4, 3, 3, 3, scale=np.float32([0.01, 0.008, 0.012, 0.006])), *first,
             n.array(n.rng.integers(-900, 900, 4), dtype=np.int32), pads=[1, 1, 1, 1])  # fmt: skip
    z = n.op("QLinearConv", y, *first, *n.codes(4, 4, 1, 1), *second)
    return [n.op("DequantizeLinear", z, *second)]


@case()
def qoperators_of_microsoft(n, x):
    ms = {"domain": "com.microsoft"}
    a, b, c, d, e = (n.parameters(s, z) for s, z in [(0.06, 100), (0.05, 120), (1 / 256, 0), (0.03, 110), (0.004, 9)])
    y = n.op("QLinearConv", *entered(n, x), *n.codes(4, 3, 1, 1), *a)
    s = n.op("QLinearSigmoid", y, *a, *c, **ms)
    y = n.op("QLinearAdd", y, *a, y, *a, *b, **ms)
    y = n.op("QLinearMul", y, *b, s, *c, *d, **ms)
    y = n.op("QLinearConcat", *b, y, *d, s, *c, axis=1, **ms)
    return [n.op("DequantizeLinear", n.op("QLinearGlobalAveragePool", y, *b, *e, **ms), *e)]


@case(shape=(1, 6))
def qoperators_product(n, x):
    a, b = n.parameters(0.05, 120), n.parameters(0.07, 130)
    y = n.op("QLinearMatMul", *entered(n, x), *n.codes(6, 5), *a)
    w = n.codes(4, 5, scale=SPREAD[:4])
    c = n.array(n.rng.integers(-900, 900, 4), dtype=np.int32)
    return [n.op("DequantizeLinear", n.op("QGemm", y, *a, *w, c, *b, transB=1, domain="com.microsoft"), *b)]
