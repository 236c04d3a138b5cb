"""How files begin, and what they are."""

PICTURES = (
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8", "JPEG"),
    (b"BM", "BMP"),
    (b"II*\0\x10\0\0\0CR", "camera raw"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF8", "GIF"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x59\xa6\x6a\x95", "Sun raster"),
    (b"\0\0\1\0", "ICO"),
    (b"P7\n", "PAM"),
    (b"PF\n", "PFM"),
    (b"Pf\n", "PFM"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"II\xbc\1", "JPEG XR"),
    (b"8BPS", "Photoshop"),
    (b"gimp xcf", "GIMP"),
    (b"DDS ", "DDS"),
    (b"qoif", "QOI"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"AT&TFORM", "DjVu"),
    (b"SIMPLE  =", "FITS"),
    (b"icns", "ICNS"),
    (b"FUJIFILMCCD-RAW", "camera raw"),
    (b"IIRO", "camera raw"),
    (b"IIU\0", "camera raw"),
)
BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"crx ": "camera raw", b"qt  ": "video"}
"""What the ISO containers (their fifth byte begins "ftyp") hold by their brand."""
HEIC = (b"hei", b"hev", b"mif1", b"msf1")
PNM_SPACE = b" \t\r\n#"
TGA_END = b"TRUEVISION-XFILE.\0"
DICOM_AT = 128
TEXT = 1000
"""Bytes in which an SVG says that it is one."""


def name(data: bytes) -> str:
    """Return what kind of picture (or video) a file is, "" for what is none that we know."""
    for beginning, kind in PICTURES:
        if data.startswith(beginning):
            return kind
    if data.startswith(b"RIFF"):
        return {b"WEBP": "WebP", b"AVI ": "video"}.get(data[8:12], "")
    if data[4:8] == b"ftyp":
        return _in_container(data)
    if data[:1] == b"P" and data[1:2] in b"123456" and data[2:3] and data[2:3] in PNM_SPACE:
        return "PNM"
    if data.endswith(TGA_END):
        return "TGA"
    if data[DICOM_AT : DICOM_AT + 4] == b"DICM":
        return "DICOM"
    return "SVG" if b"<svg" in data[:TEXT] and data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") else ""


def _in_container(data: bytes) -> str:
    brand = data[8:12]
    if brand.startswith(HEIC):
        # Both kinds of still picture may carry the general brand; the compatible ones tell them apart.
        return "AVIF" if b"avif" in data[16 : int.from_bytes(data[:4], "big")] else "HEIC"
    return BRANDS.get(brand, "video")
