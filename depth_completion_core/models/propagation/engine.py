# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recurrence of CSPN, NLSPN and their like: one linear step, many times over.

What changes from method to method (neighbours, affinities, confidence) is in the taps, which are
made once. With S taps a step reads 8 S bytes for every pixel; training keeps 4 bytes for every
pixel and step beside them, where recording the steps would keep 8 S.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

from depth_completion_core.models.propagation.taps import Taps, bordered, gathered

# torch says once per process that sparse matrices are "beta". Their products are compared with
# plain ones in tests, and nobody who completes a bag can do anything about the sentence.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    torch.sparse_csr_tensor([0], [], [], (0, 0))

Step = Callable[[Tensor], Tensor]
"""(B, 1, H, W) to the same: the sum over the taps."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Anchors:
    """Pixels that are put back to a value in every step.

    Attributes:
        where: (B, 1, H, W) bool.
        value: (B, 1, H, W).
        when: before each step, as NLSPN does (the last step moves them once more), or after each.
    """

    where: Tensor
    value: Tensor
    when: Literal["before", "after"]


def propagate(
    start: Tensor,
    taps: Taps,
    *,
    steps: int,
    added: Tensor | None = None,
    anchors: Anchors | None = None,
) -> Tensor:
    """Take ``steps`` steps.

    Args:
        start: (B, 1, H, W), of the type of the taps' weights.
        taps: what each step does.
        steps: how many, 0 or more.
        added: (B, 1, H, W) that every step adds; None for nothing.
        anchors: what is put back in every step; None for nothing.

    Returns:
        (steps + 1, B, 1, H, W): the start and what each step made of it. Gradients flow to
        ``start``, to the taps' weights, to ``added`` and to the anchors' value.
    """
    where, value, when = None, None, ""
    if anchors is not None:
        where, value, when = anchors.where, anchors.value, anchors.when
    if torch.onnx.is_in_onnx_export():
        states = _states(plain_step(taps), start, steps, added, (where, value, when))
        return torch.stack(states)
    result: Tensor = _Propagation.apply(  # type: ignore[no-untyped-call]
        start, taps.weight, added, value, taps.sources, where, (steps, taps.size_px, when)
    )
    return result


def step_of(taps: Taps) -> Step:
    """The fastest step that this machine has for the taps."""
    has_mkl: bool = torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
    is_cpu = taps.weight.device.type == "cpu"
    return _sparse_step(taps) if is_cpu and has_mkl else plain_step(taps)


def plain_step(taps: Taps) -> Step:
    """Gather, multiply, add: anywhere, and what the others are compared with."""

    def step(values: Tensor) -> Tensor:
        found = gathered(bordered(values), taps.sources) * taps.weight
        return found.sum(-1).view(len(values), 1, *taps.size_px)

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


_Anchoring = tuple[Tensor | None, Tensor | None, str]


def _states(
    step: Step, start: Tensor, steps: int, added: Tensor | None, anchoring: _Anchoring
) -> list[Tensor]:
    states = [start]
    where, value, when = anchoring
    for _ in range(steps):
        now = states[-1]
        if where is not None and value is not None and when == "before":
            now = torch.where(where, value, now)
        now = step(now)
        if added is not None:
            now = now + added
        if where is not None and value is not None and when == "after":
            now = torch.where(where, value, now)
        states.append(now)
    return states


class _Propagation(torch.autograd.Function):
    """All steps at once, so that their backward pass needs the states alone."""

    @staticmethod
    def forward(  # noqa: PLR0917 - torch gives them by position
        ctx: Any,  # noqa: ANN401 - torch's
        start: Tensor,
        weight: Tensor,
        added: Tensor | None,
        value: Tensor | None,
        index: Tensor,
        where: Tensor | None,
        plan: tuple[int, tuple[int, int], str],
    ) -> Tensor:
        steps, size_px, when = plan
        taps = Taps(index, weight, size_px)
        result = torch.stack(_states(step_of(taps), start, steps, added, (where, value, when)))
        ctx.save_for_backward(result, weight, value, index, where)
        ctx.plan = plan
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 - torch's
        result, weight, value, index, where = ctx.saved_tensors
        steps, size_px, when = ctx.plan
        of_weight = torch.zeros_like(weight) if ctx.needs_input_grad[1] else None
        of_added = torch.zeros_like(result[0])
        of_value = torch.zeros_like(result[0])
        now = grad[steps].clone()
        for number in range(steps - 1, -1, -1):
            if when == "after":
                of_value, now = _put_back(of_value, now, where)
            of_added += now
            before = result[number]
            if when == "before":
                before = torch.where(where, value, before)
            rows = now.flatten(1).unsqueeze(-1)
            if of_weight is not None:
                of_weight.addcmul_(gathered(bordered(before), index), rows)
            now = _transposed(weight * rows, index, size_px)
            if when == "before":
                of_value, now = _put_back(of_value, now, where)
            now = now + grad[number]
        wants_added, wants_value = ctx.needs_input_grad[2], ctx.needs_input_grad[3]
        return (
            now,
            of_weight,
            of_added if wants_added else None,
            of_value if wants_value else None,
            None,
            None,
            None,
        )


def _put_back(of_value: Tensor, now: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of the anchors' value and of what they replaced."""
    zero = now.new_zeros(())
    return of_value + torch.where(where, now, zero), torch.where(where, zero, now)


def _transposed(amounts: Tensor, index: Tensor, size_px: tuple[int, int]) -> Tensor:
    """(B, N, S) amounts added up where they came from, (B, 1, H, W)."""
    height, width = size_px
    border = amounts.new_zeros(len(amounts), (height + 2) * (width + 2))
    border.scatter_add_(1, index.flatten(1).to(torch.int64), amounts.flatten(1))
    return pad(border.view(-1, 1, height + 2, width + 2), (-1, -1, -1, -1))
