# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""From linear light to a photograph: exposure, white balance, blur, vignette, noise, JPEG."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from depth_completion_core.world.looks.jpeg import through_jpeg


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraFlaws:
    """How a photograph is taken.

    Attributes:
        middle_grey: what the median of the light becomes, linear.
        exposure: factor on the light; 0 to measure it in each image.
        white_balance: factors on red, green and blue.
        blur_px: standard deviation of the lens' blur.
        motion_px: x and y of the movement during exposure.
        vignette: share of the light that is lost in the corners.
        electrons: light of a white pixel; its noise is that of their count.
        read_noise: of the amplifier, as a share of white.
        quality: of JPEG; 0 for none.
        saturation: 1 as it is, 0 grey.
        contrast: exponent about the middle.
    """

    middle_grey: float = 0.2
    exposure: float = 0.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blur_px: float = 0.0
    motion_px: tuple[float, float] = (0.0, 0.0)
    vignette: float = 0.0
    electrons: float = 1e9
    read_noise: float = 0.0
    quality: int = 0
    saturation: float = 1.0
    contrast: float = 1.0


def draw_flaws(random: np.random.Generator) -> CameraFlaws:
    """From good to poor photographs; a twelfth of them grey."""
    red, blue = np.exp(random.normal(0.0, 0.08, 2)).tolist()
    angle, long = random.uniform(0, math.pi), random.uniform(1.0, 6.0)
    moved = random.random() < 0.15
    return CameraFlaws(
        middle_grey=float(np.exp(random.normal(math.log(0.19), 0.4))),
        white_balance=(red, 1.0, blue),
        blur_px=random.choice(
            [0.3, random.uniform(0.3, 0.8), random.uniform(0.8, 1.8)], p=[0.5, 0.4, 0.1]
        ),
        motion_px=(long * math.cos(angle), long * math.sin(angle)) if moved else (0.0, 0.0),
        vignette=random.uniform(0.0, 0.45) if random.random() < 0.5 else 0.0,
        electrons=float(np.exp(random.uniform(math.log(600.0), math.log(2e4)))),
        read_noise=float(np.exp(random.uniform(math.log(5e-4), math.log(1.2e-2)))),
        quality=int(random.integers(35, 96)) if random.random() < 0.7 else 0,
        saturation=0.0 if random.random() < 1 / 12 else random.uniform(0.7, 1.25),
        contrast=random.uniform(0.85, 1.2),
    )


def develop(light: Tensor, generators: list[np.random.Generator]) -> Tensor:
    """Photographs of linear light.

    Args:
        light: (B, 3, H, W) linear.
        generators: of each image's flaws and noise.

    Returns:
        (B, 3, H, W) uint8 sRGB.
    """
    return torch.stack(
        [
            photograph(each, draw_flaws(random), int(random.integers(1 << 62)))
            for each, random in zip(light, generators, strict=True)
        ]
    )


def photograph(light: Tensor, flaws: CameraFlaws, seed: int) -> Tensor:
    """One of :func:`develop`: (3, H, W) linear to (3, H, W) uint8."""
    exposure = flaws.exposure or measured_exposure(light, flaws.middle_grey)
    balance = light.new_tensor(flaws.white_balance)[:, None, None]
    seen = light * (exposure * balance)
    seen = seen / (1.0 + (0.18 * seen).square()).sqrt()
    seen = _vignetted(_moved(_blurred(seen, flaws.blur_px), flaws.motion_px), flaws.vignette)
    seen = _noisy(seen, flaws, seed).clamp(0.0, 1.0)
    bright = seen.clamp_min(1e-5).pow(1.0 / 2.2)
    bright = (0.5 + flaws.contrast * (bright - 0.5)).clamp(0.0, 1.0)
    grey = (0.299 * bright[0] + 0.587 * bright[1] + 0.114 * bright[2])[None]
    bright = (grey + flaws.saturation * (bright - grey)).clamp(0.0, 1.0)
    if flaws.quality:
        bright = through_jpeg(bright, float(flaws.quality))
    return (bright * 255.0 + 0.5).to(torch.uint8)


def measured_exposure(light: Tensor, middle_grey: float) -> Tensor:
    """The factor that makes the median of every fourth pixel of (3, H, W) light a middle grey."""
    meter = light[:, ::4, ::4].mean(dim=0).flatten().sort().values
    return middle_grey / meter[len(meter) // 2].clamp_min(1e-3)


def _blurred(image: Tensor, sigma_px: float) -> Tensor:
    if sigma_px < 0.05:
        return image
    reach = max(math.ceil(2.5 * sigma_px), 1)
    weights = [math.exp(-0.5 * (step / sigma_px) ** 2) for step in range(-reach, reach + 1)]
    kernel = image.new_tensor(weights) / sum(weights)
    padded = torch.nn.functional.pad(image[None], (reach,) * 4, mode="replicate")
    rows = torch.nn.functional.conv2d(
        padded, kernel.view(1, 1, -1, 1).expand(3, -1, -1, -1), groups=3
    )
    return torch.nn.functional.conv2d(
        rows, kernel.view(1, 1, 1, -1).expand(3, -1, -1, -1), groups=3
    )[0]


def _moved(image: Tensor, motion_px: tuple[float, float]) -> Tensor:
    """The mean of the image at five to nine places along a short way."""
    length = math.hypot(*motion_px)
    if length < 0.5:
        return image
    steps = 2 * math.ceil(length / 1.5) + 1
    _, height, width = image.shape
    total = torch.zeros_like(image)
    reach = math.ceil(length) + 1
    padded = torch.nn.functional.pad(image[None], (reach,) * 4, mode="replicate")[0]
    for step in range(steps):
        share = step / (steps - 1) - 0.5
        x, y = reach + share * motion_px[0], reach + share * motion_px[1]
        left, top = math.floor(x), math.floor(y)
        fx, fy = x - left, y - top
        weights = ((1 - fy) * (1 - fx), (1 - fy) * fx), (fy * (1 - fx), fy * fx)
        for dy in (0, 1):
            for dx in (0, 1):
                rows = slice(top + dy, top + dy + height)
                columns = slice(left + dx, left + dx + width)
                total += weights[dy][dx] / steps * padded[:, rows, columns]
    return total


def _vignetted(image: Tensor, loss: float) -> Tensor:
    if loss == 0.0:
        return image
    _, height, width = image.shape
    y = torch.linspace(-1.0, 1.0, height, device=image.device)[:, None]
    x = torch.linspace(-1.0, 1.0, width, device=image.device)[None]
    return image * (1.0 - loss * 0.5 * (x * x + y * y))


def _noisy(image: Tensor, flaws: CameraFlaws, seed: int) -> Tensor:
    """Photon and amplifier noise, as one Gaussian of their joint variance."""
    generator = torch.Generator(device=image.device).manual_seed(seed)
    normal = torch.randn(image.shape, generator=generator, device=image.device)
    variance = image.clamp_min(0.0) / flaws.electrons + flaws.read_noise**2
    return image + normal * variance.sqrt()
