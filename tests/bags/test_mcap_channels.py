# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""MCAP files with more in them than ROS 2."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from rosbag_tools.inspect import main as inspect
from rosbag_tools.patched_file import PatchedPath
from tests.bags.bag_factory import (
    CLOUD_TOPIC,
    IMAGE_TOPIC,
    depths_of,
    drive,
    write_bare,
    write_ros2,
)

_PROTOBUF = b"\n\xff\xfe\x80descriptor"  # no text


def _text(value: bytes) -> bytes:
    return struct.pack("<I", len(value)) + value


def _record(opcode: int, content: bytes) -> bytes:
    return struct.pack("<BQ", opcode, len(content)) + content


def _schema(number: int, encoding: bytes, data: bytes) -> bytes:
    return _record(3, struct.pack("<H", number) + _text(b"Pose") + _text(encoding) + _text(data))


def _channel(number: int, schema: int, topic: bytes, encoding: bytes) -> bytes:
    head = struct.pack("<HH", number, schema)
    return _record(4, head + _text(topic) + _text(encoding) + _text(b""))


def _add_to_summary(path: Path, records: bytes) -> None:
    data = path.read_bytes()
    (start,) = struct.unpack_from("<Q", data, len(data) - 28)
    path.write_bytes(data[:start] + records + data[start:])


_FOREIGN = [
    (_schema(90, b"jsonschema", b"{}"), _channel(91, 90, b"/pose", b"json"), "/pose (json)"),
    (_schema(90, b"protobuf", _PROTOBUF), _channel(91, 90, b"/p", b"protobuf"), "/p (protobuf)"),
    (b"", _channel(91, 0, b"/log", b"json"), "/log (json)"),
    (b"", _channel(91, 1, b"/odd", b"json"), "/odd (json)"),
]


def _complete(source: Path, output: Path) -> int:
    return main([str(source), str(output), "--model", "nearest", "--device", "cpu"])


@pytest.mark.parametrize(
    ("schema", "channel", "words"), _FOREIGN, ids=["json", "protobuf", "no-schema", "ros2-schema"]
)
def test_other_channels_are_named_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], schema: bytes, channel: bytes, words: str
) -> None:
    source = write_bare(tmp_path / "drive.mcap", drive(2))
    before = source.read_bytes()
    _add_to_summary(source, schema + channel)
    changed = source.read_bytes()
    assert changed != before
    assert _complete(source, tmp_path / "out") == 0
    assert f"neither read nor copied, as not of ROS 2: {words}" in capsys.readouterr().out
    assert len(depths_of(tmp_path / "out")) == 2
    assert source.read_bytes() == changed
    assert inspect([str(source)]) == 0
    assert words in capsys.readouterr().out


def test_folder_whose_file_has_other_channels(tmp_path: Path) -> None:
    folder = write_ros2(tmp_path / "drive", drive(2))
    _add_to_summary(folder / "drive.mcap", _FOREIGN[0][0] + _FOREIGN[0][1])
    assert _complete(folder, tmp_path / "out") == 0
    assert len(depths_of(tmp_path / "out")) == 2


def test_file_without_a_profile_is_ros2_by_its_channels(tmp_path: Path) -> None:
    """As general loggers write it; the first record grows shorter by its profile."""
    source = write_bare(tmp_path / "drive.mcap", drive(2))
    data = source.read_bytes()
    assert data[17:25] == b"\x04\x00\x00\x00ros2"
    (library,) = struct.unpack_from("<I", data, 25)
    source.write_bytes(data[:17] + struct.pack("<II", 0, library + 4) + b"abcd" + data[29:])
    assert _complete(source, tmp_path / "out") == 0
    assert len(depths_of(tmp_path / "out")) == 2


def test_file_without_any_ros2_names_what_it_holds(tmp_path: Path) -> None:
    source = write_bare(tmp_path / "empty.mcap", [])
    _add_to_summary(source, _FOREIGN[0][0] + _FOREIGN[0][1])
    with pytest.raises(BagError, match=r"no messages of ROS 2, only /pose \(json\)"):
        _complete(source, tmp_path / "out")


def test_both_topics_of_a_mixed_file_are_those_of_the_plain_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What ROS 2 is seen of it is all that the file held before."""
    tables = []
    for name, extra in (("a.mcap", b""), ("b.mcap", _FOREIGN[1][0] + _FOREIGN[1][1])):
        source = write_bare(tmp_path / name, drive(2))
        _add_to_summary(source, extra)
        assert inspect([str(source)]) == 0
        rows = capsys.readouterr().out.splitlines()
        tables.append([row for row in rows if row.startswith((IMAGE_TOPIC, CLOUD_TOPIC))])
    assert tables[0] == tables[1]


def test_patched_file_reads_as_the_patched_bytes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    plain = random.integers(0, 256, 20_000, dtype=np.uint8).tobytes()
    path = tmp_path / "file.bin"
    path.write_bytes(plain)
    patches = {0: b"ab", 8190: b"0123456789", 19_999: b"z"}
    expected = bytearray(plain)
    for offset, patch in patches.items():
        expected[offset : offset + len(patch)] = patch
    with PatchedPath(path, patches).open("rb") as file:
        assert file.read() == expected
        for start, count in random.integers(0, 20_000, (50, 2)):
            file.seek(int(start))
            assert file.read(int(count)) == expected[start : start + count]
    assert path.read_bytes() == plain


def test_profile_of_ros1_is_named(tmp_path: Path) -> None:
    source = write_bare(tmp_path / "drive.mcap", drive(1))
    data = source.read_bytes()
    source.write_bytes(data[:21] + b"ros1" + data[25:])
    with pytest.raises(BagError, match="has the profile 'ros1', expected ros2"):
        _complete(source, tmp_path / "out")


def test_other_channel_that_no_summary_lists_says_how_to_get_one(tmp_path: Path) -> None:
    source = write_bare(tmp_path / "drive.mcap", drive(1))
    data = source.read_bytes()
    (start,) = struct.unpack_from("<Q", data, len(data) - 28)
    without_summary = struct.pack("<BQQQI", 2, 20, 0, 0, 0) + data[-8:]
    source.write_bytes(data[:start] + _FOREIGN[0][0] + _FOREIGN[0][1] + without_summary)
    with pytest.raises(BagError, match=r"defined as 'jsonschema'.*'mcap recover FILE -o NEW_FILE'"):
        _complete(source, tmp_path / "out")
