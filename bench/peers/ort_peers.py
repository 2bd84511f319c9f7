"""The peers that run on ONNX Runtime. Each takes a float32 NCHW batch and returns what it measured."""

from collections.abc import Callable

import numpy as np
import onnxruntime as ort

from bench.peers import onnx_graphs
from bench.peers.mobilenet import Network
from bench.peers.quantization import Range

Peer = Callable[[np.ndarray], object]


def session(model: bytes, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Peers take turns in one process: threads of an idle one must not spin beside the one that is timed.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def plain(net: Network, threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """Logits of the fp32 network."""
    run = session(onnx_graphs.fp32(net, all_outputs=False), threads)
    return lambda batch: run.run(None, {"image": batch})[0]


def min_max(net: Network, threads: int) -> Callable[[np.ndarray], list[np.ndarray]]:
    """Logits, then min and max of the input and every layer, reduced inside the graph as its calibrator does."""
    run = session(onnx_graphs.min_max(net), threads)
    return lambda batch: run.run(None, {"image": batch})


def min_max_fetched(net: Network, threads: int) -> Callable[[np.ndarray], list[tuple[float, float]]]:
    """Every layer's output is fetched and its min and max taken in numpy."""
    run = session(onnx_graphs.fp32(net, all_outputs=True), threads)

    def peer(batch: np.ndarray) -> list[tuple[float, float]]:
        return [(float(t.min()), float(t.max())) for t in run.run(None, {"image": batch})]

    return peer


def ranges(net: Network, batch: np.ndarray) -> list[Range]:
    """Min-max calibration: the input's range, then every convolution's."""
    found = [float(v) for v in min_max(net, 1)(batch)[1:]]
    return list(zip(found[::2], found[1::2], strict=True))


def paired_mse(net: Network, calibrated: list[Range], threads: int) -> Callable[[np.ndarray], list[float]]:
    """Two sessions with every output fetched, MSE in numpy: what its quantization debugging does."""
    fp32 = session(onnx_graphs.fp32(net, all_outputs=True), threads)
    quantized = session(onnx_graphs.qdq(net, calibrated), threads)

    def peer(batch: np.ndarray) -> list[float]:
        found = []
        outputs = fp32.run(None, {"image": batch}), quantized.run(None, {"image": batch})
        for x, xq in zip(*outputs, strict=True):
            e = np.subtract(xq, x, out=x).ravel()
            found.append(float(np.dot(e, e)) / e.size)
        return found

    return peer


def paired_mse_in_graph(net: Network, calibrated: list[Range], threads: int) -> Callable[[np.ndarray], list[float]]:
    """Both streams and the MSE of every layer in one graph: nothing but the figures leaves the session."""
    run = session(onnx_graphs.paired(net, calibrated), threads)
    return lambda batch: [float(v) for v in run.run(None, {"image": batch})[2:]]
