"""ONNX files of the tests that move values, resize them, or bend them in ways beyond clamps; see onnx_models."""

import numpy as np

from tools.golden.onnx_net import CASES, case


# values between channels and positions
@case(shape=(1, 8, 4, 5))
def depth_to_space(n, x):
    return [n.conv(n.op("DepthToSpace", x, blocksize=2), 2, 3)]


@case(shape=(1, 12, 3, 5))
def depth_to_space_by_columns(n, x):
    return [n.conv(n.op("DepthToSpace", n.conv(x, 12, 12, k=1), blocksize=2, mode="CRD"), 3, 3)]


@case(shape=(1, 3, 6, 8))
def space_to_depth(n, x):
    return [n.conv(n.op("SpaceToDepth", n.conv(x, 3, 3, k=1), blocksize=2), 12, 4, k=1)]


@case(shape=(1, 4, 4, 6))
def pixel_shuffle_at_the_end(n, x):
    return [n.op("DepthToSpace", n.conv(x, 4, 8, k=1), blocksize=2, mode="CRD")]


@case(shape=(1, 3, 6, 8))
def focus(n, x):
    def part(y, row, column):
        y = n.op("Slice", y, n.ints(row), n.ints(2**40), n.ints(2), n.ints(2))
        return n.op("Slice", y, n.ints(column), n.ints(2**40), n.ints(3), n.ints(2))

    y = n.op("Concat", part(x, 0, 0), part(x, 1, 0), part(x, 0, 1), part(x, 1, 1), axis=1)
    return [n.conv(y, 12, 4)]


@case()
def slice_backwards(n, x):
    y = n.op("Slice", n.conv(x, 3, 4, k=1), n.ints(-1, 6), n.ints(-(2**40), 1), n.ints(3, 2), n.ints(-1, -2))
    return [n.conv(y, 4, 3)]


@case()
def slice_channels_backwards(n, x):
    return [n.conv(n.op("Slice", x, n.ints(2), n.ints(-(2**40)), n.ints(1), n.ints(-1)), 3, 3)]


@case(shape=(1, 4, 6, 5))
def split_rows(n, x):
    a, b = n.op("Split", n.conv(x, 4, 4, k=1), n.ints(2, 4), outputs=2, axis=2)
    return [n.conv(a, 4, 3, k=1), n.conv(b, 4, 3)]


@case(shape=(1, 6, 4, 5))
def gathered(n, x):
    y = n.op("Gather", x, n.ints(5, 0, 3, -2), axis=1)
    z = n.op("Gather", n.op("Reshape", x, n.ints(1, 2, 3, 4, 5)), n.array(1, dtype=np.int64), axis=1)
    return [n.conv(y, 4, 2), n.conv(z, 3, 2)]


@case(shape=(1, 4, 4, 6))
def transpose_that_mixes(n, x):
    y = n.op("Transpose", n.conv(x, 4, 5, k=1), perm=[0, 3, 1, 2])
    return [n.conv(n.op("Relu", y), 6, 3)]


@case(shape=(1, 6, 4, 4))
def reshape_that_mixes(n, x):
    y = n.op("Reshape", n.conv(x, 6, 6, k=1), n.ints(1, 3, 8, 4))
    return [n.conv(y, 3, 2)]


@case()
def pad_with_a_value(n, x):
    y = n.op("Pad", x, n.ints(0, 0, 1, 0, 0, 0, 2, 1), n.array(-0.75))
    return [n.conv(y, 3, 4)]


@case()
def pad_that_cuts(n, x):
    y = n.op("Pad", n.conv(x, 3, 4, k=1), n.ints(0, 0, -1, 2, 0, 0, 1, -3), n.array(0.5))
    return [n.conv(y, 4, 3)]


@case(opset=18)
def pad_some_axes(n, x):
    y = n.op("Pad", x, n.ints(1, 2, 0, 1), n.array(0.0), n.ints(3, 1))
    return [n.conv(y, 6, 3)]


@case()
def pad_reflected(n, x):
    y = n.op("Pad", x, n.ints(0, 0, 2, 1, 0, 0, 1, 3), mode="reflect")
    return [n.conv(n.op("Pad", y, n.ints(0, 0, 0, 1, 0, 0, 2, 0), mode="edge"), 3, 3)]


# resizing
def resize(n, x, scales=None, sizes=None, **attributes):
    empty = n.array([], dtype=np.float32)
    if sizes:
        return n.op("Resize", x, "", "", n.ints(*sizes), **attributes)
    return n.op("Resize", x, empty, n.array(scales), **attributes)


def nearest(mode, rounding, scales):
    def build(n, x):
        y = resize(n, x, scales, mode="nearest", coordinate_transformation_mode=mode, nearest_mode=rounding)
        return [n.conv(y, 3, 4, k=1)]

    return build


def linear(mode, scales=None, sizes=None):
    def build(n, x):
        y = resize(n, n.conv(x, 3, 3, k=1), scales, sizes, mode="linear", coordinate_transformation_mode=mode)
        return [n.conv(y, 3, 4, k=1), y]

    return build


NEAREST = {
    "asymmetric_floor": ("asymmetric", "floor", [1, 1, 2, 2]),
    "asymmetric_ceil": ("asymmetric", "ceil", [1, 1, 0.6, 1.7]),
    "half_pixel_floor_tie": ("half_pixel", "round_prefer_floor", [1, 1, 2, 0.5]),
    "half_pixel_ceil_tie": ("half_pixel", "round_prefer_ceil", [1, 1, 0.5, 1.5]),
    "pytorch": ("pytorch_half_pixel", "round_prefer_floor", [1, 1, 1 / 7, 1.3]),
    "corners": ("align_corners", "round_prefer_ceil", [1, 1, 1.5, 0.7]),
}
LINEAR = {
    "half_pixel": ("half_pixel", [1, 1, 2, 1.5]),
    "pytorch": ("pytorch_half_pixel", [1, 1, 1 / 7, 2.3]),
    "corners": ("align_corners", None, [1, 3, 12, 5]),
    "asymmetric": ("asymmetric", [1, 1, 0.6, 2]),
    "sizes": ("half_pixel", None, [1, 3, 4, 17]),
}
for _name, _how in NEAREST.items():
    CASES[f"nearest_{_name}"] = (nearest(*_how), (1, 3, 7, 9), 13, (1, 3, 7, 9))
for _name, _how in LINEAR.items():
    CASES[f"linear_{_name}"] = (linear(*_how), (1, 3, 7, 9), 13, (1, 3, 7, 9))


@case(opset=10)
def resize_before_conventions(n, x):
    up = n.op("Resize", x, n.array([1, 1, 2, 1.5]), mode="nearest")
    return [n.conv(n.op("Resize", up, n.array([1, 1, 0.7, 1]), mode="linear"), 3, 4)]


@case(opset=19)
def resize_some_axes(n, x):
    y = n.op("Resize", x, "", n.array([2.0, 3.0]), axes=[3, 2], mode="linear", coordinate_transformation_mode="half_pixel_symmetric")
    return [n.conv(y, 3, 4)]


@case(opset=9)
def upsample(n, x):
    y = n.op("Upsample", x, n.array([1, 1, 2, 2]), mode="nearest")
    return [n.conv(n.op("Upsample", y, n.array([1, 1, 1, 2]), mode="linear"), 3, 4)]


@case(opset=8)
def upsample_by_attribute(n, x):
    return [n.conv(n.op("Upsample", x, mode="nearest", scales=[1.0, 1.0, 2.0, 3.0]), 3, 4)]


@case(shape=(1, 3, 11))
def resize_one_axis(n, x):
    y = n.op("Resize", x, "", n.array([1, 1, 2.0]), mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric")
    return [n.op("Conv", y, n.noise(4, 3, 3), n.noise(4))]


# transposed convolutions
def transposed(n, x, i, o, k=3, group=1, **attributes):
    return n.op("ConvTranspose", x, n.noise(i, o // group, *(k if isinstance(k, tuple) else (k, k))), n.noise(o), group=group, **attributes)


@case(shape=(1, 3, 4, 5))
def transposed_strided(n, x):
    return [n.op("Relu", transposed(n, x, 3, 4, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1]))]


@case(shape=(1, 3, 4, 5))
def transposed_doubling(n, x):
    return [n.conv(transposed(n, x, 3, 4, k=2, strides=[2, 2]), 4, 3)]


@case(shape=(1, 6, 4, 5))
def transposed_groups(n, x):
    return [transposed(n, x, 6, 4, group=2, strides=[1, 3], dilations=[2, 1], pads=[0, 1, 2, 0])]


@case(shape=(1, 4, 4, 5))
def transposed_by_channel(n, x):
    return [transposed(n, x, 4, 4, k=4, group=4, strides=[2, 2], pads=[1, 1, 1, 1])]


@case(shape=(1, 3, 4, 5))
def transposed_that_cuts(n, x):
    return [transposed(n, x, 3, 4, k=(2, 3), strides=[2, 2], pads=[2, 3, 1, 2])]


@case(shape=(1, 3, 4, 5))
def transposed_to_a_shape(n, x):
    return [transposed(n, x, 3, 4, strides=[3, 2], output_shape=[10, 12])]


@case(shape=(1, 3, 4, 5))
def transposed_same(n, x):
    a = transposed(n, x, 3, 4, strides=[2, 2], auto_pad="SAME_UPPER")
    return [a, transposed(n, x, 3, 4, k=4, strides=[3, 2], auto_pad="SAME_LOWER")]


@case(shape=(1, 3, 7))
def transposed_one_axis(n, x):
    return [n.op("ConvTranspose", x, n.noise(3, 4, 3), n.noise(4), strides=[2], pads=[1, 0], output_padding=[1])]


# values repeated
@case(opset=18)
def expanded(n, x):
    y = n.conv(x, 3, 4)
    gate = n.op("Expand", n.op("Sigmoid", n.op("GlobalAveragePool", y)), n.ints(1, 4, 5, 7))
    row = n.op("Expand", n.conv(x, 3, 1), n.ints(4, 1, 1))
    return [n.conv(n.op("Add", n.op("Mul", y, gate), row), 4, 3)]


@case()
def masked(n, x):
    y = n.conv(x, 3, 4)
    seen = n.op("Mul", n.op("Sigmoid", n.conv(x, 3, 1)), y)
    lone = n.op("GlobalMaxPool", n.conv(x, 3, 1))
    return [n.conv(n.op("Sub", lone, seen), 4, 3)]


@case()
def outer_sum(n, x):
    columns = n.op("MaxPool", n.conv(x, 3, 4, k=1), kernel_shape=[7, 1])
    rows = n.op("MaxPool", n.conv(x, 3, 1, k=1), kernel_shape=[1, 9])
    return [n.conv(n.op("Add", rows, columns), 4, 3)]


# more functions of values
@case()
def leaky_relu(n, x):
    return [n.conv(n.op("LeakyRelu", n.op("LeakyRelu", n.conv(x, 3, 4), alpha=0.2)), 4, 3)]


@case()
def prelu(n, x):
    y = n.op("PRelu", n.conv(x, 3, 4), n.noise(4, 1, 1))
    return [n.conv(n.op("PRelu", y, n.noise(1)), 4, 3)]


@case(shape=(1, 9, 5, 4))
def local_response(n, x):
    y = n.op("LRN", n.conv(x, 9, 9, k=1), size=5, alpha=0.3, beta=0.6, bias=1.5)
    return [n.conv(n.op("LRN", y, size=3), 9, 3)]


@case()
def elu(n, x):
    return [n.conv(n.op("Elu", n.op("Elu", n.conv(x, 3, 4)), alpha=0.5), 4, 3)]


@case(opset=18)
def softplus_and_mish(n, x):
    return [n.conv(n.op("Softplus", n.op("Mish", n.conv(x, 3, 4))), 4, 3)]


@case(opset=20)
def gelu(n, x):
    return [n.conv(n.op("Gelu", n.op("Gelu", n.conv(x, 3, 4)), approximate="tanh"), 4, 3)]


@case()
def plain_functions(n, x):
    y = n.op("Exp", n.conv(x, 3, 4, k=1))
    return [n.conv(n.op("Add", n.op("Sqrt", y), n.op("Erf", n.op("Abs", n.conv(x, 3, 4, k=1)))), 4, 3)]


@case()
def gelu_in_pieces(n, x):
    y = n.conv(x, 3, 4)
    gate = n.op("Add", n.op("Erf", n.op("Div", y, n.array(2**0.5))), n.array(1.0))
    return [n.conv(n.op("Mul", n.op("Mul", y, gate), n.array(0.5)), 4, 3)]


@case()
def mish_in_pieces(n, x):
    y = n.conv(x, 3, 4)
    return [n.conv(n.op("Mul", y, n.op("Tanh", n.op("Softplus", y))), 4, 3)]


@case()
def hard_swish_of_sigmoid(n, x):
    y = n.conv(x, 3, 4)
    return [n.conv(n.op("Mul", y, n.op("HardSigmoid", y, alpha=1 / 6, beta=0.5)), 4, 3)]
