#!/usr/bin/env bash
# torch 2.13.0 on a processor: InstanceNorm2d of a batch of one gives wrong gradients where the upstream gradient lies in memory as
# channels_last, which a convolution's does in a network of that memory format. expected: the gradients of the same values as
# contiguous tensors; seen: off by several times their size, of the input, the weight and the bias. Batches of two and GroupNorm
# with a group for each channel are right.
# Exits with 0 while this is so, with 1 once it has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check 'torch==2.13.0' numpy
"$work/venv/bin/python" - <<'PYTHON'
import sys

import torch
from torch import nn


def gradients(norm, images, upstream):
    images = images.clone().requires_grad_()
    norm.zero_grad()
    norm(images).backward(upstream)
    return images.grad, norm.weight.grad, norm.bias.grad


def off(norm, count):
    torch.manual_seed(0)
    images, upstream = torch.randn(count, 64, 8, 8), torch.randn(count, 64, 8, 8)
    right = [part.clone() for part in gradients(norm, images, upstream)]
    seen = gradients(norm, images, upstream.contiguous(memory_format=torch.channels_last))
    return [float((a - b).abs().max()) for a, b in zip(seen, right)]


print("torch", torch.__version__)
wrong = off(nn.InstanceNorm2d(64, affine=True), 1)
others = off(nn.InstanceNorm2d(64, affine=True), 2) + off(nn.GroupNorm(64, 64), 1)
print("instance norm, one image: input, weight and bias off by", wrong)
print("two images, and group norm of one:", others)
sys.exit(0 if min(wrong) > 1 and max(others) < 1e-4 else 1)
PYTHON
