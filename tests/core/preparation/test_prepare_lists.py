# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Lists of splits: as NLSPN's generators make them, and as the readers read them."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.prepare import main
from tests.core.data.kitti_trees import PROJECTIONS, number_png
from tests.core.data.published_trees import (
    DRIVES,
    depth_numbers,
    write_kitti_depth,
    write_kitti_raw,
)
from tests.core.data.written_files import (
    random_image,
    spelled,
    write_image,
    write_numbers,
    write_text,
)

_SELECTED = "depth_selection/val_selection_cropped"
_ANONYMOUS = "depth_selection/test_depth_completion_anonymous"


def _loaded(path: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _names(entries: list[dict[str, str]]) -> list[str]:
    return [entry["filename"] for entry in entries]


def _touch(root: Path, names: list[str]) -> None:
    for name in names:
        write_text(root / name, "")


# NYU


_TRAINING = [
    f"train/den_{scene:04d}/{number:05d}.h5" for scene in (2, 1) for number in range(1, 12)
]
_TESTS = [f"val/official/{number:05d}.h5" for number in (9, 1, 14)]


def _nyu_twin(names: list[str], *, ratio: float, limits: tuple[int, int]) -> tuple[list[str], ...]:
    """Numbers in an array, shuffled in place by the module's generator, then cut."""
    order = np.arange(len(names))
    random.seed(7240)
    random.shuffle(order)  # type: ignore[call-overload]
    count_val = int(len(names) * ratio)
    count_train = min(len(names) - count_val, limits[0])
    count_val = min(count_val, limits[1])
    chosen = [names[number] for number in order]
    return chosen[:count_train], chosen[count_train : count_train + count_val]


@pytest.mark.parametrize(
    ("flags", "ratio", "limits"),
    [
        ((), 0.05, (10**8, 10**8)),
        (("--val-ratio", "0.3"), 0.3, (10**8, 10**8)),
        (("--val-ratio", "0.3", "--num-train", "5", "--num_val", "2"), 0.3, (5, 2)),
    ],
)
def test_nyus_list_is_that_of_nlspns_generator(
    flags: tuple[str, ...], ratio: float, limits: tuple[int, int], tmp_path: Path
) -> None:
    """From CSPN's whole list, which is not kept here, comes the released one, to the byte."""
    _touch(tmp_path, [*_TRAINING, *_TESTS])
    lines = ["Name", *(f"data/nyudepth_hdf5/{name}" for name in _TRAINING)]
    csv = tmp_path / "nyudepth_hdf5_train.csv"
    write_text(csv, "\n".join(lines) + "\n")
    command = ["nyu", "--data", str(tmp_path), "--csv-train", str(csv), *flags]
    assert main(command) == 0
    found = _loaded(tmp_path / "nyu.json")
    assert list(found) == ["train", "val", "test"]
    assert (_names(found["train"]), _names(found["val"])) == _nyu_twin(
        _TRAINING, ratio=ratio, limits=limits
    )
    assert _names(found["test"]) == sorted(_TESTS)


def test_the_order_is_the_same_in_every_python() -> None:
    """The first numbers of 47584, as many as CSPN lists: of the generator since Python 3.2."""
    order = list(range(47584))
    random.Random(7240).shuffle(order)  # noqa: S311 - no secret
    assert order[:4] == [15975, 15568, 33576, 36836]


def test_without_a_csv_it_is_all_that_is_there(tmp_path: Path) -> None:
    _touch(tmp_path, [*_TRAINING, *_TESTS])
    out = tmp_path / "lists" / "mine.json"
    assert main(["nyu", "--data", str(tmp_path), "--out", str(out), "--num-test", "2"]) == 0
    found = _loaded(out)
    assert sorted(_names(found["train"]) + _names(found["val"])) == sorted(_TRAINING)
    assert _names(found["test"]) == sorted(_TESTS)[:2]
    before = out.read_bytes()
    assert main(["nyu", "--data", str(tmp_path), "--out", str(out), "--num-test", "2"]) == 0
    assert out.read_bytes() == before


def test_a_val_without_images_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _touch(tmp_path, [*_TRAINING[:9], *_TESTS])
    assert main(["nyu", "--data", str(tmp_path)]) == 0
    assert "note: val is empty, for 0.05 of 9 images are none; give" in capsys.readouterr().out
    assert main(["nyu", "--data", str(tmp_path), "--val-ratio", "0.2"]) == 0
    assert "note" not in capsys.readouterr().out


# KITTI


@pytest.fixture
def kitti(tmp_path: Path) -> Path:
    root = tmp_path / "kitti"
    write_kitti_depth(root)
    write_kitti_raw(tmp_path / "raw")
    stem = f"{DRIVES['val'][0]}_{{}}_0000000005_image_03"
    for kind, seed in (("velodyne_raw", 1), ("groundtruth_depth", 2)):
        write_numbers(root / _SELECTED / kind / f"{stem.format(kind)}.png", depth_numbers(seed))
    image = stem.format("image")
    write_image(root / _SELECTED / f"image/{image}.png", random_image(3, 60, 100))
    K = spelled(PROJECTIONS[3][:, :3])
    write_text(root / _SELECTED / f"intrinsics/{image}.txt", K)
    for number in (0, 1):
        name = number_png(number)
        write_numbers(root / _ANONYMOUS / "velodyne_raw" / name, depth_numbers(number))
        write_image(root / _ANONYMOUS / "image" / name, random_image(number, 60, 100))
        write_text(root / _ANONYMOUS / f"intrinsics/{number:010d}.txt", K)
    return root


def _train_twin(root: Path) -> list[dict[str, str]]:
    entries = []
    for drive in sorted(DRIVES["train"]):
        for camera in ("image_02", "image_03"):
            for number in (5, 6):
                name = number_png(number)
                proj = f"train/{drive}/proj_depth"
                entries.append(
                    {
                        "rgb": f"train/{drive}/{camera}/data/{name}",
                        "depth": f"{proj}/velodyne_raw/{camera}/{name}",
                        "gt": f"{proj}/groundtruth/{camera}/{name}",
                        "K": f"train/{drive}/calib_cam_to_cam.txt",
                    }
                )
    assert all((root / path).is_file() for entry in entries for path in entry.values())
    random.seed(7240)
    random.shuffle(entries)
    return entries


def test_kittis_list_is_that_of_nlspns_generator(kitti: Path, tmp_path: Path) -> None:
    assert main(["kitti_dc", "--data", str(kitti), "--raw", str(tmp_path / "raw")]) == 0
    path = kitti / "kitti_dc.json"
    found = _loaded(path)
    assert found["train"] == _train_twin(kitti)
    assert len(found["val"]) == 4
    (crop,) = found["test"]
    assert crop["gt"].endswith(
        "2011_09_26_drive_0002_sync_groundtruth_depth_0000000005_image_03.png"
    )
    # As json.dump(..., indent=4) writes it, without a line end.
    assert path.read_text(encoding="utf-8") == json.dumps(found, indent=4)
    for split, key in (("train", "train"), ("val", "val"), ("selection", "test")):
        config = {"split": split, "split_file": "kitti_dc.json", "crop": "none"}
        dataset = build_dataset("kitti_depth", kitti, config)
        assert len(dataset) == len(found[key])
        sample = dataset[0]
        assert sample.truth is not None
        assert sample.camera is not None


def test_a_part_of_the_frames_is_shuffled_and_cut(kitti: Path, tmp_path: Path) -> None:
    command = ["kitti_dc", "--data", str(kitti), "--raw", str(tmp_path / "raw")]
    assert main([*command, "--num_train", "3", "--num-val", "2"]) == 0
    found = _loaded(kitti / "kitti_dc.json")
    twin = _train_twin(kitti)  # the module's generator goes on from here
    random.shuffle(twin)
    assert found["train"] == twin[:3]
    assert len(found["val"]) == 2


def test_the_servers_list_names_measurements_as_truth(kitti: Path) -> None:
    assert main(["kitti_dc", "--data", str(kitti), "--test_data"]) == 0
    found = _loaded(kitti / "kitti_dc_test.json")
    assert found == {
        "test": [
            {
                "rgb": f"{_ANONYMOUS}/image/000000000{number}.png",
                "depth": f"{_ANONYMOUS}/velodyne_raw/000000000{number}.png",
                "gt": f"{_ANONYMOUS}/velodyne_raw/000000000{number}.png",
                "K": f"{_ANONYMOUS}/intrinsics/000000000{number}.txt",
            }
            for number in (0, 1)
        ]
    }
    config = {"split": "test", "split_file": "kitti_dc_test.json"}
    dataset = build_dataset("kitti_depth", kitti, config)
    assert dataset.names == ["0000000000", "0000000001"]
    assert dataset[0].truth is None


def test_frames_without_all_their_files_are_counted(
    kitti: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["kitti_dc", "--data", str(kitti)]
    assert main(command) == 1
    told = capsys.readouterr().err
    assert "no frame of train has all its files; note: 8 of 8 frames of train are left out" in told
    assert "--raw RAW copies images" in told
    assert main([*command, "--raw", str(tmp_path / "raw")]) == 0
    lost = kitti / "train" / DRIVES["train"][0] / "image_02/data" / number_png(5)
    lost.unlink()
    capsys.readouterr()
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "7 in train, 4 in val, 1 in test" in out
    assert (
        f"note: 1 of 8 frames of train are left out, for they lack a file, the first {lost}" in out
    )


# What cannot be prepared


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nyuu", "--data", "."], "unknown set 'nyuu'; known are nyu, kitti_dc"),
        (["nyu", "--data", "/nowhere"], "there is no folder /nowhere"),
        (["nyu", "--data", "EMPTY"], "train holds no .h5 files; unpack nyudepthv2.tar.gz"),
        (["nyu", "--data", "EMPTY", "--csv-train", "EMPTY/a.csv"], "there is no list"),
        (["nyu", "--data", "EMPTY", "--val-ratio", "2"], "'val_ratio' lies from 0 to 1, got 2"),
        (["kitti_dc", "--data", "EMPTY"], "train holds no drives; unpack data_depth_velodyne.zip"),
        (["kitti_dc", "--data", "EMPTY", "--test-data"], "unpack data_depth_selection.zip"),
        (
            ["kitti_dc", "--data", "EMPTY", "--raw", "EMPTY"],
            "holds no train/DRIVE and no val/DRIVE",
        ),
    ],
)
def test_what_cannot_be_prepared_is_said(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = [word.replace("EMPTY", str(tmp_path)) for word in arguments]
    assert main(here) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert words in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_csv_files_that_are_not_there_are_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _touch(tmp_path, [*_TRAINING[1:], *_TESTS])
    write_text(tmp_path / "a.csv", "\n".join(_TRAINING))
    command = ["nyu", "--data", str(tmp_path), "--csv-train", str(tmp_path / "a.csv")]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert f"note: 1 of the 22 files in {tmp_path / 'a.csv'} are not in" in out
    assert _TRAINING[0] in out


def test_help_lists_the_sets(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert "  nyu " in shown
    assert "  kitti_dc " in shown
