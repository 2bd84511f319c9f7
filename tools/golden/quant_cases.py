"""Cases that pin the quantization formula alone, down to the bit.

Floats are written as the int32 that shares their bits. Each entry of "cases" is

    bits, signed, symmetric, rangeMinBits, rangeMaxBits     what is asked for
    scaleBits, zeroPoint, qmin, qmax                        the parameters
    inputBits, codes, outputBits                            values, their codes and their fake-quantized values
    nans, infinities                                        how many of the inputs are that

Inputs are built where formulas go wrong: exact ties and their neighbours for even and odd steps, both ends of the
range, +-0, the smallest subnormal, the largest float, +-infinity, NaN, values whose quotient exceeds the int32 range,
and random ones.
"""

import json

import numpy as np

from tools.golden.quantization import QuantParams, params_from_range

RANGES = [
    (0.0, 6.0),
    (-1.0, 1.0),
    (-0.5, 7.25),
    (0.1, 0.9),
    (-57.0, 224.0),
    (0.0, 0.0),
    (-1e-30, 3e-30),
    (-2.5e30, 1e30),
    (-128.0, 127.0),
]
FORMS = [(False, False), (True, False), (True, True)]
BITS = [2, 3, 4, 5, 7, 8, 12, 16]


def bits_of(values: np.ndarray) -> list[int]:
    return np.asarray(values, np.float32).view(np.int32).tolist()


def inputs(p: QuantParams, rng: np.random.Generator) -> np.ndarray:
    """Awkward float32 values for these parameters."""
    low, high = p.qmin - p.zero_point, p.qmax - p.zero_point
    steps = np.unique([low - 1, low, low + 1, -1, 0, 1, high - 1, high, *rng.integers(low, high + 1, 2)])
    with np.errstate(over="ignore"):
        ties = ((steps + 0.5) * float(p.scale)).astype(np.float32)
        whole = (steps * float(p.scale)).astype(np.float32)
    edges = np.array([p.range_min, p.range_max], np.float32)
    centres = np.concatenate([ties, edges])
    with np.errstate(all="ignore"):
        around = [np.nextafter(centres, np.float32(s * np.inf)) for s in (-1, 1)]
        spread = rng.normal(0, 1, 3) * float(p.scale) * (p.qmax - p.qmin)
    tiny = np.float32(1e-45)
    huge = np.finfo(np.float32).max
    special = [0.0, -0.0, tiny, -tiny, 1.1754944e-38, huge, -huge, np.inf, -np.inf, np.nan]
    return np.concatenate([centres, *around, whole, spread.astype(np.float32), np.array(special, np.float32)])


def case(low: float, high: float, bits: int, signed: bool, symmetric: bool, rng: np.random.Generator) -> dict:
    a, b = np.float32(low), np.float32(high)
    p = params_from_range(float(a), float(b), bits, signed, symmetric)
    x = inputs(p, rng)
    codes = p.quantize(x)
    return {
        "bits": bits,
        "signed": signed,
        "symmetric": symmetric,
        "rangeMinBits": bits_of(a.reshape(1))[0],
        "rangeMaxBits": bits_of(b.reshape(1))[0],
        "scaleBits": bits_of(p.scale.reshape(1))[0],
        "zeroPoint": p.zero_point,
        "qmin": p.qmin,
        "qmax": p.qmax,
        "inputBits": bits_of(x),
        "codes": codes.tolist(),
        "outputBits": bits_of(p.dequantize(codes)),
        "nans": int(np.isnan(x).sum()),
        "infinities": int(np.isinf(x).sum()),
    }


def as_text(seed: int) -> str:
    """The whole file, one case a line: every form, every range at 8 bits, and a random range at each other width."""
    rng = np.random.default_rng(seed)
    rows = []
    for signed, symmetric in FORMS:
        for low, high in RANGES:
            rows.append(case(low, high, 8, signed, symmetric, rng))
        for bits in BITS:
            if bits != 8:
                a, b = sorted(rng.normal(0, 10.0 ** rng.uniform(-3, 3), 2))
                rows.append(case(a, b, bits, signed, symmetric, rng))
    body = ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows)
    return f'{{"seed": {seed}, "cases": [\n{body}\n]}}\n'
