# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from tests.bags.bag_factory import (
    BASE_FRAME,
    BASE_FROM_CAMERA,
    BASE_FROM_LIDAR,
    CAMERA,
    CAMERA_FRAME,
    CAMERA_FROM_LIDAR,
    CLOUD_TOPIC,
    IMAGE_TOPIC,
    INFO_TOPIC,
    LIDAR_FRAME,
    MS,
    START_NS,
    Entry,
    Float32Array,
    cloud_entry,
    depths_of,
    drive,
    image_entry,
    info_entry,
    leftovers,
    mounts_entry,
    picture,
    read_bag,
    tf_entry,
    without,
    write_ros2,
)

_ODOM = "odom"


def _sparse(folder: Path, entries: Iterable[Entry], *flags: str) -> list[Float32Array]:
    """The measurements that reach the model; NaN where there are none."""
    folder.mkdir(exist_ok=True)
    ordered = sorted(entries, key=lambda entry: entry.log_ns)
    source = write_ros2(folder / "drive", ordered)
    common = ["--device", "cpu", "--model", "nearest", "--projection.occlusion.enabled", "False"]
    common += ["--topics", "sparse_depth/image", "depth/camera_info"]
    assert main([str(source), str(folder / "out"), *common, *flags]) == 0
    return depths_of(folder / "out", "/sparse_depth/image")


def _projected(camera_from_points: RigidTransform, points: npt.ArrayLike) -> Float32Array:
    """What a camera sees of points, written out."""
    depth = np.full((CAMERA.height, CAMERA.width), np.inf)
    for x, y, z in camera_from_points.apply(points):
        u, v = round(CAMERA.fx * x / z + CAMERA.cx), round(CAMERA.fy * y / z + CAMERA.cy)
        if z > 0.1 and 0 <= u < CAMERA.width and 0 <= v < CAMERA.height:
            depth[v, u] = min(depth[v, u], z)
    return np.where(np.isfinite(depth), depth, np.nan).astype(np.float32)


def _agreement(found: Float32Array, wanted: Float32Array) -> float:
    """Share of the pixels that should be measured and are, to within 2 mm."""
    known = np.isfinite(wanted)
    close = np.isfinite(found) & (np.abs(found - wanted) < 2e-3)
    return float(close[known].mean())


# Where the cloud is


def test_extrinsics_file_gives_the_same_as_tf(tmp_path: Path) -> None:
    by_tf = _sparse(tmp_path / "tf", drive(2))
    quaternion = CAMERA_FROM_LIDAR.quaternion_xyzw.tolist()
    translation = CAMERA_FROM_LIDAR.translation.tolist()
    forms = {
        "quaternion": f"{{translation: {translation}, quaternion_xyzw: {quaternion}}}",
        "matrix": f"{{matrix: {CAMERA_FROM_LIDAR.matrix.tolist()}}}",
    }
    for name, entry in forms.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"optical_frame_from:\n  {LIDAR_FRAME}: {entry}\n", encoding="utf-8")
        bare = without(drive(2), "/tf_static")
        by_file = _sparse(tmp_path / name, bare, "--extrinsics", str(path))
        for one, other in zip(by_file, by_tf, strict=True):
            assert np.isfinite(one).sum() > 50
            np.testing.assert_allclose(one, other, rtol=1e-6)


def test_extrinsics_file_goes_before_tf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "extrinsics.yaml"
    quaternion = CAMERA_FROM_LIDAR.quaternion_xyzw.tolist()
    away = f"{{translation: [0, 0, -1], quaternion_xyzw: {quaternion}}}"
    path.write_text(f"optical_frame_from: {{{LIDAR_FRAME}: {away}}}", encoding="utf-8")
    by_file = _sparse(tmp_path / "file", drive(1), "--extrinsics", str(path))
    assert "through extrinsics file" in capsys.readouterr().out
    by_tf = _sparse(tmp_path / "tf", drive(1))
    assert np.nanmean(by_file[0]) < np.nanmean(by_tf[0]) - 0.5


@pytest.mark.parametrize(
    "text",
    [
        "lidar: [1, 2, 3]",
        "optical_frame_from: 5",
        "optical_frame_from: {lidar: {translation: [0, 0, 0]}}",
        "optical_frame_from: {lidar: {matrix: [[1, 0], [0, 1]]}}",
        "optical_frame_from: {lidar: {translation: [0, 0, 0], quaternion_xyzw: [0, 0, 0, 0]}}",
        "optical_frame_from: {lidar: [",
        "",
    ],
)
def test_extrinsics_file_of_another_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "extrinsics.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"not a file of extrinsics") as caught:
        _sparse(tmp_path / "bag", drive(1), "--extrinsics", str(path))
    assert "quaternion_xyzw" in str(caught.value)
    assert "matrix" in str(caught.value)


def test_extrinsics_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot read the extrinsics file"):
        _sparse(tmp_path / "bag", drive(1), "--extrinsics", str(tmp_path / "none.yaml"))


def test_missing_tf_names_the_frames_and_shows_the_file(tmp_path: Path) -> None:
    entries = without(drive(1), "/tf_static")
    entries.append(tf_entry(START_NS, (BASE_FRAME, CAMERA_FRAME, BASE_FROM_CAMERA)))
    with pytest.raises(BagError) as caught:
        _sparse(tmp_path / "bag", entries)
    for words in (
        f"'{LIDAR_FRAME}' is not in the TF tree",
        f"{BASE_FRAME}, {CAMERA_FRAME}",
        "--extrinsics",
        f"optical_frame_from:\n  {LIDAR_FRAME}: {{translation: [x, y, z], quaternion_xyzw:",
    ):
        assert words in str(caught.value)
    assert leftovers(tmp_path) == []


def test_no_tf_at_all(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="no TF was received"):
        _sparse(tmp_path / "bag", without(drive(1), "/tf_static"))


def test_tf_in_two_trees(tmp_path: Path) -> None:
    entries = without(drive(1), "/tf_static")
    entries += [
        tf_entry(START_NS, (BASE_FRAME, CAMERA_FRAME, BASE_FROM_CAMERA)),
        tf_entry(START_NS, ("mast", LIDAR_FRAME, BASE_FROM_LIDAR)),
    ]
    with pytest.raises(BagError, match=r"two separate trees.*'base_link'.*'mast'.*--extrinsics"):
        _sparse(tmp_path / "bag", entries)


def test_tf_without_a_rotation_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unset = tf_entry(START_NS, (BASE_FRAME, "gps", RigidTransform.identity()))
    unset.message.transforms[0].transform.rotation.w = 0.0
    assert len(_sparse(tmp_path / "bag", [*drive(1), unset])) == 1
    assert "left the rotation unset (1 refused)" in capsys.readouterr().out


# Motion


def _odom_from_base(stamp_ns: int) -> RigidTransform:
    """2 m/s ahead and half a radian per second to the left."""
    seconds = (stamp_ns - START_NS) / 1e9
    half = 0.25 * seconds
    return RigidTransform.from_quaternion(
        (0.0, 0.0, np.sin(half), np.cos(half)), (2.0 * seconds, 0.0, 0.0)
    )


def _world(count: int = 1500) -> npt.NDArray[np.float64]:
    random = np.random.default_rng(3)
    ahead = random.uniform(6.0, 15.0, count)
    sideways, up = random.uniform(-0.6, 0.6, (2, count)) * ahead
    return np.column_stack([ahead, sideways, up])


def _moving(sweep_ns: int, image_ns: int) -> list[Entry]:
    """Fixed points, a moving base; one sweep at an instant, one image at another."""
    lidar_from_odom = (_odom_from_base(sweep_ns) @ BASE_FROM_LIDAR).inverse()
    poses = [
        tf_entry(at, (_ODOM, BASE_FRAME, _odom_from_base(at)), static=False)
        for at in range(START_NS - 200 * MS, START_NS + 500 * MS, 5 * MS)
    ]
    return [
        replace(mounts_entry(), log_ns=START_NS - 200 * MS),
        *poses,
        info_entry(image_ns),
        image_entry(image_ns, picture(0)),
        cloud_entry(sweep_ns, lidar_from_odom.apply(_world()).astype(np.float32)),
    ]


def _truth(image_ns: int) -> Float32Array:
    camera_from_odom = (_odom_from_base(image_ns) @ BASE_FROM_CAMERA).inverse()
    return _projected(camera_from_odom, _world())


def test_motion_between_cloud_and_image_is_undone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image_ns = START_NS + 50 * MS
    entries = _moving(START_NS, image_ns)
    (undone,) = _sparse(tmp_path / "auto", entries)
    assert "undone through the fixed frame 'odom'" in capsys.readouterr().out
    (left,) = _sparse(tmp_path / "none", entries, "--fixed-frame", "none")
    assert "not undone" in capsys.readouterr().out
    truth = _truth(image_ns)
    assert np.isfinite(truth).sum() > 300
    assert _agreement(undone, truth) > 0.98
    assert _agreement(left, truth) < 0.1


def test_earlier_sweeps_are_added_where_they_belong(tmp_path: Path) -> None:
    """Half of the points are seen by a sweep, the other half only by the one before."""
    image_ns = START_NS + 50 * MS
    entries = without(_moving(START_NS, image_ns), CLOUD_TOPIC)
    for sweep_ns, seen in ((START_NS - 100 * MS, _world()[::2]), (START_NS, _world()[1::2])):
        lidar_from_odom = (_odom_from_base(sweep_ns) @ BASE_FROM_LIDAR).inverse()
        entries.append(cloud_entry(sweep_ns, lidar_from_odom.apply(seen).astype(np.float32)))
    (both,) = _sparse(tmp_path / "both", entries, "--pairing.accumulate-ms", "150")
    (one,) = _sparse(tmp_path / "one", entries)
    assert _agreement(both, _truth(image_ns)) > 0.98
    assert _agreement(one, _truth(image_ns)) < 0.7


def test_fixed_frame_by_name(tmp_path: Path) -> None:
    image_ns = START_NS + 50 * MS
    (undone,) = _sparse(tmp_path, _moving(START_NS, image_ns), "--fixed-frame", _ODOM)
    assert _agreement(undone, _truth(image_ns)) > 0.98


def test_fixed_frame_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BagError, match=r"fixed frame 'mapp' .*Frames that exist:.*base_link"):
        _sparse(tmp_path, drive(1), "--fixed-frame", "mapp")


def test_pan_tilt_head_on_a_standing_base_is_no_motion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still = tf_entry(START_NS, (_ODOM, BASE_FRAME, RigidTransform.identity()))
    assert len(_sparse(tmp_path, [*drive(1), still])) == 1
    assert "not undone" in capsys.readouterr().out


def _turning_sweep(
    start_ns: int, image_ns: int, stamp_at: str, *, unit_ns: int = 1, field: str = "t"
) -> list[Entry]:
    """As above, but every point is measured at an instant of its own within 100 ms."""
    world = _world()
    offsets = np.linspace(0, 100 * MS, len(world)).astype(np.uint32)
    seen = [
        (_odom_from_base(start_ns + int(offset)) @ BASE_FROM_LIDAR).inverse().apply(point)
        for offset, point in zip(offsets, world, strict=True)
    ]
    stamp_ns = start_ns + (100 * MS if stamp_at == "end" else 0)
    entries = without(_moving(start_ns, image_ns), CLOUD_TOPIC)
    xyz = np.array(seen, dtype=np.float32)
    return [*entries, cloud_entry(stamp_ns, xyz, extra={field: offsets // unit_ns})]


def test_the_plan_says_in_which_unit_times_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image_ns = START_NS + 40 * MS
    entries = _turning_sweep(START_NS, image_ns, "start", unit_ns=1000)
    (undone,) = _sparse(tmp_path / "micro", entries)
    assert _agreement(undone, _truth(image_ns)) > 0.95
    assert "'t' (uint32) holds microseconds from the stamp" in capsys.readouterr().out


def test_the_plan_says_which_field_may_hold_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _sparse(tmp_path, _turning_sweep(START_NS, START_NS, "start", field="echo_time"))
    out = capsys.readouterr().out
    assert out.count("the motion within a sweep is not undone: field 'echo_time'") == 1


@pytest.mark.parametrize("stamp_at", ["start", "end"])
def test_every_point_moves_from_its_own_instant(tmp_path: Path, stamp_at: str) -> None:
    image_ns = START_NS + 40 * MS
    entries = _turning_sweep(START_NS, image_ns, stamp_at)
    (undone,) = _sparse(tmp_path / "deskewed", entries, "--sweep-stamp", stamp_at)
    assert _agreement(undone, _truth(image_ns)) > 0.95
    (left,) = _sparse(tmp_path / "none", entries, "--fixed-frame", "none")
    assert _agreement(left, _truth(image_ns)) < 0.5


def test_tf_of_another_clock_is_told(tmp_path: Path) -> None:
    entries = without(_moving(START_NS, START_NS), "/tf")
    late = START_NS + 3600 * 10**9
    entries.append(tf_entry(late, (_ODOM, BASE_FRAME, _odom_from_base(late)), static=False))
    with pytest.raises(BagError, match=r"not one of 1 images.*is known from.*ms outside"):
        _sparse(tmp_path, entries)
    assert leftovers(tmp_path) == []


# Raw or rectified


def _two_faced() -> list[Entry]:
    """A calibration whose K, D and P differ."""
    raw = CameraModel(
        fx=50.0,
        fy=48.0,
        cx=31.25,
        cy=23.75,
        width=64,
        height=48,
        distortion_model="plumb_bob",
        distortion=(-0.2, 0.02, 0.001, 0.0, 0.0),
    )
    entries = drive(1)
    info = next(entry for entry in entries if entry.topic == INFO_TOPIC).message
    info.d = np.array(raw.distortion)
    info.p = np.array([40.0, 0, 30.0, 0, 0, 40.0, 22.0, 0, 0, 0, 1, 0])
    return entries


def _renamed(entries: Iterable[Entry], topic: str) -> list[Entry]:
    return [
        replace(entry, topic=topic) if entry.topic == IMAGE_TOPIC else entry for entry in entries
    ]


@pytest.mark.parametrize(
    ("topic", "flags", "is_rectified"),
    [
        ("/camera/image_raw", (), False),
        ("/camera/image_rect", (), True),
        ("/camera/image_rect_color", (), True),
        ("/camera/image_raw", ("--rectified", "yes"), True),
        ("/camera/image_rect", ("--rectified", "no"), False),
    ],
)
def test_rectified_images_are_projected_with_P(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    topic: str,
    flags: tuple[str, ...],
    is_rectified: bool,
) -> None:
    (found,) = _sparse(tmp_path, _renamed(_two_faced(), topic), *flags)
    text = capsys.readouterr().out
    assert ("projecting with P (rectified)" in text) is is_rectified
    assert ("projecting with K and D" in text) is not is_rectified
    info = read_bag(tmp_path / "out").messages("/depth/camera_info")[0]
    assert info.k[0] == (40.0 if is_rectified else 50.0)
    assert (info.d[0] == -0.2) is not is_rectified
    assert np.isfinite(found).sum() > 50
