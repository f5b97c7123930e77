# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A set made of a bag holds what the bag holds, in VOID's folders and numbers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core import evaluate, train
from depth_completion_core.completer import load_model
from depth_completion_core.data.readers.void import Void
from rosbag_tools.to_dataset import main
from tests.bags.bag_factory import (
    BASE_FROM_CAMERA,
    CAMERA,
    frame_of,
    picture,
    stamp_of,
    write_ros1,
    write_ros2,
)
from tests.bags.program import exit_code
from tests.bags.truth_bag import odom_from_base, recording, true_depth

_FRAMES = 4
_DENSITIES = (20, 100, 100_000)


def numbers(path: Path) -> npt.NDArray[np.uint16]:
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert stored is not None
    assert stored.dtype == np.uint16
    return np.asarray(stored, dtype=np.uint16)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set")
    bag = write_ros2(folder / "hall", recording(_FRAMES))
    other = write_ros1(folder / "yard.bag", recording(2))
    arguments = [str(bag), str(other), "--out", str(folder / "out"), "--test", "y*"]
    assert main([*arguments, "--densities", *map(str, _DENSITIES)]) == 0
    return folder / "out"


def test_the_tree_is_that_of_the_release(written: Path) -> None:
    kinds = ["image", "sparse_depth", "validity_map", "ground_truth", "absolute_pose"]
    stems = [f"1700000000.{index}000" for index in range(_FRAMES)]
    expected = {"data/hall/K.txt", "data/yard/K.txt"}
    for kind in kinds:
        ending = "txt" if kind == "absolute_pose" else "png"
        expected |= {f"data/hall/{kind}/{stem}.{ending}" for stem in stems}
        expected |= {f"data/yard/{kind}/{stem}.{ending}" for stem in stems[:2]}
    for kind in [*kinds, "intrinsics"]:
        expected |= {f"train_{kind}.txt", f"test_{kind}.txt"}
    for density in _DENSITIES:
        folder = written / f"void_{density}"
        files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
        assert files == expected
    at_the_top = {f"void_{density}" for density in _DENSITIES}
    assert {path.name for path in written.iterdir()} == at_the_top | {
        "manifest",
        "manifest.json",
        "summary.json",
        "report.html",
    }


def test_lists_name_the_frames_of_their_split_in_time_order(written: Path) -> None:
    lines = (written / "void_20" / "train_sparse_depth.txt").read_text().splitlines()
    assert lines == [
        f"void_20/data/hall/sparse_depth/1700000000.{index}000.png" for index in range(_FRAMES)
    ]
    intrinsics = (written / "void_20" / "test_intrinsics.txt").read_text().splitlines()
    assert intrinsics == ["void_20/data/yard/K.txt"] * 2
    poses = (written / "void_20" / "test_absolute_pose.txt").read_text().splitlines()
    assert poses[1] == "void_20/data/yard/absolute_pose/1700000000.1000.txt"


def test_images_and_truth_are_those_of_the_bag(written: Path) -> None:
    folder = written / "void_100" / "data" / "hall"
    for index in range(_FRAMES):
        name = f"1700000000.{index}000.png"
        image = cv2.imread(str(folder / "image" / name))
        assert image is not None
        np.testing.assert_array_equal(image[..., ::-1], picture(index))
        depth = true_depth(index).astype(np.float64)
        rounded = np.rint(depth * 256)
        expected = np.where(rounded > 65535, 0, rounded)
        np.testing.assert_array_equal(numbers(folder / "ground_truth" / name), expected)


def test_sparse_depth_is_what_the_completer_projects(written: Path) -> None:
    completer = load_model("nearest", device="cpu")
    for index in range(_FRAMES):
        name = f"1700000000.{index}000.png"
        projected = completer.sparse_depth(frame_of(index))
        measured = np.rint(projected.depth.astype(np.float64) * 256)
        maps = [
            numbers(written / f"void_{density}" / "data" / "hall" / "sparse_depth" / name)
            for density in _DENSITIES
        ]
        np.testing.assert_array_equal(maps[-1], measured)
        for density, fewer, more in zip(_DENSITIES, maps, maps[1:], strict=False):
            assert np.count_nonzero(fewer) == density
            chosen = fewer > 0
            np.testing.assert_array_equal(fewer[chosen], more[chosen])  # the smaller one is part
        for density, sparse in zip(_DENSITIES, maps, strict=True):
            place = written / f"void_{density}" / "data" / "hall" / "validity_map" / name
            np.testing.assert_array_equal(numbers(place), np.where(sparse > 0, 256, 0))


def test_poses_take_the_camera_to_the_world(written: Path) -> None:
    for index in range(_FRAMES):
        path = f"void_20/data/hall/absolute_pose/1700000000.{index}000.txt"
        world_from_camera = odom_from_base(index) @ BASE_FROM_CAMERA
        loaded = np.loadtxt(written / path)
        assert loaded.shape == (3, 4)
        np.testing.assert_allclose(loaded, world_from_camera.matrix[:3], atol=1e-12)


def test_the_reader_of_void_reads_it_unchanged(written: Path) -> None:
    samples = Void(written / "void_100", Void.Config(split="test"))
    assert samples.names == ["yard/1700000000.0000", "yard/1700000000.1000"]
    sample = samples[1]
    np.testing.assert_array_equal(sample.image, picture(1))
    assert sample.sparse is not None
    assert sample.camera is not None
    np.testing.assert_allclose(sample.camera.K, CAMERA.K)
    assert sample.sparse.count == 100


def test_it_is_trained_and_scored_on(written: Path, tmp_path: Path) -> None:
    arguments = ["--preset", "cpu", "--data.root", str(written / "void_100"), "--batch_size", "2"]
    arguments += ["--data.augmentation.crop_width_px", "32", "--max_steps", "1"]
    arguments += ["--data.augmentation.crop_height_px", "32", "--run.out", str(tmp_path / "run")]
    arguments += ["--network.encoder_filters", "4,4,4,4,4"]
    arguments += ["--network.decoder_filters", "4,4,4,4,4", "--run.tensorboard", "false"]
    assert train.main(["scaffnet_void", *arguments]) == 0
    scored = ["--dataset", "void", "--data", str(written / "void_100"), "--model", "nearest"]
    assert evaluate.main([*scored, "--out", str(tmp_path / "scores")]) == 0


def test_the_manifest_knows_every_file_and_where_it_is_from(written: Path) -> None:
    record = json.loads((written / "manifest" / "hall.json").read_text())
    for path, known in record["checksums"].items():
        assert hashlib.sha256((written / path).read_bytes()).hexdigest() == known
    listed = {path for path in record["checksums"] if path.startswith("void_20/")}
    place = written / "void_20" / "data" / "hall"
    assert listed == {path.relative_to(written).as_posix() for path in place.rglob("*.*")}
    assert [frame["stamp_ns"] for frame in record["frames"]] == [
        stamp_of(index) for index in range(_FRAMES)
    ]
    assert [frame["gap_ns"] for frame in record["frames"]] == [0] * _FRAMES
    assert record["written_from"]["densities"] == list(_DENSITIES)
    assert record["written_from"]["bags"][0]["name"] == "hall"


def test_what_is_too_far_for_the_numbers_is_counted(written: Path) -> None:
    summary = json.loads((written / "summary.json").read_text())
    hall = next(item for item in summary["sequences"] if item["name"] == "hall")
    beyond = sum(
        int(np.count_nonzero(np.rint(true_depth(index) * 256.0) > 65535))
        for index in range(_FRAMES)
    )
    assert beyond > 0
    assert hall["beyond_png"] == {"sparse_depth": 0, "ground_truth": beyond}
    assert f"{beyond} pixels of ground_truth are more than 255.99 m away" in hall["warnings"][0]


def test_a_dry_run_says_the_same_and_writes_nothing(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bag = written.parent / "hall"
    out = written.parent / "dry"
    arguments = [bag, "--out", out, "--densities", 20, 100, 100_000]
    assert exit_code(main, *arguments, "--dry-run") == 0
    assert not out.exists()
    assert "4 of 4 images of 1 sequence would be written to" in capsys.readouterr().out
