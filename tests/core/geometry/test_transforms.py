# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from depth_completion_core.geometry.transform_buffer import TransformBuffer, TransformError
from depth_completion_core.geometry.transforms import RigidTransform

Float64Array = npt.NDArray[np.float64]

_SECOND_NS = 1_000_000_000
_METRES = st.floats(-100.0, 100.0)
_COMPONENTS = st.floats(-1.0, 1.0)
_LONG_ENOUGH = 1e-3


def _quaternions() -> st.SearchStrategy[tuple[float, float, float, float]]:
    any_angle = st.tuples(_COMPONENTS, _COMPONENTS, _COMPONENTS, _COMPONENTS)
    half_turns = st.tuples(_COMPONENTS, _COMPONENTS, _COMPONENTS, st.just(0.0))
    nearly_half_turns = st.tuples(
        _COMPONENTS, _COMPONENTS, _COMPONENTS, st.sampled_from([1e-9, -1e-9, 1e-14])
    )
    about_axes = st.sampled_from(
        [(1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0)]
    )
    return st.one_of(any_angle, half_turns, nearly_half_turns, about_axes).filter(
        lambda q: float(np.linalg.norm(q)) > _LONG_ENOUGH
    )


@st.composite
def _transforms(draw: st.DrawFn) -> RigidTransform:
    return RigidTransform.from_quaternion(
        draw(_quaternions()), draw(st.tuples(_METRES, _METRES, _METRES))
    )


def _random_transform(seed: int) -> RigidTransform:
    rng = np.random.default_rng(seed)
    return RigidTransform(
        Rotation.from_quat(rng.normal(size=4)).as_matrix(), rng.uniform(-5.0, 5.0, 3)
    )


def _assert_equal(actual: RigidTransform, expected: RigidTransform, atol: float = 1e-9) -> None:
    np.testing.assert_allclose(actual.matrix, expected.matrix, rtol=0.0, atol=atol)


@given(_transforms())
def test_inverse_undoes_on_both_sides(transform: RigidTransform) -> None:
    _assert_equal(transform @ transform.inverse(), RigidTransform.identity())
    _assert_equal(transform.inverse() @ transform, RigidTransform.identity())


@given(_transforms(), _transforms(), _transforms())
def test_product_is_associative(a: RigidTransform, b: RigidTransform, c: RigidTransform) -> None:
    _assert_equal((a @ b) @ c, a @ (b @ c))


@given(_transforms(), _transforms(), st.lists(st.tuples(_METRES, _METRES, _METRES), max_size=4))
def test_applying_a_product_is_applying_one_after_the_other(
    a: RigidTransform, b: RigidTransform, points: list[tuple[float, float, float]]
) -> None:
    array = np.array(points).reshape(-1, 3)
    np.testing.assert_allclose((a @ b).apply(array), a.apply(b.apply(array)), rtol=0, atol=1e-9)


@given(_transforms(), st.tuples(_METRES, _METRES, _METRES))
def test_apply_is_the_homogeneous_matrix_product(
    transform: RigidTransform, point: tuple[float, float, float]
) -> None:
    expected = transform.matrix @ np.array([*point, 1.0])
    np.testing.assert_allclose(transform.apply(point), expected[:3], rtol=0, atol=1e-9)


def test_apply_keeps_leading_dimensions() -> None:
    transform = _random_transform(0)
    points = np.random.default_rng(1).normal(size=(2, 4, 3))
    moved = transform.apply(points)
    for index in np.ndindex(2, 4):
        np.testing.assert_allclose(moved[index], transform.apply(points[index]), atol=1e-12)


@given(_quaternions())
def test_matrix_of_a_quaternion_is_scipys(quaternion: tuple[float, float, float, float]) -> None:
    matrix = RigidTransform.from_quaternion(quaternion, np.zeros(3)).rotation
    np.testing.assert_allclose(matrix, Rotation.from_quat(quaternion).as_matrix(), atol=1e-12)


@given(_quaternions())
def test_quaternion_survives_the_way_through_the_matrix(
    quaternion: tuple[float, float, float, float],
) -> None:
    unit = np.array(quaternion) / np.linalg.norm(quaternion)
    back = RigidTransform.from_quaternion(quaternion, np.zeros(3)).quaternion_xyzw
    assert back[3] >= 0.0
    assert np.linalg.norm(back) == pytest.approx(1.0, abs=1e-12)
    # q and -q are one rotation.
    np.testing.assert_allclose(
        min(np.abs(back - unit).max(), np.abs(back + unit).max()), 0.0, 0, 1e-8
    )


@given(_transforms())
def test_matrix_survives_the_way_through_the_quaternion(transform: RigidTransform) -> None:
    back = RigidTransform.from_quaternion(transform.quaternion_xyzw, transform.translation)
    _assert_equal(back, transform)


@given(_transforms())
def test_from_matrix_takes_4x4_and_3x4(transform: RigidTransform) -> None:
    _assert_equal(RigidTransform.from_matrix(transform.matrix), transform)
    _assert_equal(RigidTransform.from_matrix(transform.matrix[:3]), transform)


@pytest.mark.parametrize("seed", range(8))
def test_a_matrix_printed_with_few_digits_becomes_the_rotation_it_was(seed: int) -> None:
    transform = _random_transform(seed)
    back = RigidTransform.from_matrix(np.round(transform.matrix, 4))
    np.testing.assert_allclose(back.rotation @ back.rotation.T, np.eye(3), atol=1e-12)
    _assert_equal(back, transform, atol=2e-4)


@pytest.mark.parametrize(
    ("rotation", "words"),
    [
        (np.diag([1.0, 1.0, -1.0]), "determinant -1"),
        (2.0 * np.eye(3), "not a rotation"),
        (np.full((3, 3), np.nan), "NaN"),
        (np.eye(2), "shapes"),
    ],
)
def test_what_is_no_rotation_is_refused(rotation: Float64Array, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RigidTransform(rotation, np.zeros(3))


@pytest.mark.parametrize("matrix", [np.diag([1.0, 1.0, -1.0, 1.0]), np.diag([1.2, 1.0, 1.0, 1.0])])
def test_from_matrix_does_not_repair_what_rounding_cannot_explain(matrix: Float64Array) -> None:
    with pytest.raises(ValueError, match="not a rotation"):
        RigidTransform.from_matrix(matrix)


def test_an_unset_quaternion_is_named() -> None:
    with pytest.raises(ValueError, match="all-zero quaternion"):
        RigidTransform.from_quaternion((0, 0, 0, 0), np.zeros(3))
    with pytest.raises(ValueError, match="norm nan"):
        RigidTransform.from_quaternion((0, 0, 0, np.nan), np.zeros(3))
    with pytest.raises(ValueError, match="NaN or infinite"):
        RigidTransform.from_quaternion((0, 0, 0, 1), (0, np.inf, 0))
    with pytest.raises(ValueError, match="shapes"):
        RigidTransform.from_quaternion((0, 0, 0, 1), (0, 0))


@given(_transforms(), _transforms(), st.floats(0.0, 1.0))
def test_interpolation_is_slerp_and_lerp(
    start: RigidTransform, end: RigidTransform, fraction: float
) -> None:
    between = start.interpolated(end, fraction)
    np.testing.assert_allclose(
        between.translation,
        start.translation + fraction * (end.translation - start.translation),
        atol=1e-9,
    )
    relative = Rotation.from_matrix(start.rotation.T @ end.rotation).as_rotvec()
    if np.linalg.norm(relative) > np.pi - 1e-6:
        # Half a turn may go either way round; both ways keep the axis and split the angle.
        covered = Rotation.from_matrix(start.rotation.T @ between.rotation).magnitude()
        assert covered == pytest.approx(fraction * np.pi, abs=1e-5)
        return
    # Independent: the fraction of the relative rotation vector (matrix logarithm), then exp.
    expected = start.rotation @ Rotation.from_rotvec(fraction * relative).as_matrix()
    np.testing.assert_allclose(between.rotation, expected, atol=1e-7)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("angle_rad", [1e-7, 1e-4, 0.3, 3.1])
def test_interpolation_is_scipys_slerp_at_small_and_large_angles(
    seed: int, angle_rad: float
) -> None:
    rng = np.random.default_rng(seed)
    axis = rng.normal(size=3)
    first = Rotation.from_quat(rng.normal(size=4))
    second = first * Rotation.from_rotvec(angle_rad * axis / np.linalg.norm(axis))
    slerp = Slerp([0.0, 1.0], Rotation.concatenate([first, second]))
    start = RigidTransform(first.as_matrix(), np.zeros(3))
    end = RigidTransform(second.as_matrix(), np.zeros(3))
    for fraction in (0.0, 0.1, 0.5, 0.77, 1.0):
        np.testing.assert_allclose(
            start.interpolated(end, fraction).rotation, slerp(fraction).as_matrix(), atol=1e-9
        )


@given(_transforms(), _transforms(), st.floats(0.0, 1.0))
def test_interpolation_forth_is_interpolation_back(
    start: RigidTransform, end: RigidTransform, fraction: float
) -> None:
    if Rotation.from_matrix(start.rotation.T @ end.rotation).magnitude() < np.pi - 1e-6:
        _assert_equal(
            start.interpolated(end, fraction), end.interpolated(start, 1.0 - fraction), 1e-7
        )


def test_static_transform_holds_at_all_times_and_its_newest_value_counts() -> None:
    old, new = _random_transform(0), _random_transform(1)
    buffer = TransformBuffer()
    buffer.set_static("base", "lidar", old)
    buffer.set_static("base", "lidar", new)
    for stamp_ns in (0, 1, 10**18):
        _assert_equal(buffer.lookup("base", "lidar", stamp_ns), new)
        _assert_equal(buffer.lookup("lidar", "base", stamp_ns), new.inverse())
    assert buffer.is_static_between("lidar", "base")


def test_dynamic_transform_is_interpolated_whatever_the_order_of_arrival() -> None:
    stamps_ns = [0, 3 * _SECOND_NS, 4 * _SECOND_NS, 9 * _SECOND_NS]
    poses = [_random_transform(seed) for seed in range(4)]
    slerp = Slerp(stamps_ns, Rotation.from_matrix([pose.rotation for pose in poses]))
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        buffer = TransformBuffer()
        for index in order:
            buffer.set_dynamic("odom", "base", stamps_ns[index], poses[index])
        for stamp_ns in np.random.default_rng(5).integers(0, 9 * _SECOND_NS, 20).tolist():
            found = buffer.lookup("odom", "base", stamp_ns)
            np.testing.assert_allclose(found.rotation, slerp(stamp_ns).as_matrix(), atol=1e-7)
            expected = [
                np.interp(stamp_ns, stamps_ns, [pose.translation[axis] for pose in poses])
                for axis in range(3)
            ]
            np.testing.assert_allclose(found.translation, expected, atol=1e-9)
        for stamp_ns, pose in zip(stamps_ns, poses, strict=True):
            _assert_equal(buffer.lookup("odom", "base", stamp_ns), pose)
        assert not buffer.is_static_between("odom", "base")


def test_a_stamp_received_twice_keeps_the_newer_value() -> None:
    buffer = TransformBuffer()
    for seed in (0, 1):
        buffer.set_dynamic("odom", "base", 7, _random_transform(seed))
    _assert_equal(buffer.lookup("odom", "base", 7), _random_transform(1))
    assert buffer.edges == [("odom", "base", False, 1)]


def _tree() -> tuple[TransformBuffer, dict[str, RigidTransform]]:
    """A tree with branches, and for the test's own composition map_from_frame of every frame."""
    map_from_odom, odom_from_base = _random_transform(10), _random_transform(11)
    base_from_mast, mast_from_camera = _random_transform(12), _random_transform(13)
    base_from_lidar = _random_transform(14)
    buffer = TransformBuffer()
    buffer.set_static("mast", "camera", mast_from_camera)
    buffer.set_static("base", "mast", base_from_mast)
    buffer.set_static("base", "lidar", base_from_lidar)
    buffer.set_dynamic("odom", "base", 100, odom_from_base)
    buffer.set_dynamic("map", "odom", 100, map_from_odom)
    map_from_base = map_from_odom @ odom_from_base
    return buffer, {
        "map": RigidTransform.identity(),
        "odom": map_from_odom,
        "base": map_from_base,
        "mast": map_from_base @ base_from_mast,
        "camera": map_from_base @ base_from_mast @ mast_from_camera,
        "lidar": map_from_base @ base_from_lidar,
    }


def test_lookup_between_any_two_frames_of_a_tree() -> None:
    buffer, map_from = _tree()
    assert buffer.frames == sorted(map_from)
    for target in map_from:
        for source in map_from:
            expected = map_from[target].inverse() @ map_from[source]
            _assert_equal(buffer.lookup(target, source, 100), expected)


def test_only_edges_on_the_way_need_the_instant() -> None:
    buffer, map_from = _tree()
    expected = map_from["camera"].inverse() @ map_from["lidar"]
    _assert_equal(buffer.lookup("camera", "lidar", 999), expected)
    assert buffer.is_static_between("camera", "lidar")
    assert not buffer.is_static_between("camera", "odom")
    with pytest.raises(TransformError):
        buffer.lookup("odom", "lidar", 999)


def test_lookup_through_a_fixed_frame_follows_a_moving_base() -> None:
    buffer = TransformBuffer()
    base_from_camera, base_from_lidar = _random_transform(0), _random_transform(1)
    buffer.set_static("base", "camera", base_from_camera)
    buffer.set_static("base", "lidar", base_from_lidar)
    earlier, later = _random_transform(2), _random_transform(3)
    buffer.set_dynamic("odom", "base", 0, earlier)
    buffer.set_dynamic("odom", "base", 1000, later)
    at_lidar, at_camera = earlier.interpolated(later, 0.2), earlier.interpolated(later, 0.75)

    found = buffer.lookup_through("camera", 750, "lidar", 200, "odom")

    world_point = np.array([3.0, -2.0, 7.0])
    seen_by_lidar = (at_lidar @ base_from_lidar).inverse().apply(world_point)
    seen_by_camera = (at_camera @ base_from_camera).inverse().apply(world_point)
    np.testing.assert_allclose(found.apply(seen_by_lidar), seen_by_camera, atol=1e-9)
    _assert_equal(
        buffer.lookup_through("camera", 750, "lidar", 750, "odom"),
        buffer.lookup("camera", "lidar", 750),
    )


def test_a_missing_frame_is_named_beside_those_that_exist() -> None:
    buffer, map_from = _tree()
    with pytest.raises(TransformError, match="'radar' is not in the TF tree") as caught:
        buffer.lookup("camera", "radar", 100)
    for frame in map_from:
        assert frame in str(caught.value)
    with pytest.raises(TransformError, match="none at all"):
        TransformBuffer().lookup("camera", "lidar", 0)


def test_a_frame_is_identity_to_itself_even_without_any_tf() -> None:
    _assert_equal(TransformBuffer().lookup("camera", "camera", 0), RigidTransform.identity())


def test_two_separate_trees_are_named_by_their_roots() -> None:
    buffer, _ = _tree()
    buffer.set_static("station", "antenna", _random_transform(0))
    with pytest.raises(TransformError, match="two separate trees") as caught:
        buffer.lookup("camera", "antenna", 100)
    for word in ("'map'", "'station'", "camera", "antenna"):
        assert word in str(caught.value)


def test_a_loop_is_named_instead_of_followed() -> None:
    buffer = TransformBuffer()
    for parent, child in (("a", "b"), ("b", "c"), ("c", "a")):
        buffer.set_static(parent, child, _random_transform(0))
    buffer.set_static("c", "leaf", _random_transform(0))
    with pytest.raises(TransformError, match=r"loop: .*a.* <- "):
        buffer.lookup("leaf", "a", 0)
    with pytest.raises(ValueError, match="'x' was published as its own parent"):
        buffer.set_static("/x", "x", _random_transform(0))


def test_an_instant_out_of_range_is_told_in_seconds() -> None:
    buffer = TransformBuffer()
    for second in (10, 12):
        buffer.set_dynamic("odom", "base", second * _SECOND_NS, _random_transform(second))
    for stamp_ns, words in (
        (12_250_000_000, ["10.000 s to 12.000 s", "12.250 s", "250.0 ms outside", "extrapolation"]),
        (9_000_000_000, ["9.000 s", "1000.0 ms outside"]),
        (1_700_000_000 * _SECOND_NS, ["same clock"]),
    ):
        with pytest.raises(TransformError) as caught:
            buffer.lookup("odom", "base", stamp_ns)
        for word in ["'odom' from 'base'", *words]:
            assert word in str(caught.value)


def test_extrapolation_tolerance_holds_the_outermost_transform() -> None:
    buffer = TransformBuffer(extrapolation_tolerance_ns=50)
    first, last = _random_transform(0), _random_transform(1)
    buffer.set_dynamic("odom", "base", 100, first)
    buffer.set_dynamic("odom", "base", 200, last)
    _assert_equal(buffer.lookup("odom", "base", 50), first)
    _assert_equal(buffer.lookup("odom", "base", 250), last)
    for stamp_ns in (49, 251):
        with pytest.raises(TransformError):
            buffer.lookup("odom", "base", stamp_ns)


_YEAR_NS = 365 * 86_400 * _SECOND_NS


@pytest.mark.parametrize("keep_s", [0, 15])
@pytest.mark.parametrize("stray_at", [0, 3, 9])
@pytest.mark.parametrize("ahead_ns", [16 * _SECOND_NS, _YEAR_NS])
def test_one_transform_of_the_far_future_changes_nothing(
    keep_s: int, stray_at: int, ahead_ns: int
) -> None:
    """Not before the next one has come, and not after."""
    poses = [_random_transform(seed) for seed in range(12)]
    plain, struck = (TransformBuffer(keep_ns=keep_s * _SECOND_NS) for _ in range(2))
    for second, pose in enumerate(poses):
        for buffer in (plain, struck):
            buffer.set_dynamic("odom", "base", second * _SECOND_NS, pose)
        if second == stray_at:
            future_ns = second * _SECOND_NS + ahead_ns
            struck.set_dynamic("odom", "base", future_ns, _random_transform(99))
        for stamp_ns in range(0, second * _SECOND_NS + 1, _SECOND_NS // 4):
            _assert_equal(
                struck.lookup("odom", "base", stamp_ns), plain.lookup("odom", "base", stamp_ns)
            )
    assert struck.edges == plain.edges
    assert plain.notes == []
    (note,) = struck.notes
    assert "1 transforms of 'odom' from 'base' were stamped far ahead" in note


def test_nothing_is_made_up_between_now_and_next_year() -> None:
    buffer = TransformBuffer()
    for stamp_ns in (0, _SECOND_NS, _YEAR_NS):
        buffer.set_dynamic("odom", "base", stamp_ns, _random_transform(0))
    with pytest.raises(TransformError, match=r"2\.000 s was asked for"):
        buffer.lookup("odom", "base", 2 * _SECOND_NS)
    assert buffer.lookup("odom", "base", 2 * _SECOND_NS, tolerance_ns=_SECOND_NS) is not None


def test_time_that_really_goes_on_later_is_followed() -> None:
    """A pause of an hour: old transforms go, new ones count from the first."""
    buffer = TransformBuffer(keep_ns=15 * _SECOND_NS)
    stamps_ns = [second * _SECOND_NS for second in (0, 1, 3600, 3601, 3602)]
    for seed, stamp_ns in enumerate(stamps_ns):
        buffer.set_dynamic("odom", "base", stamp_ns, _random_transform(seed))
        _assert_equal(buffer.lookup("odom", "base", stamp_ns), _random_transform(seed))
    assert buffer.edges == [("odom", "base", False, 3)]
    assert buffer.notes == []


def _hung(buffer: TransformBuffer, parent: str, seed: int, *, is_static: bool) -> None:
    if is_static:
        buffer.set_static(parent, "lidar", _random_transform(seed), stamp_ns=seed)
    else:
        buffer.set_dynamic(parent, "lidar", seed, _random_transform(seed))


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        (("base", True), ("base", True), "last"),
        (("base", True), ("mast", True), "last"),
        (("base", True), ("base", False), "static"),
        (("base", False), ("base", True), "last"),
        (("odom", False), ("map", False), "last"),
    ],
)
def test_two_places_of_one_frame_are_told_with_both_values(
    first: tuple[str, bool], second: tuple[str, bool], counts: str
) -> None:
    buffer = TransformBuffer()
    for seed, (parent, is_static) in enumerate((first, second)):
        _hung(buffer, parent, seed, is_static=is_static)
    (note,) = buffer.notes
    for seed, (parent, is_static) in enumerate((first, second)):
        assert f"{'static' if is_static else 'moving'} on '{parent}'" in note
        assert f"{_random_transform(seed).translation[0]:.4f}" in note
    assert f"The {counts} one counts" in note
    parent = first[0] if counts == "static" else second[0]
    found = buffer.lookup(parent, "lidar", 1)
    _assert_equal(found, _random_transform(0 if counts == "static" else 1))


def test_one_place_published_again_is_no_conflict() -> None:
    buffer = TransformBuffer()
    for _ in range(3):
        buffer.set_static("base", "lidar", _random_transform(0))
        buffer.set_dynamic("base", "lidar", 5, _random_transform(0))
        buffer.set_dynamic("odom", "base", 5, _random_transform(1))
        buffer.set_dynamic("odom", "base", 6, _random_transform(2))
    assert buffer.notes == []


def test_clear_keeps_what_is_static() -> None:
    buffer, map_from = _tree()
    buffer.clear()
    _assert_equal(
        buffer.lookup("camera", "lidar", 0), map_from["camera"].inverse() @ map_from["lidar"]
    )
    with pytest.raises(TransformError, match="'odom' is not in the TF tree"):
        buffer.lookup("odom", "base", 100)
    # After the jump, older stamps are the newest again.
    buffer.set_dynamic("odom", "base", 3, _random_transform(9))
    _assert_equal(buffer.lookup("odom", "base", 3), _random_transform(9))


def test_leading_slashes_of_ros1_do_not_matter() -> None:
    buffer = TransformBuffer()
    buffer.set_static("/base_link", "velodyne", _random_transform(0))
    buffer.set_dynamic("odom", "/base_link", 5, _random_transform(1))
    assert buffer.frames == ["base_link", "odom", "velodyne"]
    _assert_equal(
        buffer.lookup("/odom", "/velodyne", 5), _random_transform(1) @ _random_transform(0)
    )


def test_a_frame_that_gets_another_parent_hangs_only_there() -> None:
    buffer = TransformBuffer()
    buffer.set_dynamic("odom", "base", 5, _random_transform(0))
    buffer.set_dynamic("map", "base", 6, _random_transform(1))
    assert buffer.edges == [("map", "base", False, 1)]
    _assert_equal(buffer.lookup("map", "base", 6), _random_transform(1))
    buffer.set_dynamic("base", "odom", 6, _random_transform(2))
    _assert_equal(buffer.lookup("map", "odom", 6), _random_transform(1) @ _random_transform(2))


def test_static_wins_over_dynamic_of_the_same_edge_in_either_order() -> None:
    static, dynamic = _random_transform(0), _random_transform(1)
    first, second = TransformBuffer(), TransformBuffer()
    first.set_static("base", "camera", static)
    first.set_dynamic("base", "camera", 5, dynamic)
    second.set_dynamic("base", "camera", 5, dynamic)
    second.set_static("base", "camera", static)
    for buffer in (first, second):
        _assert_equal(buffer.lookup("base", "camera", 5), static)
        assert buffer.is_static_between("base", "camera")
