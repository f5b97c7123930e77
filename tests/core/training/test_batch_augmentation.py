# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Changes of whole batches: each frame is changed as a sample would be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from depth_completion_core.data.sample import Sample
from depth_completion_core.data.sampling.augment import changed
from depth_completion_core.data.sampling.augment_draws import (
    DRAWS,
    ImageChanges,
    drawn_changes,
)
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.data.sampling.recolour import as_bytes
from depth_completion_core.frame import SparseDepth
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.training.feeds.batch_augmentation import augmented, seen_through
from depth_completion_core.world.bank.dense_batch import DenseBatch

_COUNT, _HEIGHT, _WIDTH = 6, 36, 48
_CAMERA = CameraModel(fx=40.0, fy=42.0, cx=21.2, cy=17.1, width=_WIDTH, height=_HEIGHT)
_EVERYTHING = Augmentation(
    flip=0.5,
    zoom_min=1.0,
    zoom_max=1.6,
    crop_width_px=30,
    crop_height_px=24,
    brightness=0.3,
    contrast=0.3,
    saturation=0.3,
)


def _frames() -> DenseBatch:
    """Smooth colours, and depth with holes."""
    generator = torch.Generator().manual_seed(2)
    coarse = torch.rand((_COUNT, 3, 5, 6), generator=generator)
    image = torch.nn.functional.interpolate(
        coarse, (_HEIGHT, _WIDTH), mode="bilinear", align_corners=True
    )
    depth = torch.rand((_COUNT, _HEIGHT, _WIDTH), generator=generator) + 0.5
    depth[depth < 0.6] = 0.0
    own = (_CAMERA.fx, _CAMERA.fy, _CAMERA.cx, _CAMERA.cy)
    return DenseBatch(as_bytes(image) / 255.0, depth, torch.tensor([own]).repeat(_COUNT, 1))


def _sample(frames: DenseBatch, number: int) -> Sample:
    return Sample(
        name=str(number),
        image=as_bytes(frames.image[number]).permute(1, 2, 0).contiguous().numpy(),
        camera=_CAMERA,
        truth=SparseDepth.from_depth(frames.depth[number].numpy()),
    )


def _of_one(changes: ImageChanges, number: int) -> ImageChanges:
    names = ImageChanges.__dataclass_fields__
    return replace(changes, **{name: getattr(changes, name)[number, None] for name in names})


@pytest.mark.parametrize(
    "config",
    [
        _EVERYTHING,
        replace(_EVERYTHING, zoom_divides_depth=False, brightness=0.0, contrast=0.0),
        replace(_EVERYTHING, crop_horizontal="anchored", crop_vertical="bottom"),
        Augmentation(flip=1.0),
        Augmentation(crop_width_px=20, crop_height_px=20),
        Augmentation(saturation=1.0),
    ],
    ids=["everything", "same depth", "at the bottom", "flip", "crop", "colours"],
)
def test_a_batch_is_changed_as_its_samples_are(config: Augmentation) -> None:
    frames = _frames()
    found = augmented(config, frames, np.random.default_rng(4))
    crop = config.crop_height_px or _HEIGHT, config.crop_width_px or _WIDTH
    draws = np.random.default_rng(4).random((DRAWS, _COUNT))
    changes = drawn_changes(config, draws, (_HEIGHT, _WIDTH), crop)
    if config.flip == 0.5:
        assert len(set(changes.mirrored.tolist())) == 2
    for number in range(_COUNT):
        expected = changed(_sample(frames, number), _of_one(changes, number), crop)
        colours = found.image[number].permute(1, 2, 0) * 255.0
        # OpenCV interpolates with 11 bits and rounds in between.
        assert np.abs(colours.numpy() - expected.image).max() < 2.5
        assert np.abs(colours.numpy() - expected.image).mean() < 0.6
        assert expected.camera is not None
        camera = (expected.camera.fx, expected.camera.fy, expected.camera.cx, expected.camera.cy)
        np.testing.assert_allclose(found.focal[number].numpy(), camera, rtol=1e-5, atol=1e-5)
        assert expected.truth is not None
        np.testing.assert_allclose(found.depth[number].numpy(), expected.truth.depth, rtol=1e-6)


def test_off_it_changes_nothing() -> None:
    frames = _frames()
    found = augmented(Augmentation(), frames, np.random.default_rng(0))
    assert all(torch.equal(a, b) for a, b in zip(found, frames, strict=True))


def test_a_window_shows_what_a_longer_lens_would() -> None:
    """A loop over pixels: every ray of the changed camera, found in the camera before."""
    frames, crop = _frames(), (10, 12)
    config = replace(_EVERYTHING, crop_height_px=10, crop_width_px=12, zoom_divides_depth=False)
    draws = np.random.default_rng(1).random((DRAWS, _COUNT))
    changes = drawn_changes(config, draws, (_HEIGHT, _WIDTH), crop)
    found = seen_through(frames, changes, crop)
    assert len(set(changes.mirrored.tolist())) == 2
    for number in range(_COUNT):
        new_fx, new_fy, new_cx, new_cy = found.focal[number].tolist()
        for row in range(crop[0]):
            for column in range(crop[1]):
                x, y = (column - new_cx) / new_fx, (row - new_cy) / new_fy
                x = -x if changes.mirrored[number] else x
                u, v = _CAMERA.cx + _CAMERA.fx * x, _CAMERA.cy + _CAMERA.fy * y
                assert -0.51 <= u <= _WIDTH - 0.49
                assert -0.51 <= v <= _HEIGHT - 0.49
                near_u = min(max(round(u), 0), _WIDTH - 1)
                near_v = min(max(round(v), 0), _HEIGHT - 1)
                if abs(u - round(u)) < 0.49 and abs(v - round(v)) < 0.49:
                    assert found.depth[number, row, column] == frames.depth[number, near_v, near_u]
                blended = _bilinear(frames.image[number].double().numpy(), u, v)
                np.testing.assert_allclose(found.image[number, :, row, column], blended, atol=1e-4)


def _bilinear(image: np.ndarray, u: float, v: float) -> np.ndarray:
    u, v = min(max(u, 0.0), image.shape[2] - 1.0), min(max(v, 0.0), image.shape[1] - 1.0)
    left, top = min(int(u), image.shape[2] - 2), min(int(v), image.shape[1] - 2)
    du, dv = u - left, v - top
    upper = (1 - du) * image[:, top, left] + du * image[:, top, left + 1]
    lower = (1 - du) * image[:, top + 1, left] + du * image[:, top + 1, left + 1]
    blended: np.ndarray = (1 - dv) * upper + dv * lower
    return blended


def test_every_setting_draws_its_numbers() -> None:
    """Colours stay the same whether frames are flipped or not."""
    frames = _frames()
    light = Augmentation(brightness=0.4)
    first, second = (
        augmented(config, frames, np.random.default_rng(4)).image
        for config in (light, replace(light, flip=1.0))
    )
    torch.testing.assert_close(first, second.flip(3))
