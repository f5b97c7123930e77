# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames by ScaffNet's and FusionNet's lists, as ``prepare`` or the release's set-up writes them.

::

    training/void/unsupervised/void_train_{image,sparse_depth,validity_map,...}_1500.txt
    training/kitti/unsupervised/kitti_train_nonstatic_{images,sparse_depth,ground_truth,...}.txt

One path per line, relative to the folder; line n of each list is of frame n. An image that is three
times as wide as its depth holds those before, of and after the frame. Depth is 16-bit PNG of metres
times 256; intrinsics are 3x3 .npy; focal_length_baseline is not read. Without a list of images, as
for Virtual KITTI, images are black: ScaffNet does not look at them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from depth_completion_core.data.layers.depth import DepthLayer
from depth_completion_core.data.readers.lists import check_unique, listed_path, read_parallel
from depth_completion_core.data.readers.reading import blamed_on, camera_of, rgb_of
from depth_completion_core.data.readers.views import views_of
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.files.input_files import read_depth
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import UInt8Array

_DEPTH_SCALE = 256.0
_IMAGES = ("images", "image")
_DEPTHS = ("sparse_depth", "ground_truth", "predict_depth")
PREDICTED_DEPTH = "predicted_depth"
"""The layer of what ScaffNet predicted, where there is a list of it."""


class ScaffNetLists(DepthDataset):
    """Frames named as their images, without ending, relative to the folder."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Which lists."""

        lists: str = ""
        """How their names begin, relative to the folder: training/void/unsupervised/void_train."""
        suffix: str = ""
        """How they end, without .txt: 1500, left, corner."""

    config: Config

    def __init__(self, root: Path, config: Config | None = None) -> None:
        super().__init__(root, config)
        if not self.config.lists:
            raise DataError(
                "say which lists to read: lists=training/void/unsupervised/void_train suffix=1500"
            )
        self._listings = self._found()
        self._lines = read_parallel(self._listings)
        check_unique(self.names, self._listings[self._first])

    @property
    def names(self) -> list[str]:
        """In the order of the lists."""
        return [line.rpartition(".")[0] for line in self._lines[self._first]]

    def __getitem__(self, index: int) -> Sample:
        pictures = rgb_of(self._path("image", index)) if "image" in self._lines else None
        depths = {what: self._depth(what, index, pictures) for what in _DEPTHS}
        size = next((each.depth.shape for each in depths.values() if each), None)
        if pictures is None:
            assert size is not None  # noqa: S101 - without images, depth is what is listed
            pictures = np.zeros((*size, 3), dtype=np.uint8)
        parts = _side_by_side(pictures, size)
        middle = parts[len(parts) // 2]
        height, width = middle.shape[:2]
        camera = None
        if "intrinsics" in self._lines:
            path = self._path("intrinsics", index)
            camera = camera_of(path, size=(height, width), image=self._path(self._first, index))
        predicted = depths["predict_depth"]
        return Sample(
            name=self.names[index],
            image=middle,
            camera=camera,
            sparse=depths["sparse_depth"],
            truth=depths["ground_truth"],
            views=views_of([parts[0], parts[2]] if len(parts) == 3 else [], camera=camera),
            layers={PREDICTED_DEPTH: DepthLayer(predicted)} if predicted else {},
        )

    @property
    def _first(self) -> str:
        """What frames are named after."""
        return next(iter(self._listings))

    def _found(self) -> dict[str, Path]:
        images = next((path for what in _IMAGES if (path := self._listing(what)).is_file()), None)
        found = {} if images is None else {"image": images}
        others = {what: self._listing(what) for what in (*_DEPTHS, "intrinsics")}
        found |= {what: path for what, path in others.items() if path.is_file()}
        if not found.keys() & {"image", "sparse_depth"}:
            raise DataError(
                f"there is neither {self._listing('images')} nor {self._listing('image').name} nor "
                f"{self._listing('sparse_depth').name}; python -m depth_completion_core.prepare "
                "writes such lists"
            )
        return found

    def _listing(self, what: str) -> Path:
        ending = f"_{self.config.suffix}" if self.config.suffix else ""
        return self.root / f"{self.config.lists}_{what}{ending}.txt"

    def _path(self, what: str, index: int) -> Path:
        return listed_path(self.root, self._lines[what][index], self._listings[what])

    def _depth(self, what: str, index: int, pictures: UInt8Array | None) -> SparseDepth | None:
        if what not in self._lines:
            return None
        path = self._path(what, index)
        with blamed_on(path):
            found = read_depth(path, depth_scale=_DEPTH_SCALE)
        if pictures is None:
            return found
        height, width = pictures.shape[:2]
        if found.depth.shape not in ((height, width), (height, width // 3)):
            raise DataError(
                f"{path} is {found.depth.shape[1]}x{found.depth.shape[0]} pixels, expected "
                f"{width}x{height} as {self._path('image', index)}, or a third of its width"
            )
        return found


def _side_by_side(pictures: UInt8Array, size: tuple[int, ...] | None) -> list[UInt8Array]:
    """One image, or the three of a triplet: then it is three times as wide as depth."""
    count = 3 if size is not None and pictures.shape[1] == 3 * size[1] else 1
    parts = np.split(pictures, count, axis=1)
    return [np.ascontiguousarray(part) for part in parts]
