"""Decoding: what Pillow and tifffile write must come out with the values they wrote."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from PIL import Image as PilImage
from PIL import ImageOps

from pyrviewer.compute import codecs, image
from pyrviewer.compute.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from pyrviewer.compute.image import Array

ORIENTATION = 274


def noise(*shape: int, dtype: str = "uint8") -> Array:
    values = np.random.default_rng(7).random(shape)
    if dtype.startswith("float"):
        return values.astype(dtype)
    return (values * (np.iinfo(dtype).max + 1.0)).astype(dtype)


def blocks(channels: int, dtype: str = "uint8") -> Array:
    """Make 32 x 48 pixels of flat blocks that survive lossy compression, different in each corner.

    The last channel, if alpha, is opaque but for one corner.
    """
    small = np.zeros((2, 3, channels), np.uint8)
    small[0, 0], small[0, 2], small[1, 0], small[1, 1] = 250, 170, 90, 40
    if channels > 1:
        small[0, 1, 0], small[1, 2, 2] = 200, 220
    if channels in (2, 4):
        small[..., -1] = 255
        small[1, 2, -1] = 0
        small[1, 2, :-1] = 0  # WebP does not keep colours that cannot be seen
    large = small.repeat(16, axis=0).repeat(16, axis=1)
    return large[..., 0] if channels == 1 else large.astype(dtype)


def by_pillow(pixels: Array | PilImage.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture = pixels if isinstance(pixels, PilImage.Image) else PilImage.fromarray(pixels)
    picture.save(file, kind, **options)
    return file.getvalue()


def by_tifffile(pixels: Array, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)
    return file.getvalue()


def decoded(data: bytes, page: int = 0) -> Array:
    return image.decode(data, "test", page=page).pixels


# --- modes, against Pillow's own decoders

LOSSLESS: list[tuple[str, str, dict[str, Any]]] = [
    *((mode, "PNG", {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
    *((mode, "TIFF", {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "F", "I;16")),
    *((mode, "TIFF", {"compression": "tiff_lzw"}) for mode in ("L", "RGB", "RGBA", "I;16")),
    *((mode, "TIFF", {"compression": "tiff_adobe_deflate"}) for mode in ("RGB", "F")),
    ("RGB", "TIFF", {"compression": "packbits"}),
    ("1", "TIFF", {"compression": "group4"}),
    *((mode, "BMP", {}) for mode in ("1", "L", "P", "RGB")),
    *((mode, "PPM", {}) for mode in ("1", "L", "RGB", "F")),
    *((mode, "GIF", {}) for mode in ("P",)),
    *((mode, "WEBP", {"lossless": True}) for mode in ("RGB", "RGBA")),
    *((mode, "JPEG2000", {"irreversible": False}) for mode in ("L", "RGB", "RGBA")),
]


@pytest.mark.parametrize(("mode", "kind", "options"), LOSSLESS)
def test_lossless_files_come_out_exact(mode: str, kind: str, options: dict[str, Any]) -> None:
    colours = PilImage.fromarray(noise(33, 47, 4)[..., : 4 if "A" in mode else 3])
    source = {
        "P": lambda: colours.quantize(50),
        "I;16": lambda: PilImage.fromarray(noise(33, 47, dtype="uint16")),
    }.get(mode, lambda: colours.convert(mode))()
    if mode == "RGBA" and kind == "WEBP":
        source = PilImage.fromarray(np.maximum(noise(33, 47, 4), 1))
    plain = {"P": "RGB", "LA": "RGBA", "1": "L"}.get(mode, mode)
    expected = np.asarray(source.convert(plain))
    got = decoded(by_pillow(source, kind, **options))
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_small_palettes(bits: int) -> None:
    source = PilImage.fromarray(noise(20, 30, 3)).quantize(1 << bits)
    data = by_pillow(source, "PNG", bits=bits, optimize=False)
    np.testing.assert_array_equal(decoded(data), np.asarray(source.convert("RGB")))


@pytest.mark.parametrize(("mode", "key"), [("L", 9), ("RGB", (1, 2, 3)), ("P", 3)])
def test_a_transparent_colour_becomes_alpha(mode: str, key: Any) -> None:
    pixels = noise(20, 30, 3) // 16
    pixels[4:9, 5:8] = (1, 2, 3)
    source = PilImage.fromarray(pixels)
    source = source.quantize(8) if mode == "P" else source.convert(mode)
    data = by_pillow(source, "PNG", transparency=key)
    expected = np.asarray(PilImage.open(io.BytesIO(data)).convert("RGBA"))
    assert 0 < np.count_nonzero(expected[..., 3] == 0) < expected[..., 3].size
    np.testing.assert_array_equal(decoded(data), expected)


def raw_png(pixels: Array, colour: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """Make a PNG with 16 bits a sample, which Pillow does not write in colour."""

    def chunk(kind: bytes, contents: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + contents))
        return struct.pack(">I", len(contents)) + kind + contents + checksum

    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)),
            *(chunk(*extra) for extra in chunks),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


@pytest.mark.parametrize(("channels", "colour"), [(1, 0), (2, 4), (3, 2), (4, 6)])
def test_16_bit_png(channels: int, colour: int) -> None:
    pixels = noise(21, 34, channels, dtype="uint16")
    source = {1: [0], 2: [0, 0, 0, 1]}.get(channels, list(range(channels)))
    expected = pixels[..., source].squeeze()
    got = decoded(raw_png(pixels, colour))
    assert got.dtype == np.uint16
    np.testing.assert_array_equal(got, expected)


def test_16_bit_png_with_a_transparent_gray() -> None:
    pixels = noise(21, 34, dtype="uint16")
    pixels[3:6] = 777
    got = decoded(raw_png(pixels, 0, (b"tRNS", struct.pack(">H", 777))))
    np.testing.assert_array_equal(got[..., 1], pixels)
    np.testing.assert_array_equal(got[..., 3], np.where(pixels == 777, 0, 65535))


def test_portable_anymaps_as_text() -> None:
    np.testing.assert_array_equal(
        decoded(b"P1 # no\n3 2\n1 0 1\n0 1 0\n"), [[0, 255, 0], [255, 0, 255]]
    )
    np.testing.assert_array_equal(decoded(b"P2\n#\n#\n2 2\n255\n1 2 3 4\n"), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(decoded(b"P3\n1 1\n255\n1 2 3\n"), [[[1, 2, 3]]])
    got = decoded(b"P5\n2 1\n1023\n\x03\xff\x00\x01")
    assert got.dtype == np.uint16
    np.testing.assert_array_equal(got, [[1023, 1]])


def test_radiance_hdr_is_read_by_its_definition() -> None:
    # Shared exponent: mantissa / 256 * 2 ** (exponent - 128).
    data = b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 2\n" + bytes(
        [128, 64, 32, 129, 1, 2, 3, 140]
    )
    expected = [[[1.0, 0.5, 0.25], [16.0, 32.0, 48.0]]]
    np.testing.assert_allclose(decoded(data), expected, rtol=1 / 256)


def test_jpeg_agrees_with_pillow() -> None:
    pixels = noise(40, 56, 3) // 8 + blocks(3)[:1, :1]
    for mode in ("RGB", "L"):
        data = by_pillow(PilImage.fromarray(pixels).convert(mode), "JPEG", quality=90)
        expected = np.asarray(PilImage.open(io.BytesIO(data))).astype(int)
        assert np.abs(decoded(data) - expected).max() <= 2


def test_cmyk_is_converted_with_a_note() -> None:
    source = PilImage.fromarray(blocks(3)).convert("CMYK")
    for kind in ("JPEG", "TIFF"):
        data = by_pillow(source, kind)
        got = image.decode(data, "test")
        expected = np.asarray(PilImage.open(io.BytesIO(data)).convert("RGB")).astype(int)
        assert np.abs(got.pixels - expected).max() <= 1
        assert any("CMYK" in note for note in got.notes)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_picture_is_shown(kind: str) -> None:
    pictures = [PilImage.new("RGB", (40, 30), colour) for colour in ("#f00000", "#00f000")]
    data = by_pillow(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=50)
    got = image.decode(data, "test")
    assert got.pixels.shape == (30, 40, 3)
    assert np.abs(got.pixels - np.array([0xF0, 0, 0])).max() <= 4
    assert got.notes == ("Only the first picture of the animation is shown.",)


# --- orientation, against Pillow's ImageOps

PilImage.init()
EXIF_KINDS = [kind for kind in ("JPEG", "PNG", "WEBP", "AVIF") if kind in PilImage.SAVE]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", EXIF_KINDS)
def test_exif_orientation(kind: str, channels: int, orientation: int) -> None:
    if kind == "JPEG" and channels == 4:
        channels = 3
    pixels = blocks(channels)
    exif = PilImage.Exif()
    exif[ORIENTATION] = orientation
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": 95, "subsampling": 0},
        "AVIF": {"quality": 95, "subsampling": "4:4:4"},
        "WEBP": {"lossless": True},
    }
    data = by_pillow(pixels, kind, exif=exif, **options.get(kind, {}))
    tagged = PilImage.fromarray(pixels)
    tagged.getexif()[ORIENTATION] = orientation
    expected = np.asarray(ImageOps.exif_transpose(tagged)).astype(int)
    got = decoded(data)
    if got.ndim > expected.ndim:  # WebP and AVIF have no gray
        expected = expected[..., None]
    assert np.abs(got - expected).max() <= 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_tiff_orientation(channels: int, dtype: str, orientation: int) -> None:
    pixels = noise(20, 31, channels, dtype=dtype).squeeze()
    options = {"photometric": "rgb"} if channels > 1 else {}
    if channels == 4:
        options["extrasamples"] = "unassalpha"
    tags = [(ORIENTATION, "H", 1, orientation, True)]
    turned = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.swapaxes(0, 1),
        6: np.rot90(pixels, -1),
        7: pixels[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(pixels),
    }[orientation]
    for rows in (None, 8):
        data = by_tifffile(pixels, extratags=tags, rowsperstrip=rows, **options)
        np.testing.assert_array_equal(decoded(data), turned)


@pytest.mark.parametrize("block", [b"", b"II", b"II*\0\x08\0\0\0\xff\xff", b"XX*\0\x08\0\0\0"])
def test_a_damaged_orientation_is_ignored(block: bytes) -> None:
    data = by_pillow(blocks(3), "JPEG")
    segment = b"Exif\0\0" + block
    with_exif = data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]
    np.testing.assert_array_equal(decoded(with_exif), decoded(data))


# --- TIFF, against tifffile


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("options", [{}, {"bigtiff": True}, {"tile": (16, 16)}, {"tile": (32, 64)}])
def test_tiff(channels: int, dtype: str, byteorder: Any, options: dict[str, Any]) -> None:
    if (channels, dtype, byteorder, options) == (4, "uint8", ">", {"bigtiff": True}):
        pytest.skip("Pillow reads no big-endian BigTIFF, and it reads 8-bit RGBA")
    pixels = noise(50, 70, channels, dtype=dtype).squeeze()
    if channels > 1:
        options = options | {"photometric": "rgb"}
    if channels == 4:
        options = options | {"extrasamples": "unassalpha"}
    got = decoded(by_tifffile(pixels, byteorder=byteorder, **options))
    assert got.dtype == dtype
    np.testing.assert_array_equal(got, pixels)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float64"])
@pytest.mark.parametrize("channels", [1, 3])
def test_tiff_of_another_dtype_is_read_as_float32(channels: int, dtype: str) -> None:
    pixels = (noise(20, 30, channels, dtype="float64").squeeze() * 2000 - 1000).astype(dtype)
    options = {"photometric": "rgb"} if channels > 1 else {}
    got = image.decode(by_tifffile(pixels, **options), "test")
    np.testing.assert_array_equal(got.pixels, pixels.astype(np.float32))
    assert got.notes == (f"{dtype} was read as float32.",)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_tiff_where_white_is_zero(dtype: str) -> None:
    pixels = noise(20, 30, dtype=dtype)
    got = decoded(by_tifffile(pixels, photometric="miniswhite"))
    np.testing.assert_array_equal(got, np.iinfo(dtype).max - pixels)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_associated_alpha_is_divided_out(dtype: str) -> None:
    straight = noise(20, 30, 4, dtype=dtype)
    top = 1.0 if dtype == "float32" else float(np.iinfo(dtype).max)
    straight[..., 3] = np.maximum(straight[..., 3], top / 2)  # little precision is lost
    stored = straight.astype(np.float64)
    stored[..., :3] *= stored[..., 3:] / top
    stored = stored if dtype == "float32" else np.rint(stored)
    data = by_tifffile(stored.astype(dtype), photometric="rgb", extrasamples="assocalpha")
    got = image.decode(data, "test")
    assert np.abs(got.pixels.astype(float) - straight).max() <= (1e-6 if top == 1 else 2)
    assert "divided" in got.notes[0]


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_fourth_channel_that_is_not_alpha_is_left_out(dtype: str) -> None:
    pixels = noise(20, 30, 4, dtype=dtype)
    got = image.decode(by_tifffile(pixels, photometric="rgb", extrasamples="unspecified"), "test")
    np.testing.assert_array_equal(got.pixels, pixels[..., :3])
    assert "left out" in got.notes[0]


def test_separate_planes() -> None:
    pixels = noise(3, 20, 30)
    data = by_tifffile(pixels, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(decoded(data), pixels.transpose(1, 2, 0))
    data = by_tifffile(noise(3, 20, 30, dtype="uint16"), photometric="rgb", planarconfig="separate")
    with pytest.raises(UserError, match="3 channels of 16-bit unsigned samples in separate planes"):
        decoded(data)


def test_pages() -> None:
    file = io.BytesIO()
    pages = [noise(20, 30, 3), noise(11, 12, dtype="uint16"), noise(9, 8, 4)]
    with tifffile.TiffWriter(file) as writer:
        writer.write(pages[0], photometric="rgb")
        writer.write(pages[1])
        writer.write(pages[2], photometric="rgb", extrasamples="unassalpha")
    for number, page in enumerate(pages):
        got = image.decode(file.getvalue(), "stack.tif", page=number)
        np.testing.assert_array_equal(got.pixels, page)
        assert (got.origin.page, got.origin.pages) == (number, 3)
    for number in (3, -1):
        with pytest.raises(UserError, match=r"^stack\.tif has 3 pages: there is no page "):
            image.decode(file.getvalue(), "stack.tif", page=number)
    with pytest.raises(UserError, match=r"^a\.png has 1 page: there is no page 2\.$"):
        image.decode(by_pillow(pages[0], "PNG"), "a.png", page=1)


# --- large files take a faster way through OpenCV


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 90}),
        ("JPEG", {"quality": 90, "progressive": True}),
        ("PNG", {"compress_level": 1}),
        ("PNG", {"compress_level": 1, "icc_profile": b"rubbish"}),
        ("TIFF", {}),
        ("TIFF", {"tiffinfo": {ORIENTATION: 6}}),
        ("TIFF", {"compression": "tiff_lzw"}),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_large_files_come_out_as_from_memory(
    tmp_path: Path, kind: str, options: dict[str, Any], channels: int
) -> None:
    small = noise(70, 60, channels).squeeze()
    pixels = small.repeat(18, axis=0).repeat(18, axis=1)
    assert pixels.shape[0] * pixels.shape[1] > codecs.LARGE
    data = by_pillow(pixels, kind, **options)
    for name in ("large", "große Datei"):
        path = tmp_path / name
        path.write_bytes(data)
        np.testing.assert_array_equal(image.read(path).pixels, decoded(data))
    # A file that has become shorter, and one whose last quarter is damaged.
    for damaged in (data[: len(data) * 3 // 4], data[: len(data) * 3 // 4] + bytes(len(data) // 4)):
        path.write_bytes(damaged)
        try:
            expected = decoded(damaged)
        except UserError:
            with pytest.raises(UserError):
                image.read(path)
        else:
            np.testing.assert_array_equal(image.read(path).pixels, expected)
