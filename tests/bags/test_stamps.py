# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.codecs.stamps import seconds_and_nanoseconds
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools import complete, inspect
from rosbag_tools.errors import BagError
from rosbag_tools.reader import BagReader
from rosbag_tools.transforms import tf_connections
from tests.bags.bag_factory import (
    BASE_FRAME,
    CLOUD_TOPIC,
    DEPTH_TOPIC,
    IMAGE_TOPIC,
    INFO_TOPIC,
    START_NS,
    Entry,
    depths_of,
    drive,
    floats,
    read_bag,
    replaced,
    stamp_ns,
    stamp_of,
    tf_entry,
    write_ros1,
    write_ros2,
)

_UPTIME_NS = 100 * 10**9
_MEASURED = (IMAGE_TOPIC, INFO_TOPIC, CLOUD_TOPIC)


def _restamped(entry: Entry, to_ns: int) -> Entry:
    stamp = entry.message.header.stamp
    stamp.sec, stamp.nanosec = seconds_and_nanoseconds(to_ns)
    return entry


def _drive(change: Callable[[int], int], *topics: str, count: int = 3) -> list[Entry]:
    """A drive whose topics carry other stamps than when they were recorded."""
    return [
        _restamped(entry, change(entry.log_ns)) if entry.topic in topics else entry
        for entry in drive(count)
    ]


def _zero(_: int) -> int:
    return 0


def _from_start(log_ns: int) -> int:
    return log_ns - START_NS + _UPTIME_NS


def _complete(folder: Path, entries: list[Entry], *flags: str) -> int:
    bag = write_ros2(folder / "drive", entries)
    common = ["--device", "cpu", "--model", "nearest", "--no-copy-inputs"]
    return complete.main([str(bag), str(folder / "out"), *common, *flags])


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (_drive(_zero, *_MEASURED), f"{IMAGE_TOPIC}: all 3 messages, over 0.2 s, are stamped 0"),
        (_drive(lambda _: START_NS, CLOUD_TOPIC), f"{CLOUD_TOPIC}: all 3 messages"),
        (_drive(_from_start, CLOUD_TOPIC), f"the clock of {CLOUD_TOPIC} is 53.9 years behind"),
        (_drive(_from_start, IMAGE_TOPIC), f"the clock of {CLOUD_TOPIC} is 53.9 years ahead"),
    ],
)
def test_stamps_that_tell_nothing_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entries: list[Entry], expected: str
) -> None:
    with pytest.raises(BagError, match="--stamps recorded") as caught:
        _complete(tmp_path, entries)
    assert expected in str(caught.value)
    assert inspect.main([str(tmp_path / "drive")]) == 0
    told = capsys.readouterr().out
    assert expected in told[told.index("complete would stop") :]
    assert not (tmp_path / "out").exists()


def _microseconds(log_ns: int) -> int:
    return log_ns // 10**9 * 10**9 + log_ns % 10**9 // 1000


@pytest.mark.parametrize("topic", [IMAGE_TOPIC, CLOUD_TOPIC])
def test_microseconds_in_nanosec_are_refused(tmp_path: Path, topic: str) -> None:
    with pytest.raises(BagError, match=f"{topic}: messages that come 100 ms apart are stamped"):
        _complete(tmp_path, _drive(_microseconds, topic, count=5))


@pytest.mark.parametrize("ahead_s", [3, -3])
def test_a_clock_seconds_apart_is_told_with_what_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ahead_s: int
) -> None:
    entries = _drive(lambda log_ns: log_ns + ahead_s * 10**9, CLOUD_TOPIC, count=40)
    assert _complete(tmp_path, entries) == 3
    told = capsys.readouterr().out
    assert f"the stamps of {CLOUD_TOPIC} are 3.0 s" in told
    flag = "--pairing.cloud-clock-offset-ms"
    (tmp_path / "mended").mkdir()
    assert _complete(tmp_path / "mended", entries, flag, str(-1000 * ahead_s)) == 0
    assert "the stamps of" not in capsys.readouterr().out


@pytest.mark.parametrize("change", [_zero, _from_start])
def test_the_time_of_recording_gives_each_image_its_own_cloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Callable[[int], int]
) -> None:
    assert (
        _complete(tmp_path, _drive(change, CLOUD_TOPIC, IMAGE_TOPIC), "--stamps", "recorded") == 0
    )
    assert "the time of recording stands for the stamps" in capsys.readouterr().out
    assert inspect.main([str(tmp_path / "drive"), "--stamps", "recorded"]) == 0
    assert "pairs        3 of 3 images; gap p50 0.0 ms" in capsys.readouterr().out
    (tmp_path / "right").mkdir()
    assert _complete(tmp_path / "right", drive(3)) == 0
    found, right = (read_bag(path / "out").messages(DEPTH_TOPIC) for path in _both(tmp_path))
    assert [stamp_ns(message) for message in found] == [stamp_of(index) for index in range(3)]
    np.testing.assert_array_equal([*map(floats, found)], [*map(floats, right)])


def _both(folder: Path) -> tuple[Path, Path]:
    return folder, folder / "right"


def test_a_bag_of_ros1_by_the_time_of_recording(tmp_path: Path) -> None:
    bag = write_ros1(tmp_path / "drive.bag", _drive(_zero, *_MEASURED))
    flags = ["--device", "cpu", "--model", "nearest", "--no-copy-inputs", "--stamps", "recorded"]
    assert complete.main([str(bag), str(tmp_path / "out"), *flags]) == 0
    assert len(depths_of(tmp_path / "out")) == 3


@pytest.mark.parametrize("delay_ns", [4_000_000, START_NS - _UPTIME_NS])
def test_transforms_keep_stamps_that_are_near_their_recording(
    tmp_path: Path, delay_ns: int
) -> None:
    """Odometry by the clock of the host, or by one that counts from its start."""
    entry = tf_entry(START_NS, ("odom", BASE_FRAME, RigidTransform.identity()), static=False)
    late = dataclasses.replace(entry, log_ns=START_NS + delay_ns)
    bag = write_ros2(tmp_path / "drive", [*drive(1), late])
    with BagReader([bag], stamps="recorded") as reader:
        (message,) = (
            reader.decoded(raw)
            for raw in reader.messages(tf_connections(reader))
            if raw.log_ns > START_NS
        )
    is_near = delay_ns < 10**9
    assert stamp_ns(message.transforms[0]) == START_NS + (0 if is_near else delay_ns)


def test_one_stamp_of_zero_costs_its_frame_only(tmp_path: Path) -> None:
    entries = _drive(lambda log_ns: 0 if log_ns == START_NS else log_ns, CLOUD_TOPIC, count=4)
    assert _complete(tmp_path, entries) == 0
    assert len(depths_of(tmp_path / "out")) == 3


def test_images_stamped_alike_get_one_cloud_once(tmp_path: Path) -> None:
    """Stamps that stand still from some message on."""
    entries = _drive(lambda log_ns: min(log_ns, stamp_of(1)), IMAGE_TOPIC, CLOUD_TOPIC, count=5)
    assert _complete(tmp_path, entries) == 0
    assert len(depths_of(tmp_path / "out")) == 2


def test_a_stamp_of_the_truth_that_stands_still_is_refused(tmp_path: Path) -> None:
    assert _complete(tmp_path, drive(3), "--topics", "depth/image") == 0
    truth = [
        Entry("/truth", "sensor_msgs/msg/Image", read.log_ns, read.message)
        for read in read_bag(tmp_path / "out").topics[DEPTH_TOPIC]
    ]
    still = replaced(truth, "/truth", lambda message: _restamped_message(message, 5))
    (tmp_path / "again").mkdir()
    entries = sorted([*drive(3), *still], key=lambda entry: entry.log_ns)
    with pytest.raises(BagError, match="/truth: all 3 messages"):
        _complete(tmp_path / "again", entries, "--truth", "/truth")


def _restamped_message(message: object, to_ns: int) -> object:
    stamp = message.header.stamp  # type: ignore[attr-defined]
    stamp.sec, stamp.nanosec = seconds_and_nanoseconds(to_ns)
    return message
