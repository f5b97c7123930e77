# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One step of propagation, as fast as the machine has it."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from depth_completion_core.models.propagation.taps import Taps, bordered, gathered

# torch says once per process that sparse matrices are "beta". Their products are compared with
# plain ones in tests, and nobody who completes a bag can do anything about the sentence.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch.sparse_csr_tensor([0], [], [], (0, 0))

Step = Callable[[Tensor], Tensor]
"""(B, 1, H, W) to the same: the sum over the taps."""


def step_of(taps: Taps) -> Step:
    """The fastest step that this machine has for the taps."""
    has_mkl: bool = torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
    is_cpu = taps.weight.device.type == "cpu"
    return _sparse_step(taps) if is_cpu and has_mkl else plain_step(taps)


def plain_step(taps: Taps) -> Step:
    """Gather, multiply, add: anywhere, and what the others are compared with."""

    def step(values: Tensor) -> Tensor:
        found = gathered(bordered(values), taps.sources) * taps.weight
        return found.sum(-1).view(values.shape[0], 1, *taps.size_px)

    return step


def _sparse_step(taps: Taps) -> Step:
    """One product of a sparse matrix with the bordered image, by MKL."""
    batch, pixels, count = taps.sources.shape
    height, width = taps.size_px
    border_pixels = (height + 2) * (width + 2)
    index = taps.sources
    if batch > 1:
        first = torch.arange(batch, dtype=torch.int32, device=index.device) * border_pixels
        index = index + first[:, None, None]
    rows = batch * pixels
    row_starts = torch.arange(0, rows * count + 1, count, dtype=torch.int32, device=index.device)
    matrix = torch.sparse_csr_tensor(
        row_starts,
        index.flatten(),
        taps.weight.flatten(),
        (rows, batch * border_pixels),
        check_invariants=False,
    )
    border = taps.weight.new_zeros(batch, 1, height + 2, width + 2)
    inner = border[:, :, 1:-1, 1:-1]

    def step(values: Tensor) -> Tensor:
        inner.copy_(values)
        return torch.mv(matrix, border.view(-1)).view(batch, 1, height, width)

    return step
