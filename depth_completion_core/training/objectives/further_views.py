# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The further images of a batch as the target's camera would see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from depth_completion_core.geometry.multiview.cameras import PinholeCamera
from depth_completion_core.geometry.multiview.conventions import WarpConvention
from depth_completion_core.geometry.multiview.visibility import nearest_depth, visible
from depth_completion_core.geometry.multiview.warping import warp
from depth_completion_core.models.pose.base import PoseNetwork
from depth_completion_core.training.feeds.batch import Batch, BatchView


class FurtherViews(NamedTuple):
    """Images to compare a target with, and where they were taken.

    Attributes:
        image: (B, 3, H, W) in 0..1, the target's.
        camera: the target's.
        images: of each view, (B, 3, H, W) in 0..1.
        cameras: of each view.
        motions: of each view, view_from_target (B, 4, 4).
    """

    image: Tensor
    camera: PinholeCamera
    images: tuple[Tensor, ...]
    cameras: tuple[PinholeCamera, ...]
    motions: tuple[Tensor, ...]

    @classmethod
    def of(
        cls, batch: Batch, offsets: Sequence[int], pose: PoseNetwork | None, how: WarpConvention
    ) -> FurtherViews:
        """Of the views of a batch at some offsets.

        Args:
            batch: with intrinsics of all of them, and known motions where there is no network.
            offsets: of the views, counted in images.
            pose: tells the motions; None to take those that are known.
            how: images are warped.
        """
        by_offset = {view.offset: view for view in batch.views}
        views = [by_offset[offset] for offset in offsets]
        image, *images = (_in_unit_range(view) for view in (batch.target, *views))
        motions = (
            tuple(known_motion(view) for view in views)
            if pose is None
            else pose(image, images).unbind(1)
        )
        return cls(
            image,
            _camera(batch.target, how),
            tuple(images),
            tuple(_camera(view, how) for view in views),
            tuple(motion.to(image.dtype) for motion in motions),
        )

    def halved(self, times: int) -> FurtherViews:
        """The same at half the size, so many times."""
        if times == 0:
            return self
        size = 2**times

        def smaller(image: Tensor) -> Tensor:
            return avg_pool2d(image, size)

        return FurtherViews(
            smaller(self.image),
            self.camera.scaled(1 / size),
            tuple(map(smaller, self.images)),
            tuple(camera.scaled(1 / size) for camera in self.cameras),
            self.motions,
        )

    def warped(self, depth: Tensor) -> WarpedViews:
        """What the views look like from the target, if it has this depth (B, 1, H, W), metres."""
        points = self.camera.unproject(depth)
        images, seen = [], []
        for image, camera, motion in zip(self.images, self.cameras, self.motions, strict=True):
            warped = warp(image, points, motion, camera, camera.convention)
            images.append(warped.image)
            seen.append(_seen(warped.pixels, warped.depth, image, camera.convention))
        return WarpedViews(tuple(images), tuple(seen))


class WarpedViews(NamedTuple):
    """Views, looked up where the target's pixels fall in them.

    Attributes:
        images: of each view, (B, 3, H, W).
        seen: of each view, (B, 1, H, W) bool, the pixels that it sees.
    """

    images: tuple[Tensor, ...]
    seen: tuple[Tensor, ...]


def known_motion(view: BatchView) -> Tensor:
    """(B, 4, 4) of a view that is required to have it."""
    assert view.view_from_target is not None  # noqa: S101 - who needs it requires it
    return view.view_from_target


def _seen(pixels: Tensor, depth: Tensor, image: Tensor, how: WarpConvention) -> Tensor:
    height, width = image.shape[2:]
    hides = how.occlusion_tolerance > 0
    nearest = nearest_depth(pixels, depth, height=height, width=width) if hides else None
    with torch.no_grad():
        return visible(
            pixels, depth, height=height, width=width, convention=how, seen_depth=nearest
        )


def _in_unit_range(view: BatchView) -> Tensor:
    """Its image in the precision of its intrinsics, in which it is warped."""
    return view.image.to(_intrinsics(view).dtype) / 255.0


def _camera(view: BatchView, how: WarpConvention) -> PinholeCamera:
    return PinholeCamera(_intrinsics(view), how)


def _intrinsics(view: BatchView) -> Tensor:
    assert view.intrinsics is not None  # noqa: S101 - required, too
    return view.intrinsics
