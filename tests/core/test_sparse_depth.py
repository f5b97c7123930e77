# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Measurements are checked once, where they come in: no model sees a pixel without a depth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from depth_completion_core.completer import load_model
from depth_completion_core.frame import Frame, FrameError, SparseDepth

_VALID = np.zeros((24, 32), np.bool_)
_VALID[::5, ::5] = True
_DEPTH = np.where(_VALID, 2.0, 0.0).astype(np.float32)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1.0, 0.0])
def test_a_valid_pixel_without_a_depth_is_refused(value: float) -> None:
    depth = _DEPTH.copy()
    depth[5, 10] = value
    with pytest.raises(FrameError, match=rf"1 of 35 valid pixels .* \({value:g} is one\)"):
        SparseDepth(depth, _VALID)


@pytest.mark.parametrize(
    ("depth", "valid", "found"),
    [
        (_DEPTH.astype(np.uint16), _VALID, "uint16 and bool"),
        (_DEPTH, _VALID.astype(np.uint8), "float32 and uint8"),
    ],
)
def test_other_types_are_refused(depth: Any, valid: Any, found: str) -> None:  # noqa: ANN401
    with pytest.raises(
        FrameError, match=f"metres as floats and its validity map bool, got {found}"
    ):
        SparseDepth(depth, valid)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_all_floats_are_metres_in_float32(kind: type[np.floating[Any]]) -> None:
    sparse = SparseDepth(_DEPTH.astype(kind), _VALID)
    assert sparse.depth.dtype == np.float32
    np.testing.assert_array_equal(sparse.depth, _DEPTH)


def test_a_depth_that_float32_cannot_hold_is_refused() -> None:
    with np.errstate(over="ignore"), pytest.raises(FrameError, match="inf is one"):
        SparseDepth(np.where(_VALID, 1e300, 0.0), _VALID)


@pytest.mark.parametrize("value", [np.nan, np.inf, -3.0, 7.0])
@pytest.mark.parametrize("model", ["nearest", "linear", "morphological"])
def test_what_stands_where_nothing_is_valid_is_not_seen(model: str, value: float) -> None:
    found = SparseDepth(np.where(_VALID, _DEPTH, np.float32(value)), _VALID)
    np.testing.assert_array_equal(found.depth, _DEPTH)
    image = np.zeros((*_VALID.shape, 3), np.uint8)
    completer = load_model(model, device="cpu")
    depth, expected = (
        completer.complete(Frame(image=image, camera=None, sparse=sparse)).depth
        for sparse in (found, SparseDepth(_DEPTH, _VALID))
    )
    np.testing.assert_array_equal(depth, expected)
