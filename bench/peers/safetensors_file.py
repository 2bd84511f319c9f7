"""Reads and writes safetensors files of floats: on machines with a GPU there is often no package for it."""

import json
import struct
from pathlib import Path

import numpy as np

LONGEST_HEADER = 100_000_000
TYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16}


def write(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Writes float32 tensors in the order of the dictionary."""
    header: dict[str, object] = {"__metadata__": metadata}
    offset = 0
    for name, tensor in tensors.items():
        if tensor.dtype != np.float32:
            raise ValueError(f"{name}: {tensor.dtype} instead of float32")
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor, "<f4").tobytes())


def read(path: Path) -> dict[str, np.ndarray]:
    """All tensors as float32. Raises ValueError if the file is damaged or holds another type, BF16 excepted."""
    data = np.fromfile(path, np.uint8)
    length = int.from_bytes(data[:8].tobytes(), "little")
    if len(data) < 8 or length > min(LONGEST_HEADER, len(data) - 8):
        raise ValueError(f"{path}: not a safetensors file")
    header = json.loads(data[8 : 8 + length].tobytes())
    body = data[8 + length :]
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        if not 0 <= start <= end <= len(body):
            raise ValueError(f"{path}: {name} lies outside the file")
        stored = body[start:end].tobytes()
        if entry["dtype"] == "BF16":  # the upper half of a float32
            values = (np.frombuffer(stored, "<u2").astype(np.uint32) << 16).view(np.float32)
        elif entry["dtype"] in TYPES:
            values = np.frombuffer(stored, np.dtype(TYPES[entry["dtype"]]).newbyteorder("<")).astype(np.float32)
        else:
            raise ValueError(f"{path}: {name} has type {entry['dtype']}")
        tensors[name] = values.reshape(entry["shape"])
    return tensors
