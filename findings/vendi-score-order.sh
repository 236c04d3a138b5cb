#!/usr/bin/env bash
# vendi-score 0.0.3: score_X(X, q) computes the score of order 1 whatever q is. expected: what score_K and score_dual say of the same
# images and the same q; seen: the number for q = 1. intdiv_X, of the same file, ends in a TypeError.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'numpy<2' 'scipy<1.15' 'scikit-learn<1.7'
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'vendi-score==0.0.3'
"$work/venv/bin/python" -W ignore - <<'PYTHON'
import sys

import numpy as np
from vendi_score import vendi

images = np.random.default_rng(0).normal(size=(50, 4))
unit = images / np.linalg.norm(images, axis=1, keepdims=True)
for q in (1, 2):
    print(f"q = {q}: score_X {vendi.score_X(images, q=q):.6f}, score_K {vendi.score_K(unit @ unit.T, q=q):.6f}")
try:
    print("intdiv_X:", vendi.intdiv_X(images))
except (TypeError, NameError) as error:
    print(f"intdiv_X: {type(error).__name__}: {error}")
sys.exit(0 if abs(vendi.score_X(images, q=2) - vendi.score_K(unit @ unit.T, q=2)) > 1e-6 else 1)
PYTHON
