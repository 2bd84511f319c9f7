"""The figures of docs/numerics.md, one definition a function, in float64 with exactly rounded sums.

A figure whose definition divides zero by zero is None (null in JSON); infinities become the strings "Infinity" and
"-Infinity" when written.
"""

import math
from collections import Counter
from collections.abc import Callable

import numpy as np


def total(values: np.ndarray) -> float:
    """Sum, rounded once."""
    return math.fsum(np.asarray(values, np.float64).ravel().tolist())


def ratio(a: float, b: float) -> float | None:
    if b == 0:
        return None if a == 0 else math.copysign(math.inf, a)
    return a / b


def distribution(values: np.ndarray) -> dict:
    """Moments, extremes and zeros of one tensor or channel (finite values)."""
    v = np.asarray(values, np.float64).ravel()
    n = v.size
    mean = total(v) / n
    d = v - mean
    variance = total(d**2) / n
    flat = bool(v.min() == v.max())  # all values equal: whatever variance is left is rounding of the mean
    variance = 0.0 if flat else variance
    return {
        "count": n,
        "min": float(v.min()),
        "max": float(v.max()),
        "mean": mean,
        "variance": variance,
        "skewness": None if flat else total(d**3) / n / variance**1.5,
        "excessKurtosis": None if flat else total(d**4) / n / variance**2 - 3,
        "zeros": int((v == 0).sum()),
    }


def error(x: np.ndarray, xq: np.ndarray, clipped: np.ndarray) -> dict:
    """Error of the quantized stream against the fp32 stream."""
    a, b = np.asarray(x, np.float64), np.asarray(xq, np.float64)
    e = b - a
    signal, noise, power = total(a**2), total(e**2), total(b**2)
    if noise == 0:
        sqnr = math.inf
    else:
        sqnr = 10 * math.log10(signal / noise) if signal > 0 else -math.inf
    return {
        "mse": noise / e.size,
        "meanError": total(e) / e.size,
        "maxAbs": float(np.abs(e).max()),
        "sqnrDb": sqnr,
        "nsr": ratio(noise, signal),
        "cosine": ratio(total(a * b), math.sqrt(signal * power)),
        "saturation": float(clipped.sum()) / e.size,
    }


def energies(terms: dict[str, np.ndarray], e: np.ndarray) -> dict:
    """Energy of each term of the error, and the cross term that is left."""
    found = {name: total(t**2) for name, t in terms.items()}
    if not np.allclose(sum(terms.values()), e, rtol=0, atol=1e-9 * max(1.0, np.abs(e).max())):
        raise AssertionError("the four terms do not add up to the error")
    return {**found, "cross": total(e**2) - math.fsum(found.values())}


def by_channel(count: int, figures: Callable[[int], dict]) -> dict:
    """Figures of every channel, turned into one array a figure; counts are the same for all and left out."""
    rows = [figures(c) for c in range(count)]
    return {key: [row[key] for row in rows] for key in rows[0] if key != "count"}


def channel_range_ratio(rows: np.ndarray) -> float | None:
    """Mean over channels of the channel's range over the whole range; `rows` is [C, values]."""
    whole = float(rows.max()) - float(rows.min())
    ranges = rows.max(1).astype(np.float64) - rows.min(1).astype(np.float64)
    return ratio(total(ranges) / len(rows), whole)


def bit_histogram(values: np.ndarray) -> list[list[int]]:
    """[bin, count] for every bin in use; a bin is the float's bits without its low 17."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32).ravel() >> 17
    return [[int(b), n] for b, n in sorted(Counter(bits.tolist()).items())]


def softmax(logits: np.ndarray) -> np.ndarray:
    z = np.asarray(logits, np.float64)
    z = np.exp(z - z.max(1, keepdims=True))
    return z / z.sum(1, keepdims=True)


def rank(logits: np.ndarray, label: int) -> int:
    """Classes before the label when sorted by falling logit; equal logits go by class index."""
    return int((logits > logits[label]).sum() + (logits[:label] == logits[label]).sum())


def network(x: np.ndarray, xq: np.ndarray, labels: list[int]) -> dict:
    """Figures of the whole network from both streams' logits [n, classes]."""
    n = len(labels)
    p, pq = softmax(x), softmax(xq)
    ranks = [rank(row, label) for row, label in zip(x, labels, strict=True)]
    ranks_q = [rank(row, label) for row, label in zip(xq, labels, strict=True)]
    first, first_q = x.argmax(1), xq.argmax(1)
    top1, top1_q = (sum(r == 0 for r in rs) / n for rs in (ranks, ranks_q))
    ordered = np.sort(x.astype(np.float64), axis=1)
    cross = -(p * np.log(np.maximum(pq, 1e-12))).sum(1)
    return {
        "images": n,
        "top1Fp32": top1,
        "top1Quantized": top1_q,
        "top5Fp32": sum(r < 5 for r in ranks) / n,
        "top5Quantized": sum(r < 5 for r in ranks_q) / n,
        "agreementTop1": float((first == first_q).mean()),
        "relativeAccuracyDrop": None if top1 == 0 else (top1 - top1_q) / top1,
        "qmse": total((p - pq) ** 2) / p.size,
        "qce": total(cross) / n,
        "logitSqnrDb": error(x, xq, np.zeros(x.shape, bool))["sqnrDb"],
        "labels": labels,
        "predictionsFp32": first.tolist(),
        "predictionsQuantized": first_q.tolist(),
        "marginFp32": (ordered[:, -1] - ordered[:, -2]).tolist(),
    }
