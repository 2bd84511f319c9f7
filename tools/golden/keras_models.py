"""Writes test-data/keras: small Keras files of odd features, an input, and what Keras makes of it.

    python -m tools.golden.keras_models             # needs numpy, keras, tensorflow-cpu and h5py
    python -m tools.golden.keras_models --check     # computes everything again and compares

NAME.h5 or NAME.keras, NAME.x.npy (images first) and NAME.yN.npy for its output N. Files in the spelling of Keras 2 are
made of those of Keras 3, whose own outputs they keep.
"""

import io
import json
import os
import zipfile
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
import h5py
import keras
import numpy as np
from keras import layers as kl
from keras import ops
from keras.src.applications import convnext

from tools import manifest
from tools.golden import model_files

FOLDER = manifest.TEST_DATA / "keras"
GENERATOR = "python -m tools.golden.keras_models"
SEED = 1
IMAGES = 2
CASES = {}
FUNCTIONS = {
    "Add": "__operators__.add",
    "Subtract": "math.subtract",
    "Multiply": "math.multiply",
    "TrueDivide": "math.truediv",
    "Relu6": "nn.relu6",
    "Sigmoid": "math.sigmoid",
}


def case(shape=(7, 9, 3), ending=".keras", spelling=3):
    """A function that gets an input and returns its outputs, or a whole model."""

    def keep(f):
        CASES[f.__name__] = (f, shape, ending, spelling)
        return f

    return keep


@case(shape=(8, 9, 3))
def windows(x):
    y = kl.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="c1")(x)
    z = kl.Conv2D(4, (3, 2), dilation_rate=1, use_bias=False, name="c2")(x)
    z = kl.Conv2D(4, 3, dilation_rate=2, padding="same", groups=2, name="c3")(z)
    return [kl.MaxPooling2D((2, 3), strides=1, padding="same", name="m")(y), kl.AveragePooling2D(2, name="a")(z)]


@case(shape=(8, 9, 4), ending=".h5", spelling=2)
def depthwise(x):
    y = kl.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same", activation="relu6", name="dw")(x)
    y = kl.ZeroPadding2D(((1, 0), (0, 2)), name="pad")(y)
    return kl.SeparableConv2D(5, 3, depth_multiplier=2, name="sep")(y)


@case()
def separable(x):
    y = kl.SeparableConv2D(5, 3, padding="same", activation="relu", name="sep")(x)
    return kl.DepthwiseConv2D(3, use_bias=False, name="dw")(y)


@case(ending=".h5", spelling=2)
def norms(x):
    y = kl.BatchNormalization(name="bn1")(kl.Conv2D(4, 3, use_bias=False, name="c1")(x))
    y = kl.ReLU(6.0, name="r1")(y)
    y = kl.BatchNormalization(scale=False, epsilon=1e-5, name="bn2")(kl.Conv2D(4, 1, name="c2")(y))
    y = kl.Activation("relu", name="r2")(y)
    y = kl.Dropout(0.5, name="drop")(kl.BatchNormalization(center=False, name="bn3")(y))
    y = kl.GlobalAveragePooling2D(name="gap")(y)
    return kl.BatchNormalization(name="bn4")(kl.Dense(5, name="d")(y))


@case()
def layer_norms(x):
    """A block of ConvNeXt."""
    y = kl.LayerNormalization(epsilon=1e-6, name="ln1")(kl.Conv2D(4, 3, name="c1")(x))
    z = kl.LayerNormalization(axis=[3], scale=False, name="ln2")(kl.DepthwiseConv2D(5, padding="same", name="dw")(y))
    z = kl.Dense(4, name="d2")(kl.Dense(8, activation="gelu", name="d1")(z))
    y = kl.GlobalAveragePooling2D(name="gap")(kl.Add(name="add")([y, z]))
    return kl.Dense(3, name="d3")(kl.LayerNormalization(center=False, name="ln3")(y))


@case()
def layer_scale(x):
    """What the ConvNeXt of Keras has beside layers of Keras."""
    y = kl.Conv2D(4, 3, name="c1")(x)
    y = convnext.StochasticDepth(0.1, name="depth")(convnext.LayerScale(0.5, 4, name="scale")(y))
    return kl.Conv2D(2, 1, name="c2")(y)


@case(ending=".h5", spelling=2)
def layer_norm(x):
    y = kl.LayerNormalization(name="ln1")(kl.Conv2D(4, 3, name="c1")(x))
    return kl.LayerNormalization(scale=False, center=False, name="ln2")(kl.Dense(3, name="d1")(y))


@case()
def joins(x):
    a, b = kl.Conv2D(3, 1, name="a")(x), kl.Conv2D(3, 1, name="b")(x)
    y = kl.Concatenate(name="cat")([kl.Add(name="add")([a, b, x]), kl.Subtract(name="sub")([a, b])])
    z = kl.Concatenate(axis=3, name="cat2")([kl.Multiply(name="mul")([a, b]), kl.Average(name="avg")([a, b, x])])
    return kl.Conv2D(2, 1, name="c")(kl.Add(name="all")([y, z]))


@case()
def masked(x):
    y = kl.Conv2D(4, 3, name="c1")(x)
    return kl.Conv2D(2, 1, name="c2")(kl.Multiply(name="m")([kl.Conv2D(1, 3, activation="sigmoid", name="mask")(x), y]))


@case()
def numbers(x):
    """Sums and products of a tensor and a number, which are layers, too."""
    y = kl.Conv2D(4, 1, name="c")(x)
    return y * (kl.ReLU(6.0, name="r")(y + 3.0) * (1.0 / 6.0)) - (2.0 - y / 4.0)


@case()
def functions(x):
    y = kl.Conv2D(4, 1, activation="swish", name="c1")(x)
    y = kl.Conv2D(4, 1, activation="tanh", name="c2")(y)
    y = kl.Activation("hard_sigmoid", name="h")(kl.Conv2D(4, 1, name="c3")(y))
    y = kl.Conv2D(4, 1, activation="hard_silu", name="c4")(y)
    return [kl.Activation("sigmoid", name="s")(y), kl.Conv2D(3, 1, activation="softmax", name="soft")(y)]


@case()
def slopes(x):
    y = kl.LeakyReLU(0.2, name="l1")(kl.Conv2D(4, 1, name="c1")(x))
    y = kl.PReLU(shared_axes=[1, 2], name="p1", alpha_initializer="random_normal")(kl.Conv2D(4, 1, name="c2")(y))
    y = kl.ReLU(max_value=1.5, negative_slope=0.1, name="r1")(kl.Conv2D(4, 1, name="c3")(y))
    y = kl.ELU(0.7, name="e1")(kl.Conv2D(4, 1, name="c4")(y))
    return kl.Conv2D(3, 1, activation="leaky_relu", name="c5")(y)


@case()
def smooth(x):
    y = kl.Conv2D(4, 1, activation="gelu", name="c1")(x)
    return kl.Conv2D(3, 1, activation="mish", name="c2")(kl.Conv2D(4, 1, activation="softplus", name="c3")(y))


@case(shape=(4, 5, 3))
def transposed(x):
    y = kl.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu", name="t1")(x)
    return kl.Conv2DTranspose(3, (2, 3), strides=(3, 2), name="t2")(y)


@case(shape=(4, 5, 3))
def sampled(x):
    y = kl.UpSampling2D(2, name="u1")(kl.Conv2D(3, 1, name="c1")(x))
    return kl.Conv2D(2, 1, name="c2")(kl.UpSampling2D((2, 3), interpolation="bilinear", name="u2")(y))


@case(ending=".h5", spelling=2)
def nested(x):
    inner = keras.Sequential(
        [keras.Input((7, 9, 4)), kl.Conv2D(3, 3, name="in1"), kl.Dense(4, activation="relu", name="in2")], name="inner"
    )
    y = inner(kl.Conv2D(4, 1, name="c1")(x))
    i = keras.Input(y.shape[1:], name="start")
    block = keras.Model(i, kl.Add(name="plus")([i, kl.Conv2D(4, 1, name="in1x1")(i)]), name="block")
    return kl.GlobalMaxPooling2D(keepdims=True, name="gmp")(block(y))


@case()
def nested_archive(x):
    inner = keras.Sequential(
        [keras.Input((7, 9, 3)), kl.Conv2D(3, 1, name="in1"), kl.Conv2D(3, 1, name="in2")], name="s1"
    )
    other = keras.Sequential([keras.Input((7, 9, 3)), kl.Conv2D(3, 1, name="in1")], name="s2")
    return kl.Conv2D(2, 1, name="c2")(other(kl.Conv2D(3, 1, name="c1")(inner(x))))


@case(shape=(6, 6, 2), ending=".h5", spelling=2)
def sequential(x):
    return keras.Sequential(
        [
            x,
            kl.Rescaling(1 / 127.5, offset=-1, name="rescale"),
            kl.Conv2D(4, 3, activation="relu", name="c1"),
            kl.MaxPooling2D(name="pool"),
            kl.Flatten(name="flat"),
            kl.Dense(8, activation="relu", name="d1"),
            kl.Dense(3, activation="softmax", name="d2"),
        ],
        name="seq",
    )


@case(ending=".h5")
def compressed(x):
    return kl.Dense(3, name="d")(kl.Flatten(name="f")(kl.Conv2D(4, 3, activation="relu", name="c1")(x)))


@case(shape=(6, 6, 3))
def shared(x):
    # One layer called twice, the second time on what it gave.
    conv = kl.Conv2D(3, 3, padding="same", activation="relu", name="c1")
    return kl.Add(name="add")([conv(x), conv(conv(x))])


@case(shape=(6, 6, 3))
def normalized(x):
    n = kl.Normalization(name="norm")
    n.build((None, 6, 6, 3))
    n.adapt(np.random.default_rng(2).standard_normal((8, 6, 6, 3)).astype(np.float32))
    y = kl.Conv2D(4, 3, name="c1")(n(x))
    given = kl.Normalization(mean=[0.1, 0.2, 0.3, 0.4], variance=[1.0, 2.0, 3.0, 4.0], name="given")
    return kl.Conv2D(2, 1, name="c2")(given(y))


@case(shape=(1, 6, 3))
def reshaped(x):
    y = kl.Permute((2, 1, 3), name="perm")(kl.Conv2D(4, 1, name="c1")(x))
    y = kl.Reshape((-1, 4), name="shape")(y)
    y = kl.Conv1D(3, 3, padding="same", activation="relu", name="c2")(y)
    return kl.GlobalAveragePooling1D(name="gap")(kl.MaxPooling1D(2, name="m")(y))


@case()
def operations(x):
    y = kl.Conv2D(6, 3, padding="same", name="c1")(x)
    gate = ops.mean(y, axis=[1, 2], keepdims=True)
    gate = kl.ReLU(6.0, name="r1")(gate + 3.0) * (1 / 6)
    y = 1.5 - y * gate[..., :6]
    y = ops.maximum(-y / 4.0, -0.5) + ops.convert_to_tensor([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    left, right = y[..., :3], y[:, :, :, 3:]
    y = ops.concatenate([ops.silu(left), ops.relu6(right) * left, ops.gelu(right)], axis=-1)
    y = ops.clip(ops.square(kl.Conv2D(4, 1, name="c2")(y)), 0.1, 2.0)
    y = ops.transpose(ops.reshape(y, (-1, 63, 4)), (0, 2, 1))
    return kl.Dense(3, name="d")(ops.sum(y[:, 1:], axis=2))


@case()
def places(x):
    """Parts told in numbers, which are no values."""
    y = kl.Conv2D(4, 3, name="c1")(x)
    row, channel = kl.Dense(3, name="d1")(y[:, 2]), y[..., -1]
    return [kl.Dense(2, name="d2")(row[:, 1:, ::2]), kl.Dense(2, name="d3")(kl.Flatten(name="f")(channel))]


@case(ending=".h5")
def operations_in_hdf5(x):
    y = kl.Conv2D(4, 3, name="c1")(x)
    y = ops.relu6(y * 2.0) / 0.5 + kl.Add(name="a")([y, 3.0 - y])
    return kl.Conv2D(2, 1, name="c2")(ops.concatenate([y, y], axis=-1))


@case(ending=".h5", spelling=2)
def functions_between_layers(x):
    y = kl.Conv2D(4, 3, name="c1")(x)
    gate = kl.ReLU(6.0, name="r1")(y + 3.0) * (1 / 6)
    y = kl.Multiply(name="m")([y, gate])
    return kl.Conv2D(3, 1, name="c2")(ops.relu6(2.0 - y / 0.5 + ops.sigmoid(y)))


def without_ids(node):
    """Numbers of objects differ from run to run."""
    if isinstance(node, dict):
        return {k: without_ids(v) for k, v in node.items() if k != "shared_object_id"}
    return [without_ids(v) for v in node] if isinstance(node, list) else node


def archive(model, path):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        model.save(path)
        with zipfile.ZipFile(path) as saved:
            for name in saved.namelist():
                data = saved.read(name)
                if name == "config.json":
                    data = json.dumps(without_ids(json.loads(data))).encode()
                if name == "metadata.json":
                    data = json.dumps(json.loads(data) | {"date_saved": "2026-01-01@00:00:00"}).encode()
                out.writestr(zipfile.ZipInfo(name), data)
    path.write_bytes(made.getvalue())


def function_of_tensorflow(node):
    """An operation between layers as Keras 2 spelled it: the second value is the argument y of the first."""

    def told(v):
        return v["config"]["keras_history"] if isinstance(v, dict) else v

    first, *rest = (told(v) for v in node["inbound_nodes"][0]["args"])
    first = first if isinstance(first, list) else ["_CONSTANT_VALUE", -1, first]
    function = FUNCTIONS[node["class_name"]]
    config = {"name": node["name"], "trainable": True, "dtype": "float32", "function": function}
    call = [*first, {"y": rest[0], "name": None} if rest else {}]
    return {"class_name": "TFOpLambda", "name": node["name"], "config": config, "inbound_nodes": [call]}


def second(node):
    """A configuration as Keras 2 spelled it."""
    if isinstance(node, list):
        return [second(v) for v in node]
    if not isinstance(node, dict):
        return node
    if node.get("class_name") in FUNCTIONS and "trainable" not in node["config"]:
        return function_of_tensorflow(node)
    out = {}
    for k, v in node.items():
        if k == "batch_shape":
            out["batch_input_shape"] = v
        elif k == "dtype":
            out[k] = "float32"
        elif k == "inbound_nodes":
            calls = []
            for call in v:
                args = call["args"][0]
                args = args if isinstance(args, list) else [args]
                calls.append([[*a["config"]["keras_history"], {}] for a in args])
            out[k] = calls
        elif k in ("input_layers", "output_layers"):
            out[k] = [v] if v and isinstance(v[0], str) else v
        elif k not in ("build_config", "module", "registered_name", "build_input_shape"):
            out[k] = second(v)
    return out


def packed(path):
    """Puts the tensors of a file into compressed chunks."""
    with h5py.File(path, "r+") as f:
        tensors = []
        f.visititems(lambda name, node: tensors.append(name) if isinstance(node, h5py.Dataset) and node.shape else None)
        for name in tensors:
            values = f[name][()]
            del f[name]
            f.create_dataset(name, data=values, compression="gzip", shuffle=True, chunks=True)


def hdf5(model, path, spelling):
    model.save(path)
    if model.name == "compressed":
        packed(path)
    if spelling == 3:
        return
    with h5py.File(path, "r+") as f:
        config = second(json.loads(f.attrs["model_config"]))
        f.attrs["model_config"] = json.dumps(config)
        f.attrs["keras_version"] = "2.8.0"
        for group in f["model_weights"].values():
            names = [n.decode() if isinstance(n, bytes) else n for n in group.attrs["weight_names"]]
            for n in names:
                group.move(n, n + ":0")
            group.attrs["weight_names"] = np.array([(n + ":0").encode() for n in names]) if names else []


def build(name, folder):
    function, shape, ending, spelling = CASES[name]
    rng = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    keras.utils.clear_session()
    keras.utils.set_random_seed(SEED)
    x = keras.Input(shape, name="x")
    made = function(x)
    model = made if isinstance(made, keras.Model) else keras.Model(x, made, name=name)
    for w in model.weights:
        v = rng.standard_normal(w.shape) * 0.5
        if "seed" not in w.path and "norm/" not in w.path:
            w.assign(np.abs(v) + 0.5 if "variance" in w.path else v)
    path = folder / f"{name}{ending}"
    archive(model, path) if ending == ".keras" else hdf5(model, path, spelling)
    images = rng.standard_normal((IMAGES, *shape)).astype(np.float32)
    results = [model(images[i : i + 1], training=False) for i in range(IMAGES)]
    results = [r if isinstance(r, list) else [r] for r in results]
    arrays = {f"{name}.x.npy": images}
    arrays |= {f"{name}.y{k}.npy": np.concatenate([r[k].numpy() for r in results]) for k in range(len(results[0]))}
    for file, array in arrays.items():
        np.save(folder / file, np.ascontiguousarray(array))
    return [path, *(folder / f for f in arrays)]


if __name__ == "__main__":
    model_files.main(__doc__, GENERATOR, SEED, FOLDER, CASES, build)
