"""Numbers that this code and the tests' Java make alike, so that golden files need not hold them.

A linear congruential generator on 32 bits, x = 1664525 x + 1013904223; its high bits are used.
"""

import zlib

import numpy as np

_MULTIPLIER, _INCREMENT = 1664525, 1013904223


def words(seed: int, count: int) -> np.ndarray:
    """The next `count` states after `seed`, as uint32."""
    # Each doubling applies the steps so far to what there is: x[n + k] = a_k x[n] + c_k.
    states = np.array([(seed * _MULTIPLIER + _INCREMENT) & 0xFFFFFFFF], np.uint32)
    a, c = _MULTIPLIER, _INCREMENT
    while len(states) < count:
        states = np.concatenate([states, states * np.uint32(a) + np.uint32(c)])
        a, c = (a * a) & 0xFFFFFFFF, (a * c + c) & 0xFFFFFFFF
    return states[:count]


def pixels(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Bytes 0..255."""
    return (words(seed, int(np.prod(shape))) >> 24).astype(np.uint8).reshape(shape)


def values(name: str, shape: tuple[int, ...], offset: float, scale: float) -> np.ndarray:
    """float32 values offset + scale * u, u in [-1, 1) by steps of 2^-15; the seed is the name's CRC-32."""
    u = (words(zlib.crc32(name.encode()), int(np.prod(shape, dtype=np.int64))) >> 16) / 32768.0 - 1.0
    return (offset + scale * u).astype(np.float32).reshape(shape)
