"""Learned rounding as docs/numerics.md defines it: second order, and by gradient descent with PyTorch."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch

from tools.golden.network import Node
from tools.golden.quantization import QuantParams
from tools.golden.remedies_net import Net, Spec, Values, dequantized, read_by
from tools.golden.remedies_rules import corrected, walk

SHARES = (1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)
ADAROUND_STEPS = 4000
Solver = Callable[[np.ndarray, np.ndarray, list[QuantParams]], np.ndarray]


@dataclass(frozen=True)
class Rounded:
    """A layer's codes, their parameters, its corrected bias, and the relative errors of nearest and learned codes."""

    codes: np.ndarray
    params: list[QuantParams]
    bias: np.ndarray
    nearest: float
    learned: float


def windows(node: Node, values: np.ndarray, channels: slice) -> np.ndarray:
    """What a row's weights multiply at every position: positions x weights."""
    top, bottom, left, right = node.padding
    around = np.pad(values[..., channels].astype(np.float64), ((0, 0), (top, bottom), (left, right), (0, 0)))
    seen = np.lib.stride_tricks.sliding_window_view(around, node.kernel, axis=(1, 2))
    seen = seen[:, :: node.stride[0], :: node.stride[1]]
    return seen.transpose(0, 1, 2, 4, 5, 3).reshape(-1, node.kernel[0] * node.kernel[1] * around.shape[-1])


def moments(x: np.ndarray, xq: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """H with its damping, and the rows aimed at; None where nothing moves."""
    a, b = x - x.mean(0), xq - xq.mean(0)
    h = b.T @ b / len(b)
    damping = 0.01 * np.trace(h) / len(h)
    if damping <= 0:
        return None
    eye = damping * np.eye(len(h))
    targets = weights.astype(np.float64)
    if len(x) >= 20 * len(h):
        targets = np.linalg.solve(h + eye, (targets @ (a.T @ b / len(b) + eye)).T).T
    return h + eye, targets


def errors(h: np.ndarray, targets: np.ndarray, codes: np.ndarray, params: list[QuantParams]) -> np.ndarray:
    """e H e of each row."""
    e = np.stack([p.dequantize(c) for p, c in zip(params, codes, strict=True)]).astype(np.float64) - targets
    return np.einsum("ri,ij,rj->r", e, h, e)


def second_order(h: np.ndarray, targets: np.ndarray, params: list[QuantParams]) -> np.ndarray:
    """Weight after weight, the later ones make up for each error; then single codes move while that helps."""
    shared = np.linalg.cholesky(np.linalg.inv(h)).T
    rows = []
    for target, p in zip(targets, params, strict=True):
        w, codes = target.copy(), np.zeros(len(target), np.int32)
        for j in range(len(w)):
            codes[j] = p.quantize(np.float32(w[j]))
            w[j:] -= (w[j] - float(p.dequantize(codes[j]))) / shared[j, j] * shared[j, j:]
        step, moved = float(p.scale), True
        while moved:
            moved = False
            for j in range(len(codes)):
                slope = h[j] @ (p.dequantize(codes).astype(np.float64) - target)
                by = -1 if slope > 0 else 1
                gain = 2 * by * step * slope + step**2 * h[j, j]
                if gain < -1e-12 * step**2 * h[j, j] and p.qmin <= codes[j] + by <= p.qmax:
                    codes[j] += by
                    moved = True
        rows.append(codes)
    return np.stack(rows)


def adaround(h: np.ndarray, targets: np.ndarray, params: list[QuantParams]) -> np.ndarray:
    """Down or up, by gradient descent on a soft rounding that is driven to its ends (Nagel et al., 2020).

    With the paper's own rate and weight of the driving term, and more steps than the program takes.
    """
    scales = torch.tensor([[float(p.scale)] for p in params], dtype=torch.float64)
    steps = torch.from_numpy(targets) / scales
    least = torch.tensor([[p.qmin - p.zero_point] for p in params], dtype=torch.float64)
    floor = torch.clamp(torch.floor(steps), least, least + params[0].qmax - params[0].qmin - 1)
    mean_square = torch.from_numpy(h / np.diag(h).mean())
    stretched = ((steps - floor).clamp(0.001, 0.999) + 0.1) / 1.2
    v = torch.logit(stretched).requires_grad_()
    optimizer = torch.optim.Adam([v], lr=0.01)
    for t in range(ADAROUND_STEPS):
        soft = (1.2 * torch.sigmoid(v) - 0.1).clamp(0, 1)
        e = floor + soft - steps
        loss = (e @ mean_square * e).sum()
        progress = (t / ADAROUND_STEPS - 0.2) / 0.8
        if progress > 0:
            beta = 2 + 9 * (1 + np.cos(np.pi * progress))
            loss = loss + 0.01 * (1 - (2 * soft - 1).abs() ** beta).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    up = torch.sigmoid(v.detach()) > 0.5
    return (floor + up).numpy().astype(np.int32) + np.array([[p.zero_point] for p in params], np.int32)


def scaled(p: QuantParams, share: float) -> QuantParams:
    return replace(p, scale=np.float32(float(p.scale) * share))


def layer(net: Net, node: Node, x: Values, xq: Values, spec: Spec, solve: Solver) -> Rounded:
    """A layer's codes for the best of the ranges, row by row or of the tensor; which is best, second order tells."""
    kernel = net.kernels[node.name]
    size = kernel[0].size
    flat = kernel.reshape(-1, size)
    given = spec.weights[node.name]
    nearest = spec.codes[node.name].reshape(-1, size)
    start = given * len(flat) if len(given) == 1 else given
    source, per_group = node.inputs[0], node.channels // node.groups
    groups = []
    for g in range(node.groups):
        rows = slice(g * per_group, (g + 1) * per_group)
        reads = read_by(node, rows.start, kernel.shape[-1])
        found = moments(windows(node, x[source], reads), windows(node, xq[source], reads), flat[rows])
        if found:
            groups.append((rows, *found))

    def solved(params: list[QuantParams], by: Solver) -> tuple[np.ndarray, np.ndarray]:
        codes, error = nearest.copy(), np.zeros(len(flat))
        for rows, h, t in groups:
            codes[rows] = by(h, t, params[rows])
            error[rows] = errors(h, t, codes[rows], params[rows])
        return codes, error

    tried = np.stack([solved([scaled(p, share) for p in start], second_order)[1] for share in SHARES])
    best = tried.argmin(0) if len(given) > 1 else np.full(len(flat), tried.sum(1).argmin())
    params = [scaled(p, SHARES[k]) for p, k in zip(start, best, strict=True)]
    codes, error = solved(params, solve)
    codes = codes.reshape(kernel.shape)
    signal = sum(np.einsum("ri,ij,rj->", t, h, t) for _, h, t in groups)
    before = sum(errors(h, t, nearest[rows], start[rows]).sum() for rows, h, t in groups)
    values = dequantized(codes, params)
    bias = corrected(net, node, x, xq, values)
    kept = params[:1] if len(given) == 1 else params
    return Rounded(codes, kept, bias, before / signal, error.sum() / signal)


def rounding(net: Net, x: Values, spec: Spec, solve: Solver) -> dict[str, Rounded]:
    """All layers, each with what the quantized ones before it make."""
    found = {}

    def at(node: Node, xq: Values) -> tuple[np.ndarray, np.ndarray]:
        made = found[node.name] = layer(net, node, x, xq, spec, solve)
        return dequantized(made.codes, made.params), made.bias

    walk(net, x, spec, at)
    return found
