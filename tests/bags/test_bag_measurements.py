# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags whose measurements are a depth image in place of a cloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from depth_completion_core.completer import load_model
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS, MeasurementName
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from rosbag_tools.inspect import main as inspect
from tests.bags.bag_factory import (
    CAMERA,
    CAMERA_FRAME,
    Entry,
    Float32Array,
    depth_entry,
    depths_of,
    frame_of,
    stamp_of,
    tf_entry,
    write_ros2,
)
from tests.bags.depth_bag import TOPIC, depth_drive, measured

_FRAMES = 2
_MODELS = ("nearest", "linear")


def _depth_bag(folder: Path, *, is_compressed: bool = False, further: Sequence[Entry] = ()) -> Path:
    entries = [*depth_drive(_FRAMES, is_compressed=is_compressed), *further]
    return write_ros2(folder / "drive", sorted(entries, key=lambda entry: entry.log_ns))


def _run(source: Path, output: Path, *flags: str) -> list[Float32Array]:
    assert main([str(source), str(output), "--device", "cpu", *flags]) == 0
    return depths_of(output)


def test_the_table_holds_every_name() -> None:
    assert tuple(MEASUREMENT_KINDS) == get_args(MeasurementName)


@pytest.mark.parametrize("factor", [1000.0, 999.5])
def test_depth_images_that_seem_to_hold_millimetres_are_named(
    tmp_path: Path, factor: float, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [entry for entry in depth_drive(2) if entry.topic != TOPIC]
    for index in range(2):
        numbers = factor * np.rint(100 * measured(index)).astype(np.float32) / 100
        entries.append(depth_entry(stamp_of(index), numbers.astype(np.float32), topic=TOPIC))
    source = write_ros2(tmp_path / "drive", sorted(entries, key=lambda entry: entry.log_ns))
    with pytest.raises(BagError, match="all 2 depth images are empty") as caught:
        _run(source, tmp_path / "out", "--measurements", "depth", "--model", "nearest")
    is_whole = factor == 1000.0
    assert ("Is it in millimetres?" in str(caught.value)) == is_whole
    assert ("note         depth images: half of the depth" in capsys.readouterr().out) == is_whole


@pytest.mark.parametrize("model", _MODELS)
@pytest.mark.parametrize("is_compressed", [False, True])
def test_a_depth_image_is_completed_as_the_completer_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, is_compressed: bool
) -> None:
    """Without a cloud and without TF: the measurements are on the image already."""
    source = _depth_bag(tmp_path, is_compressed=is_compressed)
    kind = "compressed_depth" if is_compressed else "depth"
    found = _run(source, tmp_path / "out", "--measurements", kind, "--model", model)
    assert f"depth        {TOPIC}  (" in capsys.readouterr().out
    completer = load_model(model, device="cpu")
    assert len(found) == _FRAMES
    for index, depth in enumerate(found):
        sparse = SparseDepth.from_depth(measured(index))
        frame = replace(frame_of(index), points=None, camera_from_points=None, sparse=sparse)
        wanted = completer.complete(frame)
        known = np.where(wanted.valid, wanted.depth, np.float32(np.nan))
        np.testing.assert_allclose(depth, known, atol=1e-6 if is_compressed else 0.0)


def test_the_truth_is_not_taken_for_the_measurements(tmp_path: Path) -> None:
    truth = "/camera/depth_truth"
    dense = np.full((CAMERA.height, CAMERA.width), 5.0, np.float32)
    further = [depth_entry(stamp_of(index), dense, topic=truth) for index in range(_FRAMES)]
    source = _depth_bag(tmp_path, further=further)
    with pytest.raises(BagError, match=rf"several depth image.*{TOPIC}.*{truth}.*--depth"):
        _run(source, tmp_path / "out", "--measurements", "depth")
    flags = ("--measurements", "depth", "--model", "nearest")
    scored = _run(source, tmp_path / "scored", *flags, "--truth", truth)
    named = _run(source, tmp_path / "named", *flags, "--depth", TOPIC)
    np.testing.assert_array_equal(scored, named)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--measurements", "depth", "--points", "/a"), "--points names a topic that .* depth "),
        (("--depth", TOPIC), "--measurements points does not read"),
        (("--measurements", "compressed_depth"), "no depth image topic with messages"),
        (("--measurements", "depth", "--depth", "/x"), rf"no such topic.*{TOPIC}"),
    ],
)
def test_measurements_that_are_not_there_are_answered(
    tmp_path: Path, flags: tuple[str, ...], words: str
) -> None:
    with pytest.raises(BagError, match=words):
        _run(_depth_bag(tmp_path), tmp_path / "out", *flags)
    assert not (tmp_path / "out").exists()


def test_inspect_tells_what_complete_would_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect([str(_depth_bag(tmp_path)), "--measurements", "depth"]) == 0
    text = capsys.readouterr().out
    assert f"depth        {TOPIC}  (32FC1, taken as registered" in text
    assert f"pairs        {_FRAMES} of {_FRAMES} images" in text


@pytest.mark.parametrize("is_compressed", [False, True])
def test_a_depth_image_of_another_camera_is_refused(tmp_path: Path, is_compressed: bool) -> None:
    source = write_ros2(tmp_path / "drive", _of_frame("left_infrared", is_compressed))
    kind = "compressed_depth" if is_compressed else "depth"
    with pytest.raises(BagError, match=r"'left_infrared'.* is not registered to this camera"):
        _run(source, tmp_path / "out", "--measurements", kind)


def test_a_depth_image_of_a_frame_at_the_same_place_is_taken(tmp_path: Path) -> None:
    """As drivers have that name the frame of aligned depth after the depth sensor."""
    entries = _of_frame("aligned_depth", is_compressed=False)
    for moved, refused in ((0.0, False), (0.05, True)):
        place = RigidTransform(np.eye(3), np.array([moved, 0.0, 0.0]))
        tf = tf_entry(stamp_of(0), (CAMERA_FRAME, "aligned_depth", place))
        source = write_ros2(tmp_path / f"drive{moved}", [tf, *entries])
        flags = ("--measurements", "depth", "--model", "nearest")
        if refused:
            with pytest.raises(BagError, match="not registered"):
                _run(source, tmp_path / f"out{moved}", *flags)
        else:
            assert len(_run(source, tmp_path / f"out{moved}", *flags)) == _FRAMES


def _of_frame(frame: str, is_compressed: bool) -> list[Entry]:
    entries = depth_drive(_FRAMES, is_compressed=is_compressed)
    for entry in entries:
        if entry.topic == TOPIC:
            entry.message.header.frame_id = frame
    return entries
