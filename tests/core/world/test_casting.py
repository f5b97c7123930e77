# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Rays against a slow twin, and what must not change them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from depth_completion_core.world.casting.cast import Bundles, CastScenes, Hit
from depth_completion_core.world.casting.primitives import Kind, PrimitiveTable
from depth_completion_core.world.objects.parts import ball, box, plate, table_of
from tests.core.world.slow_cast import SURFACES, Float64, slow_cast, to_unit
from tests.core.world.small_scenes import random_part

_WIDTH = 16


def _bundled(origins: Float64, directions: Float64) -> Bundles:
    """Rays (N R, 3) in bundles of R = 16, each from the origin of its first ray; one scene."""
    rays = torch.tensor(directions, dtype=torch.float32).reshape(-1, _WIDTH, 3)
    starts = torch.tensor(origins[::_WIDTH], dtype=torch.float32)
    return Bundles(starts, rays, [0, len(rays)])


def _cast(table: PrimitiveTable, origins: Float64, directions: Float64) -> Hit:
    hit = CastScenes.of([table]).cast(_bundled(origins, directions))
    return Hit(hit.t.flatten(), hit.primitive.flatten())


def _rays(
    random: np.random.Generator, count: int, spread: float, *, aim: float = 1.0
) -> tuple[Float64, Float64]:
    """Bundles from places in a cube towards its middle, their rays apart by the spread."""
    starts = random.uniform(-2.0, 2.0, (count, 3))
    towards = random.uniform(-aim, aim, (count, 3)) - starts
    towards = towards[:, None] + spread * random.standard_normal((count, _WIDTH, 3))
    lengths = random.uniform(0.3, 2.0, (count, _WIDTH, 1))
    return np.repeat(starts, _WIDTH, axis=0), (towards * lengths).reshape(-1, 3)


def _scene(random: np.random.Generator, kinds: list[Kind], reach: float = 1.5) -> PrimitiveTable:
    places = random.uniform(-reach, reach, (len(kinds), 3))
    return table_of([random_part(random, *pair) for pair in zip(kinds, places, strict=True)])


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name.lower())
def test_every_kind_is_met_where_it_is_defined_to_be(kind: Kind) -> None:
    """From outside and inside. Rays that only graze are let off: samples may step over a rim."""
    random = np.random.default_rng(int(kind))
    table = _scene(random, [kind], reach=0.1)
    origins, directions = _rays(random, 60, 0.15, aim=0.3)
    expected, hit = slow_cast(table, origins, directions), _cast(table, origins, directions)
    met = np.isfinite(expected.t)
    assert met.mean() > 0.15
    assert np.mean(met == (hit.primitive.numpy() == 0)) > 0.99
    both = met & (hit.primitive.numpy() == 0)
    apart = np.abs(hit.t.numpy()[both] - expected.t[both])
    apart *= np.linalg.norm(directions[both], axis=1)
    assert np.mean(apart < 5e-4) > 0.985
    assert np.median(apart) < 1e-4


@pytest.mark.parametrize("spread", [0.02, 0.3, 3.0])
def test_a_scene_of_all_kinds_is_what_its_primitives_are_one_by_one(spread: float) -> None:
    """Narrow bundles, wide ones, and such that no cone holds: nothing is culled by mistake."""
    random = np.random.default_rng(7)
    table = _scene(random, list(Kind) * 3)
    origins, directions = _rays(random, 24, spread)
    expected, hit = slow_cast(table, origins, directions), _cast(table, origins, directions)
    assert np.isfinite(expected.t).mean() > 0.3
    assert np.mean(expected.primitive == hit.primitive.numpy()) > 0.99
    same = (expected.primitive == hit.primitive.numpy()) & np.isfinite(expected.t)
    apart = np.abs(hit.t.numpy()[same] - expected.t[same])
    apart *= np.linalg.norm(directions[same], axis=1)
    assert np.mean(apart < 5e-4) > 0.985


def test_nothing_is_met_in_an_empty_scene_or_behind() -> None:
    origins, directions = np.zeros((_WIDTH, 3)), np.tile([1.0, 0.0, 0.0], (_WIDTH, 1))
    behind = table_of([box((1, 1, 1), -3, 0, 0)])
    for table in (behind, behind.take(np.zeros(0, np.int64))):
        hit = _cast(table, origins, directions)
        assert torch.isinf(hit.t).all()
        assert (hit.primitive == -1).all()


def test_a_narrow_bundle_at_the_rim_is_not_culled() -> None:
    """Rays that are all the same make a cone without width; the ball's sphere is as large as it."""
    cast = CastScenes.of([table_of([ball((1.0, 1.0, 1.0), 5.0, 0.0, 0.0)])])
    for aside, met in ((0.0, True), (0.9, True), (0.995, True), (1.02, False)):
        sine = aside / 5.0
        ray = torch.tensor([np.sqrt(1.0 - sine**2), sine, 0.0], dtype=torch.float32)
        hit = cast.cast(Bundles(torch.zeros(1, 3), ray.expand(1, _WIDTH, 3), [0, 1]))
        assert (hit.primitive >= 0).all() == met


def test_small_things_are_met_from_far_away() -> None:
    """Leaves that the sun shines on: differences of large numbers must not cull them."""
    random = np.random.default_rng(0)
    places = random.uniform(-30.0, 30.0, (80, 3))
    leaves = [ball((0.02, 0.02, 0.02), *place.tolist()) for place in places]
    sun = np.array([250.0, -180.0, 260.0])
    rays = torch.tensor((places - sun)[:, None].repeat(_WIDTH, 1), dtype=torch.float32)
    origins = torch.tensor(sun, dtype=torch.float32).expand(80, 3)
    hit = CastScenes.of([table_of(leaves)]).cast(Bundles(origins, rays, [0, 80]))
    assert torch.equal(hit.primitive[:, 0], torch.arange(80))


def test_bundles_see_their_own_scene_only() -> None:
    near, far = table_of([box((1, 1, 1), 2, 0, 0)]), table_of([box((1, 1, 1), 5, 0, 0)])
    rays = torch.tensor([1.0, 0.0, 0.0]).expand(3, _WIDTH, 3)
    hit = CastScenes.of([near, far]).cast(Bundles(torch.zeros(3, 3), rays, [0, 1, 3]))
    np.testing.assert_allclose(hit.t[:, 0].numpy(), [1.5, 4.5, 4.5])
    assert hit.primitive[:, 0].tolist() == [0, 1, 1]


def test_neither_order_nor_company_changes_a_bit() -> None:
    random = np.random.default_rng(3)
    table = _scene(random, list(Kind) * 3)
    origins, directions = _rays(random, 12, 0.1)
    hit = _cast(table, origins, directions)
    order = random.permutation(len(table))
    other = _cast(table.take(order), origins, directions)
    assert torch.equal(hit.t, other.t)
    met = hit.primitive >= 0
    assert torch.equal(met, other.primitive >= 0)
    assert torch.equal(hit.primitive[met], torch.tensor(order)[other.primitive[met]])
    part = _cast(table, origins[: _WIDTH * 4], directions[: _WIDTH * 4])
    assert torch.equal(part.t, hit.t[: _WIDTH * 4])


def test_a_ray_ends_at_its_reach_and_passes_what_throws_no_shadow() -> None:
    glass = plate(1.0, 1.0, (0, 0, 1.0))._replace(shadow=False)
    cast = CastScenes.of([table_of([glass, plate(1.0, 1.0, (0, 0, 2.0))])])
    bundles = Bundles(torch.zeros(1, 3), torch.tensor([[[0.0, 0.0, 1.0]]]), [0, 1])
    assert cast.cast(bundles).t.item() == pytest.approx(1.0)
    assert cast.cast(bundles, shadows=True).t.item() == pytest.approx(2.0)
    assert cast.cast(bundles, reach=0.99).primitive.item() == -1
    assert cast.cast(bundles, reach=1.99, shadows=True).primitive.item() == -1


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name.lower())
def test_normals_are_the_slope_of_the_surface(kind: Kind) -> None:
    random = np.random.default_rng(20 + int(kind))
    table = _scene(random, [kind], reach=0.1)
    origins, directions = _rays(random, 40, 0.15, aim=0.3)
    hit = _cast(table, origins, directions)
    met = hit.primitive.numpy() == 0
    points = (origins + hit.t.numpy()[:, None] * directions)[met]
    rows = torch.zeros(len(points), dtype=torch.int64)
    normals, local = CastScenes.of([table]).normals(rows, torch.tensor(points, dtype=torch.float32))
    np.testing.assert_allclose(np.linalg.norm(normals.numpy(), axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(local.numpy(), to_unit(table, 0, points) * table.half[0], atol=1e-5)
    slope = _slope(table, kind, points)
    cosine = (slope * normals.numpy()).sum(axis=1)
    assert np.mean(np.abs(cosine) > 0.995) > 0.97


def _slope(table: PrimitiveTable, kind: Kind, points: Float64) -> Float64:
    """Unit normals from differences of the twin's values over 0.1 mm."""
    a, b = table.shape[0]

    def value(at: Float64) -> Float64:
        return SURFACES[kind].value(*to_unit(table, 0, at).T, a, b)

    steps = 1e-4 * np.eye(3)
    slope = np.stack([value(points + step) - value(points - step) for step in steps], axis=1)
    unit: Float64 = slope / np.linalg.norm(slope, axis=1, keepdims=True)
    return unit
