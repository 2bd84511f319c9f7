"""Writes test-data/images/formats.zip: images of many kinds, and what PIL makes of each.

    python -m tools.golden_formats        # needs numpy and pillow

The archive holds the files and answers.txt, a line per file: name, "ok" width height SHA-256 of the RGB bytes of
convert('RGB'), or "error" where PIL refuses it. Orientation cases (orient-*) carry one more word: the orientation that
ImageOps.exif_transpose applied ("error" where it fails).
"""

import hashlib
import io
import pathlib
import struct
import warnings
import zipfile
import zlib

import numpy as np
from PIL import Image, ImageOps

from tools import manifest

SEED = 20240607
ARCHIVE = pathlib.Path(__file__).resolve().parent.parent / "test-data" / "images" / "formats.zip"
PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(header, before, pixels, after=b"", end=True):
    """A PNG file of raw parts; pixels are the unfiltered, packed rows with their filter bytes."""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", *header))
        + before
        + chunk(b"IDAT", zlib.compress(pixels))
        + after
        + (chunk(b"IEND", b"") if end else b"")
    )


def packed_row(values, depth):
    """Samples of 1 to 16 bits as the bytes of a row."""
    if depth == 16:
        return values.astype(">u2").tobytes()
    bits = np.unpackbits(values.astype(np.uint8)[:, None], axis=1)[:, 8 - depth :]
    return np.packbits(bits.reshape(-1)).tobytes()


def png_rows(samples, depth, interlaced):
    """Filtered rows (filter 0) of [height, width, channels], in seven passes where interlaced."""
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b""
    for top, left, down, across in passes:
        part = samples[top::down, left::across]
        if part.shape[1]:
            rows += b"".join(b"\0" + packed_row(row.reshape(-1), depth) for row in part)
    return rows


def png_cases(rng):
    kinds = [(0, d) for d in (1, 2, 4, 8, 16)] + [(3, d) for d in (1, 2, 4, 8)]
    kinds += [(2, 8), (2, 16), (4, 8), (4, 16), (6, 8), (6, 16)]
    for colour, depth in kinds:
        for transparent in (False, True) if colour in (0, 2, 3) else (False,):
            for interlaced in (0, 1):
                top = 1 << depth
                samples = rng.integers(0, top, (11, 13, PNG_CHANNELS[colour]))
                if depth == 16 and colour in (0, 4):
                    samples[:6] >>= 8  # levels below 256, which are the ones that show
                    samples[0, :8, 0] = (0, 1, 127, 128, 254, 255, 256, 257)
                before = b""
                if colour == 3:
                    before += chunk(b"PLTE", rng.integers(0, 256, 3 * top, dtype=np.uint8).tobytes())
                if transparent:
                    body = {0: samples[0, 0].astype(">u2"), 2: samples[0, 0].astype(">u2")}.get(
                        colour, rng.integers(0, 256, top, dtype=np.uint8)
                    )
                    before += chunk(b"tRNS", body.tobytes())
                name = f"png-{colour}-{depth}{'-trns' * transparent}{'-interlaced' * interlaced}.png"
                yield (
                    name,
                    png(
                        (13, 11, depth, colour, 0, 0, interlaced),
                        before,
                        png_rows(samples, depth, interlaced),
                    ),
                )
    grey = rng.integers(0, 256, (11, 13, 1))
    head = (13, 11, 8, 0, 0, 0, 0)
    rows = png_rows(grey, 8, False)
    yield "png-without-end.png", png(head, b"", rows, end=False)
    broken = bytearray(png(head, chunk(b"gAMA", b"\0\0\xb1\x8f"), rows))
    broken[broken.index(b"gAMA") + 4] ^= 1
    yield "png-bad-checksum.png", bytes(broken)
    short = rng.integers(0, 16, (11, 13, 1))
    colours = chunk(b"PLTE", rng.integers(0, 256, 3 * 5, dtype=np.uint8).tobytes())
    yield "png-short-palette.png", png((13, 11, 8, 3, 0, 0, 0), colours, png_rows(short, 8, False))


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def picture(width, height, rng):
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 90 * np.sin(x / a + y / b) for a, b in ((5, 9), (-7, 4), (11, -6))]
    pixels = np.stack(planes, -1) + rng.normal(0, 20, (height, width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def jpeg_cases(rng):
    """Files that lack their end marker, whole and cut."""
    image = picture(45, 29, rng)
    for name, options in (("baseline", {}), ("progressive", {"progressive": True}), ("restart", {"restart_marker_rows": 1})):
        for mode in ("RGB", "L"):
            data = saved(image.convert(mode), "jpeg", **options)
            for cut in (2, 3, 12, 40, 200):
                yield f"jpeg-{name}-{mode}-cut{cut}.jpg", data[:-cut]
            for tail, end in (("zeros", bytes(64)), ("text", b"padding of a card reader " * 3)):
                yield f"jpeg-{name}-{mode}-{tail}.jpg", data[:-2] + end
                yield f"jpeg-{name}-{mode}-{tail}-after.jpg", data + end
                yield f"jpeg-{name}-{mode}-{tail}-cut40.jpg", data[:-40] + end[: 4 * (tail == "none")]


def bmp(bits, height, rows, palette=b"", header=40, compression=0, masks=b"", colours=0, width=13, offset=None):
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(rows), 0, 0, colours, 0)
        info += (masks + bytes(header))[: header - 40] if header > 40 else masks
    start = 14 + len(info) + len(palette) if offset is None else offset
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + palette + rows


def bmp_cases(rng):
    def noise(bits, height=7, width=13):
        return rng.integers(0, 256, ((width * bits + 31) // 32 * 4) * height, dtype=np.uint8).tobytes()

    def colours(count, size=4):
        return rng.integers(0, 256, count * size, dtype=np.uint8).tobytes()

    for bits in (1, 4, 8):
        yield f"bmp-{bits}.bmp", bmp(bits, 7, noise(bits), colours(1 << bits))
        yield f"bmp-{bits}-down.bmp", bmp(bits, -7, noise(bits), colours(1 << bits))
        yield f"bmp-{bits}-os2.bmp", bmp(bits, 7, noise(bits), colours(1 << bits, 3), header=12)
        yield f"bmp-{bits}-offset.bmp", bmp(bits, 7, noise(bits), colours(1 << bits), offset=54)
    yield "bmp-8-grey.bmp", bmp(8, 7, noise(8), b"".join(bytes((i, i, i, 0)) for i in range(256)))
    yield "bmp-1-black-white.bmp", bmp(1, 7, noise(1), b"\0\0\0\0\xff\xff\xff\0")
    yield "bmp-1-white-black.bmp", bmp(1, 7, noise(1), b"\xff\xff\xff\0\0\0\0\0")
    yield "bmp-8-short-palette.bmp", bmp(8, 7, noise(8), colours(20), colours=20)
    for header in (40, 52, 56, 64, 108, 124):
        yield f"bmp-24-{header}.bmp", bmp(24, 7, noise(24), header=header)
        yield f"bmp-32-{header}.bmp", bmp(32, 7, noise(32), header=header)
    yield "bmp-24-os2.bmp", bmp(24, 7, noise(24), header=12)
    yield "bmp-24-down.bmp", bmp(24, -7, noise(24))
    yield "bmp-24-unpadded.bmp", bmp(24, 7, noise(24)[:-1])
    yield "bmp-24-short.bmp", bmp(24, 7, noise(24)[:-2])
    yield "bmp-16.bmp", bmp(16, 7, noise(16))
    masks = {
        16: [(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0), (0xF00, 0xF0, 0xF, 0)],
        24: [(0xFF0000, 0xFF00, 0xFF, 0)],
        32: [
            (0xFF0000, 0xFF00, 0xFF, 0),
            (0xFF000000, 0xFF0000, 0xFF00, 0),
            (0xFF000000, 0xFF00, 0xFF, 0),
            (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
            (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
            (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
            (0xFF000000, 0xFF00, 0xFF, 0xFF0000),
            (0, 0, 0, 0),
            (0xFF, 0xFF00, 0xFF0000, 0),
        ],
    }
    for bits, choices in masks.items():
        for i, mask in enumerate(choices):
            four = struct.pack("<IIII", *mask)
            for header, body in ((40, four[:12]), (56, four), (124, four)):
                yield f"bmp-{bits}-mask{i}-{header}.bmp", bmp(bits, 7, noise(bits), header=header, compression=3, masks=body)
    runs8 = b"".join(bytes((5, i, 0, 4, 1, 2, 3, 4, 4, 9, 0, 0)) for i in range(7)) + b"\0\1"
    yield "bmp-rle8.bmp", bmp(8, 7, runs8, colours(256), compression=1)
    delta = bytes((4, 7, 0, 2, 3, 1, 5, 9, 0, 0, 13, 3, 0, 0)) + runs8
    yield "bmp-rle8-delta.bmp", bmp(8, 7, delta, colours(256), compression=1)
    yield "bmp-rle8-odd.bmp", bmp(8, 7, bytes((0, 5, 1, 2, 3, 4, 5, 0, 8, 1, 0, 0)) * 7, colours(256), compression=1)
    yield "bmp-rle8-long-run.bmp", bmp(8, 7, bytes((200, 3, 0, 0)) * 7, colours(256), compression=1)
    yield "bmp-rle8-short.bmp", bmp(8, 7, runs8[:40], colours(256), compression=1)
    yield "bmp-rle8-ends-early.bmp", bmp(8, 7, runs8[:36] + b"\0\1", colours(256), compression=1)
    runs4 = b"".join(bytes((5, 16 * i + 3, 0, 4, 0x12, 0x34, 4, 9, 0, 0)) for i in range(7)) + b"\0\1"
    yield "bmp-rle4.bmp", bmp(4, 7, runs4, colours(16), compression=2)
    yield "bmp-rle4-odd.bmp", bmp(4, 7, bytes((0, 5, 0x12, 0x34, 0x50, 0, 8, 0x12, 0, 0)) * 9, colours(16), compression=2)
    yield "bmp-bits-2.bmp", bmp(2, 7, noise(2), colours(4))
    yield "bmp-compression-4.bmp", bmp(24, 7, noise(24), compression=4)


def gif_codes(indices, bits):
    """The picture as literal codes, with a clear code before the width would grow."""
    clear = 1 << bits
    codes = []
    for i, index in enumerate(indices):
        if i % (clear - 2) == 0:
            codes.append(clear)
        codes.append(int(index))
    codes.append(clear + 1)
    stream, filled = 0, 0
    for code in codes:
        stream |= code << filled
        filled += bits + 1
    data = stream.to_bytes((filled + 7) // 8, "little")
    return b"".join(bytes((len(data[i : i + 255]),)) + data[i : i + 255] for i in range(0, len(data), 255)) + b"\0"


def gif(screen, frame, palette, bits, indices, transparent=None, local=None, interlaced=False, codes=None):
    flags = 0x80 | (bits - 1) if palette else 0
    data = b"GIF89a" + struct.pack("<HHBBB", *screen, flags, 3, 0) + palette
    data += b"!\xfe\x05hello\0!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    if transparent is not None:
        data += b"!\xf9\x04" + bytes((1, 0, 0, transparent)) + b"\0"
    mark = (0x80 | (bits - 1) if local else 0) | (0x40 if interlaced else 0)
    data += b"," + struct.pack("<HHHHB", *frame, mark) + (local or b"")
    return data + bytes((bits,)) + (gif_codes(indices, bits) if codes is None else codes) + b";"


def gif_cases(rng):
    def colours(bits):
        return rng.integers(0, 256, 3 << bits, dtype=np.uint8).tobytes()

    for bits in (2, 4, 8):
        indices = rng.integers(0, 1 << bits, 13 * 11)
        for interlaced in (False, True):
            name = f"gif-{bits}{'-interlaced' * interlaced}"
            yield name + ".gif", gif((13, 11), (0, 0, 13, 11), colours(bits), bits, indices, interlaced=interlaced)
        yield f"gif-{bits}-local.gif", gif((13, 11), (0, 0, 13, 11), colours(bits), bits, indices, local=colours(bits))
        yield f"gif-{bits}-none.gif", gif((13, 11), (0, 0, 13, 11), b"", bits, indices)
    indices = rng.integers(0, 16, 5 * 4)
    for transparent in (None, 0, 3, 200):
        for frame in ((2, 3, 5, 4), (11, 9, 5, 4)):
            name = f"gif-part-{frame[0]}-{transparent}.gif"
            yield name, gif((13, 11), frame, colours(4), 4, indices, transparent=transparent)
    grey = bytes(v for i in range(16) for v in (i, i, i))
    yield "gif-grey.gif", gif((13, 11), (2, 3, 5, 4), grey, 4, indices, transparent=7)
    yield "gif-grey-local.gif", gif((13, 11), (2, 3, 5, 4), colours(4), 4, indices, local=grey)
    yield "gif-beyond-palette.gif", gif((5, 4), (0, 0, 5, 4), colours(4)[:48], 4, indices).replace(
        b"\x04" + gif_codes(indices, 4), b"\x05" + gif_codes(indices + 12, 5)
    )
    whole = gif_codes(indices, 4)
    ended = gif_codes(indices[:9], 4)
    yield "gif-ends-early.gif", gif((5, 4), (0, 0, 5, 4), colours(4), 4, indices, codes=ended)
    yield "gif-no-end-code.gif", gif((5, 4), (0, 0, 5, 4), colours(4), 4, indices, codes=b"\x05" + whole[1:6] + b"\0")
    yield "gif-cut.gif", gif((5, 4), (0, 0, 5, 4), colours(4), 4, indices)[:-8]
    image = picture(61, 47, rng)
    frames = [image.convert("P"), image.transpose(Image.Transpose.ROTATE_180).convert("P")]
    for i, first in enumerate((image.convert("P"), image.convert("L"), image.convert("1"), image.quantize(7))):
        yield f"gif-pil-{i}.gif", saved(first, "gif")
    yield "gif-animated.gif", saved(frames[0], "gif", save_all=True, append_images=frames[1:])
    big = Image.fromarray(rng.integers(0, 256, (130, 150), dtype=np.uint8)).convert("P")
    yield "gif-full-table.gif", saved(big, "gif")
    yield "gif-no-picture.gif", b"GIF89a" + struct.pack("<HHBBB", 3, 3, 0, 0, 0) + b";"


def pnm_cases(rng):
    noise = rng.integers(0, 256, 400, dtype=np.uint8).tobytes()
    head = b"13 7\n"
    for depth in (255, 1, 7, 100, 254):
        low = bytes(v % (depth + 1) for v in noise)
        yield f"pnm-p5-{depth}.pgm", b"P5\n" + head + b"%d\n" % depth + low[:91]
        yield f"pnm-p6-{depth}.ppm", b"P6\n" + head + b"%d\n" % depth + low[:273]
        text = b" ".join(b"%d" % v for v in low[:273])
        yield f"pnm-p2-{depth}.pgm", b"P2\n" + head + b"%d\n" % depth + text
        yield f"pnm-p3-{depth}.ppm", b"P3\n# made here\n" + head + b"%d\n" % depth + text
    yield "pnm-p5-above.pgm", b"P5\n" + head + b"100\n" + noise[:91]
    yield "pnm-p2-above.pgm", b"P2 2 1 100 99 101"
    for depth in (256, 1000, 4095, 65535):
        values = np.concatenate([np.arange(60) * 5, rng.integers(0, depth + 1, 213)]) % (depth + 1)
        wide = values.astype(">u2").tobytes()
        text = b" ".join(b"%d" % v for v in values)
        yield f"pnm-p5-{depth}.pgm", b"P5\n" + head + b"%d\n" % depth + wide[:182]
        yield f"pnm-p6-{depth}.ppm", b"P6\n" + head + b"%d\n" % depth + wide
        yield f"pnm-p2-{depth}.pgm", b"P2\n" + head + b"%d\n" % depth + text
        yield f"pnm-p3-{depth}.ppm", b"P3\n" + head + b"%d\n" % depth + text
    yield "pnm-p4.pbm", b"P4\n" + head + noise[:14]
    yield "pnm-p1.pbm", b"P1\n3 2\n1 0 1\n# between\n0 1 0\n"
    yield "pnm-p1-dense.pbm", b"P1\n3 2\n101010"
    yield "pnm-p1-bad.pbm", b"P1\n3 2\n102010"
    yield "pnm-comments.ppm", b"P6 # one\n#two\n 2#three\n 1 \t255\n" + noise[:6]
    yield "pnm-p4-short.pbm", b"P4\n" + head + noise[:13]
    yield "pnm-p5-short.pgm", b"P5\n" + head + b"255\n" + noise[:90]
    yield "pnm-p6-short.ppm", b"P6\n" + head + b"100\n" + noise[:272]
    yield "pnm-p2-short.pgm", b"P2\n3 2\n255\n1 2 3 4 5"
    yield "pnm-zero.pgm", b"P5\n3 2\n0\n" + noise[:6]
    yield "pnm-deep.pgm", b"P5\n3 2\n65536\n" + noise[:12]
    yield "pnm-word.pgm", b"P2\n3 2\n255\n1 2 3 x 5 6"


def tiff_cases(rng):
    image = picture(45, 29, rng)
    modes = {
        "1": image.convert("1"),
        "L": image.convert("L"),
        "LA": image.convert("RGBA").convert("LA"),
        "P": image.convert("P"),
        "RGB": image,
        "RGBA": Image.merge("RGBA", (*image.split(), image.convert("L"))),
        "CMYK": image.convert("CMYK"),
        "I16": Image.fromarray(rng.integers(0, 600, (29, 45), dtype=np.uint16)),
    }
    for mode, made in modes.items():
        for compression in (None, "packbits", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate"):
            yield f"tiff-{mode}-{compression}.tif", saved(made, "tiff", compression=compression)
            if compression not in (None, "packbits") and mode != "1":
                yield f"tiff-{mode}-{compression}-predicted.tif", saved(
                    made, "tiff", compression=compression, tiffinfo={317: 2}
                )
        yield f"tiff-{mode}-strips.tif", saved(made, "tiff", compression="tiff_lzw", strip_size=200)
    noise = Image.fromarray(rng.integers(0, 256, (90, 120, 3), dtype=np.uint8))
    yield "tiff-lzw-full-table.tif", saved(noise, "tiff", compression="tiff_lzw")
    yield "tiff-lzw-flat.tif", saved(Image.new("RGB", (300, 200), (9, 8, 7)), "tiff", compression="tiff_lzw")
    for orientation in range(0, 10):
        yield f"tiff-orientation-{orientation}.tif", saved(image, "tiff", tiffinfo={274: orientation})
    for compression in ("jpeg", "group4"):
        yield f"tiff-{compression}.tif", saved(modes["1"] if compression == "group4" else image, "tiff", compression=compression)

    def raw(entries, data, order="<", start=8):
        """A TIFF file of given entries (tag: values), pixels first."""
        head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(data) + len(data) % 2)
        body, extra = b"", b""
        at = 8 + len(data) + len(data) % 2 + 2 + 12 * len(entries) + 4
        for tag, values in sorted(entries.items()):
            kind = 4 if tag in (273, 279, 324, 325) else 3
            packed = struct.pack(order + f"{len(values)}{'I' if kind == 4 else 'H'}", *values)
            field = packed.ljust(4, b"\0")
            if len(packed) > 4:
                field = struct.pack(order + "I", at + len(extra))
                extra += packed
            body += struct.pack(order + "HHI", tag, kind, len(values)) + field
        return head + data + bytes(len(data) % 2) + struct.pack(order + "H", len(entries)) + body + bytes(4) + extra

    width, height = 13, 7
    for order in "<>":
        side = "le" if order == "<" else "be"
        base = {256: [width], 257: [height], 259: [1], 273: [8], 278: [height]}
        for photometric, bits, count in ((0, 1, 1), (1, 1, 1), (0, 2, 1), (1, 2, 1), (0, 4, 1), (1, 4, 1), (0, 8, 1), (1, 8, 1),
                                         (1, 16, 1), (0, 16, 1), (2, 8, 3), (2, 16, 3), (2, 8, 4), (2, 16, 4), (5, 8, 4), (1, 12, 1), (1, 32, 1)):
            size = (width * bits * count + 7) // 8 * height
            data = rng.integers(0, 256, size, dtype=np.uint8)
            if bits == 16 and photometric < 2:
                data[(1 if order == "<" else 0) :: 2] %= 2
            entries = base | {258: [bits] * count, 262: [photometric], 277: [count], 279: [size]}
            yield f"tiff-raw-{side}-{photometric}-{bits}-{count}.tif", raw(entries, data.tobytes(), order)
        for bits in (1, 2, 4, 8):
            size = (width * bits + 7) // 8 * height
            data = rng.integers(0, 256, size, dtype=np.uint8).tobytes()
            colours = [int(v) for v in rng.integers(0, 65536, 3 << bits)]
            entries = base | {258: [bits], 262: [3], 277: [1], 279: [size], 320: colours}
            yield f"tiff-raw-{side}-3-{bits}-1.tif", raw(entries, data, order)
        for extra in (0, 1, 2):
            data = rng.integers(0, 256, width * height * 4, dtype=np.uint8).tobytes()
            entries = base | {258: [8] * 4, 262: [2], 277: [4], 279: [len(data)], 338: [extra]}
            yield f"tiff-raw-{side}-extra{extra}.tif", raw(entries, data, order)
        plane = width * height
        data = rng.integers(0, 256, plane * 3, dtype=np.uint8).tobytes()
        entries = base | {258: [8] * 3, 262: [2], 277: [3], 284: [2], 273: [8, 8 + plane, 8 + 2 * plane], 279: [plane] * 3}
        yield f"tiff-raw-{side}-planar.tif", raw(entries, data, order)
        tile = 16 * 16 * 3
        data = rng.integers(0, 256, tile * 6, dtype=np.uint8).tobytes()
        entries = {256: [45], 257: [29], 258: [8] * 3, 259: [1], 262: [2], 277: [3], 322: [16], 323: [16],
                   324: [8 + i * tile for i in range(6)], 325: [tile] * 6}
        yield f"tiff-raw-{side}-tiles.tif", raw(entries, data, order)
        entries = base | {258: [8], 262: [1], 277: [1], 279: [plane]}
        yield f"tiff-raw-{side}-short.tif", raw(entries, data[: plane - 5], order)[: 8 + 20]


def tiff_block(order, entries, head=None, offset=8, tail=b""):
    """An EXIF block of raw entries (tag, type, count, 4 bytes)."""
    marks = {"<": b"II*\0", ">": b"MM\0*"}
    block = (head or marks[order]) + struct.pack(order + "I", offset) + struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        block += struct.pack(order + "HHI", tag, kind, count) + value
    return block + bytes(4) + tail


def orientation_blocks(rng):
    """Names and EXIF blocks."""
    for order in "<>":
        side = "le" if order == "<" else "be"
        pack = lambda code, *v, o=order: struct.pack(o + code, *v).ljust(4, b"\0")
        for value in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65535):
            yield f"{side}-short-{value}", tiff_block(order, [(0x112, 3, 1, pack("H", value))])
            yield f"{side}-long-{value}", tiff_block(order, [(0x112, 4, 1, pack("I", value))])
        for value in (-6, 0, 3, 6, 8):
            yield f"{side}-sshort-{value}", tiff_block(order, [(0x112, 8, 1, pack("h", value))])
            yield f"{side}-slong-{value}", tiff_block(order, [(0x112, 9, 1, pack("i", value))])
            yield f"{side}-sbyte-{value}", tiff_block(order, [(0x112, 6, 1, pack("b", value))])
            yield f"{side}-float-{value}", tiff_block(order, [(0x112, 11, 1, pack("f", value))])
        yield f"{side}-float-half", tiff_block(order, [(0x112, 11, 1, pack("f", 6.5))])
        yield f"{side}-long-65542", tiff_block(order, [(0x112, 4, 1, pack("I", 65542))])
        for kind in (1, 2, 7, 13, 14, 15, 17, 129, 0):
            yield f"{side}-type{kind}", tiff_block(order, [(0x112, kind, 1, pack("I", 6))])
            yield f"{side}-type{kind}-first", tiff_block(order, [(0x112, kind, 1, b"\6\0\0\0")])
        yield f"{side}-ascii", tiff_block(order, [(0x112, 2, 2, b"6\0\0\0")])
        far = 8 + 2 + 12 + 4
        for kind, code, values in ((5, "II", [(6, 1), (12, 2), (6, 0), (13, 2), (0, 6)]), (10, "ii", [(6, 1), (-6, -1), (-6, 1)]),
                                   (12, "d", [(6.0,), (6.5,)]), (16, "Q", [(6,), (1 << 33,)])):
            for value in values:
                block = tiff_block(order, [(0x112, kind, 1, pack("I", far))], tail=struct.pack(order + code, *value))
                yield f"{side}-type{kind}-{'_'.join(map(str, value))}", block
                yield f"{side}-type{kind}-{'_'.join(map(str, value))}-short", block[:-1]
        for count in (0, 2, 3, 70000):
            tail = struct.pack(order + "4H", 5, 6, 7, 8)
            entry = pack("HH", 8, 6) if count == 2 else pack("I", far)
            yield f"{side}-count{count}", tiff_block(order, [(0x112, 3, count, entry)], tail=tail)
            if count == 2:
                yield f"{side}-count2-first6", tiff_block(order, [(0x112, 3, 2, pack("HH", 6, 8))])
        six, three = (0x112, 3, 1, pack("H", 6)), (0x112, 3, 1, pack("H", 3))
        yield f"{side}-twice", tiff_block(order, [six, three])
        yield f"{side}-twice-empty", tiff_block(order, [six, (0x112, 3, 0, pack("H", 3))])
        yield f"{side}-twice-ascii", tiff_block(order, [six, (0x112, 2, 2, b"3\0\0\0")])
        yield f"{side}-unsorted", tiff_block(order, [(0x131, 2, 2, b"x\0\0\0"), six, (0x100, 3, 1, pack("H", 5))])
        outside = (0x10F, 2, 40, pack("I", 5000))
        yield f"{side}-after-outside", tiff_block(order, [outside, six])
        yield f"{side}-before-outside", tiff_block(order, [six, outside])
        yield f"{side}-after-unknown", tiff_block(order, [(0x10F, 99, 40, pack("I", 5000)), six])
        yield f"{side}-exactly-inside", tiff_block(order, [(0x10F, 2, 8, pack("I", 8 + 2 + 24 + 4)), six], tail=b"maker  \0")
        yield f"{side}-one-outside", tiff_block(order, [(0x10F, 2, 9, pack("I", 8 + 2 + 24 + 4)), six], tail=b"maker  \0")
        whole = tiff_block(order, [six])
        for offset in (0, 2, 7, 9, 26, 1000, 0x7FFFFFFF, 0xFFFFFFFF):
            yield f"{side}-offset{offset}", whole[:4] + struct.pack(order + "I", offset) + whole[8:]
        moved = whole[:4] + struct.pack(order + "I", 20) + bytes(12) + whole[8:]
        yield f"{side}-offset20", moved
        for cut in (0, 1, 3, 7, 8, 9, 10, 12, 20, 21, 22, 23):
            yield f"{side}-cut{cut}", whole[:cut]
        more = whole[:8] + struct.pack(order + "H", 9) + whole[10:]
        yield f"{side}-count-of-entries-too-large", more
        yield f"{side}-prefix-twice", b"Exif\0\0" + whole
        for i, head in enumerate((b"MM*\0", b"II\0*", b"MM\0+", b"II+\0", b"IIII", b"\0\0\0\0", b"ii*\0", b"MMMM")):
            yield f"{side}-head{i}", tiff_block(order, [six], head=head)
    for i in range(60):  # blind damage
        order = "<>"[i % 2]
        block = bytearray(tiff_block(order, [(0x100, 3, 1, bytes(4)), (0x112, 3, 1, struct.pack(order + "HH", 6, 0)), (0x11A, 5, 1, struct.pack(order + "I", 50))], tail=bytes(20)))
        for _ in range(1 + i % 3):
            block[int(rng.integers(0, len(block)))] = int(rng.integers(0, 256))
        yield f"damaged{i}", bytes(block)


def orientation_cases(rng):
    image = picture(7, 5, rng)
    plain = saved(image, "jpeg", quality=90)
    dotted = saved(image, "jpeg", quality=90, dpi=(72, 72))

    def app1(body):
        return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body

    def jpeg(*segments, base=plain):
        start = base.index(b"\xff\xdb")
        return base[:start] + b"".join(app1(s) for s in segments) + base[start:]

    rows = b"".join(b"\0" + rng.integers(0, 256, 7, dtype=np.uint8).tobytes() for _ in range(5))
    grey = (7, 5, 8, 0, 0, 0, 0)
    for name, block in orientation_blocks(rng):
        yield f"orient-{name}.jpg", jpeg(b"Exif\0\0" + block)
        yield f"orient-{name}.png", png(grey, chunk(b"eXIf", block), rows)
    six, three = (tiff_block("<", [(0x112, 3, 1, struct.pack("<HH", v, 0))]) for v in (6, 3))
    other = tiff_block("<", [(0x100, 3, 1, struct.pack("<HH", 6, 0))])
    exif = b"Exif\0\0"
    space = b"http://ns.adobe.com/xap/1.0/\0"
    packets = {
        "attribute": b'<x tiff:Orientation="8"/>',
        "element": b"<tiff:Orientation>5</tiff:Orientation>",
        "two": b'tiff:Orientation="2" tiff:Orientation="7"',
        "quote": b"<x tiff:Orientation='8'/>",
        "nine": b'tiff:Orientation="9"',
        "zero": b'tiff:Orientation="0"',
        "long": b'tiff:Orientation="66"',
        "blank": b'tiff:Orientation = "6"',
        "latin": b'\xe9 tiff:Orientation="6"',
        "none": b"<x/>",
        "empty": b"",
    }
    for name, packet in packets.items():
        for base_name, base in (("", plain), ("-dpi", dotted)):
            yield f"orient-xmp-{name}{base_name}.jpg", jpeg(space + packet, base=base)
            yield f"orient-xmp-{name}-exif{base_name}.jpg", jpeg(space + packet, exif + six, base=base)
            yield f"orient-exif-xmp-{name}{base_name}.jpg", jpeg(exif + three, space + packet, base=base)
            yield f"orient-other-xmp-{name}{base_name}.jpg", jpeg(exif + other, space + packet, base=base)
            yield f"orient-bad-xmp-{name}{base_name}.jpg", jpeg(exif + b"no tiff here", space + packet, base=base)
        yield f"orient-itxt-{name}.png", png(grey, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet), rows)
        yield f"orient-itxt-zip-{name}.png", png(grey, chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0\0" + zlib.compress(packet)), rows)
        yield f"orient-itxt-after-{name}.png", png(grey, b"", rows, chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))
        yield f"orient-text-xmp-{name}.png", png(grey, chunk(b"tEXt", b"XML:com.adobe.xmp\0" + packet), rows)
        yield f"orient-exif-itxt-{name}.png", png(grey, chunk(b"eXIf", other) + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet), rows)
    yield "orient-two-exif.jpg", jpeg(exif + six, exif + three)
    yield "orient-split-exif.jpg", jpeg(exif + six[:13], exif + six[13:])
    yield "orient-empty-then-exif.jpg", jpeg(exif, exif + six)
    yield "orient-empty-exif-xmp.jpg", jpeg(exif, space + packets["attribute"])
    yield "orient-two-xmp.jpg", jpeg(space + packets["attribute"], space + packets["element"])
    yield "orient-other-app1.jpg", jpeg(b"Something\0", exif + six)
    yield "orient-lower-exif.jpg", jpeg(b"exif\0\0" + six)
    yield "orient-exif-one-nul.jpg", jpeg(b"Exif\0" + six)
    cut = plain.index(b"\xff\xda")
    yield "orient-after-scan.jpg", plain[:-2] + app1(exif + six) + plain[-2:]
    yield "orient-before-scan.jpg", plain[:cut] + app1(exif + six) + plain[cut:]
    yield "orient-before-jfif.jpg", plain[:2] + app1(exif + six) + plain[2:]
    yield "orient-after.png", png(grey, b"", rows, chunk(b"eXIf", six))
    yield "orient-before-and-after.png", png(grey, chunk(b"eXIf", six), rows, chunk(b"eXIf", three))
    yield "orient-two.png", png(grey, chunk(b"eXIf", six) + chunk(b"eXIf", three), rows)
    yield "orient-after-end.png", png(grey, b"", rows) + chunk(b"eXIf", six)
    yield "orient-prefixed.png", png(grey, chunk(b"eXIf", exif + six), rows)
    yield "orient-empty.png", png(grey, chunk(b"eXIf", b""), rows)
    profile = (b"\nexif\n%8d\n" % len(exif + six)) + (exif + six).hex().encode() + b"\n"
    folded = b"\nexif\n  32\n" + b"\n".join((exif + six).hex().encode()[i : i + 20] for i in range(0, 200, 20))
    for name, text in {
        "whole": profile,
        "folded": folded,
        "odd": profile[:-2] + b"\n",
        "words": profile.replace(b"45", b"zz"),
        "short": b"\nexif\n",
        "no-prefix": b"\nexif\n  26\n" + six.hex().encode(),
    }.items():
        key = b"Raw profile type exif\0"
        yield f"orient-raw-text-{name}.png", png(grey, chunk(b"tEXt", key + text), rows)
        yield f"orient-raw-zip-{name}.png", png(grey, chunk(b"zTXt", key + b"\0" + zlib.compress(text)), rows)
        yield f"orient-raw-itxt-{name}.png", png(grey, chunk(b"iTXt", key + b"\0\0\0\0" + text), rows)
        yield f"orient-raw-after-{name}.png", png(grey, b"", rows, chunk(b"zTXt", key + b"\0" + zlib.compress(text)))
        yield f"orient-raw-and-exif-{name}.png", png(grey, chunk(b"zTXt", key + b"\0" + zlib.compress(text)) + chunk(b"eXIf", three), rows)
    yield "orient-text-exif.png", png(grey, chunk(b"tEXt", b"exif\0" + six), rows)
    yield "orient-raw-app1.png", png(grey, chunk(b"zTXt", b"Raw profile type APP1\0\0" + zlib.compress(profile)), rows)


def transposed(image):
    """Which orientation exif_transpose applies, told from the pixels it makes of a numbered image."""
    methods = (None, *(Image.Transpose(m) for m in (0, 3, 1, 5, 4, 6, 2)))
    try:
        turned = ImageOps.exif_transpose(image).convert("RGB")
    except Exception:  # whatever PIL throws at damaged metadata
        return "error"
    upright = image.convert("RGB")
    for orientation, method in enumerate(methods, 1):
        if np.array_equal(np.asarray(upright if method is None else upright.transpose(method)), np.asarray(turned)):
            return str(orientation)
    raise AssertionError("turned in a ninth way")


def answer(name, data):
    try:
        image = Image.open(io.BytesIO(data))
        rgb = image.convert("RGB")
    except Exception:  # PIL has no common kind for what it cannot read
        return f"{name} error"
    line = f"{name} ok {rgb.width} {rgb.height} {hashlib.sha256(rgb.tobytes()).hexdigest()}"
    return f"{line} {transposed(Image.open(io.BytesIO(data)))}" if name.startswith("orient-") else line


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(SEED)
    lines = []
    with zipfile.ZipFile(ARCHIVE, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:

        def put(name, data):
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)

        for make in (png_cases, jpeg_cases, bmp_cases, gif_cases, pnm_cases, tiff_cases, orientation_cases):
            for name, data in make(rng):
                put(name, data)
                lines.append(answer(name, data))
        put("answers.txt", "\n".join(lines) + "\n")
    manifest.record([ARCHIVE], "python -m tools.golden_formats", SEED)


if __name__ == "__main__":
    main()
