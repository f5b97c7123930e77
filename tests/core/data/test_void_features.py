# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of features, written by Google's own encoder from a definition made here."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.data.readers.void_features import FeatureStatus, VoidFeatures
from depth_completion_core.data.sample import DataError
from depth_completion_core.files.protobuf_wire import wire_fields
from depth_completion_core.geometry.transforms import RigidTransform

descriptor_pb2 = pytest.importorskip("google.protobuf.descriptor_pb2")
_POSE = RigidTransform.from_quaternion((0.1, -0.2, 0.3, 0.9), (1.0, -2.0, 3.0))


def _dataset_class(*, packed: bool, number: str, time: str) -> Any:  # noqa: ANN401
    """The class of a dataset: number types and packing differ between versions of a definition."""
    from google.protobuf import descriptor_pool, message_factory  # noqa: PLC0415 - an extra's

    types = {"double": 1, "float": 2, "int64": 3, "uint64": 4, "int32": 5, "string": 9, "enum": 14}
    file = descriptor_pb2.FileDescriptorProto(name="vlslam.proto", package="p", syntax="proto2")
    status = file.enum_type.add(name="Status")
    for item in FeatureStatus:
        status.value.add(name=item.name, number=item.value)
    messages: dict[str, list[tuple[str, str, bool]]] = {
        "Camera": [("rows", "int32", False), ("cols", "int32", False)],
        "Feature": [
            ("id", "int64", False),
            ("status", "enum", False),
            ("xp", number, True),
            ("xw", number, True),
            ("z", number, False),
        ],
        "Packet": [
            ("ts", time, False),
            ("gwc", number, True),
            ("features", "Feature", True),
            ("wg", number, True),
        ],
        "Dataset": [
            ("description", "string", False),
            ("camera", "Camera", False),
            ("packets", "Packet", True),
        ],
    }
    for name, fields in messages.items():
        message = file.message_type.add(name=name)
        for place, (field_name, kind, is_many) in enumerate(fields, 1):
            field = message.field.add(name=field_name, number=place, label=3 if is_many else 1)
            if kind in messages:
                field.type, field.type_name = 11, f".p.{kind}"
            else:
                field.type = types[kind]
                field.options.packed = packed and is_many
            if kind == "enum":
                field.type_name = ".p.Status"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("p.Dataset"))


def _written(
    path: Path, *, packed: bool = True, number: str = "double", time: str = "double"
) -> Path:
    dataset = _dataset_class(packed=packed, number=number, time=time)()
    dataset.description = "VOID"
    dataset.camera.rows, dataset.camera.cols = 480, 640
    for place in range(3):
        packet = dataset.packets.add()
        packet.ts = 1552096515.25 + place if time == "double" else (1552096515250 + 1000 * place)
        packet.gwc.extend(_POSE.matrix[:3].reshape(-1).tolist())
        packet.wg.extend([0.0, 0.5])
        for status in FeatureStatus:
            feature = packet.features.add()
            feature.id = 10**12 * place + status
            feature.status = int(status)
            feature.xp.extend([100.5 + status, 20.25 * place])
            feature.xw.extend([1.0, 2.0, 3.0])
            feature.z = 0.5 * status
    path.write_bytes(dataset.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("packed", "number", "time"),
    [
        (True, "double", "double"),
        (False, "double", "int64"),
        (True, "float", "double"),
        (False, "float", "uint64"),
    ],
)
def test_files_are_read_as_they_were_written(
    tmp_path: Path, packed: bool, number: str, time: str
) -> None:
    path = _written(tmp_path / "dataset_500", packed=packed, number=number, time=time)
    features = VoidFeatures(path)
    assert len(features) == 3
    assert features.size == (480, 640)
    assert features.stamps_ns == [1552096515_250000000 + place * 10**9 for place in range(3)]
    for place in range(3):
        packet = features.packet(place)
        assert packet.stamp_ns == features.stamps_ns[place]
        assert packet.world_from_camera is not None
        np.testing.assert_allclose(packet.world_from_camera.matrix, _POSE.matrix, atol=1e-6)
        assert packet.ids.tolist() == [10**12 * place + status for status in range(7)]
        assert packet.status.tolist() == list(range(7))
        np.testing.assert_array_equal(packet.pixels[:, 0], 100.5 + np.arange(7))
        np.testing.assert_array_equal(packet.pixels[:, 1], np.full(7, 20.25 * place))
        np.testing.assert_array_equal(packet.depth, 0.5 * np.arange(7))
        assert packet.usable.tolist() == [False, False, True, False, True, True, True]


def test_what_is_missing_is_not_made_up(tmp_path: Path) -> None:
    dataset = _dataset_class(packed=True, number="double", time="double")()
    feature = dataset.packets.add().features.add()
    feature.status, feature.z = int(FeatureStatus.KEEP), float("nan")
    dataset.packets[0].features.add(status=int(FeatureStatus.KEEP), z=-1.0, xp=[3.0, 4.0])
    (tmp_path / "dataset").write_bytes(dataset.SerializeToString())
    features = VoidFeatures(tmp_path / "dataset")
    packet = features.packet(0)
    assert (features.size, packet.stamp_ns, packet.world_from_camera) == (None, 0, None)
    assert packet.depth.tolist() == [0.0, 0.0]
    assert packet.usable.tolist() == [False, True]


def test_a_file_that_was_cut_anywhere_is_refused_in_words(tmp_path: Path) -> None:
    whole = _written(tmp_path / "dataset").read_bytes()
    packets = [field for field in wire_fields(memoryview(whole)) if field.number == 3]
    last = len(whole) - len(packets[-1].data)  # where the last packet begins
    path = tmp_path / "cut"
    for length in range(last, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"cut stops within field 3: \d+ bytes should follow"):
            VoidFeatures(path)


def test_hostile_bytes_cost_neither_memory_nor_a_crash(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    path = tmp_path / "dataset"
    whole = bytearray(_written(path).read_bytes())
    for _ in range(100):
        damaged = whole.copy()
        for place in random.integers(0, len(whole), 3):
            damaged[place] = random.integers(0, 256)
        path.write_bytes(damaged)
        with suppress(DataError):
            features = VoidFeatures(path)
            for number in range(len(features)):
                assert len(features.packet(number).ids) <= len(whole)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no packets"),
        (b"not a protocol buffer", "no protocol buffer"),
        (b"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "bytes should follow byte"),
        (b"\x1a" + b"\xff" * 11, "does not end"),
        (b"\x1a\xff", "stops within a number"),
        (b"\x1b", "begins no field"),
        (b"\x1a\x05\x09abcd", "packet 0: stops within field 1"),
        (b"\x1a\x0a\x12\x08" + b"\0" * 8, "8 bytes in field 2, expected 12 numbers"),
        (b"\x1a\x62\x12\x60" + struct.pack("<12d", *range(12)), "not a rotation"),
        (b"\x1a\x09\x09" + struct.pack("<d", -1.0), "has the time -1, expected seconds"),
    ],
)
def test_what_is_no_such_file_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "dataset"
    path.write_bytes(content)
    with pytest.raises(DataError, match="dataset") as caught:
        VoidFeatures(path).packet(0)
    assert words in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        VoidFeatures(tmp_path / "dataset")
