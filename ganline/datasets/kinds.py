"""Which files are pictures, and which merely lie beside them."""

import re
from pathlib import Path

NAMED = re.compile(
    r".*\.(jpe?g|jpe|jfif|a?png|bmp|dib|webp|tiff?|jp2|j2[kc]|jp[cfx]|p[bgpna]m|gif|avif|hei[cf]|jxl|jxr|psd|xcf|svg|tga"
    r"|ico|icns|hdr|exr|pfm|ras|qoi|dds|dcm|dng|cr[23]|nef|arw|raf|orf|rw2|mpo|fits?|djvu?|e?ps)",
    re.IGNORECASE | re.DOTALL,
)
"""What people call pictures. `ganline.datasets.decode` reads most, and says of each of the others why not."""
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  ")
"""How a picture begins whose name does not say so. Two letters, such as BM, would find texts too."""
BRANDS = (b"ftypavif", b"ftyphei", b"ftypmif1")
ARCHIVES = re.compile(r"\.(zip|tar|t?gz|bz2|xz|7z|rar|zst)", re.IGNORECASE)


def named_picture(name: str) -> bool:
    """Return whether a file's name says that it is a picture."""
    return bool(NAMED.fullmatch(name.rpartition("/")[2]))


def why_no_picture(path: Path) -> str:
    """Return why a file is no picture, by its name, else by its first bytes; "" where it is one (or a damaged one)."""
    if named_picture(path.name):
        return ""
    with path.open("rb") as source:
        head = source.read(16)
    if head.startswith(SIGNATURES) or head[4:].startswith(BRANDS) or (head[:4], head[8:12]) == (b"RIFF", b"WEBP"):
        return ""
    return "an archive, not unpacked" if ARCHIVES.fullmatch(path.suffix) else "not a picture"
