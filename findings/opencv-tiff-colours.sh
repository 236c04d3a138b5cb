#!/usr/bin/env bash
# opencv-python 4.11.0.86 gives other colours than valid TIFF files hold (Pillow 13.0.0 writes them and reads them back right):
#   RGBA with unassociated alpha (ExtraSamples 2): expected the colours as stored; seen: multiplied by alpha.
#   CIELAB (photometric 8): expected blue, green, red; seen: red and blue exchanged.
#   grey of 16 bits whose white is 0 (photometric 0): expected black for 65535; seen: the stored value, a negative.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'opencv-python==4.11.0.86' 'numpy<2.3' 'pillow==13.0.0'
"$work/venv/bin/python" - <<'PYTHON'
import io
import struct
import sys

import cv2
import numpy as np
from PIL import Image


def read(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def written(image):
    out = io.BytesIO()
    image.save(out, "TIFF")
    return out.getvalue()


def sixteen(value):
    tags = {256: 4, 257: 4, 258: 16, 259: 1, 262: 0, 273: 8, 277: 1, 278: 4, 279: 32}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, number) for tag, number in tags.items())
    pixels = struct.pack("<H", value) * 16
    return b"II*\0" + struct.pack("<I", 8 + len(pixels)) + pixels + struct.pack("<H", len(tags)) + entries + bytes(4)


red = Image.new("RGB", (4, 4), (200, 30, 10))
half = red.convert("RGBA")
half.putalpha(128)
lab = Image.merge("LAB", [Image.new("L", (4, 4), value) for value in (110, 60, 50)])
seen = {
    "RGBA, stored (200, 30, 10, 128)": read(written(half))[0, 0].tolist(),
    "CIELAB of a red, L 110, a 60, b 50": read(written(lab))[0, 0].tolist(),
    "white is 0, stored 65535": int(read(sixteen(65535))[0, 0]),
}
for name, pixel in seen.items():
    print(f"{name}: OpenCV gives (blue, green, red, alpha) {pixel}")
multiplied, exchanged, negative = seen.values()
changed = multiplied == [10, 30, 200, 128] or exchanged[2] > exchanged[0] or negative == 0
print("something has changed" if changed else "as described above")
sys.exit(changed)
PYTHON
