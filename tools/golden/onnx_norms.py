"""ONNX files of the tests with layer norms and the functions that come with them, whole and in pieces; see onnx_models."""

import numpy as np

from tools.golden.onnx_net import case


def last(n, y):
    return n.op("Transpose", y, perm=[0, 2, 3, 1])


def first(n, y):
    return n.op("Transpose", y, perm=[0, 3, 1, 2])


def in_pieces(n, y, axis, epsilon=1e-5, square=True):
    """The mean of the channels taken off, over their deviation."""
    d = n.op("Sub", y, n.op("ReduceMean", y, axes=[axis], keepdims=1))
    squares = n.op("Pow", d, n.array(2.0)) if square else n.op("Mul", d, d)
    variance = n.op("ReduceMean", squares, axes=[axis], keepdims=1)
    return n.op("Div", d, n.op("Sqrt", n.op("Add", variance, n.array(epsilon))))


@case(opset=17)
def layer_norm(n, x):
    """A block of ConvNeXt."""
    y = n.conv(x, 3, 4)
    z = last(n, n.conv(y, 4, 4, k=5, group=4, pads=[2, 2, 2, 2]))
    z = n.op("LayerNormalization", z, n.noise(4), n.noise(4), epsilon=1e-6)
    z = n.op("Add", n.op("MatMul", z, n.noise(4, 8)), n.noise(8))
    half = n.op("Mul", n.op("Mul", z, n.array(0.5)), n.op("Add", n.op("Erf", n.op("Div", z, n.array(2**0.5))), n.array(1.0)))
    z = n.op("Mul", n.op("Add", n.op("MatMul", half, n.noise(8, 4)), n.noise(4)), n.noise(4))
    return [n.conv(n.op("Add", first(n, z), y), 4, 3)]


@case(opset=17)
def layer_norm_of_a_row(n, x):
    y = n.op("Flatten", n.op("GlobalAveragePool", n.conv(x, 3, 6)))
    y = n.op("LayerNormalization", y, n.noise(6), axis=1)
    return [n.op("Gemm", y, n.noise(6, 3)), n.op("LayerNormalization", y, n.noise(6), n.noise(6))]


@case()
def layer_norm_in_pieces(n, x):
    y = in_pieces(n, last(n, n.conv(x, 3, 4)), -1)
    y = n.op("Add", n.op("Mul", y, n.noise(4)), n.noise(4))
    return [n.conv(first(n, y), 4, 3)]


@case()
def layer_norm_of_channels_first(n, x):
    y = in_pieces(n, n.conv(x, 3, 4), 1, epsilon=1e-6, square=False)
    y = n.op("Add", n.op("Mul", n.noise(4, 1, 1), y), n.noise(1, 4, 1, 1))
    return [n.conv(n.op("Relu", y), 4, 3)]


@case(shape=(1, 7, 9, 3))
def layer_norm_of_the_input(n, x):
    return [n.conv(first(n, n.op("Mul", in_pieces(n, x, 3), n.noise(3))), 3, 4)]


@case()
def layer_norm_by_the_inverse(n, x):
    """As a batch norm with the moments of the position."""
    y = last(n, n.conv(x, 3, 4))
    mean = n.op("ReduceMean", y, axes=[-1])
    d = n.op("Sub", y, mean)
    variance = n.op("ReduceMean", n.op("Mul", d, d), axes=[-1])
    r = n.op("Reciprocal", n.op("Sqrt", n.op("Add", variance, n.array(1e-3))))
    r = n.op("Mul", r, n.noise(4))
    y = n.op("Add", n.op("Mul", y, r), n.op("Sub", n.noise(4), n.op("Mul", mean, r)))
    return [n.conv(first(n, y), 4, 3)]


@case()
def layer_norm_behind_the_weights(n, x):
    return [in_pieces(n, last(n, n.conv(x, 3, 4)), -1)]


@case(opset=17)
def quantized_layer_norm(n, x):
    y = n.rounded(n.op("Conv", n.rounded(x), n.stored(4, 3, 1, 1)), scale=0.05)
    y = n.op("LayerNormalization", last(n, y), n.stored(4, scale=0.02), n.noise(4))
    return [n.rounded(n.op("Conv", first(n, n.rounded(y, scale=0.04)), n.stored(3, 4, 3, 3)), scale=0.2)]


@case()
def gelu_tanh_in_pieces(n, x):
    def bent(y):
        return n.op("Add", n.op("Tanh", y), n.array(1.0))

    y = n.conv(x, 3, 4)
    inner = n.op("Add", y, n.op("Mul", n.op("Pow", y, n.array(3.0)), n.array(0.044715)))
    y = n.op("Mul", n.op("Mul", y, n.array(0.5)), bent(n.op("Mul", inner, n.array((2 / np.pi) ** 0.5))))
    y = n.conv(y, 4, 4)
    inner = n.op("Add", n.op("Mul", n.op("Mul", y, n.op("Mul", y, n.array(0.044715))), n.array(0.7978846)), n.array(0.7978846))
    return [n.conv(n.op("Mul", n.op("Mul", bent(n.op("Mul", inner, y)), y), n.array(0.5)), 4, 3)]


@case()
def powers(n, x):
    y = n.conv(x, 3, 4)
    root = n.op("Pow", n.op("Abs", y), n.array(0.5))
    return [n.conv(n.op("Sub", n.op("Pow", y, n.array(2.0)), n.op("Add", root, n.op("Pow", y, n.array(1.0)))), 4, 3)]
