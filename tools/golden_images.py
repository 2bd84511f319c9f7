"""Writes test-data/images: small files of many kinds, and what PIL makes of them.

    python -m tools.golden_images        # needs numpy and pillow

expected.txt has a line per file: name, width, height, then SHA-256 of
  the RGB bytes of convert('RGB'),
  short side resized to 16 (bilinear), centre crop 14 high and 13 wide,
  resized to 31 high and 9 wide,
  and, for files with an EXIF orientation, of the RGB bytes turned upright (else "-").
"""

import hashlib
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

from tools import manifest

SEED = 20210411
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "test-data" / "images"


def picture(width, height, rng):
    """A smooth gradient with noise, so that rounding and subsampling matter."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 90 * np.sin(x / a + y / b) for a, b in ((5, 9), (-7, 4), (11, -6))]
    pixels = np.stack(planes, -1) + rng.normal(0, 20, (height, width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def png16(path, pixels):
    """A 16-bit RGB PNG, which PIL reads but does not write."""
    height, width, _ = pixels.shape

    def chunk(kind, body):
        crc = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def write_files():
    rng = np.random.default_rng(SEED)
    image = picture(45, 29, rng)
    upright = picture(21, 34, rng)

    image.save(FOLDER / "420.jpg", subsampling=2)
    image.save(FOLDER / "422.jpg", subsampling=1)
    image.save(FOLDER / "444.jpg", subsampling=0)
    image.save(FOLDER / "progressive.jpg", progressive=True)
    image.save(FOLDER / "stored-rgb.jpg", keep_rgb=True)
    image.convert("L").save(FOLDER / "grey.jpg")
    upright.save(FOLDER / "tall.jpg")
    picture(1, 1, rng).save(FOLDER / "one-pixel.jpg")
    picture(300, 3, rng).save(FOLDER / "thin.jpg")

    image.convert("CMYK").save(FOLDER / "cmyk.jpg")
    cmyk = bytearray((FOLDER / "cmyk.jpg").read_bytes())
    adobe = cmyk.index(b"Adobe")
    length = int.from_bytes(cmyk[adobe - 2 : adobe], "big")
    bare = cmyk[: adobe - 4] + cmyk[adobe - 2 + length :]
    (FOLDER / "cmyk-without-adobe.jpg").write_bytes(bare)
    cmyk[adobe + 11] = 2  # the same numbers, now declared to be YCCK
    (FOLDER / "ycck.jpg").write_bytes(cmyk)

    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        upright.save(FOLDER / f"orientation-{orientation}.jpg", exif=exif)

    for mode in ("1", "L", "P", "RGB", "RGBA"):
        image.convert(mode).save(FOLDER / f"mode-{mode}.png")
    image.convert("RGBA").convert("LA").save(FOLDER / "mode-LA.png")
    image.convert("P").save(FOLDER / "palette-transparent.png", transparency=3)
    png16(FOLDER / "sixteen-bit.png", rng.integers(0, 65536, (11, 13, 3)))


def digest(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


def short_side_crop(image, side, height, width):
    w, h = image.size
    size = (side, int(side * h / w)) if w < h else (int(side * w / h), side)
    resized = image.resize(size, Image.BILINEAR)
    left = round((resized.width - width) / 2.0)
    top = round((resized.height - height) / 2.0)
    return resized.crop((left, top, left + width, top + height))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_files()
    lines = []
    for path in sorted(FOLDER.glob("*.[jp]*g")):
        image = Image.open(path)
        rgb = image.convert("RGB")
        turned = "-"
        if "orientation" in path.name:
            turned = digest(ImageOps.exif_transpose(image).convert("RGB"))
        lines.append(
            f"{path.name} {rgb.width} {rgb.height} {digest(rgb)}"
            f" {digest(short_side_crop(rgb, 16, 14, 13))}"
            f" {digest(rgb.resize((9, 31), Image.BILINEAR))} {turned}"
        )
    (FOLDER / "expected.txt").write_text("\n".join(lines) + "\n")
    manifest.record(sorted(FOLDER.iterdir()), "python -m tools.golden_images", SEED)


if __name__ == "__main__":
    main()
