# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The recurrence of CSPN, NLSPN and their like: one linear step, many times over.

What changes from method to method (neighbours, affinities, confidence) is in the taps, which are
made once. With S taps a step reads 8 S bytes for every pixel; training keeps 4 bytes for every
pixel and step beside them, where recording the steps would keep 8 S.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import pad

from depth_completion_core.models.propagation.steps import Step, plain_step, step_of
from depth_completion_core.models.propagation.taps import Taps, bordered, gathered


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


_CHOSEN_STEP: ContextVar[Callable[[Taps], Step] | None] = ContextVar("step", default=None)


@contextmanager
def steps_by(step_for: Callable[[Taps], Step]) -> Iterator[None]:
    """Within, networks take their steps one by one and so, to be exported or compared."""
    token = _CHOSEN_STEP.set(step_for)
    try:
        yield
    finally:
        _CHOSEN_STEP.reset(token)


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
    chosen = _CHOSEN_STEP.get()
    if chosen is None and torch.onnx.is_in_onnx_export():
        chosen = plain_step  # the fast ones have no ONNX
    if chosen is not None:
        return torch.stack(_states(chosen(taps), start, steps, added, (where, value, when)))
    result: Tensor = _Propagation.apply(  # type: ignore[no-untyped-call]
        start, taps.weight, added, value, taps.sources, where, (steps, taps.size_px, when)
    )
    return result


_Anchoring = tuple[Tensor | None, Tensor | None, str]


def _all_states(
    taps: Taps, start: Tensor, steps: int, added: Tensor | None, anchoring: _Anchoring
) -> Tensor:
    """By one kernel for each step where there is a GPU and Triton, else as a machine has it."""
    if start.is_cuda:
        # Triton takes a second to import, and comes with torch for GPUs alone.
        from depth_completion_core.models.propagation import fused  # noqa: PLC0415

        states = fused.fused_states_if_possible(taps, start, steps, added, anchoring)
        if states is not None:
            return states
    return torch.stack(_states(step_of(taps), start, steps, added, anchoring))


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
        result = _all_states(taps, start, steps, added, (where, value, when))
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
