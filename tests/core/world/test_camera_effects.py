# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Photographs: each flaw one by one, on light that is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from depth_completion_core.world.looks.camera_effects import (
    CameraFlaws,
    develop,
    draw_flaws,
    photograph,
)
from depth_completion_core.world.looks.jpeg import through_jpeg
from depth_completion_core.world.looks.textures import texture_bank
from tests.core.world.slow_cast import Float64

_HEIGHT, _WIDTH = 64, 96


def _even(value: float = 1.0) -> torch.Tensor:
    return torch.full((3, _HEIGHT, _WIDTH), value)


def _linear(photo: torch.Tensor) -> Float64:
    """Of a photograph, undoing its gamma and the gentle shoulder of bright light."""
    seen = (photo.numpy() / 255.0) ** 2.2
    return np.asarray(seen / np.sqrt(1.0 - (0.18 * seen) ** 2), np.float64)


def test_exposure_brings_the_median_to_grey_whatever_the_light() -> None:
    flaws = CameraFlaws(middle_grey=0.3)
    for level in (0.01, 1.0, 40.0):
        assert _linear(photograph(_even(level), flaws, 0)).mean() == pytest.approx(0.3, rel=0.02)


def test_white_balance_scales_red_and_blue() -> None:
    red, green, blue = _linear(photograph(_even(), CameraFlaws(white_balance=(1.2, 1, 0.8)), 0))
    assert red.mean() / green.mean() == pytest.approx(1.2, rel=0.02)
    assert blue.mean() / green.mean() == pytest.approx(0.8, rel=0.02)


@pytest.mark.parametrize(("electrons", "read_noise"), [(800.0, 0.0), (1e9, 0.012), (1500.0, 0.01)])
def test_noise_is_that_of_photons_and_of_the_amplifier(electrons: float, read_noise: float) -> None:
    """Its variance on linear light is light over electrons, and the square of the read noise."""
    light = _even()
    light[:, :, : _WIDTH // 3] = 0.4
    flaws = CameraFlaws(middle_grey=0.25, electrons=electrons, read_noise=read_noise)
    photo = _linear(photograph(light, flaws, 3))
    for part, level in ((photo[:, :, : _WIDTH // 3], 0.1), (photo[:, :, _WIDTH // 3 :], 0.25)):
        expected = np.sqrt(level / electrons + read_noise**2)
        assert part.std() == pytest.approx(expected, rel=0.08)
    assert torch.equal(photograph(light, flaws, 3), photograph(light, flaws, 3))
    assert not torch.equal(photograph(light, flaws, 3), photograph(light, flaws, 4))


def _edge_width(photo: torch.Tensor) -> float:
    """Standard deviation of the slope of a photographed upright edge, pixels."""
    slope = np.abs(np.diff(_linear(photo)[1, _HEIGHT // 2]))
    at = np.arange(len(slope))
    middle = np.average(at, weights=slope)
    return float(np.sqrt(np.average((at - middle) ** 2, weights=slope)))


def _step() -> torch.Tensor:
    light = _even(0.5)
    light[:, :, _WIDTH // 2 :] = 1.0
    return light


@pytest.mark.parametrize("sigma", [0.8, 1.6])
def test_the_lens_blurs_by_so_many_pixels(sigma: float) -> None:
    assert _edge_width(photograph(_step(), CameraFlaws(blur_px=sigma), 0)) == pytest.approx(
        sigma, rel=0.12
    )


def test_movement_blurs_along_its_way_only() -> None:
    """A box of six pixels has a standard deviation of 6 / sqrt 12."""
    across = photograph(_step(), CameraFlaws(motion_px=(6.0, 0.0)), 0)
    assert _edge_width(across) == pytest.approx(6.0 / np.sqrt(12.0), rel=0.2)
    along = photograph(_step(), CameraFlaws(motion_px=(0.0, 6.0)), 0)
    assert _edge_width(along) < 0.3


def test_corners_lose_their_light() -> None:
    photo = _linear(photograph(_even(), CameraFlaws(vignette=0.4), 0))[1]
    assert photo[0, 0] / photo[_HEIGHT // 2, _WIDTH // 2] == pytest.approx(0.6, abs=0.02)
    assert photo[_HEIGHT // 2, 0] / photo[_HEIGHT // 2, _WIDTH // 2] == pytest.approx(0.8, abs=0.02)


def test_without_saturation_it_is_grey() -> None:
    light = torch.rand((3, _HEIGHT, _WIDTH), generator=torch.Generator().manual_seed(0))
    photo = photograph(light, CameraFlaws(saturation=0.0), 0)
    assert torch.equal(photo[0], photo[1])
    assert torch.equal(photo[1], photo[2])
    colourful = photograph(light, CameraFlaws(), 0).float()
    assert (colourful[0] - colourful[1]).abs().mean() > 10


@pytest.mark.parametrize("quality", [30, 60, 90])
def test_jpeg_is_what_a_jpeg_library_makes_of_it(quality: int) -> None:
    """Ours differs from OpenCV's by less than half of what the compression itself costs."""
    bank = texture_bank(torch.device("cpu"))
    v, u = torch.meshgrid(torch.arange(64) / 64.0, torch.arange(96) / 64.0, indexing="ij")
    planes = [
        bank.look_up(torch.full((64 * 96,), number), u.flatten(), v.flatten(), u.flatten() * 0)
        for number in (0, 1, 15)
    ]
    image = torch.stack(planes).reshape(3, 64, 96)
    ours = through_jpeg(image, float(quality)).numpy() * 255.0
    pixels = np.rint(image.permute(1, 2, 0).numpy() * 255.0).astype(np.uint8)
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, coded = cv2.imencode(".jpg", pixels[..., ::-1], flags)
    decoded = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    assert decoded is not None
    theirs = decoded[..., ::-1].transpose(2, 0, 1).astype(np.float64)
    cost = np.sqrt(np.mean((theirs - pixels.transpose(2, 0, 1)) ** 2))
    apart = np.sqrt(np.mean((theirs - ours) ** 2))
    assert cost > 1.0
    assert apart < 0.5 * cost


def test_the_best_quality_keeps_colours() -> None:
    colours = torch.rand((3, 4, 6), generator=torch.Generator().manual_seed(0))
    image = colours.repeat_interleave(16, 1).repeat_interleave(16, 2)
    assert (through_jpeg(image, 100.0) - image).abs().max() < 3.0 / 255.0


def test_sizes_that_are_no_multiple_of_a_block_are_kept() -> None:
    image = torch.rand((3, 19, 37), generator=torch.Generator().manual_seed(0))
    assert through_jpeg(image, 80.0).shape == image.shape


def test_flaws_are_drawn_as_they_are_described() -> None:
    random = np.random.default_rng(0)
    drawn = [draw_flaws(random) for _ in range(1500)]
    assert np.mean([flaws.saturation == 0 for flaws in drawn]) == pytest.approx(1 / 12, abs=0.03)
    assert np.mean([flaws.quality > 0 for flaws in drawn]) == pytest.approx(0.7, abs=0.05)
    assert np.mean([flaws.motion_px != (0.0, 0.0) for flaws in drawn]) == pytest.approx(
        0.15, abs=0.04
    )
    assert all(0 <= flaws.vignette <= 0.45 for flaws in drawn)
    assert np.mean([flaws.vignette > 0 for flaws in drawn]) == pytest.approx(0.5, abs=0.05)
    assert all(600 <= flaws.electrons <= 2e4 for flaws in drawn)
    assert np.percentile([flaws.middle_grey for flaws in drawn], 10) > 0.1
    assert np.percentile([flaws.middle_grey for flaws in drawn], 90) < 0.4


def test_each_photograph_depends_on_its_own_generator_only() -> None:
    light = torch.rand((2, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    both = develop(light, [np.random.default_rng(1), np.random.default_rng(2)])
    one = develop(light[1:], [np.random.default_rng(2)])
    assert torch.equal(both[1], one[0])
    assert both.dtype == torch.uint8
