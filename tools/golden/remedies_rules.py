"""The remedies of docs/numerics.md, written from their definitions there."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from tools.golden.network import Node
from tools.golden.quantization import QuantParams, Scheme, params_from_range
from tools.golden.remedies_net import Net, Spec, Values, output, padded, read_by


def constant(values: np.ndarray) -> np.ndarray:
    """Which channels have one value everywhere."""
    rows = values.reshape(-1, values.shape[-1])
    return rows.min(0) == rows.max(0)


def ends_of(net: Net, node: Node) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of a node's clamp, a channel each."""
    free = np.full(node.channels, np.inf)
    return net.clamps.get(node.name, (-free, free))


def cannot_move(net: Net, node: Node, channel: int, dead: dict[str, np.ndarray], values: Values) -> bool:
    """Whether no values of what it reads, within their clamps, change a channel of a convolution."""
    source = node.inputs[0]
    kernel = net.kernels[node.name][channel].astype(np.float64)
    read = values[source].reshape(-1, values[source].shape[-1])[:, read_by(node, channel, kernel.shape[-1])]
    low, high = read.min(0).astype(np.float64), read.max(0).astype(np.float64)
    if source in net.clamps:
        lower, upper = (e[read_by(node, channel, kernel.shape[-1])] for e in net.clamps[source])
        still = dead[source][read_by(node, channel, kernel.shape[-1])]
        low = np.where(still | np.isinf(lower), low, np.minimum(low, lower))
        high = np.where(still | np.isinf(upper), high, np.maximum(high, upper))
    if padded(node):
        low, high = np.minimum(low, 0), np.maximum(high, 0)
    ends = np.sort(np.stack([kernel * low, kernel * high]), axis=0).sum((1, 2, 3)) + net.biases[node.name][channel]
    if node.name in net.clamps:
        ends = np.clip(ends, *(e[channel] for e in net.clamps[node.name]))
    return bool(ends[0] == ends[1])


def dead_channels(net: Net, values: Values) -> Net:
    """Constant channels lose their weights; what they contribute moves into the biases of those that read them."""
    after = net.copy()
    dead = {n.name: constant(values[n.name]) for n in net.nodes}
    for node in net.convolutions:
        dead[node.name] &= [cannot_move(net, node, c, dead, values) for c in range(node.channels)]
        # The planted ones cannot move, and none of the others stands still by chance of the images alone.
        assert (dead[node.name] == constant(values[node.name])).all(), node.name

    def value(name: str, channel: int) -> float:
        return float(values[name][0, 0, 0, channel])

    def takes(node: Node, v: float) -> bool:
        return node.weighted and (v == 0 or not padded(node))

    for node in net.convolutions:
        source, kernel = node.inputs[0], after.kernels[node.name]
        depth = kernel.shape[-1]
        moved = after.biases[node.name].astype(np.float64)
        for c in np.flatnonzero(dead[source]):
            v = value(source, c)
            if not takes(node, v):
                continue
            for row in range(node.channels):
                reads = read_by(node, row, depth)
                if reads.start <= c < reads.stop:
                    moved[row] += kernel[row, :, :, c - reads.start].astype(np.float64).sum() * v
                    kernel[row, :, :, c - reads.start] = 0
        after.biases[node.name] = moved.astype(np.float32)
        for c in np.flatnonzero(dead[node.name]):
            v = value(node.name, c)
            kernel[c] = 0
            low, high = (e[c] for e in ends_of(net, node))
            unread = all(takes(r, v) for r in net.readers(node.name)) and not net.is_output(node.name)
            after.biases[node.name][c] = 0 if unread and low <= 0 <= high else v
    return after


def equalize(net: Net, values: Values) -> Net:
    """Scales of channels move between layers until both use their range."""
    # A wire is a channel of the tensors that share its scale: what a sum or a pool ties is one.
    wires: dict[str, list[tuple[str, int]]] = {}
    for node in reversed(net.nodes):
        for name in (*node.inputs, node.name) if not node.weighted else (node.name,):
            wires.setdefault(name, [(name, c) for c in range(net.node(name).channels)])
        if not node.weighted:
            for name in node.inputs:
                wires[name] = wires[node.name]
    scales = {wire: 1.0 for tensor in wires.values() for wire in tensor}
    largest = {}
    for node in net.convolutions:
        kernel = np.abs(net.kernels[node.name].astype(np.float64)).max((1, 2))
        for row in range(node.channels):
            for d, c in enumerate(range(net.node(node.inputs[0]).channels)[read_by(node, row, kernel.shape[1])]):
                largest[node.name, row, c] = kernel[row, d], wires[node.inputs[0]][c], wires[node.name][row]
    fixed = {w for t in (net.nodes[0].name, net.nodes[-1].name) for w in wires[t]}
    groups = []
    for node in net.convolutions:
        for c, wire in enumerate(wires[node.name]):
            makers = [(n.name, k) for n in net.convolutions for k, w in enumerate(wires[n.name]) if w == wire]
            still = all(constant(values[name])[k] for name, k in makers)
            if wire not in fixed and makers[0] == (node.name, c) and not still:
                groups.append(wire)
    change = math.inf
    while change > 1e-3:
        change = 0.0
        for wire in groups:
            now = [(m * scales[i] / scales[o], i, o) for m, i, o in largest.values() if wire in (i, o)]
            r1 = max((m for m, _, o in now if o == wire), default=0)
            r2 = max((m for m, i, _ in now if i == wire), default=0)
            if r1 > 0 and r2 > 0:
                s = math.sqrt(r1 / r2)
                scales[wire] *= s
                change = max(change, abs(math.log(s)))
    after = net.copy()
    of = {name: np.array([scales[w] for w in tensor]) for name, tensor in wires.items()}
    for node in net.nodes:
        own = of[node.name]
        if node.name in net.clamps:
            after.clamps[node.name] = tuple((e / own).astype(np.float32) for e in net.clamps[node.name])
        if node.weighted:
            kernel = net.kernels[node.name].astype(np.float64)
            read = np.stack([of[node.inputs[0]][read_by(node, r, kernel.shape[-1])] for r in range(node.channels)])
            after.kernels[node.name] = (kernel * read[:, None, None] / own.reshape(-1, 1, 1, 1)).astype(np.float32)
            after.biases[node.name] = (net.biases[node.name] / own).astype(np.float32)
    return after


def absorb_bias(net: Net, values: Values) -> Net:
    """What nearly all values of a rectified channel have in common moves into the next layers' biases."""
    after = net.copy()
    for node in net.convolutions:
        readers = net.readers(node.name)
        if node.name not in net.clamps or not readers or not all(r.weighted and not padded(r) for r in readers):
            continue
        rows = values[node.name].reshape(-1, node.channels).astype(np.float64)
        mean, deviation = net.norms.get(node.name, (rows.mean(0), rows.std(0)))
        common = np.where(constant(values[node.name]), 0, np.maximum(0, mean - 3 * deviation))
        low, high = after.clamps[node.name]
        assert (common < 0.9 * (high - low)).all()  # else little of the clamp would be left
        after.clamps[node.name] = (low, (high - common).astype(np.float32))
        after.biases[node.name] = (after.biases[node.name] - common).astype(np.float32)
        for reader in readers:
            kernel = net.kernels[reader.name].astype(np.float64)
            reads = np.stack([common[read_by(reader, r, kernel.shape[-1])] for r in range(reader.channels)])
            sums = (kernel.sum((1, 2)) * reads).sum(1)
            after.biases[reader.name] = (after.biases[reader.name] + sums).astype(np.float32)
    return after


def split(net: Net, share: float) -> Net:
    """The channels that are read with the largest weights are made twice, behind the others, and read by halves."""
    after = net.copy()
    nodes = {n.name: n for n in net.nodes}

    def copy_rows(name: str, rows: list[int]) -> None:
        order = [*range(nodes[name].channels), *rows]
        after.kernels[name], after.biases[name] = after.kernels[name][order], after.biases[name][order]
        after.clamps[name] = tuple(e[order] for e in after.clamps[name])
        groups = len(order) if nodes[name].groups > 1 else 1
        nodes[name] = replace(nodes[name], channels=len(order), groups=groups)

    for node in net.convolutions:
        maker = nodes[node.inputs[0]]
        chain = [maker]
        if maker.weighted and maker.groups > 1:  # each channel has its own window: made twice along with its input
            chain.insert(0, nodes[maker.inputs[0]])
        if (
            not all(m.weighted and len(net.readers(m.name)) == 1 for m in chain)
            or max(node.groups, chain[0].groups) > 1
        ):
            continue
        kernel = after.kernels[node.name]
        most = math.ceil(share * kernel.shape[-1])
        assert most == 1  # of more, one that was split could be the largest again
        c = int(np.abs(kernel).max((0, 1, 2)).argmax())
        kernel = np.concatenate([kernel, kernel[..., c : c + 1]], axis=-1)
        kernel[..., [c, -1]] /= 2
        after.kernels[node.name] = kernel
        for made in chain:
            copy_rows(made.name, [c])
    return replace(after, nodes=tuple(nodes.values()))


def sums_mean(net: Net, node: Node, values: Values, kernel: np.ndarray) -> np.ndarray:
    """The means of a convolution's sums before its clamp, without its bias."""
    free = replace(net, clamps={})
    sums = output(free, node, values, kernel, np.zeros(node.channels, np.float32))
    return sums.reshape(-1, node.channels).astype(np.float64).mean(0)


def corrected(net: Net, node: Node, x: Values, xq: Values, kernel: np.ndarray) -> np.ndarray:
    """The bias with which the sums of other weights have the means of the float32 network's."""
    shift = sums_mean(net, node, x, net.kernels[node.name]) - sums_mean(net, node, xq, kernel)
    return (net.biases[node.name] + shift).astype(np.float32)


def bias_correction(net: Net, x: Values, spec: Spec) -> Values:
    """Corrected biases, layer by layer, the layers before already corrected."""
    biases: Values = {}

    def at(node: Node, xq: Values) -> tuple[np.ndarray, np.ndarray]:
        kernel = spec.kernel(node)
        biases[node.name] = corrected(net, node, x, xq, kernel)
        return kernel, biases[node.name]

    walk(net, x, spec, at)
    return biases


def walk(net: Net, x: Values, spec: Spec, at: Callable[[Node, Values], tuple[np.ndarray, np.ndarray]]) -> None:
    """Runs the quantized network; `at` gives each convolution's weights and bias, given what there is so far."""
    xq: Values = {}
    for node in net.nodes:
        if node.kind == "input":
            made = x[node.name]
        else:
            kernel, bias = at(node, xq) if node.weighted else (None, None)
            made = output(net, node, xq, kernel, bias)
        params = spec.outputs.get(node.name)
        xq[node.name] = params.fake_quantize(made) if params else made


def clipped_normal(mean: float, deviation: float, low: float, high: float) -> float:
    """The mean of a normal distribution that is clamped, by parts below, within and above."""
    below = 0.5 * math.erfc((mean - low) / deviation / math.sqrt(2)) if low > -math.inf else 0.0
    above = 0.5 * math.erfc((high - mean) / deviation / math.sqrt(2)) if high < math.inf else 0.0

    def density(end: float) -> float:
        return math.exp(-0.5 * ((end - mean) / deviation) ** 2) / math.sqrt(2 * math.pi) if math.isfinite(end) else 0.0

    within = mean * (1 - below - above) + deviation * (density(low) - density(high))
    return within + (low * below if below else 0.0) + (high * above if above else 0.0)


def bias_correction_analytic(net: Net, x: Values, spec: Spec) -> Values:
    """Biases without the mean of what the weights' errors add, by what is known of the inputs."""
    biases = {}
    for node in net.convolutions:
        source = node.inputs[0]
        means = x[source].reshape(-1, x[source].shape[-1]).astype(np.float64).mean(0)
        if source in net.norms:
            low, high = ends_of(net, net.node(source))
            for c in np.flatnonzero(~constant(x[source])):
                means[c] = clipped_normal(*(float(v[c]) for v in (*net.norms[source], low, high)))
        error = spec.kernel(node).astype(np.float64) - net.kernels[node.name]
        reads = np.stack([means[read_by(node, r, error.shape[-1])] for r in range(node.channels)])
        biases[node.name] = (net.biases[node.name] - (error.sum((1, 2)) * reads).sum(1)).astype(np.float32)
    return biases


def middles(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A histogram by sign, exponent and six bits of the mantissa: the middle of each bin, and how many lie in it."""
    bins, counts = np.unique(values.astype(np.float32).ravel().view(np.uint32) >> 17, return_counts=True)
    inner = (bins << 17).astype(np.uint32).view(np.float32).astype(np.float64)
    outer = ((bins << 17) | 0x1FFFF).astype(np.uint32).view(np.float32).astype(np.float64)
    return np.where((bins & 0x3FFF) == 0, 0.0, (inner + outer) / 2), counts


def noise(histogram: tuple[np.ndarray, np.ndarray], params: QuantParams) -> float:
    values, counts = histogram[0].astype(np.float32), histogram[1]
    return float(((params.fake_quantize(values).astype(np.float64) - values) ** 2 * counts).sum())


def ranges(values: np.ndarray, scheme: Scheme) -> dict[str, float]:
    """What min-max, percentiles, the best of all ends in steps of 1/64, and entropy lose of an output."""
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    histogram = middles(values)

    def lost(a: float, b: float) -> float:
        return noise(histogram, params_from_range(a, b, scheme.activation_bits, False, False))

    found = {"min-max": lost(low, high)}
    for percent in (99.99, 99.9):
        cut = (100 - percent) / 2
        a, b = np.percentile(values.astype(np.float64), [cut, 100 - cut], method="inverted_cdf")
        found[f"percentile:{percent}"] = lost(min(0.0, a), max(0.0, b))
    steps = np.arange(1, 65) / 64
    found["mse"] = min(lost(low * a, high * b) for a in (steps if low < 0 else (1,)) for b in steps)
    found["entropy"] = lost(*entropy(histogram, low, high, scheme.activation_bits))
    return found


def entropy(histogram: tuple[np.ndarray, np.ndarray], low: float, high: float, bits: int) -> tuple[float, float]:
    """The ends, shrunk alike, with the least Kullback-Leibler divergence of the clipped magnitudes."""
    values, counts = np.abs(histogram[0]), histogram[1]
    largest, levels = max(-low, high), 2 ** (bits - 1 if low < 0 else bits)
    cells = np.zeros(2048)
    some = values > 0
    np.add.at(cells, np.minimum(2047, (values[some] / largest * 2048).astype(int)), counts[some])
    least, best = math.inf, 2048
    for end in range(2048, levels - 1, -16):
        p = cells[:end].copy()
        p[-1] += cells[end:].sum()
        kept = cells[:end].sum()
        if kept == 0:
            continue
        edges = np.arange(levels + 1) * end // levels
        q = np.zeros(end)
        for a, b in pairwise(edges):
            part = cells[a:b]
            q[a:b] = part.sum() / np.count_nonzero(part) if part.any() else 1e-9 * kept
        some = p > 0
        divergence = (p[some] / p.sum() * np.log(p[some] / p.sum() / (q[some] / kept))).sum()
        if divergence < least:
            least, best = divergence, end
    return max(low, -largest * best / 2048), min(high, largest * best / 2048)
