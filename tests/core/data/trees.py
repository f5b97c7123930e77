# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Folders in the exact layouts of the data sets, small and random."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from depth_completion_core.files.output_files import write_depth_png, write_picture
from depth_completion_core.geometry.transforms import RigidTransform

SIZE = (24, 32)
K = np.array([[30.0, 0.0, 15.5], [0.0, 31.0, 11.5], [0.0, 0.0, 1.0]])
SINGULAR_K = np.diag([0.0, 31.0, 1.0])


@dataclass(frozen=True)
class WrittenFrame:
    """What was written for one frame."""

    image: npt.NDArray[np.uint8]
    sparse: npt.NDArray[np.float32]
    truth: npt.NDArray[np.float32]
    world_from_camera: RigidTransform


def write_frame(sequence: Path, name: str, random: np.random.Generator) -> WrittenFrame:
    """A frame in the folders of VOID, with multiples of 1/256 metre as depth."""
    image = random.integers(0, 255, (*SIZE, 3), dtype=np.uint8)
    truth = (random.integers(100, 1200, SIZE) / 256.0).astype(np.float32)
    truth[random.random(SIZE) < 0.2] = 0
    sparse = np.where(random.random(SIZE) < 0.1, truth, 0).astype(np.float32)
    pose = RigidTransform.from_quaternion(
        [*random.normal(0, 0.1, 3), 1.0], random.normal(0, 1.0, 3)
    )
    write_picture(sequence / "image" / f"{name}.png", image)
    for folder, depth in (("sparse_depth", sparse), ("ground_truth", truth)):
        write_depth_png(sequence / folder / f"{name}.png", depth, depth > 0, depth_scale=256.0)
    write_numbers(
        sequence / "validity_map" / f"{name}.png", np.where(sparse > 0, 256, 0).astype(np.uint16)
    )
    write_matrix(sequence / "absolute_pose" / f"{name}.txt", pose.matrix[:3])
    return WrittenFrame(image, sparse, truth, pose)


def write_numbers(path: Path, numbers: npt.NDArray[np.uint16]) -> None:
    """A PNG of just these numbers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), numbers)


def write_matrix(path: Path, matrix: npt.NDArray[np.float64]) -> None:
    """Numbers as text, row by row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, matrix)


def write_sweep(path: Path, points: npt.NDArray[np.float32]) -> None:
    """Float32 x y z intensity."""
    path.parent.mkdir(parents=True, exist_ok=True)
    records = np.zeros((len(points), 4), dtype="<f4")
    records[:, :3] = points
    path.write_bytes(records.tobytes())


def write_rig(path: Path, camera_from_lidar: RigidTransform, **more: object) -> None:
    """The calibration of an image of a lidar set."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values: dict[str, object] = {
        "K": K.tolist(),
        "D": [0, 0, 0, 0, 0],
        "T_cam_lidar": camera_from_lidar.matrix.tolist(),
        "width": SIZE[1],
        "height": SIZE[0],
        **more,
    }
    path.write_text(json.dumps(values), encoding="utf-8")
