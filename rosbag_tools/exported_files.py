# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Messages of a completed bag as files, in the folders that infer and evaluate know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from depth_completion_core.codecs.compressed_depth import decode_compressed_depth
from depth_completion_core.codecs.depth import decode_depth
from depth_completion_core.codecs.errors import CodecError
from depth_completion_core.codecs.image import decode_compressed_image, decode_image
from depth_completion_core.codecs.messages import pixel_rows
from depth_completion_core.codecs.point_records import PointRecords
from depth_completion_core.files.atomic import write_text
from depth_completion_core.files.depth_pngs import DepthPngs
from depth_completion_core.files.output_files import (
    write_depth_npy,
    write_picture,
    write_ply,
)
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.geometry.calibration import camera_from_info
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.images.used_bits import UsedBits

Message = Any  # classes made at run time from the message definitions


class _Target(NamedTuple):
    """The folder of a topic, and what writes a message of it under a name without ending."""

    folder: str
    write: Callable[[ExportedFiles, Path, Message], None]


class ExportedFiles:
    """Writes one file, or several formats, for each message.

    Args:
        folder: where all of it goes.
        formats: png, npy, ply.
        depth_scale: numbers of a depth PNG per metre.
    """

    def __init__(self, folder: Path, *, formats: Sequence[str], depth_scale: float) -> None:
        self._folder, self._formats = folder, formats
        self._pngs = DepthPngs(depth_scale)
        self._bits = UsedBits()
        self._cameras: dict[str, CameraModel] = {}
        self._sizes: dict[str, tuple[int, ...]] = {}
        self._written: dict[str, set[str]] = {}

    def write(self, what: str, name: str, message: Message) -> None:
        """Write a message.

        Args:
            what: an output topic, or image or ground_truth.
            name: of the frame.
            message: with its fields.

        Raises:
            CodecError: the message cannot be decoded.
            OSError: there is no room.
        """
        if what == "depth/camera_info":
            self._cameras[name] = camera_from_info(message, rectified=False).camera
            return
        target = _TARGETS[what]
        target.write(self, self._folder / target.folder / name, message)

    def finish(self, names: Sequence[str]) -> list[str]:
        """Write intrinsics, and what lets the folder be read as a data set; returns remarks."""
        bits = [f"16-bit images: {note}" for note in self._bits.notes]
        remarks = [*self._intrinsics(), *self._empty_maps(names), self._pngs.remark(), *bits]
        return [remark for remark in remarks if remark]

    def summary(self) -> list[str]:
        """What was written, a line for each folder."""
        return [
            f"{folder + '/':<16} {len(names)} frames, {_endings(self._folder / folder)}"
            for folder, names in self._written.items()
        ]

    def _intrinsics(self) -> list[str]:
        cameras = self._cameras
        if len(set(cameras.values())) == 1:
            write_text(self._folder / "K.txt", _matrix(next(iter(cameras.values()))))
        else:
            for name, camera in cameras.items():
                write_text(self._folder / "intrinsics" / f"{name}.txt", _matrix(camera))
        if any(camera.is_distorted for camera in cameras.values()):
            return ["the images are not rectified: K.txt leaves out the distortion of the lens"]
        return []

    def _empty_maps(self, names: Sequence[str]) -> list[str]:
        """A data set has a file for every image: an empty one where nothing was recorded."""
        remarks = []
        for folder in ("sparse_depth", "ground_truth"):
            missing = [name for name in names if name not in self._written.get(folder, names)]
            for name in missing:
                nothing = np.zeros(self._sizes[name], dtype=np.float32)
                self._write_map(self._folder / folder / name, nothing, nothing > 0)
            if missing:
                have = "frame has" if len(missing) == 1 else "frames have"
                remarks.append(f"{len(missing)} {have} an empty {folder}: the bag has none")
        return remarks

    def _put(self, path: Path) -> None:
        self._written.setdefault(path.parent.name, set()).add(path.name)

    def _image(self, path: Path, message: Message) -> None:
        decode = decode_compressed_image if hasattr(message, "format") else decode_image
        write_picture(path.with_name(f"{path.name}.png"), decode(message, self._bits))
        self._put(path)

    def _dense_depth(self, path: Path, message: Message) -> None:
        depth, valid = _depth_of(message)
        self._sizes[path.name] = depth.shape
        if "png" in self._formats:
            file = path.with_name(f"{path.name}.png")
            self._pngs.write(file, depth, valid)
        if "npy" in self._formats:
            write_depth_npy(path.with_name(f"{path.name}.npy"), depth, valid)
        self._put(path)

    def _depth(self, path: Path, message: Message) -> None:
        self._write_map(path, *_depth_of(message))
        self._put(path)

    def _write_map(self, path: Path, depth: Float32Array, valid: npt.NDArray[np.bool_]) -> None:
        """In one format, the exact one where that is among those asked for."""
        if "npy" in self._formats:
            write_depth_npy(path.with_name(f"{path.name}.npy"), depth, valid)
        else:
            file = path.with_name(f"{path.name}.png")
            self._pngs.write(file, depth, valid)

    def _numbers(self, path: Path, message: Message) -> None:
        if message.encoding != "32FC1":
            raise CodecError(f"expected 32FC1, got '{message.encoding}'")
        dtype = np.dtype(">f4" if message.is_bigendian else "<f4")
        numbers = np.ascontiguousarray(pixel_rows(message, 4)).view(dtype).astype(np.float32)
        everywhere = np.ones(numbers.shape, dtype=np.bool_)
        write_depth_npy(path.with_name(f"{path.name}.npy"), numbers, everywhere)
        self._put(path)

    def _cloud(self, path: Path, message: Message) -> None:
        if "ply" not in self._formats:
            return
        points, colors = _points_of(message)
        write_ply(path.with_name(f"{path.name}.ply"), points, colors)
        self._put(path)


_TARGETS = {
    "image": _Target("image", ExportedFiles._image),
    "ground_truth": _Target("ground_truth", ExportedFiles._depth),
    "depth/image": _Target("output_depth", ExportedFiles._dense_depth),
    "depth/points": _Target("points", ExportedFiles._cloud),
    "depth/confidence": _Target("confidence", ExportedFiles._numbers),
    "depth/support": _Target("support", ExportedFiles._numbers),
    "depth/image_color": _Target("depth_color", ExportedFiles._image),
    "sparse_depth/image": _Target("sparse_depth", ExportedFiles._depth),
    "debug/overlay": _Target("overlay", ExportedFiles._image),
}


def _depth_of(message: Message) -> tuple[Float32Array, npt.NDArray[np.bool_]]:
    return decode_compressed_depth(message) if hasattr(message, "format") else decode_depth(message)


def _points_of(message: Message) -> tuple[Float32Array, UInt8Array]:
    """(N, 3) metres and (N, 3) RGB of the points of an XYZRGB cloud that are finite."""
    if message.width * message.height == 0:
        return np.empty((0, 3), np.float32), np.empty((0, 3), np.uint8)
    records = PointRecords.from_message(message)
    if "rgb" not in records.fields:
        raise CodecError("the cloud has no field 'rgb', which dense clouds have")
    points = np.stack([records.column(axis) for axis in "xyz"], axis=1).astype(np.float32)
    packed = records.column("rgb", np.dtype(f"{records.byte_order}u4"))
    colors = np.stack([(packed >> shift) & 255 for shift in (16, 8, 0)], axis=1).astype(np.uint8)
    finite = np.isfinite(points).all(axis=1)
    return points[finite], colors[finite]


def _matrix(camera: CameraModel) -> str:
    return "".join(f"{' '.join(repr(float(number)) for number in row)}\n" for row in camera.K)


def _endings(folder: Path) -> str:
    endings = Counter(path.suffix for path in folder.iterdir())
    return " and ".join(sorted(endings))
