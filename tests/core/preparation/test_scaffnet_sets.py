# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""ScaffNet's lists and triplets of VOID and KITTI, written and read back."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.scaffnet_lists import ScaffNetLists
from depth_completion_core.data.sample import DataError
from depth_completion_core.files.input_files import read_image
from depth_completion_core.prepare import main
from tests.core.data.kitti_trees import DATE, PROJECTIONS, number_png, write_oxts
from tests.core.data.published_trees import (
    DRIVES,
    depth_numbers,
    write_kitti_depth,
    write_kitti_raw,
)
from tests.core.data.trees import K, WrittenFrame, write_frame, write_matrix
from tests.core.data.written_files import (
    random_image,
    spelled,
    write_image,
    write_numbers,
    write_text,
)

_COUNT = 75  # the first 30 and the last 40 frames are left out


def _lists(out: Path, prefix: str, suffix: str = "") -> ScaffNetLists:
    dataset = build_dataset("scaffnet_lists", out, {"lists": prefix, "suffix": suffix})
    assert isinstance(dataset, ScaffNetLists)
    return dataset


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


# VOID


_STAMPS = [f"{number / 10:.4f}" for number in range(_COUNT)]


@pytest.fixture(scope="module")
def void(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, WrittenFrame]]:
    """A release of one density, what was made of it, and the frames of the training sequence."""
    root = tmp_path_factory.mktemp("void")
    release, out = root / "void_release", root / "out"
    random = np.random.default_rng(0)
    folder = release / "void_150"
    frames = {}
    for sequence, stamps in (("stairs", _STAMPS), ("office", _STAMPS[:3])):
        for stamp in stamps:
            frames[f"{sequence}/{stamp}"] = write_frame(folder / "data" / sequence, stamp, random)
        write_matrix(folder / "data" / sequence / "K.txt", K)
    lines = {
        "train": [
            f"void_150/data/stairs/image/{stamp}.png" for stamp in _STAMPS if stamp != "3.2000"
        ],
        "test": [f"void_150/data/office/image/{stamp}.png" for stamp in _STAMPS[:2]],
    }
    for split, own in lines.items():
        write_text(folder / f"{split}_image.txt", "\n".join(own) + "\n")
    assert main(["void", "--data", str(release), "--out", str(out)]) == 0
    return release, out, frames


def test_voids_triplets_are_those_of_the_release(
    void: tuple[Path, Path, dict[str, WrittenFrame]],
) -> None:
    """Ten frames before and after, side by side, of frames 30 to n - 41."""
    _, out, frames = void
    dataset = _lists(out, "training/void/unsupervised/void_train", "150")
    assert [Path(name).name for name in dataset.names] == ["3.0000", "3.1000", "3.3000", "3.4000"]
    sample = dataset[0]
    frame = frames["stairs/3.0000"]
    np.testing.assert_array_equal(sample.image, frame.image)
    for view, stamp in zip(sample.views, ("2.0000", "4.0000"), strict=True):
        np.testing.assert_array_equal(view.image, frames[f"stairs/{stamp}"].image)
    assert [view.offset for view in sample.views] == [-1, 1]
    assert sample.sparse is not None
    assert sample.truth is not None
    assert sample.camera is not None
    np.testing.assert_array_equal(sample.sparse.depth, frame.sparse)
    np.testing.assert_array_equal(sample.truth.depth, frame.truth)
    np.testing.assert_allclose(sample.camera.K, K)
    wide = read_image(out / f"{dataset.names[0]}.png")
    expected = [frames[f"stairs/{stamp}"].image for stamp in ("2.0000", "3.0000", "4.0000")]
    np.testing.assert_array_equal(wide, np.concatenate(expected, axis=1))


def test_voids_frames_are_in_the_lists_that_they_belong_to(
    void: tuple[Path, Path, dict[str, WrittenFrame]],
) -> None:
    _, out, frames = void
    tested = _lists(out, "testing/void/void_test", "150")
    assert [Path(name).name for name in tested.names] == _STAMPS[:2]
    assert tested[0].views == ()
    np.testing.assert_array_equal(tested[0].image, frames["office/0.0000"].image)
    unused = _lines(out / "testing/void/void_unused_image_150.txt")
    assert [Path(line).stem for line in unused] == ["0.2000", "3.2000"]
    supervised = _lists(out, "training/void/supervised/void_train", "150")
    assert len(supervised) == _COUNT
    assert all("/stairs/" in name for name in supervised.names)  # no test sequence
    assert (out / "data/void_release").is_symlink()
    line = _lines(out / "training/void/unsupervised/void_train_sparse_depth_150.txt")[0]
    assert line == "data/void_release/void_150/data/stairs/sparse_depth/3.0000.png"


def test_what_is_there_is_not_made_again(
    void: tuple[Path, Path, dict[str, WrittenFrame]], capsys: pytest.CaptureFixture[str]
) -> None:
    release, out, _ = void
    made = sorted((out / "data/void_derived").rglob("*.png"))
    before = {path: path.stat().st_mtime_ns for path in made}
    lost = made[3]
    lost.unlink()
    command = ["void", "--data", str(release), "--out", str(out)]
    assert main(command) == 0
    after = {path: path.stat().st_mtime_ns for path in (out / "data/void_derived").rglob("*.png")}
    assert {path for path in before if after[path] != before[path]} == {lost}
    assert main([*command, "--offset", "5"]) == 1
    assert "was made with {'set': 'void', 'offset': 10}" in capsys.readouterr().err
    assert main(["void", "--data", str(out), "--out", str(out)]) == 1
    assert "data/void_release is not" in capsys.readouterr().err


def test_lists_alone(void: tuple[Path, Path, dict[str, WrittenFrame]], tmp_path: Path) -> None:
    release, out, _ = void
    assert main(["void", "--data", str(release), "--out", str(tmp_path), "--paths-only"]) == 0
    assert list((tmp_path / "data/void_derived").rglob("*.png")) == []
    for path in sorted(out.rglob("*_150.txt")):
        assert _lines(tmp_path / path.relative_to(out)) == _lines(path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--data", "VOID/void_150"], "holds no void_150, void_500 or void_1500"),
        (["--data", "VOID", "--density", "500"], "holds no void_500: give the folder void_release"),
        (["--data", "VOID", "--offset", "0"], "'offset' lies from 1 to inf, got 0"),
    ],
)
def test_void_that_cannot_be_prepared(
    void: tuple[Path, Path, dict[str, WrittenFrame]],
    arguments: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = [word.replace("VOID", str(void[0])) for word in arguments]
    assert main(["void", *here, "--out", str(tmp_path)]) == 1
    assert words in capsys.readouterr().err


# KITTI


_SELECTED = "depth_selection/val_selection_cropped"
_ANONYMOUS = "depth_selection/test_depth_completion_anonymous"
_DRIVE = DRIVES["train"][0]


@pytest.fixture(scope="module")
def kitti(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What was made, and the raw data; frames 5 to 7 have images, 5 and 6 depth."""
    root = tmp_path_factory.mktemp("kitti")
    data, raw, out = root / "kitti", root / "raw", root / "out"
    write_kitti_depth(data)
    write_kitti_raw(raw)
    stem = f"{DRIVES['val'][0]}_{{}}_0000000005_image_03"
    for kind in ("velodyne_raw", "groundtruth_depth"):
        write_numbers(data / _SELECTED / kind / f"{stem.format(kind)}.png", depth_numbers(1))
    for folder, name in ((_SELECTED, stem.format("image")), (_ANONYMOUS, f"{0:010d}")):
        write_image(data / folder / f"image/{name}.png", random_image(3, 60, 100))
        write_text(data / folder / f"intrinsics/{name}.txt", spelled(PROJECTIONS[3][:, :3]))
    write_numbers(data / _ANONYMOUS / "velodyne_raw" / number_png(0), depth_numbers(4))
    static = root / "static.txt"
    write_text(static, f"{DATE} {_DRIVE} 0000000006\n")
    command = ["kitti", "--data", str(data), "--raw", str(raw), "--out", str(out)]
    assert main([*command, "--static-frames", str(static)]) == 0
    return out, raw


def test_kittis_triplets_have_their_own_cameras_depth(kitti: tuple[Path, Path]) -> None:
    out, _ = kitti
    dataset = _lists(out, "training/kitti/unsupervised/kitti_train", "right")
    assert len(dataset) == 2  # frame 6 of two drives: 5 has nothing before it
    sample = dataset[0]
    np.testing.assert_array_equal(sample.image, random_image(306, 60, 100))
    for view, number in zip(sample.views, (5, 7), strict=True):
        np.testing.assert_array_equal(view.image, random_image(300 + number, 60, 100))
    assert sample.sparse is not None
    assert sample.camera is not None
    np.testing.assert_array_equal(sample.sparse.depth * 256, depth_numbers(10 * 6 + 3))
    np.testing.assert_allclose(sample.camera.K, PROJECTIONS[3][:, :3])
    assert len(_lists(out, "training/kitti/unsupervised/kitti_train")) == 4
    assert len(_lists(out, "training/kitti/supervised/kitti_train", "left")) == 4
    assert len(_lists(out, "training/kitti/unused/kitti_train")) == 4
    focal = _lines(out / "training/kitti/unsupervised/kitti_train_focal_length_baseline_right.txt")
    # P is f (I | t), so the difference of f t over f is the baseline.
    shifts = [PROJECTIONS[index][0, 3] / PROJECTIONS[index][0, 0] for index in (2, 3)]
    length, baseline = np.load(out / focal[0])
    assert length == PROJECTIONS[3][0, 0]
    assert baseline == pytest.approx(abs(shifts[0] - shifts[1]), abs=2e-3)


def test_static_frames_are_left_out_of_lists_of_their_own(kitti: tuple[Path, Path]) -> None:
    out, _ = kitti
    moving = _lines(out / "training/kitti/unsupervised/kitti_train_nonstatic_images.txt")
    everything = _lines(out / "training/kitti/unsupervised/kitti_train_images.txt")
    assert set(everything) - set(moving) == {
        f"data/kitti_derived/train/{_DRIVE}/image_{camera:02d}/{number_png(6)}" for camera in (2, 3)
    }
    assert len(_lists(out, "training/kitti/supervised/kitti_train_nonstatic")) == 6


def test_frames_in_which_the_car_stands_are_found_by_the_navigation(
    kitti: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One drive goes a metre a frame; the other stands after its first."""
    raw = tmp_path / "raw"
    shutil.copytree(kitti[1], raw)
    for number in (5, 6, 7):
        write_oxts(raw / DATE / _DRIVE, number, 49.0, 8.4, 100.0, 0.0, 0.0, 0.0)
    data = tmp_path / "kitti"
    write_kitti_depth(data)
    command = ["kitti", "--data", str(data), "--raw", str(raw), "--out", str(tmp_path / "out")]
    assert main([*command, "--paths-only", "--near-static"]) == 0
    out = capsys.readouterr().out
    assert "note: there are no lists of val, for there is no such folder" in out
    moving = _lines(tmp_path / "out/training/kitti/supervised/kitti_train_nonstatic_image.txt")
    everything = _lines(tmp_path / "out/training/kitti/supervised/kitti_train_image.txt")
    assert [line for line in everything if line not in moving] == [
        f"data/kitti_raw_data/{DATE}/{_DRIVE}/image_{camera:02d}/data/{number_png(6)}"
        for camera in (2, 3)
    ]
    assert main([*command, "--near-static", "--static-frames", "a.txt"]) == 1
    assert "--static-frames and --near-static: give one of the two" in capsys.readouterr().err


def test_selections_are_for_validation_and_testing(kitti: tuple[Path, Path]) -> None:
    out, _ = kitti
    validated = _lists(out, "validation/kitti/kitti_val")
    assert len(validated) == 1
    assert validated[0].truth is not None
    tested = _lists(out, "testing/kitti/kitti_test")
    assert tested[0].truth is None
    assert tested[0].camera is not None
    np.testing.assert_allclose(tested[0].camera.K, PROJECTIONS[3][:, :3])


def test_a_static_list_of_other_data(
    kitti: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, raw = kitti
    data = (out / "data/kitti_depth_completion").resolve()
    command = ["kitti", "--data", str(data), "--raw", str(raw), "--out", str(out), "--paths-only"]
    for text, words in (
        (f"{DATE} 2011_09_26_drive_0099_sync 0000000006\n", "names none of the 8 frames"),
        ("a.png b.png\n", "'a.png b.png', expected DATE DRIVE NUMBER"),
    ):
        write_text(tmp_path / "static.txt", text)
        assert main([*command, "--static-frames", str(tmp_path / "static.txt")]) == 1
        assert words in capsys.readouterr().err


# The reader


def _read(root: Path, **config: Any) -> ScaffNetLists:  # noqa: ANN401
    dataset = build_dataset("scaffnet_lists", root, config)
    assert isinstance(dataset, ScaffNetLists)
    return dataset


@pytest.fixture
def listed(void: tuple[Path, Path, dict[str, WrittenFrame]], tmp_path: Path) -> Path:
    shutil.copytree(void[1], tmp_path / "tree", symlinks=True)
    return tmp_path / "tree"


_TRAINED = {"lists": "training/void/unsupervised/void_train", "suffix": "150"}


def test_lists_that_cannot_be_read(listed: Path) -> None:
    with pytest.raises(DataError, match="say which lists to read: lists=training/void"):
        _read(listed)
    with pytest.raises(DataError, match=r"neither .*void_train_images_500.txt nor"):
        _read(listed, **{**_TRAINED, "suffix": "500"})
    path = listed / "training/void/unsupervised/void_train_sparse_depth_150.txt"
    lines = _lines(path)
    write_text(path, "\n".join(lines[:-1]) + "\n")
    with pytest.raises(DataError, match="lists 3 paths, expected 4"):
        _read(listed, **_TRAINED)
    write_text(path, "\n".join(["../../secret.png", *lines[1:]]) + "\n")
    with pytest.raises(DataError, match=r"'../../secret.png' leads out of"):
        _read(listed, **_TRAINED)[0]


def test_depth_that_fits_neither_an_image_nor_a_triplet(listed: Path) -> None:
    path = listed / "training/void/unsupervised/void_train_sparse_depth_150.txt"
    write_numbers(listed / "odd.png", np.full((24, 40), 700))
    write_text(path, "\n".join(["odd.png", *_lines(path)[1:]]) + "\n")
    words = r"odd.png is 40x24 pixels, expected 96x24 as .*3.0000.png, or a third of its width"
    with pytest.raises(DataError, match=words):
        _read(listed, **_TRAINED)[0]
