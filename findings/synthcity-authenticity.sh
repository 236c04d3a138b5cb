#!/usr/bin/env bash
# synthcity 0.2.12: the authenticity of its AlphaPrecision is not what Alaa et al. 2022 define (a generated row counts as authentic if
# it is farther from its nearest real row than this is from the next real row). It looks for the nearest generated row of each real
# row, and uses that row's number to look up a distance among the real rows, another row's. expected: what the definition gives, in
# whatever order the rows stand; seen: another share for the same rows in another order.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'numpy<2' 'scikit-learn<2'
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps 'synthcity==0.2.12'
"$work/venv/bin/python" - <<'PYTHON'
import ast
import importlib.metadata
import sys
from pathlib import Path
from typing import Optional, Tuple

import numpy as np
from sklearn.neighbors import NearestNeighbors

# The one function as it was installed: importing the package would take torch and dozens of others.
file = next(each for each in importlib.metadata.files("synthcity") if str(each).endswith("metrics/eval_statistical.py"))
tree = ast.parse(Path(file.locate()).read_text())
kind = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "AlphaPrecision")
function = next(node for node in kind.body if isinstance(node, ast.FunctionDef) and node.name == "metrics")
function.decorator_list = []
names = {"np": np, "NearestNeighbors": NearestNeighbors, "Optional": Optional, "Tuple": Tuple}
exec(compile(ast.Module([function], []), "synthcity", "exec"), names)


def theirs(real, fake):
    return names["metrics"](None, real, fake)[-1]


def defined(real, fake):
    within = np.linalg.norm(real[:, None] - real, axis=2)
    np.fill_diagonal(within, np.inf)
    across = np.linalg.norm(fake[:, None] - real, axis=2)
    return np.mean(within.min(axis=1)[across.argmin(axis=1)] < across.min(axis=1))


draw = np.random.default_rng(0)
real, fake = draw.normal(size=(2, 400, 4))
fake[:200] = real[:200]
seen = []
for what, rows in (("half copies", fake), ("the same in another order", draw.permutation(fake))):
    seen.append(theirs(real, rows))
    print(f"{what}: synthcity says {seen[-1]:.4f}, the definition {defined(real, rows):.4f}")
one, other = seen
sys.exit(0 if abs(one - other) > 1e-9 else 1)
PYTHON
