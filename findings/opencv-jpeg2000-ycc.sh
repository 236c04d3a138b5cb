#!/usr/bin/env bash
# opencv-python 4.11.0.86 turns JPEG 2000 pictures that are stored as YCbCr (colour space 18, sYCC) into RGB by the numbers of analogue YUV:
#   expected of a red, stored as Y 76, Cb 84, Cr 255: red 254 = Y + 1.402 (Cr - 128), as ISO/IEC 15444-1 has it and Pillow 13.0.0 gives;
#   seen: red 221 = Y + 1.14 (Cr - 128), green 20. Grey pictures look right, so nothing warns: all others lose colour.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'opencv-python-headless==4.11.0.86' 'numpy<2.3' 'pillow==13.0.0'
"$work/venv/bin/python" - <<'PYTHON'
import io
import sys

import cv2
import numpy as np
from PIL import Image

file = io.BytesIO()
Image.new("YCbCr", (64, 64), (76, 84, 255)).save(file, "JPEG2000")
stored = np.frombuffer(file.getvalue(), np.uint8)
by_opencv = cv2.imdecode(stored, cv2.IMREAD_UNCHANGED)[9, 9, ::-1].tolist()
by_pillow = list(Image.open(file).convert("RGB").getpixel((9, 9)))
print(f"red, green, blue: OpenCV gives {by_opencv}, Pillow {by_pillow}")
as_told = by_opencv == [221, 20, 0] and by_pillow == [254, 0, 0]
print("as described above" if as_told else "something has changed")
sys.exit(not as_told)
PYTHON
