# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What scenes are drawn from, over many of them and without rendering."""

from __future__ import annotations

import math

import numpy as np
import pytest

from depth_completion_core.world.casting.primitives import CURVED_KINDS, Kind
from depth_completion_core.world.frame_statistics import object_sizes
from depth_completion_core.world.objects.families import (
    FAMILIES,
    HELD_OUT,
    FamilyError,
    SceneKind,
    chosen_families,
)
from depth_completion_core.world.objects.family import Family
from depth_completion_core.world.objects.parts import table_of
from depth_completion_core.world.places.room_shell import draw_shell
from depth_completion_core.world.scene import WorldScene, scaled_table
from depth_completion_core.world.scene_sampling import WorldConfig, sample_scene
from tests.core.world.slow_cast import Float64

_ROOMS = 60
_NAMES = [(kind, name) for kind, table in FAMILIES.items() for name in table]


@pytest.fixture(scope="module")
def rooms() -> list[WorldScene]:
    return [sample_scene(WorldConfig(kind="room"), 11, number) for number in range(_ROOMS)]


@pytest.fixture(scope="module")
def streets() -> list[WorldScene]:
    return [sample_scene(WorldConfig(kind="street"), 11, number) for number in range(20)]


def _field_deg(scene: WorldScene) -> float:
    return math.degrees(2 * math.atan(scene.camera.height / 2 / scene.camera.fy))


def _pitch_and_roll_deg(scene: WorldScene) -> tuple[float, float]:
    """Upwards, and clockwise, from where the optical axis and the image's right point."""
    right, down, forward = scene.world_from_camera.rotation.T
    pitch = math.degrees(math.asin(forward[2]))
    roll = math.degrees(math.atan2(-right[2], -down[2]))
    return pitch, roll


def _family(name: str) -> Family:
    return {**FAMILIES["room"], **FAMILIES["street"]}[name]


def _share(scenes: list[WorldScene], attribute: str) -> float:
    objects = [_family(name) for scene in scenes for name in scene.families]
    return float(np.mean([getattr(family, attribute) for family in objects]))


def test_sides_of_rooms_are_log_uniform() -> None:
    random = np.random.default_rng(0)
    shells = [draw_shell(random) for _ in range(800)]
    logs = np.log([2 * side for shell in shells for side in (shell.half_x, shell.half_y)])
    share = (logs - math.log(2.5)) / math.log(12.0 / 2.5)
    assert share.min() >= 0
    assert share.max() <= 1
    np.testing.assert_allclose(np.quantile(share, [0.25, 0.5, 0.75]), [0.25, 0.5, 0.75], atol=0.04)
    doors = np.mean([shell.door >= 0 for shell in shells])
    assert doors == pytest.approx(0.5, abs=0.05)


def test_cameras_stand_and_look_as_hands_and_robots_hold_them(rooms: list[WorldScene]) -> None:
    heights = np.array([scene.world_from_camera.translation[2] for scene in rooms])
    assert heights.min() >= 0.3
    assert heights.max() <= 2.0
    assert heights.mean() == pytest.approx(1.15, abs=0.2)
    pitch, roll = np.array([_pitch_and_roll_deg(scene) for scene in rooms]).T
    assert pitch.mean() == pytest.approx(-10.0, abs=3 * 15 / math.sqrt(_ROOMS))
    assert pitch.std() == pytest.approx(15.0, rel=0.3)
    assert abs(roll.mean()) < 3 * 5 / math.sqrt(_ROOMS)
    assert roll.std() == pytest.approx(5.0, rel=0.3)
    fields = np.array([_field_deg(scene) for scene in rooms])
    assert fields.min() >= 35.0
    assert fields.max() <= 80.0
    assert fields.mean() == pytest.approx(57.5, abs=3 * 13 / math.sqrt(_ROOMS))


def test_rooms_hold_twenty_to_a_hundred_and_twenty_things(rooms: list[WorldScene]) -> None:
    counts = np.array([len(scene.families) for scene in rooms])
    assert counts.min() >= 20
    assert counts.max() <= 121, "and an occluder"
    assert counts.std() > 15
    assert len({name for scene in rooms for name in scene.families}) >= 30


def test_sizes_are_lognormal_about_a_third_of_a_metre(rooms: list[WorldScene]) -> None:
    logs = np.log(np.concatenate([object_sizes(scene) for scene in rooms]))
    assert np.exp(np.median(logs)) == pytest.approx(0.3, abs=0.05)
    middle, spread = logs.mean(), logs.std()
    assert 0.6 < spread < 1.0
    assert abs(np.mean((logs - middle) ** 3) / spread**3) < 0.4, "no long tail to either side"


def test_shares_of_thin_curved_and_supported_things(
    rooms: list[WorldScene], streets: list[WorldScene]
) -> None:
    assert _share(rooms, "thin") >= 0.09
    assert _share(rooms, "curved") >= 0.15
    assert _share(streets, "curved") >= 0.15
    supported = np.concatenate([scene.supported for scene in rooms])
    assert supported.mean() == pytest.approx(0.5, abs=0.08)


def _lowest(scene: WorldScene) -> Float64:
    """(O,) least height of each object's boxes, metres."""
    lowest = np.full(len(scene.families), np.inf)
    corners = scene.table.corners()[..., 2].min(axis=1)
    part = scene.table.owner >= 0
    np.minimum.at(lowest, scene.table.owner[part], corners[part])
    return lowest


def test_things_rest_on_supports_and_stand_on_floors(rooms: list[WorldScene]) -> None:
    for scene in rooms[:20]:
        lowest = _lowest(scene)
        assert np.mean(lowest[scene.supported] > 0.02) > 0.9
        standing = [
            not supported and _family(name).place in {"floor", "furniture"}
            for name, supported in zip(scene.families, scene.supported, strict=True)
        ]
        # But for leaning parts, whose boxes reach deeper than they do, and an occluder in the air.
        assert np.mean(np.abs(lowest[standing]) < 0.12) > 0.85


def test_occluders_hang_before_some_cameras(rooms: list[WorldScene]) -> None:
    near = []
    for scene in rooms:
        eye = scene.world_from_camera.translation
        apart = np.linalg.norm(scene.table.centre - eye, axis=1)
        near.append(np.any((apart < 1.0) & (scene.table.owner >= 0)))
    assert np.mean(near) >= 0.15


def test_thin_families_are_thin() -> None:
    """Most of their parts, at the sizes they are drawn in, measure 5 to 30 mm across."""
    random = np.random.default_rng(0)
    across = []
    for family in FAMILIES["room"].values():
        if family.thin:
            for size in np.geomspace(*family.sizes, 8):
                table, _ = scaled_table(family.build(random), float(size))
                part = 2e3 * np.sort(table.half, axis=1)[:, 0]
                across.append(float(np.median(part)))
    assert np.median(across) < 30.0
    assert np.mean([1.5 < each < 45.0 for each in across]) > 0.85


def test_curved_families_are_curved() -> None:
    random = np.random.default_rng(0)
    for kind in ("room", "street"):
        for name, family in FAMILIES[kind].items():
            table = table_of([part for _ in range(5) for part in family.build(random).parts])
            share = np.mean(np.isin(table.kind, CURVED_KINDS))
            assert not family.curved or share > 0.2, name


@pytest.mark.parametrize(("kind", "name"), _NAMES)
def test_every_family_stands_on_its_floor_at_any_size(kind: str, name: str) -> None:
    """Its frame's floor is z = 0 (the ceiling, for what hangs), and its numbers are sound."""
    family = FAMILIES[kind][name]
    random = np.random.default_rng(0)
    for size in np.geomspace(*family.sizes, 4):
        body = family.build(random)
        table, factor = scaled_table(body, float(size))
        low, high = table.bounds()
        assert float((high - low).max()) == pytest.approx(size)
        assert np.all(table.half > 0)
        assert factor > 0
        assert np.isfinite(table.centre).all()
        identity = table.rotation @ table.rotation.transpose(0, 2, 1)
        np.testing.assert_allclose(identity, np.broadcast_to(np.eye(3), identity.shape), atol=1e-9)
        if family.place == "ceiling":
            assert abs(high[2]) < 0.1 * size
        elif family.place != "wall":
            assert abs(low[2]) < 0.15 * size
        for top in body.tops:
            assert 0.0 < top.z <= high[2] / factor + 1e-6


def test_streets_have_ground_cars_poles_facades_and_leaves(streets: list[WorldScene]) -> None:
    seen = {name for scene in streets for name in scene.families}
    assert {"car", "van", "tree", "bush", "street_lamp", "sign", "pedestrian"} <= seen
    for scene in streets:
        structure = scene.table.take(scene.table.owner < 0)
        assert np.any(structure.kind == Kind.QUAD), "ground"
        tall = structure.half[structure.kind == Kind.BOX, 2] > 1.2
        assert tall.any(), "houses"
        assert scene.far_m == 100.0
        eye = scene.world_from_camera.translation
        assert 1.0 <= eye[2] <= 2.2


def test_scenes_differ_with_seed_and_number() -> None:
    config = WorldConfig()
    first = sample_scene(config, 0, 0)
    again, other, seeded = (sample_scene(config, *pair) for pair in ((0, 0), (0, 1), (1, 0)))
    for name in ("kind", "centre", "rotation", "half", "material", "owner"):
        np.testing.assert_array_equal(getattr(first.table, name), getattr(again.table, name))
    np.testing.assert_array_equal(first.materials, again.materials)
    for scene in (other, seeded):
        assert scene.table.centre.shape != first.table.centre.shape or not np.array_equal(
            scene.table.centre, first.table.centre
        )


def test_mixed_worlds_have_their_share_of_streets() -> None:
    kinds = [
        sample_scene(WorldConfig(street_share=share), 3, number).kind
        for share in (0.0, 1.0)
        for number in range(4)
    ]
    assert kinds == ["room"] * 4 + ["street"] * 4


def test_families_are_chosen_and_left_out() -> None:
    few = ("table", "sphere", "cable")
    scene = sample_scene(WorldConfig(kind="room", families=few), 0, 0)
    assert set(scene.families) <= set(few)
    assert len(scene.families) > 3
    scene = sample_scene(WorldConfig(kind="street", without=HELD_OUT), 0, 0)
    assert not set(scene.families) & set(HELD_OUT)


@pytest.mark.parametrize("kind", ["room", "street"])
def test_a_world_of_held_out_families_can_be_drawn(kind: SceneKind) -> None:
    scene = sample_scene(WorldConfig(kind=kind, families=HELD_OUT), 0, 0)
    assert scene.families
    assert set(scene.families) <= set(HELD_OUT)


@pytest.mark.parametrize(("kind", "name"), _NAMES)
def test_a_world_of_one_family_can_be_drawn(kind: SceneKind, name: str) -> None:
    scene = sample_scene(WorldConfig(kind=kind, families=(name,)), 0, 0)
    assert set(scene.families) <= {name}


def test_families_that_are_not_known_or_not_left_are_refused() -> None:
    with pytest.raises(
        FamilyError, match=r"unknown family 'cupboard'; known are basket, bed, .*, wire_"
    ):
        chosen_families("room", without=("cupboard",))
    with pytest.raises(FamilyError, match="no family is left for a street; it has car, van"):
        chosen_families("street", families=("sofa",))
    assert len(FAMILIES["room"]) >= 8
    assert set(HELD_OUT) <= {*FAMILIES["room"], *FAMILIES["street"]}
