# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A set of several sequences becomes bags, which become the set again, whatever is measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.data.verification.verify import verify_set
from rosbag_tools.from_dataset import main as from_dataset
from rosbag_tools.to_dataset import main as to_dataset
from tests.core.data.trees import K, write_frame, write_matrix

_STAMPS = ["1552696001.5523", "1552696001.6523", "1552696001.8523"]
_SEQUENCES = ("classroom6", "stairs4")
_DEPTH = ["--measurements=depth", "--depth=/camera/sparse_depth", "--truth=/camera/depth_truth"]
_POINTS = ["--measurements=points", "--points=/camera/sparse_points", _DEPTH[-1]]


def _first_set(root: Path) -> Path:
    random = np.random.default_rng(5)
    for sequence in _SEQUENCES:
        for stamp in _STAMPS:
            write_frame(root / "void_150" / "data" / sequence, stamp, random)
        write_matrix(root / "void_150" / "data" / sequence / "K.txt", K)
    return root


def _bags(root: Path, out: Path) -> list[str]:
    assert from_dataset([str(out), "--layout=void", f"--root={root}", "--density=150"]) == 0
    return [str(out / sequence) for sequence in _SEQUENCES]


def _set(bags: list[str], out: Path, flags: list[str]) -> Path:
    arguments = [*bags, f"--out={out}", "--test", "classroom6", *flags]
    arguments += ["--projection.occlusion.enabled=false", "--densities", "150"]
    assert to_dataset(arguments) == 0
    return out


def _content(root: Path) -> dict[str, npt.NDArray[Any]]:
    """Every file of the frames, as numbers."""
    data = root / "void_150" / "data"
    content: dict[str, npt.NDArray[Any]] = {}
    for path in sorted(data.rglob("*.*")):
        is_text = path.suffix == ".txt"
        read = np.loadtxt(path) if is_text else cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert read is not None
        content[path.relative_to(data).as_posix()] = read
    return content


def _assert_same(one: Path, other: Path) -> None:
    expected, found = _content(one), _content(other)
    assert list(found) == list(expected)
    for name, numbers in expected.items():
        if name.endswith(".txt"):
            np.testing.assert_allclose(found[name], numbers, atol=1e-12, err_msg=name)
        else:
            np.testing.assert_array_equal(found[name], numbers, err_msg=name)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _first_set(tmp_path_factory.mktemp("first"))


@pytest.mark.parametrize("flags", [_DEPTH, _POINTS], ids=["depth image", "points"])
def test_set_to_bags_to_set(first: Path, tmp_path: Path, flags: list[str]) -> None:
    second = _set(_bags(first, tmp_path / "bags"), tmp_path / "second", flags)
    _assert_same(first, second)
    assert verify_set(second).faults == []
    lines = (second / "void_150" / "test_sparse_depth.txt").read_text(encoding="utf-8").split()
    assert lines == [f"void_150/data/classroom6/sparse_depth/{stamp}.png" for stamp in _STAMPS]
