# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet's lists of SceneNet and Virtual KITTI, and FusionNet's inputs from a ScaffNet."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.completer import load_model
from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.scaffnet_lists import PREDICTED_DEPTH, ScaffNetLists
from depth_completion_core.data.sampling.harris_points import cluster_middles, harris_points
from depth_completion_core.files.input_files import read_depth, read_image
from depth_completion_core.prepare import main
from tests.core.data.written_files import random_image, write_image, write_numbers, write_text


def _lists(out: Path, prefix: str, suffix: str = "") -> ScaffNetLists:
    dataset = build_dataset("scaffnet_lists", out, {"lists": prefix, "suffix": suffix})
    assert isinstance(dataset, ScaffNetLists)
    return dataset


# The points


def _clusters_by_loops(points: npt.NDArray[np.float64], count: int) -> list[tuple[float, float]]:
    chosen = np.random.default_rng(1).permutation(len(points))[:count]
    middles = [tuple(points[number]) for number in chosen]
    for _ in range(2):
        members: list[list[npt.NDArray[np.float64]]] = [[] for _ in middles]
        for point in points:
            distances = [(point[0] - m[0]) ** 2 + (point[1] - m[1]) ** 2 for m in middles]
            members[int(np.argmin(distances))].append(point)
        middles = [
            tuple(np.mean(own, axis=0)) if own else middle
            for own, middle in zip(members, middles, strict=True)
        ]
    return middles


def test_middles_of_clusters_are_those_of_loops() -> None:
    points = np.random.default_rng(3).uniform(0, 50, (120, 2))
    np.testing.assert_allclose(cluster_middles(points, 9), _clusters_by_loops(points, 9))
    assert cluster_middles(points[:4], 9).shape == (4, 2)


def test_points_are_in_the_middle_of_edges() -> None:
    """A square on plain ground: its sides have the smallest response, its corners the largest."""
    image = np.full((120, 160, 3), 40, dtype=np.uint8)
    image[30:90, 40:120] = 220
    chosen = harris_points(image, 60)
    assert 30 < np.count_nonzero(chosen) <= 60
    response = cv2.cornerHarris(
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32), 5, 3, 0.04
    )
    edges = response < 0
    distance = cv2.distanceTransform((~edges).astype(np.uint8), cv2.DIST_L2, 5)
    assert np.mean(distance[chosen] < 3) > 0.4
    np.testing.assert_array_equal(harris_points(image, 60), chosen)


# SceneNet


@pytest.fixture(scope="module")
def scenenet(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The data and what was made: four frames of part 0, three of part 1, of which one is bare."""
    root = tmp_path_factory.mktemp("scenenet")
    data, out = root / "data", root / "out"
    for sequence, numbers in (("train/0/7", (0, 25, 50, 75)), ("train/1/8", (0, 25, 50))):
        for number in numbers:
            write_image(data / sequence / f"photo/{number}.jpg", random_image(number, 240, 320))
            depth = np.full((240, 320), 2000 + number)
            if sequence == "train/1/8":
                depth[:, 40:] = 0
            write_numbers(data / sequence / f"depth/{number}.png", depth)
    assert main(["scenenet", "--data", str(data), "--out", str(out)]) == 0
    return data, out


def test_scenenets_frames_are_those_of_the_release(scenenet: tuple[Path, Path]) -> None:
    data, out = scenenet
    dataset = _lists(out, "training/scenenet/scenenet_train", "corner")
    # Neither the first nor the last of a sequence, nor what has fewer than 300 points.
    assert dataset.names == [f"data/scenenet_derived/train/0/7/images/{n}" for n in (25, 50)]
    sample = dataset[0]
    assert sample.image.shape == (240, 320, 3)
    assert len(sample.views) == 2
    photo = read_image(data / "train/0/7/photo/25.jpg")
    np.testing.assert_array_equal(sample.image, photo)
    assert sample.sparse is not None
    assert sample.truth is not None
    assert sample.camera is not None
    # The lengths of rays, taken for depth.
    np.testing.assert_array_equal(sample.truth.depth, np.float32(round(2.025 * 256) / 256))
    assert 300 <= sample.sparse.count <= 384
    np.testing.assert_array_equal(sample.sparse.valid, harris_points(photo, 384))
    assert sample.camera.fx == pytest.approx(160 / np.tan(np.radians(30)))
    assert len(_lists(out, "training/scenenet/scenenet_train", "corner-0")) == 2
    assert not list(out.glob("training/scenenet/*corner-1.txt"))


def test_rays_become_depth_where_that_is_wanted(
    scenenet: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = scenenet
    command = ["scenenet", "--data", str(data), "--is-ray-length", "--parts", "0"]
    assert main([*command, "--out", str(tmp_path)]) == 0
    truth = _lists(tmp_path, "training/scenenet/scenenet_train", "corner")[0].truth
    assert truth is not None
    corner = np.linalg.norm([159.5 / 277.128, 119.5 / 289.706, 1.0])
    assert truth.depth[0, 0] == pytest.approx(2.025 / corner, abs=3e-3)
    assert truth.depth[120, 160] == pytest.approx(2.025, abs=3e-3)
    assert main([*command, "--out", str(out)]) == 1
    assert "scenenet_derived was made with" in capsys.readouterr().err


# Virtual KITTI


@pytest.fixture(scope="module")
def vkitti(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, npt.NDArray[np.bool_]]:
    """What was made of three rendered frames and a drive of two, and the map of the first."""
    root = tmp_path_factory.mktemp("vkitti")
    data, kitti, out = root / "vkitti", root / "kitti", root / "out"
    for number in range(3):
        depth = np.full((30, 40), 1000 + 100 * number)
        depth[:5] = 65535
        write_numbers(data / f"Scene01/clone/frames/depth/Camera_0/depth_{number:05d}.png", depth)
    measured = np.zeros((20, 36), dtype=np.bool_)
    measured[[2, 8, 8, 15], [4, 5, 30, 17]] = True
    for number in (5, 6):
        numbers = np.where(measured if number == 5 else ~measured, 700, 0)
        path = kitti / "train/2011_09_26_drive_0001_sync/proj_depth/velodyne_raw/image_02"
        write_numbers(path / f"{number:010d}.png", numbers)
    command = ["vkitti", "--data", str(data), "--kitti", str(kitti), "--out", str(out)]
    assert main(command) == 0
    return out, measured


def test_rendered_depth_has_the_pixels_of_kittis_lidar(
    vkitti: tuple[Path, npt.NDArray[np.bool_]],
) -> None:
    out, measured = vkitti
    dataset = _lists(out, "training/virtual_kitti/supervised/vkitti_train")
    assert len(dataset) == 3
    samples = [dataset[index] for index in range(3)]
    # The drive has two frames, so the third has the map of the first.
    for sample, valid, metres in zip(
        samples, (measured, ~measured, measured), (10.0, 11.0, 12.0), strict=True
    ):
        assert sample.sparse is not None
        assert sample.truth is not None
        is_sky = np.zeros_like(measured)
        is_sky[: 20 * 5 // 30 + 1] = True  # rows of the sky at the map's height
        is_sky[3] = sample.truth.depth[3, 0] > 255
        np.testing.assert_array_equal(sample.sparse.valid, valid & ~is_sky)
        np.testing.assert_array_equal(sample.sparse.depth[sample.sparse.valid], metres)
        assert sample.truth.valid.all()
        np.testing.assert_array_equal(sample.truth.depth[is_sky], np.float32(65535 / 256))
        assert sample.image.shape == (20, 36, 3)


def test_semi_dense_depth_fills_the_hull_of_what_was_measured(
    vkitti: tuple[Path, npt.NDArray[np.bool_]],
) -> None:
    out, measured = vkitti
    prefix = out / "training/virtual_kitti/supervised/vkitti_train"
    found = {}
    for what in ("semi_dense_depth", "dense_depth"):
        lines = Path(f"{prefix}_{what}.txt").read_text(encoding="utf-8").splitlines()
        found[what] = read_depth(out / lines[0], depth_scale=256.0).valid
    corners = np.array([[4, 2], [5, 8], [17, 15], [30, 8]])[:, None]
    for row in range(5, 20):  # below the sky
        for column in range(36):
            place = cv2.pointPolygonTest(corners, (float(column), float(row)), True)
            if abs(place) > 1.0:
                assert found["semi_dense_depth"][row, column] == (place > 0)
    assert found["dense_depth"][5:].all()
    assert not found["dense_depth"][:3].any()
    assert (found["semi_dense_depth"] | ~measured)[4:].all()


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--scenes", "Scene02"), "clone/frames/depth of Scene02; unpack Virtual KITTI 2's"),
        (("--drives", "nowhere"), "velodyne_raw of nowhere; unpack data_depth_velodyne.zip"),
    ],
)
def test_vkitti_that_is_not_there(
    vkitti: tuple[Path, npt.NDArray[np.bool_]],
    flags: tuple[str, ...],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, kitti = (
        (vkitti[0] / "data" / n).resolve() for n in ("virtual_kitti", "kitti_depth_completion")
    )
    command = ["vkitti", "--data", str(data), "--kitti", str(kitti), "--out", str(tmp_path)]
    assert main([*command, *flags]) == 1
    assert words in capsys.readouterr().err


# FusionNet


def test_what_a_scaffnet_predicts_is_read_with_its_frames(
    scenenet: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """By an interpolation here: it is the model that is named."""
    _, out = scenenet
    prefix = "training/scenenet/scenenet_train"
    command = ["fusionnet", "--data", str(out), "--lists", prefix, "--suffix", "corner"]
    assert main([*command, "--model", "nearest", "--device", "cpu"]) == 0
    dataset = _lists(out, prefix, "corner")
    sample = dataset[1]
    layer = sample.layers[PREDICTED_DEPTH].array
    expected = load_model("nearest", device="cpu").complete(sample.frame()).along_z
    np.testing.assert_allclose(layer[0], expected.depth, atol=0.5 / 256)
    assert main([*command, "--model", "linear", "--device", "cpu"]) == 1
    assert "scaffnet_predictions was made with" in capsys.readouterr().err
    assert main([*command, "--model", "linear", "--derived", "other", "--device", "cpu"]) == 0
    line = (out / f"{prefix}_predict_depth_corner.txt").read_text(encoding="utf-8").splitlines()[0]
    assert line.startswith("data/other/")


def test_a_model_that_is_not_there(
    scenenet: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out = scenenet
    write_text(out / "training/none_image.txt", "a.png\n")
    command = ["fusionnet", "--data", str(out), "--lists", "training/none", "--model"]
    assert main([*command, "nearest", "--derived", "a", "--device", "cpu"]) == 1
    assert "a.png, which is not there" in capsys.readouterr().err
    assert main([*command, "nearestt", "--derived", "b", "--device", "cpu"]) == 1
    assert "nearest" in capsys.readouterr().err
