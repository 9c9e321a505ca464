"""What a file is that is not an image we read."""

from __future__ import annotations

import re

_OTHER_KINDS = tuple(
    (re.compile(magic, re.DOTALL), what)
    for magic, what in (
        (rb"v/1\x01", "it is an OpenEXR image, which this OpenCV was built without"),
        (rb"....ftyp(?:hei|mif1|msf1)", "it is a HEIC photo; export it as JPEG or PNG first"),
        (rb"8BPS", "it is a Photoshop document; export it as TIFF or PNG first"),
        (rb"%PDF", "it is a PDF document"),
        (rb"\s*(?:<\?xml[^>]*>\s*)?<svg", "it is an SVG drawing, which has no pixels"),
        (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!", "it is an archive"),
        (rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI ", "it looks like a video"),
    )
)


def _looks_like_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):  # the byte-order marks of UTF-16
        return True
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # else only the last letter was cut off
            return False
        text = head[: error.start].decode()
    return all(letter.isprintable() or letter in "\t\n\r\f\x1b" for letter in text)


def description(head: bytes) -> str:
    """Say what a file looks like.

    Parameters
    ----------
    head : bytes
        Its first bytes, not those of a known image format.

    Returns
    -------
    str
        The end of a sentence, such as "it is a PDF document".
    """
    for magic, what in _OTHER_KINDS:
        if magic.match(head):
            return what
    if _looks_like_text(head[:1024]):
        return "it looks like a text file"
    return "its contents are of no known kind"
