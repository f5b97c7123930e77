# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.vkitti import VirtualKitti1, VirtualKitti2
from depth_completion_core.data.sample import DataError
from depth_completion_core.data.sampling.sparsify import Sparsifier, sparsified
from depth_completion_core.geometry.transforms import RigidTransform
from tests.core.data.views import motions
from tests.core.data.written_files import random_image, write_image, write_numbers, write_text

_HEIGHT, _WIDTH = 40, 64
_SKY = 65535
_EXTRINSIC_COLUMNS = "r1,1 r1,2 r1,3 t1 r2,1 r2,2 r2,3 t2 r3,1 r3,2 r3,3 t3 0 0 0 1"


def _centimetres(seed: int, height: int = _HEIGHT, width: int = _WIDTH) -> npt.NDArray[np.uint16]:
    """Up to 400 m, and sky."""
    depth = np.random.default_rng(seed).integers(100, 40_000, (height, width)).astype(np.uint16)
    depth[:5] = _SKY
    return depth


def _camera_from_world(frame: int, camera: int) -> RigidTransform:
    quaternion = (0.01 * frame, 0.02, 0.0, 1.0)
    return RigidTransform.from_quaternion(quaternion, (-0.5 * camera, 0.1, -1.5 * frame))


def _matrix(pose: RigidTransform) -> str:
    return " ".join(f"{number:.12g}" for number in pose.matrix.reshape(-1))


def _write_edition_1(root: Path) -> None:
    for world, variation, frames in (
        ("0001", "clone", 4),
        ("0001", "fog", 1),
        ("0020", "clone", 1),
    ):
        for frame in range(frames):
            name = f"{world}/{variation}/{frame:05d}.png"
            write_image(root / "vkitti_1.3.1_rgb" / name, random_image(frame, 375, 1242))
            write_numbers(root / "vkitti_1.3.1_depthgt" / name, _centimetres(frame, 375, 1242))
    lines = [f"{frame} {_matrix(_camera_from_world(frame, 0))}" for frame in range(4)]
    table = root / "vkitti_1.3.1_extrinsicsgt" / "0001_clone.txt"
    write_text(table, "\n".join([f"frame {_EXTRINSIC_COLUMNS}", *lines]) + "\n")


def _write_edition_2(root: Path, *, archives: bool = False) -> None:
    rgb, depth, text = (
        root / f"vkitti_2.0.3_{name}" if archives else root for name in ("rgb", "depth", "textgt")
    )
    intrinsics = ["frame cameraID K[0,0] K[1,1] K[0,2] K[1,2]"]
    extrinsics = [f"frame cameraID {_EXTRINSIC_COLUMNS}"]
    for frame in range(3):
        for camera in (0, 1):
            below = f"Scene01/clone/frames/{{}}/Camera_{camera}/{{}}_{frame:05d}"
            seed = 10 * camera + frame
            write_image(rgb / f"{below.format('rgb', 'rgb')}.jpg", _smooth(seed))
            write_numbers(depth / f"{below.format('depth', 'depth')}.png", _centimetres(seed))
            intrinsics.append(f"{frame} {camera} 40.5 41.5 {31.5 + camera} 19.5")
            extrinsics.append(f"{frame} {camera} {_matrix(_camera_from_world(frame, camera))}")
    write_text(text / "Scene01/clone/intrinsic.txt", "\n".join(intrinsics) + "\n")
    write_text(text / "Scene01/clone/extrinsic.txt", "\n".join(extrinsics) + "\n")


def _smooth(seed: int) -> npt.NDArray[np.uint8]:
    return np.full((_HEIGHT, _WIDTH, 3), 10 * seed, dtype=np.uint8)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    _write_edition_2(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def root_1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vkitti1")
    _write_edition_1(folder)
    return folder


# Edition 1.3.1


def test_first_edition(root_1: Path) -> None:
    dataset = build_dataset("vkitti1", root_1)
    assert isinstance(dataset, VirtualKitti1)
    assert dataset.names == [*(f"0001/clone/{n:05d}" for n in range(4)), "0020/clone/00000"]
    sample = dataset[1]
    assert sample.camera is not None
    assert sample.truth is not None
    np.testing.assert_array_equal(sample.image, random_image(1, 375, 1242))
    np.testing.assert_allclose(sample.truth.depth[5:] * 100, _centimetres(1, 375, 1242)[5:])
    assert not sample.truth.valid[:5].any()
    np.testing.assert_array_equal(sample.camera.K, [[725, 0, 620.5], [0, 725, 187], [0, 0, 1]])
    config = {"scenes": ["0001"], "variations": []}
    assert build_dataset("vkitti1", root_1, config).names[-1] == "0001/fog/00000"


def test_poses_of_views_of_the_first_edition(root_1: Path) -> None:
    sample = build_dataset("vkitti1", root_1, {"triplet_offset": 1})[0]
    assert sample.name == "0001/clone/00001"
    world = np.array([2.0, 1.0, 20.0])
    image, before, after = (_camera_from_world(frame, 0).apply(world) for frame in (1, 0, 2))
    for pose, expected in zip(motions(sample), (before, after), strict=True):
        np.testing.assert_allclose(pose.apply(image), expected, atol=1e-9)


def test_first_edition_without_extrinsics(root_1: Path, tmp_path: Path) -> None:
    for name in ("vkitti_1.3.1_rgb", "vkitti_1.3.1_depthgt"):
        (tmp_path / name).symlink_to(root_1 / name)
    sample = build_dataset("vkitti1", tmp_path, {"triplet_offset": 1})[0]
    assert len(sample.views) == 2
    assert all(view.view_from_target is None for view in sample.views)


def test_first_edition_of_another_size(tmp_path: Path) -> None:
    name = "0001/clone/00000.png"
    write_image(tmp_path / "vkitti_1.3.1_rgb" / name, random_image(0, 20, 30))
    write_numbers(tmp_path / "vkitti_1.3.1_depthgt" / name, _centimetres(0, 20, 30))
    with pytest.raises(DataError, match=r"00000\.png is 30x20 pixels, expected 1242x375"):
        build_dataset("vkitti1", tmp_path)[0]


# Edition 2.0.3


@pytest.mark.parametrize("archives", [False, True])
def test_second_edition(tmp_path: Path, archives: bool) -> None:
    _write_edition_2(tmp_path, archives=archives)
    dataset = build_dataset("vkitti2", tmp_path)
    assert isinstance(dataset, VirtualKitti2)
    assert dataset.names == [f"Scene01/clone/Camera_0/{n:05d}" for n in range(3)]
    right = build_dataset("vkitti2", tmp_path, {"cameras": [1], "triplet_offset": 1})
    assert right.names == ["Scene01/clone/Camera_1/00001"]
    sample = right[0]
    assert sample.camera is not None
    assert sample.truth is not None
    assert sample.sparse is None
    np.testing.assert_array_equal(sample.image, _smooth(11))
    np.testing.assert_array_equal(sample.views[1].image, _smooth(12))
    np.testing.assert_allclose(sample.truth.depth[5:] * 100, _centimetres(11)[5:], rtol=1e-6)
    np.testing.assert_array_equal(sample.camera.K, [[40.5, 0, 32.5], [0, 41.5, 19.5], [0, 0, 1]])
    world = np.array([2.0, 1.0, 20.0])
    image, before, after = (_camera_from_world(frame, 1).apply(world) for frame in (1, 0, 2))
    for pose, expected in zip(motions(sample), (before, after), strict=True):
        np.testing.assert_allclose(pose.apply(image), expected, atol=1e-9)


def test_sky_and_what_is_too_far(root: Path) -> None:
    stored = _centimetres(0)
    for max_depth, expected in ((655.34, stored < _SKY), (255.0, stored <= 25_500)):
        truth = build_dataset("vkitti2", root, {"max_depth": max_depth})[0].truth
        assert truth is not None
        np.testing.assert_array_equal(truth.valid, expected)
        assert np.all(truth.depth[~expected] == 0)


def test_points_can_be_drawn_as_it_says(root: Path) -> None:
    dataset = build_dataset("vkitti2", root)
    assert isinstance(dataset, VirtualKitti2)
    drawn = sparsified(dataset[0], Sparsifier.from_text(dataset.default_sparsifier), seed=0)
    assert drawn.sparse is not None
    assert drawn.sparse.count > 0


# Bad data


@pytest.mark.parametrize("name", ["vkitti1", "vkitti2"])
def test_folder_of_something_else(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"holds no frames .* variations clone; expected .*clone"):
        build_dataset(name, tmp_path)


def test_scene_that_is_not_there(root: Path) -> None:
    with pytest.raises(DataError, match="of the scenes Scene18, Scene20 and variations clone"):
        build_dataset("vkitti2", root, {"scenes": ["Scene18", "Scene20"]})


def test_damaged_depth(root: Path) -> None:
    dataset = build_dataset("vkitti2", root)
    path = root / "Scene01/clone/frames/depth/Camera_0/depth_00000.png"
    write_text(path, "")
    with pytest.raises(DataError, match=f"{path} is an empty file"):
        dataset[0]
    write_numbers(path, _centimetres(0, 30, 30))
    with pytest.raises(DataError, match=f"{path} is 30x30 pixels, expected 64x40"):
        dataset[0]
    path.unlink()
    with pytest.raises(DataError, match=f"cannot read {path}"):
        dataset[0]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 0 0 0 0 0", "focal length is 0 x 0"),
        ("0 0 40.5 41.5 31.5", "goes on with 3 numbers, expected 4"),
        ("0 1 40.5 41.5 31.5 19.5", "lacks the line that begins with 0 0"),
        ("0 0 fx fy cx cy", "could not convert"),
    ],
)
def test_intrinsics_that_are_none(root: Path, line: str, words: str) -> None:
    path = root / "Scene01/clone/intrinsic.txt"
    write_text(path, f"frame cameraID K[0,0] K[1,1] K[0,2] K[1,2]\n{line}\n")
    with pytest.raises(DataError, match=words) as caught:
        build_dataset("vkitti2", root)[0]
    assert str(path) in str(caught.value)


def test_intrinsics_that_are_missing(root: Path) -> None:
    path = root / "Scene01/clone/intrinsic.txt"
    path.unlink()
    with pytest.raises(DataError, match=str(path)):
        build_dataset("vkitti2", root)[0]


def test_extrinsics_that_are_no_rotation(root: Path) -> None:
    path = root / "Scene01/clone/extrinsic.txt"
    write_text(path, "names\n" + "".join(f"{n} 0 {'2 ' * 16}\n" for n in range(3)))
    with pytest.raises(DataError, match="is not a rotation") as caught:
        build_dataset("vkitti2", root, {"triplet_offset": 1})[0]
    assert str(path) in str(caught.value)
