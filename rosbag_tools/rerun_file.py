# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Completed frames as a recording for the viewer Rerun."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from depth_completion_core.files.atomic import blamed_on, put_in_place
from depth_completion_core.files.output_files import depth_numbers, picture_jpeg
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.pictures.depth_colors import colorize
from depth_completion_core.pictures.scales import depth_scale

_TIMELINE = "stamp"
_NUMBERS_PER_METRE = 256.0  # as in the PNGs of VOID and KITTI; up to 255.99 m
_MOST_POINTS = 20_000
_POINT_RADIUS_PX = 2.0
_FLAT_VIEWS = {"measurements": ("image", "sparse_depth"), "dense depth": ("dense_depth",)}
"""What is shown on top of each other, by the name of the view."""


class RerunError(ImportError):
    """The package that writes the recording is not installed; the message says how to get it."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ShownFrame:
    """A frame to look at.

    Attributes:
        stamp_ns: time of the image, nanoseconds.
        image: (H, W, 3) uint8 RGB.
        camera: of the image; its distortion is not shown.
        points: (N, 3) float32 metres in the camera's optical frame.
        sparse: the measurements in the image.
        dense: what became of them.
        confidence: (H, W) float32 in 0..1, or None.
        world_from_camera: where the camera was; None to show everything from the camera.
    """

    stamp_ns: int
    image: UInt8Array
    camera: CameraModel
    points: Float32Array
    sparse: SparseDepth
    dense: SparseDepth
    confidence: Float32Array | None = None
    world_from_camera: RigidTransform | None = None


def check_rerun_is_there() -> None:
    """Raise RerunError, before hours of work, where no recording could be written."""
    try:
        import_module("rerun")
    except ImportError as error:
        raise RerunError(
            "--rerun needs rerun-sdk: pip install 'depth_completion_ros[viewer]'. It needs NumPy "
            "2: beside ROS 2 Humble or Jazzy, install it in a venv of its own"
        ) from error


class RerunFile:
    """Writes a recording; a context manager, after which the file is there whole, or not at all.

    After an error, or without any frame, there is none.

    Each world has its frames at ``WORLD/camera``, which moves in the world, and its images at
    ``WORLD/camera/optical``, a pinhole camera, on a timeline of stamps.
    """

    def __init__(self, path: Path, worlds: Sequence[str], *, z_is_up: bool) -> None:
        """Write nothing yet.

        Args:
            path: the file, FILE.rrd.
            worlds: names of the worlds, such as those of recordings.
            z_is_up: whether poses are in a frame whose z points up; otherwise everything is seen
                from the camera.

        Raises:
            RerunError: rerun-sdk is not installed.
        """
        check_rerun_is_there()
        self._path, self._worlds, self._z_is_up = path, worlds, z_is_up
        self._flat_views = dict(_FLAT_VIEWS)
        self._frames = 0

    def __enter__(self) -> RerunFile:
        import rerun as rr  # noqa: PLC0415 - an extra

        with blamed_on(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._folder = tempfile.TemporaryDirectory(
                prefix=f".{self._path.name}.", dir=self._path.parent
            )
        self._partial = Path(self._folder.name) / self._path.name
        self._rr = rr
        self._stream = rr.RecordingStream("depth_completion")
        self._stream.save(self._partial)
        up = rr.ViewCoordinates.RIGHT_HAND_Z_UP if self._z_is_up else rr.ViewCoordinates.RDF
        for world in self._worlds:
            self._stream.log(_path_of(world), up, static=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._stream.send_blueprint(_layout(self._worlds, self._flat_views))
        self._stream.disconnect()
        with self._folder:
            if error is None and self._frames:
                put_in_place(self._partial, self._path)

    def add(self, world: str, frame: ShownFrame) -> None:
        """Write a frame of one of the worlds."""
        rr, camera = self._rr, frame.camera
        self._frames += 1
        place = f"{_path_of(world)}/camera"
        self._stream.set_time(_TIMELINE, timestamp=np.datetime64(frame.stamp_ns, "ns"))
        if frame.world_from_camera is not None:
            pose = frame.world_from_camera
            self._log(place, rr.Transform3D(translation=pose.translation, mat3x3=pose.rotation))
        pinhole = rr.Pinhole(
            image_from_camera=camera.K,
            resolution=[camera.width, camera.height],
            camera_xyz=rr.ViewCoordinates.RDF,
        )
        self._log(f"{place}/points", self._points(frame))
        self._log(f"{place}/optical", pinhole)
        image = rr.EncodedImage(contents=picture_jpeg(frame.image), media_type="image/jpeg")
        self._log(f"{place}/optical/image", image)
        self._log(f"{place}/optical/sparse_depth", self._depth(frame.sparse))
        self._log(f"{place}/optical/dense_depth", self._depth(frame.dense))
        if frame.confidence is not None:
            grey = np.rint(255 * np.clip(frame.confidence, 0, 1)).astype(np.uint8)
            self._log(f"{place}/optical/confidence", rr.Image(grey, color_model="L"))
            self._flat_views["confidence"] = ("confidence",)

    def _log(self, path: str, what: Any) -> None:  # noqa: ANN401 - an extra
        self._stream.log(path, what)

    def _depth(self, depth: SparseDepth) -> Any:  # noqa: ANN401 - an extra
        numbers, _ = depth_numbers(depth.depth, depth.valid, depth_scale=_NUMBERS_PER_METRE)
        return self._rr.DepthImage(numbers, meter=_NUMBERS_PER_METRE)

    def _points(self, frame: ShownFrame) -> Any:  # noqa: ANN401 - an extra
        """The points, or every n-th of very many, coloured by their depth."""
        every = max(-(-len(frame.points) // _MOST_POINTS), 1)
        points = frame.points[::every]
        depth = points[:, 2:3]
        colors = colorize(depth, depth > 0, depth_scale([depth]))[:, 0]
        radius = self._rr.Radius.ui_points(_POINT_RADIUS_PX)
        return self._rr.Points3D(points, colors=colors, radii=radius)


def _path_of(world: str) -> str:
    import rerun as rr  # noqa: PLC0415 - an extra

    return f"/{rr.escape_entity_path_part(world)}"


def _layout(worlds: Sequence[str], flat_views: Mapping[str, Sequence[str]]) -> Any:  # noqa: ANN401
    """Each world beside its images."""
    import rerun.blueprint as rrb  # noqa: PLC0415 - an extra

    tabs = [_views(world, flat_views) for world in worlds]
    return rrb.Blueprint(rrb.Tabs(*tabs), collapse_panels=True)


def _views(world: str, flat_views: Mapping[str, Sequence[str]]) -> Any:  # noqa: ANN401
    import rerun.blueprint as rrb  # noqa: PLC0415 - an extra

    optical = f"{_path_of(world)}/camera/optical"
    flat = [
        rrb.Spatial2DView(origin=optical, name=name, contents=[f"$origin/{each}" for each in shown])
        for name, shown in flat_views.items()
    ]
    space = rrb.Spatial3DView(
        origin=_path_of(world), name=world, contents=["$origin/**", f"- {optical}/sparse_depth"]
    )
    return rrb.Horizontal(space, rrb.Vertical(*flat), name=world)
