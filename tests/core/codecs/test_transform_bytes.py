# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The edges of a serialised TFMessage, against what rosbags reads of the same bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.codecs.transform_bytes import transforms_in
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.messages import TF_MESSAGE, TYPESTORE, tf_message
from tests.bags.bag_factory import as_sent

_TYPES = TYPESTORE.types
_STAMPS = st.tuples(st.integers(-(2**31), 2**31 - 1), st.integers(0, 2**32 - 1))
_NUMBERS = st.lists(st.floats(allow_nan=False), min_size=7, max_size=7)
_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


def _stamped(stamp: tuple[int, int], parent: str, child: str, numbers: list[float]) -> Any:  # noqa: ANN401
    def of(name: str, *values: Any) -> Any:  # noqa: ANN401
        return _TYPES[name](*values)

    translation = of("geometry_msgs/msg/Vector3", *numbers[:3])
    rotation = of("geometry_msgs/msg/Quaternion", *numbers[3:])
    header = of("std_msgs/msg/Header", of("builtin_interfaces/msg/Time", *stamp), parent)
    transform = of("geometry_msgs/msg/Transform", translation, rotation)
    return of("geometry_msgs/msg/TransformStamped", header, child, transform)


_MESSAGES = st.lists(st.builds(_stamped, _STAMPS, _NAMES, _NAMES, _NUMBERS), max_size=5).map(
    _TYPES[TF_MESSAGE]
)


@given(_MESSAGES, st.booleans())
def test_any_message_in_either_byte_order(message: Any, little_endian: bool) -> None:  # noqa: ANN401
    wire = as_sent(message, little_endian=little_endian)
    found = [
        (item.stamp_ns, item.parent.decode(), item.child.decode(), item.decoded())
        for item in transforms_in(wire)
    ]
    read: Any = TYPESTORE.deserialize_cdr(wire, TF_MESSAGE)
    assert found == [_fields(item) for item in read.transforms]


def _fields(item: Any) -> tuple[int, str, str, tuple[float, ...]]:  # noqa: ANN401
    at, turned = item.transform.translation, item.transform.rotation
    numbers = (at.x, at.y, at.z, turned.x, turned.y, turned.z, turned.w)
    return stamp_ns_of(item), item.header.frame_id, item.child_frame_id, numbers


_WIRE = as_sent(tf_message([("odom", "base", RigidTransform.identity())] * 3, 5))


@pytest.mark.parametrize("length", range(4, len(_WIRE)))
def test_a_message_that_ends_early(length: int) -> None:
    with pytest.raises(CodecError, match=f"of {length} bytes ends within"):
        list(transforms_in(_WIRE[:length]))


def test_another_encoding() -> None:
    with pytest.raises(CodecError, match="begins with the bytes 00 07"):
        list(transforms_in(b"\x00\x07" + _WIRE[2:]))


def test_a_count_beyond_the_message() -> None:
    with pytest.raises(CodecError, match="damaged"):
        list(transforms_in(_WIRE[:4] + b"\xff\xff\xff\xff" + _WIRE[8:]))
