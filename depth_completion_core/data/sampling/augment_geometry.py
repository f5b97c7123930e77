# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Changes of a whole sample that stay true: all that is known of it moves together.

How each kind of thing moves is a matter of its layer, in
:mod:`depth_completion_core.data.layers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from depth_completion_core.data.layers.camera_roll import CameraRoll
from depth_completion_core.data.layers.depth import DepthLayer
from depth_completion_core.data.layers.image import ImageLayer
from depth_completion_core.data.layers.intrinsics import IntrinsicsLayer
from depth_completion_core.data.layers.layer import L, Resampling, Window
from depth_completion_core.data.layers.pose import PoseLayer
from depth_completion_core.data.layers.sparse_depth import SparseDepthLayer
from depth_completion_core.data.sample import Sample, UnfitSampleError
from depth_completion_core.frame import View
from depth_completion_core.geometry.camera import CameraModel


class LayerChange(Protocol):
    """A change of any layer."""

    def __call__(self, layer: L) -> L:
        """The changed layer."""


def flipped(sample: Sample) -> Sample:
    """Left and right swapped, as in the same scene mirrored."""

    def change(layer: L) -> L:
        return layer.mirrored()

    return _changed(sample, lambda _: change)


def cropped(sample: Sample, left: int, top: int, width: int, height: int) -> Sample:
    """A rectangle cut from all images.

    Raises:
        UnfitSampleError: it does not lie inside the image.
    """
    full_height, full_width = sample.image.shape[:2]
    fits = 0 <= left <= left + width <= full_width and 0 <= top <= top + height <= full_height
    if not fits or width < 1 or height < 1:
        raise UnfitSampleError(
            "an image smaller than the crop",
            f"{sample.name}: a crop of {width}x{height} pixels at ({left}, {top}) does not lie in "
            f"the image of {full_width}x{full_height}",
        )

    def change(layer: L) -> L:
        return layer.cropped(Window(left, top, width, height))

    return _changed(sample, lambda _: change)


def resized(sample: Sample, width: int, height: int, resampling: Resampling = "points") -> Sample:
    """All images at another size, pixels; same depths, but where they are blended."""

    def change(layer: L) -> L:
        return layer.resampled(width, height, resampling)

    return _changed(sample, lambda _: change)


def nearer(sample: Sample, factor: float) -> Sample:
    """The whole world made smaller by ``factor``: depths and the way between images divided by it.

    After an enlargement by the same factor, which makes things look nearer, depth says so too
    (Ma and Karaman, ICRA 2018; kept by CSPN and NLSPN). Pixels stay where they are.
    """

    def change(layer: L) -> L:
        return layer.nearer(factor)

    return _changed(sample, lambda _: change)


def rolled(sample: Sample, angle_deg: float) -> Sample:
    """The cameras turned about their axes, the pictures counter-clockwise; black where unseen.

    Depth along the axis stays, and so do the intrinsics. Without intrinsics the axis is taken to
    be in the middle of the image.

    Args:
        sample: what is turned.
        angle_deg: degrees.
    """
    rolls: dict[CameraModel, CameraRoll] = {}

    def change_of(camera: CameraModel | None) -> LayerChange:
        camera = camera or _middle(sample)
        if camera not in rolls:
            rolls[camera] = CameraRoll.of(camera, angle_deg)
        roll = rolls[camera]

        def change(layer: L) -> L:
            return layer.rolled(roll)

        return change

    return _changed(sample, change_of)


def _middle(sample: Sample) -> CameraModel:
    height, width = sample.image.shape[:2]
    return CameraModel(
        fx=width, fy=width, cx=(width - 1) / 2, cy=(height - 1) / 2, width=width, height=height
    )


def _changed(sample: Sample, change_of: Callable[[CameraModel | None], LayerChange]) -> Sample:
    """Every layer of the sample and its views, changed; each image by the change of its camera."""
    change = change_of(sample.camera)
    truth = None if sample.truth is None else change(DepthLayer(sample.truth)).value
    return replace(
        sample,
        image=change(ImageLayer(sample.image)).value,
        camera=None if sample.camera is None else change(IntrinsicsLayer(sample.camera)).value,
        sparse=None if sample.sparse is None else change(SparseDepthLayer(sample.sparse)).value,
        truth=truth,
        views=tuple(_changed_view(view, change_of(view.camera)) for view in sample.views),
        layers={name: change(layer) for name, layer in sample.layers.items()},
    )


def _changed_view(view: View, change: LayerChange) -> View:
    pose = view.view_from_target
    return replace(
        view,
        image=change(ImageLayer(view.image)).value,
        camera=None if view.camera is None else change(IntrinsicsLayer(view.camera)).value,
        sparse=None if view.sparse is None else change(SparseDepthLayer(view.sparse)).value,
        view_from_target=None if pose is None else change(PoseLayer(pose)).value,
    )
