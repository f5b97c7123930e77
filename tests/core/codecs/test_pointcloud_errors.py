# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Point clouds that cannot be decoded or encoded, and what their errors say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.pointcloud import XYZ_FIELDS, PointFieldSpec, encode_points
from depth_completion_core.codecs.points import decode_points

_ONES: npt.NDArray[np.float32] = np.ones((2, 3, 3), np.float32)
_FIELDS_XYI = (*XYZ_FIELDS[:2], PointFieldSpec("intensity", 8, 7))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fields": _FIELDS_XYI}, ["no field 'z'", "'x', 'y', 'intensity'", "topic"]),
        ({"fields": ()}, ["no field 'x'", "none at all"]),
        ({"fields": (*XYZ_FIELDS, PointFieldSpec("t", 10, 6))}, ["'t'", "10 to 14", "12"]),
        ({"fields": (*XYZ_FIELDS[:2], PointFieldSpec("z", 8, 6))}, ["'z' is uint32", "float32"]),
        ({"fields": (*XYZ_FIELDS[:2], PointFieldSpec("z", 8, 77))}, ["datatype 77", "1 to 11"]),
        ({"point_step": 0}, ["point_step 0", "bytes of one point"]),
        ({"row_step": 35}, ["row_step 35", "3 x point_step 12 = 36"]),
        ({"row_step": 40}, ["72 bytes", "= 80", "truncated"]),
        ({"data": np.zeros(71, np.uint8)}, ["71 bytes", "= 72", "truncated"]),
    ],
)
def test_what_cannot_be_decoded(change: dict[str, Any], words: list[str]) -> None:
    message = encode_points(_ONES)._replace(**change)
    with pytest.raises(CodecError) as caught:
        decode_points(message)
    for word in words:
        assert word in str(caught.value)


def test_another_message() -> None:
    message: Any = SimpleNamespace(ranges=[1.0])
    with pytest.raises(CodecError, match="expected a PointCloud2, a PointCloud or a Livox"):
        decode_points(message)


@pytest.mark.parametrize(
    ("xyz", "rgb", "extra", "words"),
    [
        (np.zeros((2, 2)), None, None, "expected \\(N, 3\\)"),
        (np.zeros(3), None, None, "expected \\(N, 3\\)"),
        (np.zeros((2, 3)), np.zeros((3, 3), np.uint8), None, "shape of xyz"),
        (np.zeros((2, 3)), np.zeros((2, 3)), None, "expected uint8"),
        (np.zeros((2, 3)), None, {"ring": np.zeros(3, np.uint16)}, "'ring'"),
        (np.zeros((2, 3)), None, {"half": np.zeros(2, np.float16)}, "float16"),
        (np.zeros((2, 3)), None, {"x": np.zeros(2)}, "a new name"),
    ],
)
def test_what_cannot_be_encoded(xyz: Any, rgb: Any, extra: Any, words: str) -> None:  # noqa: ANN401
    with pytest.raises(CodecError, match=words):
        encode_points(xyz, rgb, extra)
