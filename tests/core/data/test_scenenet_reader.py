# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.scenenet import SCENENET_CAMERA, SceneNet
from depth_completion_core.data.sample import DataError
from depth_completion_core.data.sampling.sparsify import Sparsifier, sparsified
from depth_completion_core.geometry.arrays import UInt8Array
from tests.core.data.views import images_of
from tests.core.data.written_files import write_image, write_numbers, write_text

_SIZE = 240, 320


def _photo(seed: int) -> UInt8Array:
    """Smooth, so that JPEG keeps it."""
    row, column = np.mgrid[: _SIZE[0], : _SIZE[1]]
    return np.stack([row, column // 2, np.full(_SIZE, 20 * seed)], axis=-1).astype(np.uint8)


def _wall(distance: float) -> npt.NDArray[np.uint16]:
    """Millimetres along the rays to a wall that faces the camera, by the authors' formula."""
    row, column = np.mgrid[: _SIZE[0], : _SIZE[1]]
    x = np.tan(np.radians(60 / 2)) * (2 * ((column + 0.5) / _SIZE[1]) - 1)
    y = np.tan(np.radians(45 / 2)) * (2 * ((row + 0.5) / _SIZE[0]) - 1)
    millimetres: npt.NDArray[np.float64] = 1000 * distance * np.sqrt(x * x + y * y + 1)
    return np.rint(millimetres).astype(np.uint16)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scenenet")
    for sequence, numbers in (
        ("train/0/9", (0, 25, 100)),
        ("train/0/10", (0, 25)),
        ("train/11/3", (50,)),
        ("val/0/1", (0,)),
    ):
        for seed, number in enumerate(numbers):
            write_image(folder / sequence / f"photo/{number}.jpg", _photo(seed))
            depth = _wall(2.0 + seed)
            depth[:20] = 0
            write_numbers(folder / sequence / f"depth/{number}.png", depth)
    return folder


def test_frames_are_in_numeric_order(root: Path) -> None:
    dataset = build_dataset("scenenet", root)
    assert isinstance(dataset, SceneNet)
    first = ["train/0/9/0", "train/0/9/25", "train/0/9/100", "train/0/10/0", "train/0/10/25"]
    assert dataset.names == [*first, "train/11/3/50"]
    assert build_dataset("scenenet", root, {"parts": [11]}).names == ["train/11/3/50"]
    assert build_dataset("scenenet", root, {"split": "val"}).names == ["val/0/1/0"]


def test_length_of_rays_becomes_depth(root: Path) -> None:
    sample = build_dataset("scenenet", root)[1]
    assert sample.truth is not None
    assert sample.sparse is None
    np.testing.assert_allclose(sample.truth.depth[20:], 3.0, atol=1e-3)
    assert not sample.truth.valid[:20].any()
    stored = build_dataset("scenenet", root, {"is_ray_length": False})[1].truth
    assert stored is not None
    np.testing.assert_allclose(stored.depth[20:] * 1000, _wall(3.0)[20:], rtol=1e-6)


def test_camera_sees_sixty_by_forty_five_degrees() -> None:
    corners = [(-0.5, -0.5), (319.5, 239.5)]
    rays, _ = SCENENET_CAMERA.unproject(corners)
    expected = np.tan(np.radians((30.0, 22.5)))
    np.testing.assert_allclose(rays[:, :2], [-expected, expected])


def test_neighbours_are_the_next_frames_whatever_their_number(root: Path) -> None:
    dataset = build_dataset("scenenet", root, {"triplet_offset": 1})
    assert dataset.names == ["train/0/9/25"]
    for found, seed in zip(images_of(dataset[0]), (0, 2), strict=True):
        assert np.abs(found.astype(int) - _photo(seed)).max() < 12


def test_points_can_be_drawn_as_it_says(root: Path) -> None:
    dataset = build_dataset("scenenet", root)
    assert isinstance(dataset, SceneNet)
    drawn = sparsified(dataset[0], Sparsifier.from_text(dataset.default_sparsifier), seed=0)
    assert drawn.sparse is not None
    assert drawn.sparse.count == 384


def test_bad_frames_are_left_out(root: Path) -> None:
    write_text(root / "bad.txt", "train/0/9/0\ntrain/11/3/50\n")
    names = build_dataset("scenenet", root, {"bad_frames": "bad.txt"}).names
    assert names == ["train/0/9/25", "train/0/9/100", "train/0/10/0", "train/0/10/25"]
    with pytest.raises(DataError, match=r"missing\.txt"):
        build_dataset("scenenet", root, {"bad_frames": "missing.txt"})


def test_frames_with_little_depth_are_left_out(root: Path) -> None:
    valid = 220 * 320
    assert len(build_dataset("scenenet", root, {"fewest_pixels": valid})) == 6
    with pytest.raises(DataError, match="no frame of train is left"):
        build_dataset("scenenet", root, {"fewest_pixels": valid + 1})


def test_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no PART/SEQUENCE/photo folders; unpack SceneNet"):
        build_dataset("scenenet", tmp_path)
    with pytest.raises(DataError, match="in the parts 3, 4"):
        build_dataset("scenenet", tmp_path, {"parts": [3, 4]})
    write_text(tmp_path / "train/0/1/photo/._0.jpg", "left by another system")
    with pytest.raises(DataError, match="no frame of train is left"):
        build_dataset("scenenet", tmp_path)


def test_damaged_files(tmp_path: Path) -> None:
    photo, depth = (tmp_path / f"train/0/1/{name}" for name in ("photo/0.jpg", "depth/0.png"))
    write_image(photo, _photo(0))
    dataset = build_dataset("scenenet", tmp_path)
    with pytest.raises(DataError, match=f"cannot read {depth}"):
        dataset[0]
    write_text(depth, "")
    with pytest.raises(DataError, match=f"{depth} is an empty file"):
        dataset[0]
    cv2.imwrite(str(depth), np.zeros(_SIZE, np.uint8))
    with pytest.raises(DataError, match=f"{depth} holds uint8 numbers, expected a 16-bit PNG"):
        dataset[0]
    write_numbers(depth, _wall(2.0)[:100])
    with pytest.raises(DataError, match=f"{depth} is 320x100 pixels, expected 320x240"):
        dataset[0]
    write_image(photo, _photo(0)[:200])
    with pytest.raises(DataError, match=f"{photo} is 320x200 pixels, expected 320x240"):
        dataset[0]
