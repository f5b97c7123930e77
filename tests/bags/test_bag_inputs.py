# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.completer import load_model
from rosbag_tools.complete import main
from tests.bags.bag_factory import (
    CLOUD_TOPIC,
    DEPTH_TOPIC,
    IMAGE_TOPIC,
    Float32Array,
    batches,
    depths_of,
    drive,
    frame_of,
    read_bag,
    strip_definitions,
    write_bare,
    write_ros1,
    write_ros2,
)

Make = Callable[[Path], list[Path]]


def _split_bags(folder: Path) -> list[Path]:
    return [
        write_ros1(folder / f"drive_{index}.bag", part)
        for index, part in enumerate(batches(drive(4), 2))
    ]


_FORMS: dict[str, Make] = {
    "folder_mcap": lambda folder: [write_ros2(folder / "drive", drive(4))],
    "folder_sqlite3": lambda folder: [write_ros2(folder / "drive", drive(4), storage="sqlite3")],
    "bare_mcap": lambda folder: [write_bare(folder / "drive.mcap", drive(4))],
    "bare_db3": lambda folder: [write_bare(folder / "drive.db3", drive(4))],
    "bare_db3_without_definitions": lambda folder: [
        strip_definitions(write_bare(folder / "drive.db3", drive(4)))
    ],
    "ros1": lambda folder: [write_ros1(folder / "drive.bag", drive(4))],
    "ros1_old_tf": lambda folder: [
        write_ros1(folder / "drive.bag", drive(4), tf_type="tf/msg/tfMessage")
    ],
    "ros1_two_publishers": lambda folder: [
        write_ros1(folder / "drive.bag", drive(4), publishers=2)
    ],
    "ros1_split": _split_bags,
}


@pytest.fixture(scope="module")
def expected() -> list[Float32Array]:
    completer = load_model("nearest", device="cpu")
    results = [completer.complete(frame_of(index)) for index in range(4)]
    return [np.where(item.valid, item.depth, np.float32(np.nan)) for item in results]


def _run(inputs: Sequence[Path], output: Path, *flags: str) -> int:
    common = ["--model", "nearest", "--device", "cpu", *flags]
    return main([*(str(path) for path in inputs), str(output), *common])


@pytest.mark.parametrize("form", _FORMS)
def test_every_form_of_a_bag_gives_the_same_depth(
    form: str, tmp_path: Path, expected: list[Float32Array]
) -> None:
    inputs = _FORMS[form](tmp_path)
    assert _run(inputs, tmp_path / "out") == 0
    bag = read_bag(tmp_path / "out")
    found = depths_of(tmp_path / "out")
    assert len(found) == 4
    for depth, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(depth, wanted)
    original = read_bag(*inputs)
    assert {topic: len(items) for topic, items in original.topics.items()} == {
        topic: len(items) for topic, items in bag.topics.items() if not topic.startswith("/depth")
    }


@pytest.mark.parametrize("form", ["ros1_split", "ros1_two_publishers"])
def test_all_connections_of_a_topic_are_read_without_copying(form: str, tmp_path: Path) -> None:
    inputs = _FORMS[form](tmp_path)
    assert _run(inputs, tmp_path / "out", "--no-copy-inputs") == 0
    assert len(depths_of(tmp_path / "out")) == 4


def test_count_of_images_is_that_of_all_connections(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(_split_bags(tmp_path), tmp_path / "out") == 0
    assert "4 of 4 images completed" in capsys.readouterr().out


def test_bag_without_definitions_says_what_it_assumes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inputs = _FORMS["bare_db3_without_definitions"](tmp_path)
    assert _run(inputs, tmp_path / "out.db3") == 0
    assert "does not define its message types" in capsys.readouterr().out


def test_bag_without_definitions_is_copied_with_definitions(tmp_path: Path) -> None:
    source = strip_definitions(write_bare(tmp_path / "drive.db3", drive(2)))
    assert _run([source], tmp_path / "out") == 0
    before, after = read_bag(source), read_bag(tmp_path / "out")
    for topic in (IMAGE_TOPIC, CLOUD_TOPIC):
        assert [item.raw for item in before.topics[topic]] == [
            item.raw for item in after.topics[topic]
        ]
    assert DEPTH_TOPIC in after.topics
