# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.data.sample import DataError
from depth_completion_core.data.verification.faults import FAULT_KINDS
from depth_completion_core.data.verification.frames import DepthRange
from depth_completion_core.data.verification.verify import VerifiedSet, verify_set
from rosbag_tools.verify_dataset import main
from tests.core.data.trees import K, write_frame, write_matrix

_STAMPS = [f"155269600{number}.5523" for number in range(4)]
_KINDS = ("image", "sparse_depth", "validity_map", "ground_truth", "absolute_pose")
_DATA = "void_150/data"


def _line(kind: str, sequence: str, stamp: str) -> str:
    suffix = "txt" if kind == "absolute_pose" else "png"
    name = "K.txt" if kind == "intrinsics" else f"{kind}/{stamp}.{suffix}"
    return f"{_DATA}/{sequence}/{name}"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sequences of four frames, one for each split."""
    root, random = tmp_path_factory.mktemp("void"), np.random.default_rng(3)
    for split, sequence in (("train", "stairs4"), ("test", "classroom6")):
        for stamp in _STAMPS:
            write_frame(root / _DATA / sequence, stamp, random)
        write_matrix(root / _DATA / sequence / "K.txt", K)
        for kind in (*_KINDS, "intrinsics"):
            lines = [_line(kind, sequence, stamp) for stamp in _STAMPS]
            listing = root / "void_150" / f"{split}_{kind}.txt"
            listing.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


@pytest.fixture
def root(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "set"))


def _frame(root: Path, kind: str, number: int = 1, sequence: str = "stairs4") -> Path:
    return root / _line(kind, sequence, _STAMPS[number])


def _numbers(path: Path) -> np.ndarray:
    numbers = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert numbers is not None
    return numbers


def _change(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    assert cv2.imwrite(str(path), change(_numbers(path)))


def _with_lines(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(change(lines)) + "\n", encoding="utf-8")


def _with_pixel(value: int) -> Callable[[np.ndarray], np.ndarray]:
    def change(numbers: np.ndarray) -> np.ndarray:
        measured = np.argwhere(numbers > 0)[0]
        numbers[tuple(measured)] = value
        return numbers

    return change


def _pose(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    np.savetxt(path, change(np.loadtxt(path)))


def _all_depth(root: Path, kind: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    for number in range(len(_STAMPS)):
        _change(_frame(root, kind, number), change)


def _list(root: Path, name: str) -> Path:
    return root / "void_150" / name


def _remove(kind: str, root: Path) -> None:
    _frame(root, kind).unlink()


_FIRST = "data/stairs4/image/../../../../outside.png"
_STAIRS = f"{_DATA}/stairs4"

# What is done to a good set, the kind of fault, the file that it names, and words of what it says.
_BREAKS: dict[str, tuple[Callable[[Path], object], str, str, str]] = {
    "list removed": (
        lambda root: _list(root, "train_validity_map.txt").unlink(),
        "missing_list",
        "void_150/train_validity_map.txt",
        "no such list",
    ),
    "list shorter": (
        lambda root: _with_lines(_list(root, "train_ground_truth.txt"), lambda x: x[:-1]),
        "list_length",
        "void_150/train_ground_truth.txt",
        "3 lines; expected 4",
    ),
    "lines swapped": (
        lambda root: _with_lines(
            _list(root, "test_sparse_depth.txt"),
            lambda x: [*x[:2], x[2].replace("2.5", "3.5"), x[3]],
        ),
        "list_order",
        "void_150/test_sparse_depth.txt",
        "line 3",
    ),
    "line of no file": (
        lambda root: _with_lines(_list(root, "train_intrinsics.txt"), lambda x: ["K.txt", *x[1:]]),
        "list_path",
        "void_150/train_intrinsics.txt",
        "'K.txt'",
    ),
    "line of another density": (
        lambda root: _with_lines(
            _list(root, "train_intrinsics.txt"), lambda x: [x[0].replace("150", "500"), *x[1:]]
        ),
        "list_path",
        "void_150/train_intrinsics.txt",
        "void_500",
    ),
    "absolute line": (
        lambda root: _with_lines(
            _list(root, "train_ground_truth.txt"), lambda x: ["/etc/passwd", *x[1:]]
        ),
        "outside_root",
        "void_150/train_ground_truth.txt",
        "/etc/passwd",
    ),
    "line out of the set": (
        lambda root: _with_lines(_list(root, "train_ground_truth.txt"), lambda x: [_FIRST, *x[1:]]),
        "outside_root",
        "void_150/train_ground_truth.txt",
        "outside.png",
    ),
    "K of nowhere": (
        lambda root: (root / _STAIRS / "K.txt").unlink(),
        "missing_file",
        f"{_STAIRS}/K.txt",
        "none",
    ),
    "foreign file": (
        lambda root: (root / _STAIRS / "image" / "Thumbs.db").write_bytes(b"x"),
        "stray_file",
        f"{_STAIRS}/image/Thumbs.db",
        "no frame",
    ),
    "copy of macOS": (
        lambda root: (root / _STAIRS / "image" / f"._{_STAMPS[0]}.png").write_bytes(b"x"),
        "stray_file",
        f"{_STAIRS}/image/._{_STAMPS[0]}.png",
        "no frame",
    ),
    "depth without image": (
        lambda root: shutil.copy(
            _frame(root, "ground_truth"), root / _STAIRS / "ground_truth" / "1552696009.0000.png"
        ),
        "stray_file",
        f"{_STAIRS}/ground_truth/1552696009.0000.png",
        "no frame",
    ),
    "empty file": (
        lambda root: _frame(root, "image").write_bytes(b""),
        "unreadable",
        _line("image", "stairs4", _STAMPS[1]),
        "0 bytes",
    ),
    "cut image": (
        lambda root: _frame(root, "image").write_bytes(_frame(root, "image").read_bytes()[:-40]),
        "unreadable",
        _line("image", "stairs4", _STAMPS[1]),
        "before the end",
    ),
    "JPEG called PNG": (
        lambda root: _frame(root, "image").write_bytes(
            cv2.imencode(".jpg", _numbers(_frame(root, "image")))[1].tobytes()
        ),
        "unreadable",
        _line("image", "stairs4", _STAMPS[1]),
        "is JPEG",
    ),
    "image of 16 bits": (
        lambda root: _change(_frame(root, "image"), lambda x: x.astype(np.uint16)),
        "encoding",
        _line("image", "stairs4", _STAMPS[1]),
        "3 channels of 16 bits; expected 8-bit",
    ),
    "depth of 8 bits": (
        lambda root: _change(_frame(root, "sparse_depth"), lambda x: (x >> 8).astype(np.uint8)),
        "encoding",
        _line("sparse_depth", "stairs4", _STAMPS[1]),
        "1 channel of 8 bits; expected one channel of 16 bits",
    ),
    "depth as colours": (
        lambda root: _change(_frame(root, "ground_truth"), lambda x: np.dstack([x, x, x])),
        "encoding",
        _line("ground_truth", "stairs4", _STAMPS[1]),
        "3 channels of 16 bits",
    ),
    "image resized": (
        lambda root: _change(_frame(root, "image"), lambda x: cv2.resize(x, (16, 12))),
        "size",
        _line("image", "stairs4", _STAMPS[1]),
        "16x12 pixels; expected 32x24",
    ),
    "validity resized": (
        lambda root: _change(_frame(root, "validity_map"), lambda x: x[:, :-1].copy()),
        "size",
        _line("validity_map", "stairs4", _STAMPS[1]),
        "31x24 pixels",
    ),
    "K of half the size": (
        lambda root: write_matrix(root / _STAIRS / "K.txt", np.diag([0.5, 0.5, 1]) @ K),
        "intrinsics",
        f"{_STAIRS}/K.txt",
        "the centre of an image of about 17x12",
    ),
    "K of twice the size": (
        lambda root: write_matrix(root / _STAIRS / "K.txt", np.diag([2, 2, 1]) @ K),
        "intrinsics",
        f"{_STAIRS}/K.txt",
        "the centre of an image of about 63x47",
    ),
    "K with a row of zeros": (
        lambda root: write_matrix(root / _STAIRS / "K.txt", np.diag([0.0, 30, 1])),
        "intrinsics",
        f"{_STAIRS}/K.txt",
        "focal length",
    ),
    "K as one row": (
        lambda root: write_matrix(root / _STAIRS / "K.txt", K.reshape(1, 9)),
        "intrinsics",
        f"{_STAIRS}/K.txt",
        "9 numbers in 1 rows",
    ),
    "K of words": (
        lambda root: (root / _STAIRS / "K.txt").write_text("camera_matrix", encoding="utf-8"),
        "intrinsics",
        f"{_STAIRS}/K.txt",
        "not text of numbers",
    ),
    "pose of 4x4": (
        lambda root: _pose(_frame(root, "absolute_pose"), lambda x: np.vstack([x, [0, 0, 0, 1]])),
        "pose",
        _line("absolute_pose", "stairs4", _STAMPS[1]),
        "4 rows",
    ),
    "pose that scales": (
        lambda root: _pose(_frame(root, "absolute_pose"), lambda x: 1.01 * x),
        "pose",
        _line("absolute_pose", "stairs4", _STAMPS[1]),
        "no rotation, it is off by 0.02",
    ),
    "pose that mirrors": (
        lambda root: _pose(_frame(root, "absolute_pose"), lambda x: x * [-1, 1, 1, 1]),
        "pose",
        _line("absolute_pose", "stairs4", _STAMPS[1]),
        "reflection",
    ),
    "pose beyond all numbers": (
        lambda root: _pose(_frame(root, "absolute_pose"), lambda x: 1e200 * x),
        "pose",
        _line("absolute_pose", "stairs4", _STAMPS[1]),
        "no rotation",
    ),
    "pose of NaN": (
        lambda root: _pose(_frame(root, "absolute_pose"), lambda x: x * np.nan),
        "pose",
        _line("absolute_pose", "stairs4", _STAMPS[1]),
        "NaN",
    ),
    "validity of 255": (
        lambda root: _change(_frame(root, "validity_map"), lambda x: x // 256 * 255),
        "validity",
        _line("validity_map", "stairs4", _STAMPS[1]),
        "such as 255",
    ),
    "validity too small": (
        lambda root: _change(_frame(root, "validity_map"), _with_pixel(0)),
        "validity",
        _line("validity_map", "stairs4", _STAMPS[1]),
        "1 pixels disagree",
    ),
    "no depth at all": (
        lambda root: _change(_frame(root, "ground_truth"), lambda x: 0 * x),
        "empty_depth",
        _line("ground_truth", "stairs4", _STAMPS[1]),
        "all pixels are 0",
    ),
    "saturated depth": (
        lambda root: _change(_frame(root, "ground_truth"), _with_pixel(65535)),
        "depth_range",
        _line("ground_truth", "stairs4", _STAMPS[1]),
        "to 255.996 m; expected 0 to 255.99 m",
    ),
    "depth through 8 bits": (
        lambda root: _all_depth(root, "ground_truth", lambda x: x >> 8 << 8),
        "depth_range",
        f"{_STAIRS}/ground_truth",
        "only whole metres",
    ),
    "truth in millimetres": (
        lambda root: _all_depth(
            root, "ground_truth", lambda x: (x * (1000 / 256)).astype(np.uint16)
        ),
        "scale",
        _STAIRS,
        "0.256 times the true depth",
    ),
    "frame twice": (
        lambda root: shutil.copy(_frame(root, "image", 1), _frame(root, "image", 2)),
        "duplicate_frame",
        _line("image", "stairs4", _STAMPS[2]),
        f"data/stairs4/image/{_STAMPS[1]}.png",
    ),
    "test image for training": (
        lambda root: shutil.copy(_frame(root, "image", 0, "classroom6"), _frame(root, "image", 2)),
        "test_in_train",
        _line("image", "stairs4", _STAMPS[2]),
        f"data/classroom6/image/{_STAMPS[0]}.png",
    ),
}
for _kind in _KINDS:
    _BREAKS[f"{_kind} removed"] = (
        partial(_remove, _kind),
        "missing_file",
        _line(_kind, "stairs4", _STAMPS[1]),
        "none",
    )


def _told(verified: VerifiedSet) -> list[tuple[str, str]]:
    return [(fault.kind, fault.path) for fault in verified.faults]


def test_a_good_set_has_no_fault(good: Path) -> None:
    verified = verify_set(good)
    assert verified.faults == []
    (density,) = verified.densities
    assert (density.name, density.sequences, density.frames) == ("void_150", 2, 8)
    assert density.listed == {"train": 4, "test": 4}
    assert 0 < density.points[0] <= density.points[1] <= density.points[2]


def test_the_folder_of_one_density_is_a_set(good: Path, tmp_path: Path) -> None:
    renamed = Path(shutil.copytree(good / "void_150", tmp_path / "mine"))
    assert verify_set(renamed).faults == []


@pytest.mark.parametrize("name", _BREAKS)
def test_each_fault_is_named_and_nothing_else(name: str, root: Path) -> None:
    damage, kind, path, words = _BREAKS[name]
    damage(root)
    verified = verify_set(root)
    assert _told(verified) == [(kind, path)]
    assert words in str(verified.faults[0])


def test_every_kind_of_fault_is_seen_by_a_test() -> None:
    elsewhere = {"listed_twice", "file_name", "checksum"}
    assert {kind for _, kind, _, _ in _BREAKS.values()} | elsewhere == set(FAULT_KINDS)


def _with_first_and(line: str, lines: list[str]) -> list[str]:
    return [*lines, lines[0], line]


def test_a_frame_listed_twice_and_in_both_splits(root: Path) -> None:
    for kind in (*_KINDS, "intrinsics"):
        listing = _list(root, f"test_{kind}.txt")
        foreign = _line(kind, "stairs4", _STAMPS[3])
        _with_lines(listing, partial(_with_first_and, foreign))
    assert _told(verify_set(root)) == [
        ("listed_twice", "void_150/test_image.txt"),
        ("test_in_train", _line("image", "stairs4", _STAMPS[3])),
    ]


def test_images_are_named_after_their_time(root: Path) -> None:
    for kind in _KINDS:
        path = _frame(root, kind)
        path.rename(path.with_name(path.name.replace(_STAMPS[1], "left")))
        _with_lines(
            _list(root, f"train_{kind}.txt"), lambda x: [y.replace(_STAMPS[1], "left") for y in x]
        )
    assert _told(verify_set(root)) == [("file_name", f"{_STAIRS}/image/left.png")]


def test_files_are_those_of_the_manifest(root: Path) -> None:
    paths = [path for path in (root / _STAIRS).rglob("*") if path.is_file()]
    checksums = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
    }
    manifest = root / "manifest" / "stairs4.json"
    manifest.parent.mkdir()
    manifest.write_text(json.dumps({"checksums": checksums}), encoding="utf-8")
    assert verify_set(root).faults == []
    _change(_frame(root, "image"), lambda x: 255 - x)
    assert _told(verify_set(root)) == [("checksum", _line("image", "stairs4", _STAMPS[1]))]
    manifest.write_text(json.dumps({"checksums": {"../secret": "0"}}), encoding="utf-8")
    assert _told(verify_set(root)) == [("outside_root", "manifest/stairs4.json")]


def test_truth_and_poses_may_be_missing_as_a_whole(root: Path) -> None:
    for kind in ("ground_truth", "absolute_pose"):
        for sequence in ("stairs4", "classroom6"):
            shutil.rmtree(root / _DATA / sequence / kind)
        for split in ("train", "test"):
            _list(root, f"{split}_{kind}.txt").unlink()
    assert verify_set(root).faults == []


def test_a_sequence_may_say_that_it_has_no_truth(root: Path) -> None:
    _all_depth(root, "ground_truth", lambda numbers: 0 * numbers)
    assert {fault.kind for fault in verify_set(root).faults} == {"empty_depth"}
    manifest = root / "manifest" / "stairs4.json"
    manifest.parent.mkdir()
    manifest.write_text(json.dumps({"written_from": {"truth": "none"}}), encoding="utf-8")
    verified = verify_set(root)
    assert verified.faults == []
    assert verified.densities[0].without_truth == ["stairs4"]
    assert verify_set(root / "void_150").faults == []
    manifest.write_text(json.dumps({"written_from": {"truth": "depth"}}), encoding="utf-8")
    assert len(verify_set(root).faults) == len(_STAMPS)


def test_a_set_may_have_one_split_and_grey_images(root: Path) -> None:
    for listing in (root / "void_150").glob("test_*.txt"):
        listing.unlink()
    for path in (root / _DATA).glob("*/image/*.png"):
        _change(path, lambda x: x[..., 0].copy())
    assert verify_set(root).faults == []


def test_depth_of_another_range_is_a_fault_when_asked(good: Path) -> None:
    kinds = {fault.kind for fault in verify_set(good, within=DepthRange(1.0, 3.0)).faults}
    assert kinds == {"depth_range"}


def test_what_is_no_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no set in VOID's layout"):
        verify_set(tmp_path)


def test_the_program_counts_by_kind(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(root)]) == 0
    assert capsys.readouterr().out.endswith("no fault\n")
    for number in range(3):
        _frame(root, "image", number).unlink()
    assert main([str(root), "--show", "2"]) == 1
    told = capsys.readouterr().out
    assert "missing_file: 3; " in told
    assert "and 1 more" in told
    assert told.endswith("3 faults\n")
    assert main([str(root), "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["counts"] == {"missing_file": 3}
    assert content["faults"][0]["path"] == _line("image", "stairs4", _STAMPS[0])
