"""TFLite files of the tests that spread values over channels, or bring those of a position together; see tflite_models."""

import numpy as np

from tools.golden.tflite_net import case


@case()
def masked(n, x):
    seen = n.binary("MUL", n.op("LOGISTIC", n.conv(x, 3, 1)), n.conv(x, 3, 4))
    wide = n.op("BROADCAST_TO", n.conv(x, 3, 1, k=1), n.ints(1, 7, 9, 4), options="BroadcastToOptions")
    return [n.conv(n.binary("ADD", seen, wide), 4, 2)]


def moments(n, y):
    mean = n.reduce("MEAN", y, 3, keep=True, rank=4)
    squares = n.op("SQUARED_DIFFERENCE", y, mean, options="SquaredDifferenceOptions")
    variance = n.reduce("MEAN", squares, 3, keep=True, rank=4)
    return mean, n.binary("ADD", variance, n.array(1e-3))


@case()
def layer_norm(n, x):
    """As Keras 2 writes it: a batch norm with the moments of the position."""
    y = n.conv(x, 3, 4)
    mean, variance = moments(n, y)
    r = n.binary("MUL", n.op("RSQRT", variance), n.noise(4))
    shift = n.binary("SUB", n.noise(4), n.binary("MUL", mean, r))
    return [n.conv(n.binary("ADD", n.binary("MUL", y, r), shift), 4, 2)]


@case()
def layer_norm_by_the_negative(n, x):
    """As Keras 3 writes it."""
    y = n.conv(x, 3, 4)
    mean, variance = moments(n, y)
    r = n.binary("MUL", n.op("RSQRT", variance), n.noise(4))
    shift = n.binary("ADD", n.binary("MUL", n.op("NEG", mean), r), n.noise(4))
    return [n.conv(n.op("NEG", n.binary("ADD", n.binary("MUL", y, r), shift)), 4, 2)]


@case()
def layer_norm_by_the_root(n, x):
    y = n.conv(x, 3, 4)
    mean, variance = moments(n, y)
    y = n.binary("DIV", n.binary("SUB", y, mean), n.op("SQRT", variance))
    return [n.conv(n.binary("ADD", n.binary("MUL", y, n.noise(1, 1, 1, 4)), n.noise(4)), 4, 2)]


@case()
def gelu_tanh_in_pieces(n, x):
    y = n.conv(x, 3, 4)
    cube = n.binary("MUL", n.binary("MUL", y, y), y)
    inner = n.binary("ADD", y, n.binary("MUL", cube, n.array(0.044715)))
    bent = n.op("TANH", n.binary("MUL", inner, n.array((2 / np.pi) ** 0.5)))
    half = n.binary("MUL", y, n.array(0.5))
    return [n.conv(n.binary("MUL", half, n.binary("ADD", bent, n.array(1.0))), 4, 2)]
