# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Networks of every kind on bags: complete writes what the completer says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.frame import Frame, View
from rosbag_tools.complete import main as complete
from tests.bags.bag_factory import (
    CLOUD_TOPIC,
    Entry,
    Float32Array,
    depths_of,
    drive,
    frame_of,
    without,
    write_ros2,
)
from tests.dummies.table import EVERY_KIND, model_argument, register

_FRAMES = 4


@pytest.fixture(autouse=True)
def _dummies(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


def _completed(folder: Path, entries: list[Entry], *flags: str) -> list[Float32Array]:
    source = write_ros2(folder / "drive", entries)
    assert complete([str(source), str(folder / "out"), "--device", "cpu", *flags]) == 0
    return depths_of(folder / "out")


def _frame(index: int, completer: DepthCompleter) -> Frame:
    """Put together by hand; the bag's camera stands still in no world, so no motion is known."""
    frame = frame_of(index)
    views = []
    for offset in completer.model.needs.view_offsets:
        seen = frame_of(index + offset)
        sparse = completer.sparse_depth(seen)
        views.append(
            View(
                offset=offset,
                image=seen.image,
                camera=seen.camera,
                stamp_ns=seen.stamp_ns,
                sparse=sparse,
            )
        )
    return replace(frame, views=tuple(views))


@pytest.mark.parametrize("name", EVERY_KIND)
def test_complete_writes_what_the_completer_says(name: str, tmp_path: Path) -> None:
    model = model_argument(name, tmp_path)
    found = _completed(tmp_path, drive(_FRAMES), "--model", model)
    completer = load_model(model, device="cpu")
    first = completer.model.needs.earlier_images
    assert len(found) == _FRAMES - first
    for index, depth in enumerate(found, first):
        wanted = completer.complete(_frame(index, completer)).along_z
        known = np.where(wanted.valid, wanted.depth, np.float32(np.nan))
        np.testing.assert_array_equal(depth, known)


def test_images_before_the_first_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _completed(tmp_path, drive(_FRAMES), "--model", "two_views")
    told = capsys.readouterr().out
    assert "1 x an earlier image is missing" in told
    assert "not all of the earlier images that the model looks at have come" in told


def test_an_image_without_a_cloud_is_still_seen_by_the_next(tmp_path: Path) -> None:
    entries = [e for e in drive(_FRAMES) if e.topic != CLOUD_TOPIC or e.log_ns != _second_ns()]
    found = _completed(tmp_path, entries, "--model", "two_views")
    completer = load_model("two_views", device="cpu")
    assert len(found) == _FRAMES - 2
    np.testing.assert_array_equal(found[0], completer.complete(_frame(2, completer)).depth)


def test_a_model_of_images_alone_needs_no_cloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = without(drive(_FRAMES), CLOUD_TOPIC, "/tf_static")
    found = _completed(tmp_path, entries, "--model", "monocular", "--measurements", "none")
    assert "measurements none" in capsys.readouterr().out
    completer = load_model("monocular", device="cpu")
    for index, depth in enumerate(found):
        frame = replace(frame_of(index), points=None, camera_from_points=None)
        np.testing.assert_array_equal(depth, completer.complete(frame).depth)
    assert len(found) == _FRAMES


def test_a_model_that_needs_measurements_is_refused_without_any(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'consensus' needs measured depth, and measurements is"):
        _completed(tmp_path, drive(1), "--measurements", "none")
    assert not (tmp_path / "out").exists()


def _second_ns() -> int:
    return frame_of(1).stamp_ns
