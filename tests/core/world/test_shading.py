# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Light on surfaces: what lamps, shadows, highlights, haze and patterns must do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from depth_completion_core.world.casting.cast import CastScenes
from depth_completion_core.world.looks.materials import COLUMNS, PLAIN_SHARE, Palette
from depth_completion_core.world.looks.shading import SurfaceRays, shade
from depth_completion_core.world.looks.textures import pattern_numbers, texture_bank
from depth_completion_core.world.objects.parts import Part, box, plate, towards
from depth_completion_core.world.render import camera_bundles, untiled
from depth_completion_core.world.scene import Light, WorldScene
from tests.core.world.small_scenes import (
    CAMERA,
    EVEN_LIGHT,
    Float64,
    grey,
    lamp_at,
    scene_of,
    wall_and_box,
)

DARK = Light(lamps=(), above=(0.0, 0.0, 0.0), below=(0.0, 0.0, 0.0))


def _light(scene: WorldScene) -> Float64:
    """(H, W, 3) linear light of a scene."""
    cast = CastScenes.of([scene.table])
    bundles = camera_bundles([scene], torch.device("cpu"))
    hit = cast.cast(bundles)
    rays = SurfaceRays(bundles, hit.t, hit.primitive, torch.tensor([1.0 / CAMERA.fx]))
    light = untiled(shade(cast, [scene], rays), 1, CAMERA.height, CAMERA.width)[0]
    return light.numpy().astype(np.float64)


def _wall(slot: int = 0) -> Part:
    return plate(30.0, 30.0, (6.0, 0.0, 0.0), towards(np.array([-1.0, 0.0, 0.0])), slot)


def test_a_lamp_lights_by_the_cosine_and_fades() -> None:
    """Lambert's law on a wall; half is left at ``half_at_m``."""
    lamp = replace(lamp_at(4.0, 0.0, 0.0), half_at_m=2.0)
    light = _light(scene_of([_wall()], light=replace(DARK, lamps=(lamp,))))
    ray = CAMERA.rays()[0].astype(np.float64)
    y, z = -6.0 * ray[..., 0], -6.0 * ray[..., 1]
    squared = 4.0 + y * y + z * z
    expected = 0.5 * 2.0 / np.sqrt(squared) / (1.0 + squared / 4.0)
    np.testing.assert_allclose(light[..., 0], expected, rtol=1e-3)


def test_a_box_throws_its_shadow_where_the_lamp_does_not_reach() -> None:
    """The lamp stands beside the camera: the shadow lies on the other side, in its full size."""
    scene = scene_of(wall_and_box(), light=replace(EVEN_LIGHT, lamps=(lamp_at(0.0, 1.5, 0.0),)))
    light, lit = _light(scene)[..., 0], _light(replace(scene, light=EVEN_LIGHT))[..., 0]
    extra = light - lit
    row = extra[36]
    wall = np.abs(6.0 / CAMERA.fx * (np.arange(CAMERA.width) - CAMERA.cx)) > 0.45
    shadow = wall & (row < 1e-6)
    assert np.all(extra[2] > 0.05), "above the box the lamp reaches all"
    # From the lamp at y = 1.5, box corners (2.9, -0.2) and (3.1, 0.2) fall on y = -2.02 and -1.02.
    y = -6.0 * (np.arange(CAMERA.width) - CAMERA.cx) / CAMERA.fx
    expected = (y < 1.5 + (0.2 - 1.5) * 6.0 / 3.1) & (y > 1.5 + (-0.2 - 1.5) * 6.0 / 2.9)
    assert np.count_nonzero(shadow ^ (expected & wall)) <= 2
    assert np.count_nonzero(shadow) > 8


def test_glass_of_windows_shines_in_the_dark_and_gloss_shows_the_lamp() -> None:
    glowing = _light(scene_of([_wall()], light=DARK, materials=grey(emission=0.8)))
    np.testing.assert_allclose(glowing, 0.5 * 0.8, rtol=1e-5)
    lamp = replace(DARK, lamps=(lamp_at(0.0, 0.0, 0.0),))
    matt = _light(scene_of([_wall()], light=lamp))
    glossy = _light(scene_of([_wall()], light=lamp, materials=grey(specular=0.7, shininess=64.0)))
    spot = (glossy - matt)[..., 0]
    row, column = divmod(int(spot.argmax()), CAMERA.width)
    assert abs(row - CAMERA.cy) < 1
    assert abs(column - CAMERA.cx) < 1
    assert spot.max() == pytest.approx(0.7, rel=0.01)
    assert spot[0, 0] < 0.05


def test_haze_fades_what_is_far_into_the_sky() -> None:
    sky = (0.2, 0.4, 0.8)
    scene = scene_of([_wall()], light=replace(EVEN_LIGHT, sky=sky, haze_m=6.0))
    clear = _light(replace(scene, light=EVEN_LIGHT))
    metres = 6.0 * np.linalg.norm(CAMERA.rays()[0], axis=2)[..., None]
    share = np.exp(-metres / 6.0)
    expected = clear * share + np.array(sky) * (1.0 - share)
    np.testing.assert_allclose(_light(scene), expected, rtol=1e-3)


def test_faces_that_look_up_get_the_light_from_above() -> None:
    """A floor seen from above, and the same as a ceiling."""
    light = Light(lamps=(), above=(0.8, 0.8, 0.8), below=(0.2, 0.2, 0.2))
    scene = scene_of([plate(30, 30, (0, 0, -1.5)), plate(30, 30, (0, 0, 1.5))], light=light)
    picture = _light(scene)
    np.testing.assert_allclose(picture[-1], 0.4, rtol=1e-3)
    np.testing.assert_allclose(picture[0], 0.1, rtol=1e-3)


def test_a_pattern_repeats_after_its_period_and_blurs_far_away() -> None:
    stripes = pattern_numbers()["stripes"][0]
    bank = texture_bank(torch.device("cpu"))
    u = torch.rand(200, generator=torch.Generator().manual_seed(0))
    pattern, v = torch.full((200,), stripes), torch.zeros(200)
    sharp = bank.look_up(pattern, u, v, torch.full((200,), 1e-3))
    assert 0.0 <= sharp.min() <= sharp.max() <= 1.0
    assert sharp.std() > 0.1
    # Whole periods away float32 keeps seven digits.
    again = bank.look_up(pattern, u + 5.0, v - 3.0, torch.full((200,), 1e-3))
    assert ((again - sharp).abs() < 2e-3).float().mean() > 0.97
    blurred = bank.look_up(pattern, u, v, torch.full((200,), 1.0))
    assert blurred.std() < 0.2 * sharp.std()
    assert blurred.mean() == pytest.approx(sharp.mean().item(), abs=0.1)


def test_every_family_of_patterns_is_drawn_and_some_materials_are_plain() -> None:
    names = pattern_numbers()
    assert {"noise", "stripes", "glyphs", "voronoi"} <= set(names)
    bank = texture_bank(torch.device("cpu"))
    u, v = torch.rand((2, 500), generator=torch.Generator().manual_seed(1)).unbind(0)
    for name, numbers in names.items():
        for number in numbers:
            values = bank.look_up(torch.full((500,), number), u, v, torch.full((500,), 1e-3))
            assert values.std() > 0.03, name
    palette = Palette(np.random.default_rng(0))
    for _ in range(3000):
        palette.new()
    rows = dict(zip(COLUMNS, palette.array().T, strict=True))
    plain = (rows["grain"] == 0) & (rows["r0"] == rows["r1"]) & (rows["r0"] == rows["r2"])
    assert np.mean(plain) == pytest.approx(PLAIN_SHARE, abs=0.03)
    assert set(rows["pattern"].astype(int)) == {
        each for numbers in names.values() for each in numbers
    }


def test_noise_has_the_spectrum_of_nature() -> None:
    """1/f: power falls with frequency, by an exponent between one and four over the variants."""
    bank = texture_bank(torch.device("cpu"))
    side = 256
    grid = (torch.arange(side) + 0.5) / side
    v, u = (axis.flatten() for axis in torch.meshgrid(grid, grid, indexing="ij"))
    slopes = []
    for number in pattern_numbers()["noise"]:
        values = bank.look_up(torch.full_like(u, number, dtype=torch.int64), u, v, u * 0 + 1e-3)
        power = np.abs(np.fft.rfft(values.reshape(side, side).numpy(), axis=1)) ** 2
        mean = power.mean(axis=0)
        slopes.append(np.polyfit(np.log(np.arange(12, 90)), np.log(mean[12:90]), 1)[0])
    assert max(slopes) < -0.3
    assert -4.0 < np.median(slopes) < -1.0


def test_a_pattern_is_drawn_on_whatever_wears_it() -> None:
    """Between the first and the third colour, on a wall as on a box."""
    stripes = float(pattern_numbers()["stripes"][0])
    colours = {f"{part}0": 0.1 for part in "rgb"} | {f"{part}2": 0.9 for part in "rgb"}
    material = grey(pattern=stripes, period=0.7, **colours)
    light = _light(scene_of([_wall(), box((0.2, 1, 1), 3, 0, 0)], materials=material))
    for part in (light[:10], light[28:44, 40:56]):
        assert part.std() > 0.05
        assert 0.05 - 1e-6 <= part.min() < part.max() <= 0.45 + 1e-6
