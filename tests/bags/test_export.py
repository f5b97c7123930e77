# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A completed bag as files, and the same scores from them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.codecs.depth import encode_depth
from depth_completion_core.evaluate import main as evaluate
from depth_completion_core.files.input_files import read_depth, read_image
from rosbag_tools.complete import main as complete
from rosbag_tools.errors import BagError
from rosbag_tools.export import main as export
from rosbag_tools.messages import IMAGE, image_message
from tests.bags.bag_factory import (
    CAMERA,
    CAMERA_FRAME,
    CLOUD_TOPIC,
    DEPTH_TOPIC,
    IMAGE_TOPIC,
    INFO_TOPIC,
    Entry,
    depths_of,
    drive,
    leftovers,
    picture,
    points_of,
    read_bag,
    replaced,
    stamp_of,
    write_ros2,
)

_FRAMES = 3
_TRUTH = "/true_depth"
_NAMES = [f"17000000{tenths // 10:02d}.{tenths % 10}00000000" for tenths in range(_FRAMES)]


def _truths(count: int) -> list[Entry]:
    """True depth of some frames, a few milliseconds off, as another sensor stamps it."""
    random = np.random.default_rng(0)
    entries = []
    for index in range(count):
        depth = random.uniform(3.0, 9.0, (CAMERA.height, CAMERA.width)).astype(np.float32)
        fields = encode_depth(depth, random.random(depth.shape) < 0.3)
        stamp_ns = stamp_of(index) + 2_000_000
        message = image_message(fields, stamp_ns, CAMERA_FRAME)
        entries.append(Entry(_TRUTH, IMAGE, stamp_ns, message))
    return entries


@pytest.fixture(scope="module")
def completed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drive whose last frame has no truth, completed; report.json has the scores."""
    folder = tmp_path_factory.mktemp("completed")
    entries = sorted([*drive(_FRAMES), *_truths(_FRAMES - 1)], key=lambda entry: entry.log_ns)
    source = write_ros2(folder / "drive", entries)
    flags = ["--model", "linear", "--device", "cpu", "--sparse-depth", "--truth", _TRUTH]
    outputs = ["--topics", "depth/image", "depth/camera_info", "depth/points", "depth/support"]
    files = ["--metrics", str(folder / "report.json")]
    assert complete([str(source), str(folder / "out"), *flags, *outputs, *files]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def exported(completed: Path) -> Path:
    folder = completed.parent / "exported"
    assert export([str(completed), str(folder), "--truth", _TRUTH]) == 0
    return folder


def _scores(exported: Path, out: Path, *flags: str) -> dict[str, float]:
    wanted = ["--dataset", "folder", "--data", str(exported), "--out", str(out), "--sheets", "0"]
    assert evaluate([*wanted, "--device", "cpu", *flags]) == 0
    (result,) = json.loads((out / "metrics.json").read_text(encoding="utf-8"))["results"]
    mean: dict[str, float] = result["mean"]
    return mean


def test_the_scores_of_the_folder_are_those_of_the_bag(
    completed: Path, exported: Path, tmp_path: Path
) -> None:
    report = json.loads((completed.parent / "report.json").read_text(encoding="utf-8"))
    assert report["scores"]["images"] == _FRAMES - 1
    saved = _scores(exported, tmp_path / "saved", "--predictions", str(exported / "output_depth"))
    again = _scores(exported, tmp_path / "again", "--model", "linear")
    for found in (saved, again):
        for name, value in found.items():
            assert report["scores"][name] == pytest.approx(value, rel=1e-6), name


def test_files_hold_what_the_messages_hold(completed: Path, exported: Path) -> None:
    assert sorted(path.name for path in exported.iterdir()) == [
        *("K.txt", "ground_truth", "image", "output_depth", "points", "sparse_depth", "support")
    ]
    np.testing.assert_allclose(np.loadtxt(exported / "K.txt"), CAMERA.K)
    dense, sparse = depths_of(completed), depths_of(completed, "/sparse_depth/image")
    support = depths_of(completed, "/depth/support")
    clouds = read_bag(completed).messages("/depth/points")
    for index, name in enumerate(_NAMES):
        np.testing.assert_array_equal(
            read_image(exported / "image" / f"{name}.png"), picture(index)
        )
        for folder, numbers in (("output_depth", dense), ("sparse_depth", sparse)):
            found = np.load(exported / folder / f"{name}.npy")
            np.testing.assert_array_equal(found, np.nan_to_num(numbers[index]))
        rounded = read_depth(exported / "output_depth" / f"{name}.png", depth_scale=256.0)
        np.testing.assert_allclose(rounded.depth, np.nan_to_num(dense[index]), atol=0.51 / 256)
        np.testing.assert_array_equal(np.load(exported / "support" / f"{name}.npy"), support[index])
        body = (exported / "points" / f"{name}.ply").read_bytes().partition(b"end_header\n")[2]
        written = np.frombuffer(body, dtype=[("xyz", "<f4", 3), ("rgb", "u1", 3)])
        records = points_of(clouds[index])
        np.testing.assert_array_equal(written["xyz"], records[:, :3])
        bits = np.ascontiguousarray(records[:, 3]).view("<u4")
        np.testing.assert_array_equal(written["rgb"][:, 0], bits >> 16 & 255)
        np.testing.assert_array_equal(written["rgb"][:, 2], bits & 255)


def test_depth_too_far_for_a_png_is_told(
    completed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--formats", "png", "--depth-scale"]
    for scale in ("30000", "256"):
        assert export([str(completed), str(tmp_path / scale), *flags, scale]) == 0
        words = "are 0 in the depth PNGs: they are more than 2.1845 m away"
        assert (words in capsys.readouterr().out) == (scale == "30000")


def test_frames_without_a_truth_have_an_empty_one(exported: Path) -> None:
    assert [np.load(exported / "ground_truth" / f"{name}.npy").any() for name in _NAMES] == [
        *(True, True, False)
    ]


def test_png_in_millimetres_alone(completed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    flags = ["--formats", "png", "--depth-scale", "1000"]
    assert export([str(completed), str(folder), *flags]) == 0
    assert {path.suffix for path in folder.rglob("*.*")} == {".png", ".npy", ".txt"}
    assert {path.parent.name for path in folder.rglob("*.npy")} == {"support"}
    sparse = read_depth(folder / "sparse_depth" / f"{_NAMES[0]}.png", depth_scale=1000.0)
    expected = np.nan_to_num(depths_of(completed, "/sparse_depth/image")[0])
    np.testing.assert_allclose(sparse.depth, expected, atol=0.00051)


def test_what_is_said(completed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export([str(completed), str(tmp_path / "out"), "--truth", _TRUTH]) == 0
    told = capsys.readouterr()
    assert f"{_FRAMES} frames in {tmp_path / 'out'}" in told.out
    assert "output_depth/    3 frames, .npy and .png" in told.out
    assert "1 frame has an empty ground_truth: the bag has none" in told.out
    assert "exporting: " in told.err
    assert leftovers(tmp_path) == []


def test_refusals(completed: Path, exported: Path, tmp_path: Path) -> None:
    raw = write_ros2(tmp_path / "raw", drive(1))
    for arguments, words in (
        ([str(completed), str(exported)], "exported exists already"),
        ([str(raw), str(tmp_path / "x")], "complete the bag first"),
        ([str(completed), str(tmp_path / "x"), "--depth", "/nowhere"], "--depth /nowhere: no such"),
        ([str(completed), str(tmp_path / "x"), "--image", "/nowhere"], "--image /nowhere: no such"),
        ([str(completed)], r"BAG\.\.\. DIR"),
    ):
        with pytest.raises(BagError, match=words):
            export(arguments)
    assert not (tmp_path / "x").exists()


def test_several_depths_are_asked_about(tmp_path: Path) -> None:
    entries = drive(1)
    for prefix in ("/left", "/right"):
        message = _truths(1)[0].message
        entries.append(Entry(f"{prefix}{DEPTH_TOPIC}", IMAGE, stamp_of(0), message))
    bag = write_ros2(tmp_path / "two", entries)
    with pytest.raises(BagError, match="/left/depth/image, /right/depth/image; choose one with"):
        export([str(bag), str(tmp_path / "x")])
    assert export([str(bag), str(tmp_path / "x"), "--depth", "/left/depth/image"]) == 0
    assert not (tmp_path / "x" / "image").exists()


def test_a_failed_export_leaves_nothing(
    completed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rosbag_tools.exported_files.write_ply", full)
    with pytest.raises(OSError, match="No space"):
        export([str(completed), str(tmp_path / "out")])
    assert list(tmp_path.iterdir()) == []


def test_a_bag_that_was_completed_by_the_time_of_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its depth has other stamps than its images, which are copied as they were."""

    def unstamped(message: Any) -> Any:  # noqa: ANN401 - of any type with a header
        stamp = dataclasses.replace(message.header.stamp, sec=0, nanosec=0)
        return dataclasses.replace(message, header=dataclasses.replace(message.header, stamp=stamp))

    entries: list[Entry] = drive(2)
    for topic in (IMAGE_TOPIC, INFO_TOPIC, CLOUD_TOPIC):
        entries = replaced(entries, topic, unstamped)
    source, bag = write_ros2(tmp_path / "drive", entries), tmp_path / "out"
    flags = ["--model", "nearest", "--device", "cpu", "--stamps", "recorded"]
    assert complete([str(source), str(bag), *flags]) == 0
    assert export([str(bag), str(tmp_path / "without")]) == 0
    assert "see --image, and --stamps recorded for a bag" in capsys.readouterr().out
    assert not (tmp_path / "without" / "image").exists()
    assert export([str(bag), str(tmp_path / "with"), "--stamps", "recorded"]) == 0
    folders = {
        name: sorted(path.stem for path in (tmp_path / "with" / name).glob("*.png"))
        for name in ("image", "output_depth")
    }
    assert folders == {"image": _NAMES[:2], "output_depth": _NAMES[:2]}
