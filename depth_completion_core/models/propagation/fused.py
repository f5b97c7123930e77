# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: ANN001, ANN202, PLR0917 - pointers have no types in Triton's language
"""The steps on a GPU: one Triton kernel gathers, weighs, adds and puts measurements back.

With S taps it reads 8 S bytes for every pixel and step, and writes 8; what comes between stays in
registers, where the plain step writes and reads it.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor

from depth_completion_core.models.propagation.taps import Taps

try:
    import triton
    import triton.language as tl
except ImportError:  # it comes with torch for GPUs
    triton = tl = None

_TILE = 4096  # pixels times taps of one program
_PUT_BACK = {"": 0, "before": 1, "after": 2}


_failed: list[str] = []  # why this machine cannot, once that is known


def fused_states_if_possible(
    taps: Taps,
    start: Tensor,
    steps: int,
    added: Tensor | None,
    anchoring: tuple[Tensor | None, Tensor | None, str],
) -> Tensor | None:
    """As :func:`fused_states`; None where Triton is missing or cannot compile on this machine."""
    if triton is None or _failed:
        return None
    try:
        with torch.cuda.device(start.device):  # Triton starts its kernels on the current one
            return fused_states(taps, start, steps, added, anchoring)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # Triton's compilers have many kinds
        _failed.append(f"{type(error).__name__}: {error!s:.200}")
        warnings.warn(
            f"Triton cannot compile the propagation here ({_failed[0]}); it is slower without",
            stacklevel=2,
        )
        return None


def fused_states(
    taps: Taps,
    start: Tensor,
    steps: int,
    added: Tensor | None,
    anchoring: tuple[Tensor | None, Tensor | None, str],
) -> Tensor:
    """(steps + 1, B, 1, H, W), as plain steps make them; the arguments are those of ``engine.py``.

    Triton must be installed.
    """
    where, value, when = anchoring
    batch, pixels, count = taps.sources.shape
    height, width = taps.size_px
    states = start.new_empty((steps + 1, *start.shape))
    states[0] = start
    first = torch.where(where, value, start) if when == "before" else start  # type: ignore[arg-type]
    seen, following = start.new_zeros((2, batch, height + 2, width + 2))
    seen[:, 1:-1, 1:-1] = first[:, 0]
    padded = triton.next_power_of_2(count)
    block = max(_TILE // padded, 1)
    sources, weight = taps.sources.contiguous(), taps.weight.contiguous()
    # A kernel takes no None; what it does not look at may be anything.
    more = start if added is None else added.contiguous()
    put_back = start if where is None else where.contiguous().view(torch.uint8)
    values = start if value is None else value.contiguous()
    for number in range(steps):
        _kernel[(triton.cdiv(pixels, block), batch)](
            sources,
            weight,
            seen,
            more,
            put_back,
            values,
            states[number + 1],
            following,
            pixels,
            width,
            (height + 2) * (width + 2),
            COUNT=count,
            PADDED=padded,
            BLOCK=block,
            ADDS=added is not None,
            PUT_BACK=_PUT_BACK[when],
        )
        seen, following = following, seen
    return states


def _step(  # type: ignore[no-untyped-def]
    sources,
    weight,
    seen,
    added,
    where,
    value,
    state,
    following,
    pixels,
    width,
    border_pixels,
    COUNT: tl.constexpr,
    PADDED: tl.constexpr,
    BLOCK: tl.constexpr,
    ADDS: tl.constexpr,
    PUT_BACK: tl.constexpr,
):
    """BLOCK pixels of one image: what each has now, and what the next step sees of it."""
    item = tl.program_id(1).to(tl.int64)
    pixel = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tap = tl.arange(0, PADDED)
    is_pixel = pixel < pixels
    is_tap = is_pixel[:, None] & (tap < COUNT)[None, :]
    here = item * pixels + pixel
    at = here[:, None] * COUNT + tap[None, :]
    source = tl.load(sources + at, mask=is_tap, other=0)
    amount = tl.load(weight + at, mask=is_tap, other=0.0)
    found = tl.load(seen + item * border_pixels + source, mask=is_tap, other=0.0)
    result = tl.sum(found * amount, axis=1)
    if ADDS:
        result += tl.load(added + here, mask=is_pixel, other=0.0)
    if PUT_BACK == 2:
        is_put_back = tl.load(where + here, mask=is_pixel, other=0) != 0
        result = tl.where(is_put_back, tl.load(value + here, mask=is_pixel, other=0.0), result)
    tl.store(state + here, result, mask=is_pixel)
    if PUT_BACK == 1:
        is_put_back = tl.load(where + here, mask=is_pixel, other=0) != 0
        result = tl.where(is_put_back, tl.load(value + here, mask=is_pixel, other=0.0), result)
    row = pixel // width
    bordered = (row + 1) * (width + 2) + pixel - row * width + 1
    tl.store(following + item * border_pixels + bordered, result, mask=is_pixel)


_kernel: Any = triton.jit(_step) if triton is not None else None
