# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever is done to the bytes of a file costs its frame, by name, and nothing else."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.data import build_dataset
from depth_completion_core.data.sample import DataError, DepthDataset
from depth_completion_core.geometry.transforms import RigidTransform
from tests.core.data.trees import K, write_frame, write_matrix, write_rig, write_sweep

_KINDS = ("png", "jpg", "webp", "npy", "txt", "K.npy", "bin", "json")
_FOREIGN = (
    b"",
    b"PK\3\4" + bytes(30),
    b"\x93NUMPY\x01\x00v\x00{",
    b"\x80\x04\x95",
    b"\x89PNG\r\n\x1a\n",
    b"RIFF\xff\xff\xff\x7fWEBPVP8 ",
    b"P6 100000 100000 255\n",
    9 * b"nan ",
    b"1e400 0 1 0 1e400 1 0 0 1",
    5000 * b"9",
    100_000 * b"[",
)


def _folder(root: Path) -> dict[str, Path]:
    """A file of each kind."""
    write_frame(root, "0", np.random.default_rng(0))
    image = cv2.imread(str(root / "image" / "0.png"))
    assert image is not None
    for number, kind in enumerate(("jpg", "webp"), start=1):
        write_frame(root, f"{number}", np.random.default_rng(number))
        (root / "image" / f"{number}.png").unlink()
        assert cv2.imwrite(str(root / "image" / f"{number}.{kind}"), image)
        write_matrix(root / "intrinsics" / f"{number}.txt", K)
    np.save(root / "intrinsics" / "0.npy", K)
    (root / "sparse_depth" / "2.png").unlink()
    np.save(root / "sparse_depth" / "2.npy", np.ones(image.shape[:2], np.float32))
    return {
        "png": root / "sparse_depth" / "0.png",
        "jpg": root / "image" / "1.jpg",
        "webp": root / "image" / "2.webp",
        "npy": root / "sparse_depth" / "2.npy",
        "txt": root / "intrinsics" / "1.txt",
        "K.npy": root / "intrinsics" / "0.npy",
    }


def _lidar(root: Path) -> dict[str, Path]:
    for name in "ab":
        write_frame(root, name, np.random.default_rng(0))
        points = np.random.default_rng(1).normal([8.0, 0.0, 0.0], 1.0, (60, 3))
        write_sweep(root / "points" / f"{name}.bin", points.astype(np.float32))
        write_rig(root / "calib" / f"{name}.json", RigidTransform.identity())
    return {"bin": root / "points" / "a.bin", "json": root / "calib" / "a.json"}


def _damaged(whole: bytes, draw: np.random.Generator) -> bytes:
    content, kind = bytearray(whole), draw.integers(5)
    if kind == 0:
        return _FOREIGN[draw.integers(len(_FOREIGN))]
    if kind == 1:
        return whole[: draw.integers(len(whole))]
    start = draw.integers(min(len(whole), 200) if kind == 2 else len(whole))
    if kind == 3:
        content[start] ^= 1 << draw.integers(8)
    else:
        length, new = draw.choice((1, 2, 4, 8)), (b"\x7f\xff\xff\xff", b"\0")[draw.integers(2)]
        content[start : start + length] = new
    return bytes(content)


def _refusal(dataset: DepthDataset, index: int) -> str:
    """What is wrong with a sample; "" for nothing."""
    try:
        dataset[index]
    except DataError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", _KINDS)
def test_a_damaged_file_is_named_and_costs_its_frame_alone(tmp_path: Path, kind: str) -> None:
    is_lidar = kind in ("bin", "json")
    path = (_lidar(tmp_path) if is_lidar else _folder(tmp_path))[kind]
    dataset = build_dataset("real" if is_lidar else "folder", tmp_path)
    at, whole = dataset.names.index(path.stem), path.read_bytes()
    draw, refused = np.random.default_rng(_KINDS.index(kind)), 0
    for _ in range(8 if is_lidar else 60):
        path.write_bytes(_damaged(whole, draw))
        told = _refusal(dataset, at)
        assert not told or str(path) in told
        refused += bool(told)
    assert refused > 2
    assert _refusal(dataset, at - 1) == ""
