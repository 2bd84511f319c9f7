"""Reads and writes Depthscope's packed data sets; the layout is described at io.depthscope.dataset.PackedDataset."""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MAGIC = b"DSPACKED"
PIXELS_OFFSET = 4096


@dataclass(frozen=True)
class Packed:
    """Images [n, h, w, 3] uint8 with their labels."""

    pixels: np.ndarray
    labels: np.ndarray
    classes: int
    description: str
    fingerprint: str


def read(path: Path) -> Packed:
    """Maps the pixels and reads the rest.

    Raises ValueError if the file is not a packed data set or its header, labels and names are damaged.
    """
    size = path.stat().st_size
    header = path.open("rb").read(160)
    if size < PIXELS_OFFSET or header[:8] != MAGIC or struct.unpack_from("<I", header, 8)[0] != 1:
        raise ValueError(f"{path}: not a packed data set of version 1")
    n, h, w, channels, classes = struct.unpack_from("<5I", header, 12)
    labels_at, text_at, text_bytes = struct.unpack_from("<3Q", header, 40)
    if channels != 3 or PIXELS_OFFSET + n * h * w * 3 > labels_at or text_at + text_bytes != size:
        raise ValueError(f"{path}: damaged or truncated")
    metadata = np.fromfile(path, np.uint8, offset=labels_at).tobytes()
    if hashlib.sha256(header[:128] + metadata).digest() != header[128:160]:
        raise ValueError(f"{path}: header, labels or names are damaged")
    description, fingerprint = metadata[text_at - labels_at :].split(b"\0")[:2]
    return Packed(
        np.memmap(path, np.uint8, "r", PIXELS_OFFSET, (n, h, w, 3)),
        np.frombuffer(metadata, "<i4", n).astype(np.int64),
        classes,
        description.decode(),
        fingerprint.decode(),
    )


def write(path: Path, pixels: np.ndarray, labels: list[int], classes: int, description: str, geometry: str) -> None:
    """Writes uint8 images [n, h, w, 3]; they are named by their position."""
    n, h, w, channels = pixels.shape
    if pixels.dtype != np.uint8 or channels != 3 or len(labels) != n:
        raise ValueError("images must be uint8 [n, h, w, 3], with one label each")
    data = np.ascontiguousarray(pixels).tobytes()
    pixel_hash = hashlib.sha256(data).digest()
    items = [description, pixel_hash.hex(), geometry, *(f"image:{i}" for i in range(n))]
    text = b"".join(item.encode() + b"\0" for item in items)
    labels_at = -(-(PIXELS_OFFSET + len(data)) // 8) * 8
    header = MAGIC + struct.pack("<6I", 1, n, h, w, channels, classes)
    header += struct.pack("<4Q", PIXELS_OFFSET, labels_at, labels_at + 4 * n, len(text))
    header += bytes(32) + pixel_hash
    label_bytes = np.asarray(labels, "<i4").tobytes()
    header += hashlib.sha256(header + label_bytes + text).digest()
    with path.open("wb") as out:
        out.write(header.ljust(PIXELS_OFFSET, b"\0"))
        out.write(data)
        out.write(bytes(labels_at - PIXELS_OFFSET - len(data)))
        out.write(label_bytes + text)
