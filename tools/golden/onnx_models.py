"""Writes test-data/onnx: a small ONNX file for each odd feature, an input, and what ONNX Runtime makes of it.

    python -m tools.golden.onnx_models             # needs numpy, onnx and onnxruntime
    python -m tools.golden.onnx_models --check     # computes everything again and compares

NAME.onnx, NAME.x.npy (images first) and NAME.yN.npy for its output N. ONNX Runtime runs image by image, without its
optimizations.
"""


from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from tools import manifest
from tools.golden import model_files, onnx_moves, onnx_norms, onnx_quantized  # noqa: F401 -- cases of the latter three
from tools.golden.onnx_net import CASES, SEED, Net, case

FOLDER = manifest.TEST_DATA / "onnx"
GENERATOR = "python -m tools.golden.onnx_models"
IMAGES = 2


# windows
@case(shape=(1, 3, 8, 9))
def auto_pad_upper(n, x):
    return [n.conv(x, 3, 5, auto_pad="SAME_UPPER", strides=[2, 2])]


@case(shape=(1, 3, 8, 9))
def auto_pad_lower(n, x):
    return [n.conv(x, 3, 5, auto_pad="SAME_LOWER", strides=[2, 2])]


@case()
def auto_pad_valid(n, x):
    return [n.op("MaxPool", n.conv(x, 3, 5, auto_pad="VALID"), kernel_shape=[2, 3], strides=[2, 1], auto_pad="VALID")]


@case()
def asymmetric_pads(n, x):
    return [n.conv(x, 3, 5, pads=[0, 1, 2, 3], strides=[2, 1])]


@case(shape=(1, 6, 7, 9))
def grouped(n, x):
    return [n.conv(x, 6, 8, group=2, pads=[1, 1, 1, 1])]


@case(shape=(1, 4, 7, 9))
def depth_multiplier(n, x):
    return [n.conv(x, 4, 8, group=4, pads=[1, 1, 1, 1])]


@case()
def dilated(n, x):
    return [n.conv(x, 3, 5, dilations=[2, 2], pads=[2, 2, 2, 2])]


@case(shape=(1, 3, 11))
def one_axis(n, x):
    w = n.noise(4, 3, 3)
    y = n.op("Relu", n.op("Conv", x, w, n.noise(4), pads=[1, 1], strides=[2]))
    return [n.op("GlobalAveragePool", n.op("MaxPool", y, kernel_shape=[2], strides=[2]))]


@case(shape=(1, 2, 8, 9))
def ceil_max(n, x):
    return [n.op("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)]


@case(shape=(1, 2, 8, 9))
def ceil_average(n, x):
    return [n.op("AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)]


@case(shape=(1, 2, 8, 9))
def average_counts_padding(n, x):
    return [n.op("AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)]


@case(shape=(1, 2, 8, 9))
def average_leaves_padding(n, x):
    return [n.op("AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 0, 1, 1])]


@case(shape=(1, 2, 8, 9))
def average_same(n, x):
    return [n.op("AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")]


@case(shape=(1, 2, 8, 9))
def max_dilated(n, x):
    return [n.op("MaxPool", x, kernel_shape=[2, 2], dilations=[2, 2])]


@case()
def global_max(n, x):
    return [n.op("GlobalMaxPool", x)]


@case()
def reduce_mean(n, x):
    y = n.op("ReduceMean", n.conv(x, 3, 4), axes=[2, 3], keepdims=0)
    return [n.op("Gemm", y, n.noise(4, 5))]


@case(opset=18)
def reduce_mean_of_input_axes(n, x):
    return [n.conv(n.op("ReduceMean", x, n.ints(-1, -2), keepdims=1), 3, 4, k=1)]


# padding by a node of its own
@case()
def pad_before_conv(n, x):
    y = n.op("Pad", x, n.ints(0, 0, 1, 0, 0, 0, 2, 1))
    return [n.conv(y, 3, 4, strides=[2, 2], pads=[0, 1, 0, 0])]


@case(opset=9)
def pad_by_attributes(n, x):
    return [n.conv(n.op("Pad", x, pads=[0, 0, 1, 1, 0, 0, 1, 1], value=0.0), 3, 4)]


@case()
def pad_read_twice(n, x):
    y = n.op("Pad", x, n.ints(0, 0, 1, 1, 0, 0, 1, 1))
    return [n.op("Add", n.conv(y, 3, 4), n.conv(y, 3, 4))]


@case()
def pad_before_max(n, x):
    y = n.op("Relu", n.conv(x, 3, 4))
    return [n.op("MaxPool", n.op("Pad", y, n.ints(0, 0, 0, 0, 0, 0, 1, 1)), kernel_shape=[2, 2], strides=[2, 2])]


@case()
def pad_low_before_max(n, x):
    y = n.op("Pad", x, n.ints(0, 0, 1, 1, 0, 0, 1, 1), n.array(-np.inf))
    return [n.op("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2])]


@case()
def pad_zero_before_max(n, x):
    y = n.op("Pad", n.conv(x, 3, 4), n.ints(0, 0, 1, 1, 0, 0, 1, 1))
    return [n.op("MaxPool", y, kernel_shape=[3, 3], strides=[2, 2])]


@case()
def pad_before_average(n, x):
    y = n.op("Pad", x, n.ints(0, 0, 1, 1, 0, 0, 1, 1))
    return [n.op("AveragePool", y, kernel_shape=[3, 3], strides=[2, 2])]


@case()
def pad_channels(n, x):
    return [n.op("Add", n.conv(x, 3, 5, k=1), n.op("Pad", x, n.ints(0, 1, 0, 0, 0, 1, 0, 0), n.array(0.25)))]


# scales, shifts, clamps
@case()
def norm_behind_conv(n, x):
    return [n.op("Relu", n.bn(n.conv(x, 3, 4), 4))]


@case()
def norm_before_conv(n, x):
    return [n.conv(n.op("Relu", n.bn(x, 3)), 3, 4, pads=[1, 1, 1, 1])]


@case()
def norm_behind_activation(n, x):
    return [n.bn(n.op("Relu", n.conv(x, 3, 4)), 4)]


@case()
def norm_on_concat(n, x):
    y = n.op("Concat", n.conv(x, 3, 4), n.conv(x, 3, 2), axis=1)
    return [n.conv(n.op("Relu", n.bn(y, 6)), 6, 3)]


@case()
def norm_read_twice(n, x):
    y = n.conv(x, 3, 4)
    return [n.op("Add", n.bn(y, 4), y)]


@case()
def scale_and_shift(n, x):
    y = n.op("Mul", n.bn(n.conv(x, 3, 4, bias=False), 4), n.noise(4, 1, 1))
    return [n.op("Relu", n.op("Add", n.noise(1, 4, 1, 1), y))]


@case()
def arithmetic_on_input(n, x):
    y = n.op("Div", n.op("Sub", x, n.noise(1, 3, 1, 1)), n.noise(3, 1, 1, positive=True))
    return [n.conv(n.op("Sub", n.array(1.0), y), 3, 4)]


@case(opset=9)
def clip_by_attributes(n, x):
    return [n.op("Clip", n.conv(x, 3, 4), min=-0.25, max=0.5)]


@case()
def clip_by_initializers(n, x):
    return [n.op("Clip", n.conv(x, 3, 4), n.array(0.0), n.array(0.75))]


@case()
def clip_by_constants(n, x):
    high = n.op("Constant", value=numpy_helper.from_array(np.float32(0.5)))
    return [n.op("Clip", n.op("Relu", n.conv(x, 3, 4)), "", high)]


@case()
def clamp_that_stands_alone(n, x):
    y = n.conv(x, 3, 4)
    return [n.op("Sub", n.op("Relu", y), n.op("Min", n.op("MaxPool", y, kernel_shape=[1, 1]), n.array(0.5)))]


# functions of values
@case()
def silu(n, x):
    y = n.conv(x, 3, 4)
    return [n.conv(n.op("Mul", y, n.op("Sigmoid", y)), 4, 3)]


@case()
def tanh(n, x):
    return [n.conv(n.op("Tanh", n.conv(x, 3, 4)), 4, 2)]


@case(opset=14)
def hard_swish(n, x):
    return [n.conv(n.op("HardSwish", n.conv(x, 3, 4)), 4, 2)]


@case()
def hard_swish_in_pieces(n, x):
    y = n.conv(x, 3, 4)
    gate = n.op("Clip", n.op("Add", y, n.array(3.0)), n.array(0.0), n.array(6.0))
    return [n.op("Div", n.op("Mul", y, gate), n.array(6.0))]


@case()
def hard_sigmoid(n, x):
    return [n.op("HardSigmoid", n.conv(x, 3, 4), alpha=1 / 6, beta=0.4)]


@case()
def squeeze_and_excite(n, x):
    y = n.op("Relu", n.conv(x, 3, 4))
    s = n.op("Relu", n.conv(n.op("GlobalAveragePool", y), 4, 2, k=1))
    return [n.op("Mul", n.op("Sigmoid", n.conv(s, 2, 4, k=1)), y)]


@case()
def sum_of_three(n, x):
    return [n.op("Sum", n.conv(x, 3, 3, k=1), x, n.conv(x, 3, 3, k=1))]


@case()
def value_with_itself(n, x):
    y = n.conv(x, 3, 4)
    return [n.op("Add", n.op("Mul", y, y), n.op("Add", y, y))]


# channels
@case()
def concat_of_three(n, x):
    return [n.op("Concat", n.conv(x, 3, 4, k=1), x, n.conv(x, 3, 2, k=1), axis=-3)]


@case()
def concat_with_constant(n, x):
    zeros = n.op("ConstantOfShape", n.ints(1, 2, 7, 9))
    return [n.conv(n.op("Concat", zeros, x, n.array(np.full((1, 1, 7, 9), 0.5)), axis=1), 6, 2)]


@case(shape=(1, 6, 5, 5))
def shuffle(n, x):
    y = n.op("Reshape", n.conv(x, 6, 6, k=1, group=3), n.ints(1, 3, 2, 5, 5))
    y = n.op("Reshape", n.op("Transpose", y, perm=[0, 2, 1, 3, 4]), n.ints(1, -1, 5, 5))
    return [n.conv(n.conv(y, 6, 6, group=6), 6, 6, k=1, group=3)]


@case(shape=(1, 6, 5, 5))
def split_and_slice(n, x):
    a, b = n.op("Split", x, n.ints(2, 4), outputs=2, axis=1)
    return [n.op("Mul", n.conv(a, 2, 2, k=1), n.op("Slice", b, n.ints(0), n.ints(2**40), n.ints(1), n.ints(2)))]


# heads
@case()
def flatten_gemm(n, x):
    y = n.op("Flatten", n.op("MaxPool", n.conv(x, 3, 4), kernel_shape=[2, 2], strides=[2, 2]))
    return [n.op("Gemm", y, n.noise(5, 24), n.noise(5), transB=1, alpha=0.5, beta=2.0)]


@case(declared=("N", 3, 7, 9))
def reshape_by_shape(n, x):
    y = n.conv(x, 3, 4)
    batch = n.op("Gather", n.op("Shape", y), n.array(0, dtype=np.int64))
    target = n.op("Concat", n.op("Unsqueeze", batch, n.ints(0)), n.ints(-1), axis=0)
    y = n.op("MatMul", n.op("Reshape", y, target), n.noise(140, 6))
    return [n.op("Relu", n.op("Add", y, n.noise(6)))]


@case()
def squeeze_matmul(n, x):
    y = n.op("Squeeze", n.op("GlobalAveragePool", n.conv(x, 3, 4)), n.ints(2, 3))
    return [n.op("Add", n.noise(5), n.op("MatMul", y, n.noise(4, 5)))]


@case(shape=(1, 7, 9, 3))
def channels_last(n, x):
    y = n.op("Transpose", n.conv(n.op("Transpose", x, perm=[0, 3, 1, 2]), 3, 4), perm=[0, 2, 3, 1])
    y = n.op("Relu", n.op("Add", y, n.noise(4)))
    return [n.op("MatMul", n.op("Reshape", y, n.ints(1, -1)), n.noise(140, 5)), y]


@case(shape=(1, 7, 9, 3))
def pointwise_matmul(n, x):
    y = n.op("Add", n.op("MatMul", x, n.noise(3, 4)), n.noise(4))
    return [n.conv(n.op("Transpose", y, perm=[0, 3, 1, 2]), 4, 2)]


@case(shape=(1, 63))
def reshaped_input(n, x):
    y = n.op("Mul", x, n.array(0.5))
    return [n.conv(n.op("Reshape", y, n.ints(-1, 1, 7, 9)), 1, 4)]


@case(shape=(1, 12))
def perceptron(n, x):
    return [n.op("Gemm", n.op("Relu", n.op("Gemm", x, n.noise(12, 8), n.noise(8))), n.noise(8, 3))]


# behind the network
@case()
def softmax_of_channels(n, x):
    return [n.op("Softmax", n.conv(n.op("GlobalAveragePool", x), 3, 5, k=1), axis=1)]


@case(opset=11)
def softmax_of_the_rest(n, x):
    return [n.op("Softmax", n.conv(x, 3, 5, k=1), axis=1)]


@case()
def class_of_pixels(n, x):
    return [n.op("ArgMax", n.conv(x, 3, 5), axis=1, keepdims=0)]


@case()
def detector(n, x):
    def head(y, channels):
        y = n.op("Transpose", n.conv(y, 4, channels), perm=[0, 2, 3, 1])
        return n.op("Reshape", y, n.ints(1, -1, 2))

    y = n.op("Relu", n.conv(x, 3, 4))
    z = n.op("MaxPool", y, kernel_shape=[2, 2], pads=[1, 1, 0, 0])
    boxes = n.op("Concat", head(y, 4), head(z, 4), axis=1)
    scaled = n.op("Mul", n.op("Exp", n.op("Slice", boxes, n.ints(0), n.ints(1), n.ints(2))), n.noise(1, 60, 1))
    return [n.op("Softmax", n.op("Concat", head(y, 2), head(z, 2), axis=1), axis=-1), n.op("Concat", scaled, boxes, axis=2)]


@case()
def sigmoid_of_reshaped(n, x):
    y = n.op("Reshape", n.op("Transpose", n.conv(x, 3, 2), perm=[0, 2, 3, 1]), n.ints(1, 35, 2))
    return [n.op("Sigmoid", y)]


# where weights come from
@case(opset=8)
def weights_listed_as_inputs(n, x):
    y = n.conv(x, 3, 4)
    n.listed = [w.name for w in n.weights]
    return [y]


@case()
def weights_as_constants(n, x):
    w = numpy_helper.from_array(n.rng.standard_normal((4, 3, 3, 3)).astype(np.float32))
    b = n.op("Identity", n.op("Constant", value_floats=[0.1, -0.2, 0.3, 0.4]))
    return [n.op("Conv", n.op("Identity", x), n.op("Constant", value=w), b)]


@case()
def half_weights(n, x):
    w = n.op("Cast", n.noise(4, 3, 3, 3, dtype=np.float16), to=TensorProto.FLOAT)
    return [n.op("Dropout", n.op("Conv", x, w))]


@case()
def weights_made(n, x):
    w = n.op("ConstantOfShape", n.ints(4, 3, 1, 1), value=numpy_helper.from_array(np.array([0.25], np.float32)))
    return [n.op("Conv", x, n.op("Mul", w, n.noise(4, 3, 1, 1)))]


@case(opset=14)
def weights_standardized(n, x):
    # As ScaledStdConv2d of timm is exported: a batch norm in training mode over [1, O, the rest].
    w = n.op("Reshape", n.noise(4, 3, 3, 3), n.ints(1, 4, -1))
    shift, moments = n.array(np.zeros(4)), (n.array(np.zeros(4)), n.array(np.ones(4)))
    w = n.op("BatchNormalization", w, n.noise(4), shift, *moments, outputs=3, training_mode=1, epsilon=1e-6)[0]
    y = n.op("Conv", x, n.op("Reshape", w, n.ints(4, 3, 3, 3)), n.noise(4))
    k = n.op("BatchNormalization", n.noise(1, 4, 3, 3), n.noise(4), n.noise(4), n.noise(4), n.noise(4, positive=True))
    return [n.op("Conv", y, k, n.noise(1))]


@case(opset=21)
def names(n, x):
    a = n.op("Conv", x, n.noise(3, 3, 1, 1), name="block/conv")
    b = n.op("Conv", a, n.noise(3, 3, 1, 1), name="")
    return [n.op("Conv", b, n.noise(3, 3, 1, 1), name="")]


@case()
def external(n, x):
    return [n.conv(x, 3, 64, k=5)]


def build(name: str, folder: Path) -> list[Path]:
    function, shape, opset, declared = CASES[name]
    net = Net(name)
    outputs = function(net, "x")
    value = helper.make_tensor_value_info
    inputs = [value("x", TensorProto.FLOAT, declared)]
    inputs += [value(w.name, w.data_type, w.dims) for w in net.weights if w.name in net.listed]
    graph = helper.make_graph(
        net.nodes, name, inputs, [onnx.ValueInfoProto(name=o) for o in outputs], net.weights
    )
    imports = [helper.make_opsetid(d, v) for d, v in [("", opset), ("com.microsoft", 1)] if d == "" or any(d == o.domain for o in net.nodes)]
    model = helper.make_model(graph, producer_name="", opset_imports=imports, ir_version=min(10, max(3, opset - 5)))
    inferred = onnx.shape_inference.infer_shapes(model)
    known = {v.name: v for v in [*inferred.graph.value_info, *inferred.graph.output]}
    del model.graph.output[:]
    for o in outputs:
        kind = known[o].type.tensor_type
        model.graph.output.append(value(o, kind.elem_type or TensorProto.FLOAT, None))
    path = folder / f"{name}.onnx"
    files = [path]
    if name == "external":
        data = folder / "external.weights"
        data.unlink(missing_ok=True)
        onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=True, location=data.name, size_threshold=1024)
        files.append(data)
    else:
        onnx.save(model, path)
    x = net.rng.standard_normal((IMAGES, *shape[1:])).astype(np.float32)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    results = [session.run(None, {"x": x[i : i + 1]}) for i in range(IMAGES)]
    arrays = {f"{name}.x.npy": x}
    for k in range(len(outputs)):
        arrays[f"{name}.y{k}.npy"] = np.concatenate([r[k] for r in results])
    for file, array in arrays.items():
        np.save(folder / file, np.ascontiguousarray(array))
        files.append(folder / file)
    return files


if __name__ == "__main__":
    model_files.main(__doc__, GENERATOR, SEED, FOLDER, CASES, build)
