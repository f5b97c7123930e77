# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.real import RealSet, real_sets
from depth_completion_core.data.sample import DataError, Sample
from depth_completion_core.data.sampling.sparsify import SparsifierError
from depth_completion_core.files.output_files import write_picture
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.geometry.unprojection import unproject_depth
from tests.core.data.trees import (
    SINGULAR_K,
    SIZE,
    K,
    write_matrix,
    write_numbers,
    write_rig,
    write_sweep,
)
from tests.core.data.views import motions

_RANDOM = np.random.default_rng(0)
_REAL_DATA = os.environ.get("DEPTH_COMPLETION_REAL_DATA", "")
_CAMERA_FROM_LIDAR = RigidTransform(
    np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]]), np.array([0.0, -0.2, 0.0])
)


def _millimetres() -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    depth = _RANDOM.integers(500, 5000, SIZE).astype(np.uint16)
    depth[_RANDOM.random(SIZE) < 0.3] = 0
    return depth


def _picture(path: Path) -> None:
    write_picture(path, _RANDOM.integers(0, 255, (*SIZE, 3), dtype=np.uint8))


def _rgbd(root: Path, *names: str, images: str = "rgb") -> None:
    for name in names:
        _picture(root / images / f"{name}.png")
        write_numbers(root / "depth" / f"{name}.png", _millimetres())


def _rgbd_raw(root: Path, *names: str) -> None:
    for name in names:
        _picture(root / "rgb" / f"{name}.png")
        for folder in ("depth_raw", "depth_gt", "mask"):
            write_numbers(root / folder / f"{name}.png", _millimetres())
    write_matrix(root / "K.txt", K)


def _turn() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """12 lines on a wall 8 metres ahead."""
    elevation, azimuth = np.meshgrid(
        np.radians(np.linspace(-15, 15, 12)), np.linspace(-0.4, 0.4, 99)
    )
    points = np.stack(
        [np.ones_like(azimuth), np.tan(azimuth), np.tan(elevation) / np.cos(azimuth)], axis=-1
    )
    return (8.0 * points).reshape(-1, 3).astype(np.float32)


def _lidar(root: Path, *names: str) -> None:
    for name in names:
        _picture(root / "image" / f"{name}.png")
        write_sweep(root / "points" / f"{name}.bin", _turn())
        write_rig(root / "calib" / f"{name}.json", _CAMERA_FROM_LIDAR)


def _real(root: Path, **config: Any) -> list[Sample]:  # noqa: ANN401
    made = build_dataset("real", root, config)
    return [made[index] for index in range(len(made))]


@pytest.mark.parametrize("images", ["rgb", "image"])
def test_rgbd(tmp_path: Path, images: str) -> None:
    _rgbd(tmp_path, "b", "a", images=images)
    write_matrix(tmp_path / "K.txt", K)
    for sample, name in zip(_real(tmp_path, points="uniform:50"), ("a", "b"), strict=True):
        assert sample.name == name
        assert sample.camera is not None
        assert sample.sparse is not None
        assert sample.truth is not None
        assert sample.sparse.count == 50
        assert sample.truth.depth[sample.truth.valid].min() >= 0.5
        assert sample.truth.depth.max() < 5.0
        sample.frame()
    (first, _), (again, _) = (_real(tmp_path, points="uniform:50", seed=4) for _ in range(2))
    (other, _) = _real(tmp_path, points="uniform:50", seed=5)
    assert first.sparse is not None
    assert again.sparse is not None
    assert other.sparse is not None
    np.testing.assert_array_equal(first.sparse.depth, again.sparse.depth)
    assert (first.sparse.valid != other.sparse.valid).any()
    assert _real(tmp_path, points="")[0].sparse is None
    with pytest.raises(SparsifierError, match="known are"):
        _real(tmp_path, points="circles:3")


def test_intrinsics_for_each_image_for_each_sequence_or_none(tmp_path: Path) -> None:
    _rgbd(tmp_path, "0", "seq017_000300")
    assert _real(tmp_path)[0].camera is None
    write_matrix(tmp_path / "K" / "0.txt", K)
    around = np.eye(4)
    around[:3, :3] = K * [[2.0], [2.0], [1.0]]
    write_matrix(tmp_path / "K" / "seq017.txt", around)
    assert [sample.camera.fx for sample in _real(tmp_path) if sample.camera] == [30.0, 60.0]


def test_far_outliers_are_not_valid(tmp_path: Path) -> None:
    _rgbd(tmp_path, "a")
    write_numbers(tmp_path / "depth" / "a.png", np.full(SIZE, 65000, dtype=np.uint16))
    far = build_dataset("real", tmp_path)
    assert far.remarks == []
    truth = far[0].truth
    assert truth is not None
    assert truth.count == 0
    words = "100 % of the true depth lies beyond max_depth (10 m) and is not scored."
    assert far.remarks == [f"{tmp_path.name}: {words}"]


def test_raw_depth_is_what_was_measured(tmp_path: Path) -> None:
    _rgbd_raw(tmp_path, "a")
    (sample,) = _real(tmp_path)
    assert sample.sparse is not None
    assert sample.truth is not None
    assert sample.sparse.count > 400
    assert (sample.sparse.depth != sample.truth.depth).any()


@pytest.mark.parametrize("keep_rows", [2, 4])
def test_lidar(tmp_path: Path, keep_rows: int) -> None:
    _lidar(tmp_path, "a")
    (sample,) = _real(tmp_path, keep_rows=keep_rows)
    assert sample.sparse is not None
    assert sample.truth is not None
    assert not (sample.sparse.valid & sample.truth.valid).any()
    for part in (sample.sparse, sample.truth):
        np.testing.assert_allclose(part.depth[part.valid], 8.0, atol=1e-4)
    share = sample.sparse.count / (sample.sparse.count + sample.truth.count)
    assert 0.8 < share * keep_rows < 1.3
    assert sample.camera is not None
    assert not sample.camera.is_distorted
    assert _real(tmp_path, keep_rows=1)[0].truth is None


def test_shared_sweeps_and_shared_calibration(tmp_path: Path) -> None:
    _lidar(tmp_path / "cameras", "left", "right")
    write_sweep(tmp_path / "cameras" / "points" / "both.bin", _turn())
    for name in ("left", "right"):
        (tmp_path / "cameras" / "points" / f"{name}.bin").unlink()
        path = tmp_path / "cameras" / "calib" / f"{name}.json"
        write_rig(path, _CAMERA_FROM_LIDAR, points_file="both.bin")
    assert len(_real(tmp_path / "cameras")) == 2
    drive = tmp_path / "drive"
    for name in ("0", "4"):
        _picture(drive / "image_02" / f"{name}.png")
        write_sweep(drive / "velodyne_fov" / f"{name}.bin", _turn())
    write_rig(drive / "calib.json", _CAMERA_FROM_LIDAR)
    assert [sample.name for sample in _real(drive)] == ["0", "4"]


def test_sets_under_a_folder(tmp_path: Path) -> None:
    _lidar(tmp_path / "open" / "road", "a")
    _rgbd(tmp_path / "open" / "flat", "a")
    _rgbd_raw(tmp_path / "glass", "a")
    (tmp_path / "open" / "a_bag").mkdir()
    (tmp_path / "INDEX.md").touch()
    assert real_sets(tmp_path) == [
        RealSet("flat", "rgbd", tmp_path / "open" / "flat"),
        RealSet("glass", "rgbd_raw", tmp_path / "glass"),
        RealSet("road", "lidar", tmp_path / "open" / "road"),
    ]
    assert real_sets(tmp_path / "glass") == [RealSet("glass", "rgbd_raw", tmp_path / "glass")]
    assert real_sets(tmp_path / "open" / "a_bag") == []
    with pytest.raises(DataError, match="there is no folder"):
        real_sets(tmp_path / "x")


def test_a_drive_with_poses(tmp_path: Path) -> None:
    _rgbd(tmp_path, "0", "1", "2", "3")
    with pytest.raises(DataError, match=r"neither poses\.txt nor image_02.*triplet_offset to 0"):
        _real(tmp_path, triplet_offset=1)
    poses = [
        RigidTransform.from_quaternion([*_RANDOM.normal(0, 0.1, 3), 1.0], _RANDOM.normal(size=3))
        for _ in range(4)
    ]
    write_matrix(tmp_path / "poses.txt", np.stack([pose.matrix.ravel() for pose in poses]))
    samples, alone = _real(tmp_path, triplet_offset=1), _real(tmp_path)
    assert [sample.name for sample in samples] == ["1", "2"]
    assert alone[1].views == ()
    point = np.array([0.1, -0.3, 2.0])
    for number, sample in zip((1, 2), samples, strict=True):
        for index, other in enumerate((number - 1, number + 1)):
            np.testing.assert_array_equal(sample.views[index].image, alone[other].image)
            np.testing.assert_allclose(
                poses[other].apply(motions(sample)[index].apply(point)),
                poses[number].apply(point),
            )
    written = (tmp_path / "poses.txt").read_text(encoding="utf-8").splitlines()
    for lines, message in (
        ([*written[:-1], "1 0 0"], rf"line {len(written)} has 3 numbers, expected 16"),
        (["# where it was", *written], "line 1 has 4 numbers, expected 16"),
        (written[:-1], rf"holds {len(written) - 1} poses, expected {len(written)}"),
    ):
        (tmp_path / "poses.txt").write_text("\n".join(lines), encoding="utf-8")
        with pytest.raises(DataError, match=rf"poses\.txt: {message}"):
            _real(tmp_path, triplet_offset=1)


def test_no_set_at_all(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is not a set of real recordings.*depth_raw"):
        _real(tmp_path)
    for folder in ("rgb", "depth"):
        (tmp_path / folder).mkdir()
    with pytest.raises(DataError, match="rgb holds no images"):
        _real(tmp_path)


@pytest.mark.parametrize("content", [None, b"", b"not a picture"])
def test_damaged_depth_is_named_with_its_set(tmp_path: Path, content: bytes | None) -> None:
    _rgbd(tmp_path, "a")
    path = tmp_path / "depth" / "a.png"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"depth/a\.png"):
        _real(tmp_path)


def test_sizes_and_matrices_that_do_not_fit(tmp_path: Path) -> None:
    _rgbd(tmp_path / "rgbd", "a")
    write_numbers(tmp_path / "rgbd" / "depth" / "a.png", np.ones((5, 7), dtype=np.uint16))
    with pytest.raises(DataError, match=r"a\.png is 7x5 pixels, expected 32x24"):
        _real(tmp_path / "rgbd")
    _rgbd_raw(tmp_path / "raw", "a")
    write_matrix(tmp_path / "raw" / "K.txt", SINGULAR_K)
    with pytest.raises(DataError, match=r"K\.txt is no calibration"):
        _real(tmp_path / "raw")
    matrix = K.copy()
    matrix[:2, 2] = (64.0, 48.0)
    write_matrix(tmp_path / "raw" / "K.txt", matrix)
    with pytest.raises(DataError, match=r"K\.txt has its principal point at \(64, 48\)"):
        _real(tmp_path / "raw")
    _lidar(tmp_path / "lidar", "a")
    write_rig(tmp_path / "lidar" / "calib" / "a.json", _CAMERA_FROM_LIDAR, width=99)
    with pytest.raises(DataError, match=r"a\.png is 32x24 pixels, expected 99x24"):
        _real(tmp_path / "lidar")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a.json"),
        ("[]", "expected an object with K"),
        ('{"K": 1}', "lacks width, height, T_cam_lidar"),
    ],
)
def test_calibrations_that_are_none(tmp_path: Path, text: str, words: str) -> None:
    _lidar(tmp_path, "a")
    path = tmp_path / "calib" / "a.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        _real(tmp_path)
    path.unlink()
    with pytest.raises(DataError, match=r"a\.json"):
        _real(tmp_path)


def test_sweeps_that_are_none(tmp_path: Path) -> None:
    _lidar(tmp_path, "a")
    path = tmp_path / "points" / "a.bin"
    path.write_bytes(bytes(17))
    with pytest.raises(DataError, match=r"a\.bin holds 17 bytes, expected 16 for each point"):
        _real(tmp_path)
    path.unlink()
    with pytest.raises(DataError, match=r"a\.bin"):
        _real(tmp_path)


@pytest.mark.real_data
@pytest.mark.skipif(not _REAL_DATA, reason="DEPTH_COMPLETION_REAL_DATA names no recordings")
def test_real_recordings() -> None:
    found = real_sets(Path(_REAL_DATA))
    assert found
    for name, kind, folder in found:
        real = build_dataset("real", folder)
        sample = real[len(real) // 2]
        sample.frame()
        assert sample.sparse is not None, name
        assert sample.truth is not None, name
        assert sample.sparse.count > 300, name
        assert sample.truth.count > 1000, name
        if kind == "lidar":
            fourth = build_dataset("real", folder, {"keep_rows": 4})[len(real) // 2]
            assert fourth.sparse is not None
            assert 0.3 < fourth.sparse.count / sample.sparse.count < 0.7, name


@pytest.mark.real_data
@pytest.mark.skipif(not _REAL_DATA, reason="DEPTH_COMPLETION_REAL_DATA names no recordings")
def test_poses_of_a_real_drive_take_depth_to_the_next_image() -> None:
    drives = [item for item in real_sets(Path(_REAL_DATA)) if (item.folder / "poses.txt").exists()]
    if not drives:
        pytest.skip("no recording with poses")
    real = build_dataset("real", drives[0].folder, {"triplet_offset": 1, "points": ""})
    everything = build_dataset("real", drives[0].folder, {"points": ""})
    sample, after = real[len(real) // 2], everything[len(real) // 2 + 2]
    assert sample.camera is not None
    assert sample.truth is not None
    assert after.truth is not None
    np.testing.assert_array_equal(sample.views[1].image, after.image)
    points = unproject_depth(sample.truth.depth, sample.truth.valid, sample.camera)
    moved = motions(sample)[1].apply(points[sample.truth.valid])
    pixels, seen = sample.camera.project(moved)
    column, row = np.rint(pixels[seen]).astype(int).T
    column, row = column.clip(0, sample.camera.width - 1), row.clip(0, sample.camera.height - 1)
    there = after.truth.valid[row, column]
    expected = after.truth.depth[row, column][there]
    assert len(expected) > 1000
    assert np.median(np.abs(moved[seen, 2][there] / expected - 1.0)) < 0.02


def test_points_that_are_not_finite_are_left_out(tmp_path: Path) -> None:
    _lidar(tmp_path, "a")
    clean = _real(tmp_path)[0]
    lost = np.full((50, 3), np.nan, dtype=np.float32)
    lost[::2] = (np.inf, 1e30, 0.0)
    write_sweep(tmp_path / "points" / "a.bin", np.concatenate([lost, _turn(), lost]))
    sample = _real(tmp_path)[0]
    for found, expected in ((sample.sparse, clean.sparse), (sample.truth, clean.truth)):
        assert found is not None
        assert expected is not None
        np.testing.assert_array_equal(found.depth, expected.depth)
