"""Writes test-data/frameworks/resize.txt: what PIL makes of noise at many sizes.

    python -m tools.golden.resize              # needs numpy and pillow
    python -m tools.golden.resize --check      # computes everything again and compares

A line per case: contrast, width, height, new width, new height, then SHA-256 of the resized RGB bytes, bilinear and
bicubic. The image is noise.pixels(1, (height, width, 3)); with contrast "hard" each byte becomes 0 or 255 (its highest
bit), so that the cubic's overshoot must be clamped.
"""

import argparse
import hashlib
import sys

from PIL import Image

from tools import manifest
from tools.golden import noise

FILE = manifest.TEST_DATA / "frameworks" / "resize.txt"
GENERATOR = "python -m tools.golden.resize"
SEED = 1
SIZES = [
    # width, height, new width, new height
    (1, 1, 7, 5),
    (2, 1, 9, 4),
    (3, 2, 16, 16),
    (4, 3, 4, 9),
    (5, 7, 11, 7),
    (8, 8, 8, 8),
    (16, 9, 5, 31),
    (17, 33, 16, 32),
    (31, 29, 62, 58),
    (40, 30, 7, 3),
    (64, 48, 32, 24),
    (65, 47, 64, 46),
    (100, 3, 1, 1),
    (3, 100, 2, 150),
    (127, 61, 45, 44),
    (160, 120, 96, 72),
    (199, 101, 200, 100),
    (300, 200, 1, 256),
    (333, 250, 224, 168),
    (500, 375, 256, 192),
]


def digest(image: Image.Image) -> str:
    return hashlib.sha256(image.tobytes()).hexdigest()


def lines() -> list[str]:
    found = []
    for contrast in ("soft", "hard"):
        for width, height, to_width, to_height in SIZES:
            rgb = noise.pixels(SEED, (height, width, 3))
            if contrast == "hard":
                rgb = (rgb >> 7) * 255
            image = Image.fromarray(rgb)
            size = (to_width, to_height)
            digests = [digest(image.resize(size, f)) for f in (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)]
            found.append(" ".join(map(str, (contrast, width, height, to_width, to_height, *digests))))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description="PIL's resizing as golden values")
    parser.add_argument("--check", action="store_true", help="compare with the file that is there")
    text = "\n".join(lines()) + "\n"
    if parser.parse_args().check:
        return int(FILE.read_text() != text)
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text)
    manifest.record([FILE], GENERATOR, SEED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
