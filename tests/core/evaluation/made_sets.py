# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Small data sets and models for tests of the evaluation."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.evaluate import main
from depth_completion_core.evaluation.predictors import Predictor
from depth_completion_core.files.output_files import write_depth_npy, write_picture
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.geometry.camera import CameraModel

SIZE = (24, 32)
CAMERA = CameraModel(fx=30.0, fy=30.0, cx=15.5, cy=11.5, width=32, height=24)


def made_sample(name: str, seed: int, *, points: int = 60) -> Sample:
    """A random depth image with holes, some of it measured."""
    random = np.random.default_rng(seed)
    depth = random.uniform(0.5, 7.0, SIZE).astype(np.float32)
    depth[random.random(SIZE) < 0.2] = 0.0
    measured = np.zeros(depth.size, dtype=np.bool_)
    measured[random.permutation(np.flatnonzero(depth))[:points]] = True
    return Sample(
        name=name,
        image=random.integers(0, 255, (*SIZE, 3), dtype=np.uint8),
        camera=CAMERA,
        sparse=SparseDepth.from_depth(np.where(measured.reshape(SIZE), depth, 0.0)),
        truth=SparseDepth.from_depth(depth),
    )


class MadeSet(DepthDataset):
    """Ten samples; numbers of those that are read are kept."""

    needs_root = False

    def __init__(
        self,
        *,
        count: int = 10,
        damaged: tuple[int, ...] = (),
        without_truth: tuple[int, ...] = (),
        far: tuple[int, ...] = (),
        without_points: bool = False,
    ) -> None:
        super().__init__(Path())
        self._count, self._damaged, self._far = count, damaged, far
        self._without_truth, self._without_points = without_truth, without_points
        self.read: list[int] = []

    @property
    def names(self) -> list[str]:
        return [f"made/{number:03d}" for number in range(self._count)]

    def __getitem__(self, index: int) -> Sample:
        self.read.append(index)
        if index in self._damaged:
            raise DataError(f"made/{index:03d}.png is an empty file")
        sample = made_sample(self.names[index], index)
        if index in self._without_truth:
            sample = replace(sample, truth=None)
        if index in self._far and sample.truth:
            sample = replace(sample, truth=SparseDepth.from_depth(sample.truth.depth + 100.0))
        return replace(sample, sparse=None) if self._without_points else sample


class Offset(Predictor):
    """Answers the truth and an offset in metres, with holes; can be interrupted."""

    def __init__(
        self,
        label: str = "offset",
        *,
        metres: float = 0.1,
        interrupt_at: str = "",
        fail_at: str = "",
    ) -> None:
        self.label, self.identity = label, f"offset {metres}"
        self._metres, self._interrupt_at, self._fail_at = metres, interrupt_at, fail_at
        self.asked: list[str] = []

    def predict(self, sample: Sample) -> tuple[DepthPrediction, float]:
        self.asked.append(sample.name)
        if sample.name == self._interrupt_at:
            raise KeyboardInterrupt
        if sample.name == self._fail_at:
            raise RuntimeError("out of memory\nand much advice")
        sparse = sample.sparse or SparseDepth.from_depth(np.zeros(SIZE))
        depth = np.full(SIZE, 3.0, dtype=np.float32)
        if sample.truth is not None:
            hole = np.random.default_rng(len(sample.name)).random(SIZE) < 0.1
            depth = np.where(hole, 0.0, sample.truth.depth + self._metres).astype(np.float32)
        answer = SparseDepth.from_depth(depth)
        return (
            DepthPrediction(
                depth=answer.depth,
                valid=answer.valid,
                confidence=None,
                sparse=sparse,
            ),
            math.nan,
        )


def write_folder_set(root: Path, count: int = 4, *, with_sparse: bool = True) -> None:
    """The samples in the folders that the data set 'folder' reads, depth exact."""
    for number in range(count):
        sample = made_sample(f"{number:04d}", number)
        write_picture(root / "image" / f"{sample.name}.png", sample.image)
        for folder, depth in (("sparse_depth", sample.sparse), ("ground_truth", sample.truth)):
            if depth is not None and (with_sparse or folder == "ground_truth"):
                write_depth_npy(root / folder / f"{sample.name}.npy", depth.depth, depth.valid)
    np.savetxt(root / "K.txt", CAMERA.K)


def evaluated(folder: Path, out: Path, *more: str) -> int:
    """The exit code of the command line on a set that :func:`write_folder_set` wrote."""
    where = ["--dataset", "folder", "--data", str(folder), "--out", str(out), "--device", "cpu"]
    return main([*where, "--sheets", "0", *more])


def results_in(folder: Path) -> dict[str, Any]:
    """metrics.json without what differs from run to run: the times."""
    found: dict[str, Any] = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    for result in found["results"]:
        del result["ms"]
    return found


def means_in(folder: Path) -> dict[str, dict[str, float | None]]:
    """The means of each row of metrics.json, by the row's labels."""
    found = results_in(folder)["results"]
    return {_label_of(result): result["mean"] for result in found}


def _label_of(result: dict[str, Any]) -> str:
    return " ".join(value for value in result.values() if isinstance(value, str))
