"""Writes test-data/tflite: a small TFLite file for each odd feature, an input, and what TensorFlow's interpreter makes of it.

    python -m tools.golden.tflite_models             # needs numpy and tensorflow-cpu
    python -m tools.golden.tflite_models --check     # computes everything again and compares

NAME.tflite, NAME.x.npy (images first) and NAME.yN.npy for its output N, of codes what they stand for. The interpreter
runs image by image, with its reference kernels. Files are put together operator by operator, without a converter, so
that each holds what it is named after.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

from tools import manifest
from tools.golden import model_files, tflite_norms  # noqa: F401 -- cases of the latter
from tools.golden.tflite_net import CASES, NONE, RELU, RELU6, RELU_N1_TO_1, SAME, SEED, VALID, Net, case

FOLDER = manifest.TEST_DATA / "tflite"
GENERATOR = "python -m tools.golden.tflite_models"
IMAGES = 2
WITHOUT_REFERENCE = {
    "elu",
    "responses",
}  # there is none of the one; that of the other leaves out the last of each window


# windows
@case(shape=(1, 8, 9, 3))
def conv_same(n, x):
    return [n.conv(x, 3, 5, stride=2)]


@case()
def conv_valid(n, x):
    return [n.conv(x, 3, 5, padding=VALID)]


@case()
def conv_dilated(n, x):
    return [n.conv(x, 3, 4, dilation=2)]


@case(shape=(1, 7, 9, 6))
def conv_grouped(n, x):
    return [n.conv(x, 3, 4)]


@case(shape=(1, 8, 9, 4))
def depthwise(n, x):
    return [n.conv(n.depthwise(x, 4, stride=2, act=RELU6), 4, 3, k=1)]


@case(shape=(1, 7, 9, 2))
def depth_multiplier(n, x):
    return [n.depthwise(x, 2, m=3, padding=VALID, dilation=2)]


@case(shape=(1, 5, 4, 3))
def transposed_same(n, x):
    w = n.noise(4, 3, 3, 3)
    fields = {"options": "TransposeConvOptions", "padding": SAME, "strideH": 2, "strideW": 2}
    return [n.op("TRANSPOSE_CONV", n.ints(1, 10, 8, 4), w, x, **fields)]


@case(shape=(1, 5, 4, 3))
def transposed_valid(n, x):
    w = n.noise(4, 2, 3, 3)
    fields = {
        "options": "TransposeConvOptions",
        "padding": VALID,
        "strideH": 2,
        "strideW": 3,
        "fusedActivationFunction": RELU,
    }
    return [n.op("TRANSPOSE_CONV", n.ints(1, 10, 12, 4), w, x, n.noise(4), **fields)]


@case(shape=(1, 8, 9, 3))
def pools(n, x):
    a = n.pool("MAX_POOL_2D", x, k=(3, 2), stride=(2, 1), padding=SAME)
    b = n.pool("AVERAGE_POOL_2D", x, k=(3, 3), stride=(2, 2), padding=SAME)
    return [n.pool("AVERAGE_POOL_2D", n.conv(a, 3, 4), k=(2, 3), stride=(1, 2), act=RELU), b]


@case(shape=(1, 8, 8, 3))
def global_pools(n, x):
    y = n.conv(x, 3, 4, stride=2)
    return [n.reduce("MEAN", y, 1, 2), n.reduce("REDUCE_MAX", y, 1, 2, keep=True, rank=4), n.reduce("SUM", y, -3, -2)]


@case()
def mean_of_input(n, x):
    return [n.dense(n.reduce("MEAN", x, 1, 2), 3, 4)]


@case()
def padded(n, x):
    y = n.conv(n.pad(x, 0, 0, 1, 2, 0, 1, 0, 0), 3, 4, padding=VALID, stride=2)
    return [n.pool("MAX_POOL_2D", n.pad(y, 0, 0, 0, 1, 1, 0, 0, 0, value=-np.inf))]


@case()
def padded_channels(n, x):
    return [n.binary("ADD", n.pad(x, 0, 0, 0, 0, 0, 0, 0, 2), n.conv(x, 3, 5))]


# functions of values
@case()
def fused_activations(n, x):
    y = n.conv(x, 3, 4, act=RELU_N1_TO_1)
    y = n.binary("ADD", y, n.conv(x, 3, 4, act=RELU), act=RELU6)
    return [n.conv(y, 4, 3, act=RELU6)]


@case()
def activations(n, x):
    y = n.op("RELU", n.conv(x, 3, 4))
    y = n.op("RELU6", n.conv(y, 4, 4))
    y = n.op("RELU_N1_TO_1", n.conv(y, 4, 4))
    return [n.op("LOGISTIC", y), n.op("TANH", y)]


@case()
def hard_swish(n, x):
    return [n.conv(n.op("HARD_SWISH", n.conv(x, 3, 4), options="HardSwishOptions"), 4, 2)]


@case()
def leaky_relu(n, x):
    return [n.conv(n.op("LEAKY_RELU", n.conv(x, 3, 4), options="LeakyReluOptions", alpha=0.2), 4, 2)]


@case()
def prelu(n, x):
    return [n.conv(n.op("PRELU", n.conv(x, 3, 4), n.noise(1, 1, 4)), 4, 2)]


@case()
def elu(n, x):
    return [n.conv(n.op("ELU", n.conv(x, 3, 4)), 4, 2)]


@case()
def gelu(n, x):
    y = n.op("GELU", n.conv(x, 3, 4), options="GeluOptions", approximate=False)
    return [n.conv(n.op("GELU", n.conv(y, 4, 4), options="GeluOptions", approximate=True), 4, 2)]


@case()
def responses(n, x):
    fields = {"options": "LocalResponseNormalizationOptions", "radius": 1, "bias": 1.5, "alpha": 0.3, "beta": 0.75}
    return [n.conv(n.op("LOCAL_RESPONSE_NORMALIZATION", n.conv(x, 3, 5), **fields), 5, 2)]


@case()
def squares_and_roots(n, x):
    y = n.op("SQRT", n.op("ABS", x, options="AbsOptions"))
    return [n.op("EXP", n.op("RSQRT", y), options="ExpOptions")]


# arithmetic
@case()
def arithmetic(n, x):
    y = n.binary("MUL", x, n.noise(3))
    y = n.binary("SUB", n.conv(y, 3, 4), n.noise(1, 1, 1, 4))
    y = n.binary("DIV", y, n.noise(4, positive=True), act=RELU)
    return [n.conv(n.binary("SUB", n.array(1.0), y), 4, 3)]


@case()
def extremes(n, x):
    y = n.op("MAXIMUM", n.conv(x, 3, 4), n.array(-0.25), options="MaximumMinimumOptions")
    return [n.conv(n.op("MINIMUM", y, n.array(0.5), options="MaximumMinimumOptions"), 4, 3)]


@case()
def gate(n, x):
    y = n.conv(x, 3, 4, act=RELU)
    s = n.conv(n.reduce("MEAN", y, 1, 2, keep=True, rank=4), 4, 2, k=1, act=RELU)
    return [n.conv(n.binary("MUL", y, n.op("LOGISTIC", n.conv(s, 2, 4, k=1))), 4, 3)]


@case()
def sum_of_three(n, x):
    return [n.op("ADD_N", n.conv(x, 3, 3), x, n.conv(x, 3, 3), options="AddNOptions")]


# axes
@case()
def concatenated(n, x):
    y = n.concat(n.conv(x, 3, 4), x, n.conv(x, 3, 2), axis=-1)
    return [n.conv(y, 9, 3)]


@case()
def concat_of_input(n, x):
    return [n.concat(x, x, axis=3)]


@case(shape=(1, 6, 4, 6))
def shuffled(n, x):
    y = n.reshape(n.conv(x, 6, 6, k=1), 1, 6, 4, 3, 2)
    y = n.op("TRANSPOSE", y, n.ints(0, 1, 2, 4, 3), options="TransposeOptions", rank=5)
    return [n.conv(n.depthwise(n.reshape(y, 1, 6, 4, 6), 6), 6, 3)]


@case(shape=(1, 5, 5, 6))
def split_and_slice(n, x):
    a, b = n.op("SPLIT", n.array(3, np.int32), x, outputs=2, options="SplitOptions", numSplits=2)
    c = n.op("SLICE", b, n.ints(0, 0, 0, 1), n.ints(-1, 5, -1, 2), shape=(1, 5, 5, 2), options="SliceOptions")
    return [n.conv(n.binary("ADD", c, n.conv(a, 3, 2)), 2, 3)]


@case(shape=(1, 5, 5, 6))
def split_by_sizes(n, x):
    a, b = n.op("SPLIT_V", x, n.ints(4, 2), n.array(-1, np.int32), outputs=2, options="SplitVOptions", numSplits=2)
    return [n.conv(a, 4, 3), n.conv(b, 2, 2)]


@case(shape=(1, 5, 5, 6))
def strided_slice(n, x):
    y = n.op(
        "STRIDED_SLICE",
        x,
        n.ints(0, 0, 0, 1),
        n.ints(0, 0, 0, 6),
        n.ints(1, 1, 1, 2),
        options="StridedSliceOptions",
        beginMask=7,
        endMask=7,
    )
    return [n.conv(y, 3, 3)]


@case(shape=(1, 4, 4, 3))
def flattened(n, x):
    y = n.reshape(n.pool("MAX_POOL_2D", n.conv(x, 3, 4)), 1, -1)
    return [n.dense(n.dense(y, 16, 8, act=RELU), 8, 5, bias=False)]


@case(shape=(1, 4, 4, 3))
def dense_flattens(n, x):
    return [n.softmax(n.dense(n.conv(x, 3, 4), 64, 5))]


@case(shape=(1, 28, 28, 1))
def dense_alone(n, x):
    return [n.dense(n.reshape(x, -1, 784), 784, 4)]


@case()
def dense_keeps_axes(n, x):
    y = n.dense(n.conv(x, 3, 4), 4, 6, keep=True, rank=4, act=RELU)
    return [n.conv(y, 6, 2)]


@case(shape=(1, 4, 4, 3))
def shape_chain(n, x):
    y = n.reduce("MEAN", n.conv(x, 3, 4), 1, 2, keep=True, rank=4)
    shape = n.op("SHAPE", y, options="ShapeOptions", outType=schema.TensorType.INT32, dtype=np.int32, rank=1)
    batch = n.op(
        "STRIDED_SLICE",
        shape,
        n.ints(0),
        n.ints(1),
        n.ints(1),
        options="StridedSliceOptions",
        shrinkAxisMask=1,
        dtype=np.int32,
        rank=0,
    )
    target = n.op("PACK", batch, n.ints(4), options="PackOptions", valuesCount=2, axis=0, dtype=np.int32, rank=1)
    n.tensors[n.operators[-1].inputs[1]].shape = []
    return [n.softmax(n.op("RESHAPE", y, target, options="ReshapeOptions", rank=2), beta=0.5)]


@case(shape=(1, 1, 6, 5))
def squeezed_and_expanded(n, x):
    y = n.op("SQUEEZE", n.conv(x, 5, 4), options="SqueezeOptions", squeezeDims=[1], rank=3)
    y = n.op("EXPAND_DIMS", y, n.ints(1), options="ExpandDimsOptions")
    y = n.op("SQUEEZE", n.conv(n.op("RELU", y), 4, 3), options="SqueezeOptions", squeezeDims=[], rank=2)
    return [n.reshape(y, 1, 6, 3)]


@case(shape=(1, 4, 6, 8))
def depth_to_space(n, x):
    return [n.conv(n.op("DEPTH_TO_SPACE", x, options="DepthToSpaceOptions", blockSize=2), 2, 3)]


@case(shape=(1, 4, 6, 2))
def space_to_depth(n, x):
    return [n.conv(n.op("SPACE_TO_DEPTH", x, options="SpaceToDepthOptions", blockSize=2), 8, 3, k=1)]


@case(shape=(1, 4, 5, 3))
def resized(n, x):
    a = n.op("RESIZE_BILINEAR", n.conv(x, 3, 4), n.ints(8, 10), options="ResizeBilinearOptions", halfPixelCenters=True)
    b = n.op("RESIZE_BILINEAR", n.conv(x, 3, 4), n.ints(8, 10), options="ResizeBilinearOptions", halfPixelCenters=False)
    return [n.conv(a, 4, 2), n.conv(b, 4, 2)]


@case(shape=(1, 4, 5, 3))
def resized_to_corners(n, x):
    return [n.conv(n.op("RESIZE_BILINEAR", x, n.ints(7, 9), options="ResizeBilinearOptions", alignCorners=True), 3, 2)]


@case(shape=(1, 4, 5, 3))
def resized_to_nearest(n, x):
    a = n.op("RESIZE_NEAREST_NEIGHBOR", x, n.ints(8, 10), options="ResizeNearestNeighborOptions")
    b = n.op("RESIZE_NEAREST_NEIGHBOR", x, n.ints(8, 10), options="ResizeNearestNeighborOptions", halfPixelCenters=True)
    return [n.conv(n.binary("ADD", a, b), 3, 2)]


@case(shape=(1, 6, 4))
def product_with_a_matrix(n, x):
    y = n.op("BATCH_MATMUL", x, n.noise(1, 5, 4), options="BatchMatMulOptions", adjY=True, rank=3)
    return [n.op("RELU", y, rank=3)]


@case(shape=(1, 3, 8, 6))
def channels_first_input(n, x):
    y = n.op("TRANSPOSE", x, n.ints(0, 2, 3, 1), options="TransposeOptions")
    return [n.op("TRANSPOSE", n.conv(y, 3, 4), n.ints(0, 3, 1, 2), options="TransposeOptions")]


# behind the network
@case()
def heads(n, x):
    y = n.conv(x, 3, 4)
    row = n.reduce("MEAN", y, 1, 2)
    classes = n.op(
        "ARG_MAX", row, n.ints(1), options="ArgMaxOptions", outputType=schema.TensorType.INT64, dtype=np.int64, rank=1
    )
    unit = n.op("L2_NORMALIZATION", row, options="L2NormOptions", rank=2)
    return [n.op("LOG_SOFTMAX", row, options="LogSoftmaxOptions", rank=2), classes, unit]


@case(shape=(1, 4, 4, 3))
def detector(n, x):
    boxes = [n.reshape(n.conv(y, 3, 4), 1, -1, 2) for y in (x, n.pool("MAX_POOL_2D", x))]
    return [n.op("LOGISTIC", n.concat(*boxes, axis=1, rank=3), rank=3)]


@case(runs=False)
def detection_post_process(n, x):
    y = n.conv(x, 3, 4)
    boxes = n.reshape(y, 1, -1, 4)
    scores = n.op("LOGISTIC", n.reshape(n.conv(x, 3, 2), 1, -1, 2), rank=3)
    return n.op("CUSTOM", boxes, scores, n.noise(63, 4), custom="TFLite_Detection_PostProcess", outputs=4, rank=2)


# where weights come from
@case()
def half_weights(n, x):
    w = n.op("DEQUANTIZE", n.noise(4, 3, 3, 3, dtype=np.float16), options="DequantizeOptions")
    return [n.conv(x, 3, 4, w=w, bias=n.op("DEQUANTIZE", n.noise(4, dtype=np.float16), rank=1))]


@case()
def coded_weights(n, x):
    codes = n.rng.integers(-127, 128, (4, 3, 3, 3))
    w = n.op("DEQUANTIZE", n.array(codes, np.int8, q=(0.01, 0)), options="DequantizeOptions")
    return [n.conv(x, 3, 4, w=w)]


@case()
def sparse_weights(n, x):
    dense = n.rng.standard_normal((4, 3, 3, 3)).astype(np.float32)
    dense[n.rng.random(dense.shape) < 0.6] = 0
    rows = dense.reshape(36, 3)
    places = [np.flatnonzero(r) for r in rows]
    t = n.array(np.concatenate([r[p] for r, p in zip(rows, places, strict=True)]))
    n.tensors[t].shape = list(dense.shape)
    s = n.tensors[t].sparsity = schema.SparsityParametersT()
    s.traversalOrder, s.blockMap, s.dimMetadata = [0, 1, 2, 3], [], []
    for size in (4, 3, 3, 0):
        d = schema.DimensionMetadataT()
        d.format, d.denseSize = (0, size) if size else (1, 0)
        if not size:
            d.arraySegmentsType, d.arrayIndicesType = (
                schema.SparseIndexVector.Uint16Vector,
                schema.SparseIndexVector.Uint8Vector,
            )
            d.arraySegments, d.arrayIndices = schema.Uint16VectorT(), schema.Uint8VectorT()
            d.arraySegments.values = np.concatenate([[0], np.cumsum([len(p) for p in places])]).astype(np.uint16)
            d.arrayIndices.values = np.concatenate(places).astype(np.uint8)
        s.dimMetadata.append(d)
    return [n.conv(x, 3, 4, w=n.op("DENSIFY", t, options="DensifyOptions"))]


# quantized files
def coded(n, shape, scale, dtype=np.int8, zero=0, axis=0):
    info = np.iinfo(dtype)
    return n.array(
        n.rng.integers(max(info.min, -127), info.max + 1, shape),
        dtype,
        q=(scale, np.full(np.size(scale), zero)),
        axis=axis,
    )


def bias(n, channels, scale, largest=500, dtype=np.int32):
    values = n.rng.integers(-largest, largest, channels)
    return n.array(values, dtype, q=(scale, np.zeros(np.size(scale), np.int64)))


def q_conv(n, x, i, o, scales, in_scale, q, act=NONE, k=3, dtype=np.int8, zero=0):
    w = coded(n, (o, k, k, i), scales, dtype, zero)
    return n.conv(x, i, o, w=w, bias=bias(n, o, np.asarray(scales) * in_scale), act=act, q=q, dtype=dtype)


@case(dtype=np.int8, q=(0.02, 3))
def int8_per_channel(n, x):
    y = q_conv(n, x, 3, 4, [0.01, 0.02, 0.005, 0.03], 0.02, (0.05, -128), act=RELU)
    w = coded(n, (1, 3, 3, 4), [0.01, 0.02, 0.015, 0.008], axis=3)
    y = n.depthwise(y, 4, w=w, b=bias(n, 4, np.array([0.01, 0.02, 0.015, 0.008]) * 0.05), q=(0.1, -5), dtype=np.int8)
    y = n.pool("MAX_POOL_2D", y, q=(0.1, -5), dtype=np.int8)
    y = n.reshape(y, 1, -1, q=(0.1, -5), dtype=np.int8)
    y = n.op(
        "FULLY_CONNECTED",
        y,
        coded(n, (5, 48), 0.01),
        bias(n, 5, 0.001),
        options="FullyConnectedOptions",
        rank=2,
        q=(0.2, 1),
        dtype=np.int8,
    )
    return [n.softmax(y, q=(1 / 256, -128), dtype=np.int8)]


@case(dtype=np.uint8, q=(0.0078125, 128))
def uint8_per_tensor(n, x):
    y = q_conv(n, x, 3, 4, 0.01, 0.0078125, (0.0235, 0), act=RELU6, dtype=np.uint8, zero=120)
    z = q_conv(n, x, 3, 4, 0.02, 0.0078125, (0.05, 100), dtype=np.uint8, zero=130, k=1)
    y = n.binary("ADD", y, z, q=(0.06, 90), dtype=np.uint8)
    y = n.pool("AVERAGE_POOL_2D", y, k=(7, 9), stride=(1, 1), q=(0.06, 90), dtype=np.uint8)
    return [n.reshape(y, 1, 4, q=(0.06, 90), dtype=np.uint8)]


@case(dtype=np.int16, q=(1e-4, 0))
def int16_with_wide_bias(n, x):
    scales = np.array([0.01, 0.02, 0.005, 0.03])
    b = bias(n, 4, scales * 1e-4, 10**6, np.int64)
    y = n.conv(x, 3, 4, w=coded(n, (4, 3, 3, 3), scales), bias=b, act=RELU, q=(0.05, 0), dtype=np.int16)
    b = bias(n, 2, 0.01 * 0.05, 2000, np.int64)
    return [n.conv(y, 4, 2, k=1, w=coded(n, (2, 1, 1, 4), 0.01), bias=b, q=(0.05, 0), dtype=np.int16)]


@case()
def float_input_of_codes(n, x):
    y = n.op("QUANTIZE", x, options="QuantizeOptions", q=(0.03, 2), dtype=np.int8)
    a = q_conv(n, y, 3, 2, 0.01, 0.03, (0.05, -3))
    b = q_conv(n, y, 3, 2, 0.02, 0.03, (0.05, -3))
    y = n.pad(n.concat(a, b, q=(0.05, -3), dtype=np.int8), 0, 0, 1, 1, 1, 1, 0, 0, q=(0.05, -3), dtype=np.int8)
    y = n.op("LOGISTIC", y, q=(1 / 256, -128), dtype=np.int8)
    return [n.op("DEQUANTIZE", y, options="DequantizeOptions")]


def interpreter(name, model):
    kinds = tf.lite.experimental.OpResolverType
    kernels = kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES if name in WITHOUT_REFERENCE else kinds.BUILTIN_REF
    it = tf.lite.Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=kernels)
    it.allocate_tensors()
    return it


def build(name, folder):
    function, shape, dtype, q, runs = CASES[name]
    net = Net(name)
    x = net.tensor(dtype, shape, q=q, name="x")
    outputs = function(net, x)
    if runs:
        # The interpreter finds the extents of what is computed; then they are written down.
        for t in interpreter(name, net.bytes([x], outputs)).get_tensor_details():
            if t["index"] < len(net.tensors) and net.tensors[t["index"]].buffer == 0:
                net.tensors[t["index"]].shape = [int(d) for d in t["shape"]]
    model = net.bytes([x], outputs)
    path = folder / f"{name}.tflite"
    path.write_bytes(model)
    if not runs:
        return [path]
    it = interpreter(name, model)
    images = net.rng.standard_normal((IMAGES, *shape[1:])).astype(np.float32)
    given = images
    if q is not None:
        info = np.iinfo(dtype)
        given = net.rng.integers(info.min, info.max + 1, images.shape).astype(dtype)
        images = ((given.astype(np.float32) - q[1]) * np.float32(q[0])).astype(np.float32)
    results = [[] for _ in outputs]
    for i in range(IMAGES):
        it.set_tensor(it.get_input_details()[0]["index"], given[i : i + 1])
        it.invoke()
        for k, o in enumerate(outputs):
            y = it.get_tensor(o)
            scale, zero = it.get_output_details()[k]["quantization"]
            results[k].append((y.astype(np.float32) - zero) * np.float32(scale) if scale else y)
    arrays = {f"{name}.x.npy": images}
    arrays |= {f"{name}.y{k}.npy": np.concatenate(r) for k, r in enumerate(results)}
    for file, array in arrays.items():
        np.save(folder / file, np.ascontiguousarray(array))
    return [path, *(folder / f for f in arrays)]


if __name__ == "__main__":
    model_files.main(__doc__, GENERATOR, SEED, FOLDER, CASES, build)
