# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rosbags.interfaces import QosDurability

from depth_completion_core.codecs.message_kinds import MESSAGE_TYPES
from depth_completion_core.completer import load_model
from depth_completion_core.config import CompletionConfig, OutputConfig
from depth_completion_core.frame import DepthPrediction
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.sensing.output_topics import BAG_TOPICS, OUTPUT_TOPICS, OutputTopic
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from rosbag_tools.messages import TYPESTORE, header
from rosbag_tools.writer import BagWriter
from tests.bags.bag_factory import (
    BASE_FROM_CAMERA,
    BASE_FROM_LIDAR,
    CAMERA,
    CAMERA_FRAME,
    CLOUD_TOPIC,
    DEPTH_TOPIC,
    IMAGE_TOPIC,
    INFO_TOPIC,
    ROS1,
    START_NS,
    Entry,
    Float32Array,
    depths_of,
    drive,
    floats,
    frame_of,
    info_entry,
    leftovers,
    picture,
    points_of,
    read_bag,
    replaced,
    stamp_ns,
    stamp_of,
    write_bare,
    write_ros1,
    write_ros2,
)

_FRAMES = 2
_RADIUS_PX = 4.2  # leaves some pixels without depth; no distance between pixels is near to it


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ros2(tmp_path_factory.mktemp("source") / "drive", drive(_FRAMES))


@pytest.fixture(scope="module")
def predictions() -> list[DepthPrediction]:
    config = CompletionConfig(output=OutputConfig(support_radius_px=_RADIUS_PX))
    completer = load_model("linear", device="cpu", config=config)
    return [completer.complete(frame_of(index)) for index in range(_FRAMES)]


def _run(source: Path, output: Path, *flags: str) -> int:
    settings = ["--device", "cpu", "--model", "linear", f"--output.support-radius-px={_RADIUS_PX}"]
    return main([str(source), str(output), *settings, *flags])


def _with_nan(depth: Float32Array, valid: np.ndarray[Any, np.dtype[np.bool_]]) -> Float32Array:
    return np.where(valid, depth, np.float32(np.nan))


# Where it is written


@pytest.mark.parametrize(
    ("flags", "storage"), [((), "mcap"), (("--storage", "sqlite3"), "sqlite3")]
)
def test_folder_is_a_bag_of_ros2(
    source: Path, tmp_path: Path, flags: tuple[str, ...], storage: str
) -> None:
    assert _run(source, tmp_path / "out", *flags) == 0
    suffix = ".mcap" if storage == "mcap" else ".db3"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        ["metadata.yaml", f"out{suffix}"]
    )
    text = (tmp_path / "out" / "metadata.yaml").read_text(encoding="utf-8")
    information = yaml.safe_load(text)["rosbag2_bagfile_information"]
    assert information["storage_identifier"] == storage
    assert information["relative_file_paths"] == [f"out{suffix}"]
    assert len(depths_of(tmp_path / "out")) == _FRAMES


@pytest.mark.parametrize("name", ["out.mcap", "out.db3", "with.dot.mcap"])
def test_bare_file_by_the_ending_of_the_name(source: Path, tmp_path: Path, name: str) -> None:
    assert _run(source, tmp_path / name) == 0
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).is_file()
    assert len(depths_of(tmp_path / name)) == _FRAMES


def test_folder_above_the_output_is_made(source: Path, tmp_path: Path) -> None:
    assert _run(source, tmp_path / "new" / "deeper" / "out") == 0
    assert len(depths_of(tmp_path / "new" / "deeper" / "out")) == _FRAMES


def test_name_is_given_only_to_a_whole_bag(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "out") as writer:
        writer.add_topic(INFO_TOPIC, "sensor_msgs/msg/CameraInfo")
        writer.write(INFO_TOPIC, 5, info_entry(5).message)
        assert not (tmp_path / "out").exists()
        assert len(leftovers(tmp_path)) == 1
    assert leftovers(tmp_path) == []
    assert read_bag(tmp_path / "out").topics[INFO_TOPIC][0].log_ns == 5


@pytest.mark.parametrize("name", ["out", "out.mcap", "out.db3"])
def test_failure_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    def write_and_fail() -> None:
        with BagWriter(tmp_path / name) as writer:
            writer.add_topic(INFO_TOPIC, "sensor_msgs/msg/CameraInfo")
            writer.write(INFO_TOPIC, 5, info_entry(5).message)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["out", "out.mcap"])
def test_existing_output_is_refused_and_kept(source: Path, tmp_path: Path, name: str) -> None:
    assert _run(source, tmp_path / name, "--max-frames", "1") == 0
    with pytest.raises(BagError, match=r"exists already.*--overwrite"):
        _run(source, tmp_path / name)
    assert len(depths_of(tmp_path / name)) == 1
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("name", ["out", "out.mcap"])
def test_overwrite_replaces(source: Path, tmp_path: Path, name: str) -> None:
    assert _run(source, tmp_path / name, "--max-frames", "1") == 0
    assert _run(source, tmp_path / name, "--overwrite") == 0
    assert len(depths_of(tmp_path / name)) == _FRAMES
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_overwrite_keeps_the_old_bag_when_it_fails(source: Path, tmp_path: Path) -> None:
    assert _run(source, tmp_path / "out") == 0
    with pytest.raises(BagError, match="not one of"):
        _run(source, tmp_path / "out", "--overwrite", "--pairing.cloud-time-offset-ms", "5000")
    assert len(depths_of(tmp_path / "out")) == _FRAMES


def test_overwrite_never_replaces_a_folder_that_is_no_bag(source: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(BagError, match="no bag"):
        _run(source, tmp_path / "home", "--overwrite")
    assert (tmp_path / "home" / "thesis.txt").exists()


def test_output_may_not_be_an_input(tmp_path: Path) -> None:
    path = write_bare(tmp_path / "drive.mcap", drive(_FRAMES))
    before = path.read_bytes()
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.mcap").symlink_to(path)
    for same in (path, tmp_path / "sub" / ".." / "drive.mcap", tmp_path / "link.mcap"):
        with pytest.raises(BagError, match="is an input too"):
            _run(path, same, "--overwrite")
    folder = write_ros2(tmp_path / "bag", drive(_FRAMES))
    with pytest.raises(BagError, match="is an input too"):
        _run(folder / "bag.mcap", folder, "--overwrite")
    with pytest.raises(BagError, match="is an input too"):
        _run(folder, folder / "out.mcap")
    assert path.read_bytes() == before
    assert len(read_bag(folder).topics[IMAGE_TOPIC]) == _FRAMES


def test_no_bag_without_an_output(source: Path) -> None:
    with pytest.raises(BagError, match=r"IN\.\.\. OUT"):
        main([str(source)])


# What is copied


@pytest.mark.parametrize("name", ["out", "out.db3"])
def test_inputs_of_ros2_are_copied_byte_by_byte(source: Path, tmp_path: Path, name: str) -> None:
    assert _run(source, tmp_path / name) == 0
    before, after = read_bag(source), read_bag(tmp_path / name)
    for topic, items in before.topics.items():
        assert after.types[topic] == before.types[topic]
        assert [(item.log_ns, item.raw) for item in after.topics[topic]] == [
            (item.log_ns, item.raw) for item in items
        ]


def test_messages_of_ros1_are_converted_field_by_field(tmp_path: Path) -> None:
    entries = drive(_FRAMES)
    assert _run(write_ros1(tmp_path / "drive.bag", entries), tmp_path / "out") == 0
    bag = read_bag(tmp_path / "out")
    for topic in {entry.topic for entry in entries}:
        wanted = [entry.message for entry in entries if entry.topic == topic]
        found = bag.messages(topic)
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            _assert_alike(one, other)
    assert bag.types["/tf_static"] == "tf2_msgs/msg/TFMessage"


def test_old_tf_type_of_ros1_becomes_the_new_one(tmp_path: Path) -> None:
    source = write_ros1(tmp_path / "drive.bag", drive(1), tf_type="tf/msg/tfMessage")
    assert _run(source, tmp_path / "out") == 0
    assert read_bag(tmp_path / "out").types["/tf_static"] == "tf2_msgs/msg/TFMessage"


def _assert_alike(found: Any, wanted: Any) -> None:  # noqa: ANN401 - messages of any type
    if isinstance(wanted, str):
        assert found.lstrip("/") == wanted
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            _assert_alike(one, other)
    elif isinstance(wanted, np.ndarray):
        np.testing.assert_array_equal(found, wanted)
    elif hasattr(wanted, "__dataclass_fields__"):
        for name in wanted.__dataclass_fields__:
            if not name.startswith("__"):
                _assert_alike(getattr(found, name), getattr(wanted, name))
    else:
        assert found == wanted


@pytest.mark.parametrize("is_ros1", [False, True])
def test_static_transforms_stay_latched(tmp_path: Path, is_ros1: bool) -> None:
    source = (
        write_ros1(tmp_path / "drive.bag", drive(1))
        if is_ros1
        else write_ros2(tmp_path / "drive", drive(1))
    )
    assert _run(source, tmp_path / "out") == 0
    (profile,) = read_bag(tmp_path / "out").qos["/tf_static"]
    assert profile.durability is QosDurability.TRANSIENT_LOCAL


def test_no_copy_inputs_writes_depth_only(source: Path, tmp_path: Path) -> None:
    assert _run(source, tmp_path / "out", "--no-copy-inputs") == 0
    assert set(read_bag(tmp_path / "out").topics) == {
        "/depth/image",
        "/depth/camera_info",
        "/depth/points",
    }


def test_foreign_types_are_copied_with_their_definitions(tmp_path: Path) -> None:
    text = header(START_NS, "hello")
    entries = [*drive(1), Entry("/note", "std_msgs/msg/Header", START_NS, text)]
    store = TYPESTORE
    source = write_ros2(tmp_path / "drive", entries, typestore=store)
    assert _run(source, tmp_path / "out") == 0
    assert read_bag(tmp_path / "out").messages("/note")[0].frame_id == "hello"


def test_log_times_run_on(source: Path, tmp_path: Path) -> None:
    """Depth is recorded when its image was."""
    assert _run(source, tmp_path / "out") == 0
    bag = read_bag(tmp_path / "out")
    for topic in (DEPTH_TOPIC, "/depth/camera_info", "/depth/points"):
        assert [item.log_ns for item in bag.topics[topic]] == [
            item.log_ns for item in bag.topics[IMAGE_TOPIC]
        ]


# What is written


def test_depth_is_that_of_the_completer_bit_by_bit(
    source: Path, tmp_path: Path, predictions: list[DepthPrediction]
) -> None:
    assert _run(source, tmp_path / "out") == 0
    found = depths_of(tmp_path / "out")
    assert len(found) == _FRAMES
    for depth, wanted in zip(found, predictions, strict=True):
        assert wanted.valid.any()
        assert not wanted.valid.all()
        np.testing.assert_array_equal(depth, _with_nan(wanted.depth, wanted.valid))


def test_millimetres_hold_zero_where_invalid(
    source: Path, tmp_path: Path, predictions: list[DepthPrediction]
) -> None:
    assert _run(source, tmp_path / "out", "--encoding", "16UC1") == 0
    messages = read_bag(tmp_path / "out").messages(DEPTH_TOPIC)
    for message, wanted in zip(messages, predictions, strict=True):
        assert message.encoding == "16UC1"
        found = np.asarray(message.data).view("<u2").reshape(message.height, message.width)
        np.testing.assert_array_equal(found == 0, ~wanted.valid)
        np.testing.assert_allclose(found[wanted.valid], 1000 * wanted.depth[wanted.valid], atol=0.6)


def test_depth_beyond_millimetres_is_told(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def farther(message: Any) -> Any:  # noqa: ANN401
        points = np.asarray(message.data).view("<f4").reshape(-1, message.point_step // 4).copy()
        points[:, :3] *= 20
        return dataclasses.replace(message, data=points.view(np.uint8).reshape(-1))

    far = write_ros2(tmp_path / "far", replaced(drive(1), CLOUD_TOPIC, farther))
    flags = ("--metrics", str(tmp_path / "report.json"), "--encoding")
    words = "% of the image is 0 in the depth images"
    for bag, encoding in ((far, "16UC1"), (far, "32FC1"), (source, "16UC1")):
        assert _run(bag, tmp_path / f"{bag.name}_{encoding}", *flags, encoding) == 0
        found = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
        is_lost = bag == far and encoding == "16UC1"
        assert (words in capsys.readouterr().out) == is_lost
        if is_lost:
            (message,) = read_bag(tmp_path / "far_16UC1").messages(DEPTH_TOPIC)
            depth = np.asarray(message.data).view("<u2")
            share = found["coverage_of_image"] - float((depth > 0).mean())
            assert share > 0
            assert found["beyond_16uc1_of_image"] == pytest.approx(share)


def test_stamps_and_frame_are_those_of_the_image(source: Path, tmp_path: Path) -> None:
    topics = [output.topic for output in OUTPUT_TOPICS]
    assert _run(source, tmp_path / "out", "--topics", *topics) == 0
    bag = read_bag(tmp_path / "out")
    written = set(bag.topics) - {IMAGE_TOPIC, INFO_TOPIC, CLOUD_TOPIC, "/tf_static"}
    assert written == {f"/{topic}" for topic in topics}
    for topic in written:
        messages = bag.messages(topic)
        assert [stamp_ns(message) for message in messages] == [
            stamp_of(index) for index in range(_FRAMES)
        ]
        assert {message.header.frame_id for message in messages} == {CAMERA_FRAME}


def test_namespace_goes_before_every_topic(source: Path, tmp_path: Path) -> None:
    assert _run(source, tmp_path / "out", "--no-copy-inputs", "--namespace", "front/") == 0
    assert set(read_bag(tmp_path / "out").topics) == {
        "/front/depth/image",
        "/front/depth/camera_info",
        "/front/depth/points",
    }


def test_camera_info_is_the_images(source: Path, tmp_path: Path) -> None:
    assert _run(source, tmp_path / "out") == 0
    for message in read_bag(tmp_path / "out").messages("/depth/camera_info"):
        assert (message.height, message.width) == (CAMERA.height, CAMERA.width)
        np.testing.assert_array_equal(message.k.reshape(3, 3), CAMERA.K)
        np.testing.assert_array_equal(message.p.reshape(3, 4)[:, :3], CAMERA.K)
        np.testing.assert_array_equal(message.r.reshape(3, 3), np.eye(3))


def test_sparse_depth_and_support(
    source: Path, tmp_path: Path, predictions: list[DepthPrediction]
) -> None:
    assert _run(source, tmp_path / "out", "--topics", "sparse_depth/image", "depth/support") == 0
    bag = read_bag(tmp_path / "out")
    sparse, support = bag.messages("/sparse_depth/image"), bag.messages("/depth/support")
    for index, wanted in enumerate(predictions):
        assert wanted.sparse.count > 50
        np.testing.assert_array_equal(
            floats(sparse[index]), _with_nan(wanted.sparse.depth, wanted.sparse.valid)
        )
        # OpenCV's square roots differ in the last bit from run to run.
        np.testing.assert_allclose(floats(support[index]), wanted.support_distance_px, rtol=1e-6)


def test_overlay_is_a_picture_of_the_same_size(source: Path, tmp_path: Path) -> None:
    assert _run(source, tmp_path / "out", "--topics", "debug/overlay") == 0
    messages = read_bag(tmp_path / "out").messages("/debug/overlay")
    assert len(messages) == _FRAMES
    for index, message in enumerate(messages):
        assert (message.encoding, message.height, message.width) == ("rgb8", 48, 64)
        pixels = np.asarray(message.data).reshape(48, 64, 3)
        assert (pixels != picture(index)).any()


def test_dense_cloud_holds_the_valid_pixels(
    source: Path, tmp_path: Path, predictions: list[DepthPrediction]
) -> None:
    assert _run(source, tmp_path / "out") == 0
    messages = read_bag(tmp_path / "out").messages("/depth/points")
    for index, (message, wanted) in enumerate(zip(messages, predictions, strict=True)):
        assert (message.height, message.is_dense) == (1, True)
        points = points_of(message)
        assert len(points) == message.width == np.count_nonzero(wanted.valid)
        rows, columns = np.nonzero(wanted.valid)
        depth = wanted.depth[wanted.valid].astype(np.float64)
        x, y = (columns - CAMERA.cx) / CAMERA.fx * depth, (rows - CAMERA.cy) / CAMERA.fy * depth
        np.testing.assert_allclose(points[:, :3], np.column_stack([x, y, depth]), rtol=1e-5)
        colours = np.ascontiguousarray(points[:, 3]).view("<u4")
        red, green, blue = picture(index)[wanted.valid].astype(np.uint32).T
        np.testing.assert_array_equal(colours, (red << 16) | (green << 8) | blue)


@pytest.mark.parametrize(("stride", "shape"), [(1, (48, 64)), (5, (10, 13))])
def test_organized_cloud_has_the_shape_of_the_image(
    source: Path, tmp_path: Path, stride: int, shape: tuple[int, int]
) -> None:
    flags = ("--cloud.organized", "True", "--cloud.stride", str(stride))
    assert _run(source, tmp_path / "out", *flags) == 0
    bag = read_bag(tmp_path / "out")
    for message, depth in zip(
        bag.messages("/depth/points"), depths_of(tmp_path / "out"), strict=True
    ):
        assert (message.height, message.width, message.is_dense) == (*shape, False)
        z = points_of(message)[:, 2].reshape(shape)
        np.testing.assert_array_equal(z, depth[::stride, ::stride])


def test_stride_thins_the_dense_cloud(
    source: Path, tmp_path: Path, predictions: list[DepthPrediction]
) -> None:
    assert _run(source, tmp_path / "out", "--cloud.stride", "3") == 0
    messages = read_bag(tmp_path / "out").messages("/depth/points")
    for message, wanted in zip(messages, predictions, strict=True):
        assert len(points_of(message)) == np.count_nonzero(wanted.valid[::3, ::3])


@pytest.mark.parametrize("output", OUTPUT_TOPICS, ids=lambda output: output.topic)
def test_every_output_of_the_node_can_be_written_alone(tmp_path: Path, output: OutputTopic) -> None:
    source = write_ros2(tmp_path / "drive", drive(1))
    flags = ("--no-copy-inputs", "--topics", output.topic)
    assert _run(source, tmp_path / "out", *flags) == 0
    bag = read_bag(tmp_path / "out")
    assert bag.types == {f"/{output.topic}": MESSAGE_TYPES[output.kind]}
    assert len(bag.messages(f"/{output.topic}")) == 1


def test_topics_that_do_not_exist_are_answered_with_those_that_do(
    source: Path, tmp_path: Path
) -> None:
    listed = ", ".join(output.topic for output in OUTPUT_TOPICS)
    with pytest.raises(ValueError, match=f"did you mean 'depth/confidence'.*{listed}"):
        _run(source, tmp_path / "out", "--topics", "depth/image", "depth/confidenec")
    assert not (tmp_path / "out").exists()


def test_topics_without_a_name_are_those_of_default(source: Path, tmp_path: Path) -> None:
    assert _run(source, tmp_path / "out", "--no-copy-inputs", "--topics") == 0
    assert set(read_bag(tmp_path / "out").topics) == {f"/{topic}" for topic in BAG_TOPICS}


def test_right_stereo_camera_sees_from_its_own_place(tmp_path: Path) -> None:
    """The fourth column of P shifts the camera; its cloud is in the frame of TF all the same."""
    baseline = 0.25

    def shifted(message: Any) -> Any:  # noqa: ANN401 - sensor_msgs/CameraInfo
        projection = np.column_stack([CAMERA.K, CAMERA.K @ np.array([-baseline, 0.0, 0.0])])
        message.p = projection.reshape(-1)
        return message

    entries = replaced(drive(1), INFO_TOPIC, shifted)
    source = write_ros2(tmp_path / "drive", entries)
    topics = ("--topics", "sparse_depth/image", "depth/points", "depth/camera_info", "depth/image")
    flags = (*topics, "--rectified", "yes", "--output.preserve-measurements", "True")
    assert _run(source, tmp_path / "out", *flags) == 0
    bag = read_bag(tmp_path / "out")
    lidar = frame_of(0).points
    assert lidar is not None
    in_frame = (BASE_FROM_CAMERA.inverse() @ BASE_FROM_LIDAR).apply(lidar)
    x, y, z = in_frame.T
    u = np.rint(CAMERA.fx * (x - baseline) / z + CAMERA.cx).astype(int)
    v = np.rint(CAMERA.fy * y / z + CAMERA.cy).astype(int)
    inside = (u >= 0) & (u < CAMERA.width) & (v >= 0) & (v < CAMERA.height)
    measured = np.isfinite(floats(bag.messages("/sparse_depth/image")[0]))
    seen = np.zeros_like(measured)
    seen[v[inside], u[inside]] = True
    assert measured.any()
    assert not (measured & ~seen).any()
    points = points_of(bag.messages("/depth/points")[0])[:, :3]
    depth = floats(bag.messages(DEPTH_TOPIC)[0])
    rows, columns = np.nonzero(np.isfinite(depth))
    wanted = (columns - CAMERA.cx) / CAMERA.fx * depth[rows, columns] + baseline
    np.testing.assert_allclose(points[:, 0], wanted, rtol=1e-4, atol=1e-5)
    info = bag.messages("/depth/camera_info")[0]
    np.testing.assert_allclose(info.p.reshape(3, 4)[0, 3], -CAMERA.fx * baseline)


def test_camera_of_another_size_mid_way_is_taken(tmp_path: Path) -> None:
    """The calibration in force is the last one before the image."""
    small = CameraModel(fx=25.0, fy=24.0, cx=15.0, cy=11.0, width=32, height=24)
    entries = [*drive(1), info_entry(stamp_of(1), small)]
    source = write_ros2(tmp_path / "drive", entries)
    assert _run(source, tmp_path / "out", "--pairing.slop-ms", "1") == 0


def test_ros1_typestore_of_the_tests_is_noetic() -> None:
    assert "K" in {item.name for item in _fields(ROS1.types["sensor_msgs/msg/CameraInfo"])}


def _fields(kind: Any) -> list[Any]:  # noqa: ANN401 - a class made at run time
    return [kind.__dataclass_fields__[name] for name in kind.__dataclass_fields__]


def test_completing_a_completed_bag_is_refused(source: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    assert _run(source, first) == 0
    with pytest.raises(BagError, match=r"/depth/image.*--namespace.*--no-copy-inputs"):
        _run(first, tmp_path / "second")
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "second").exists()
    assert _run(first, tmp_path / "beside", "--namespace", "again") == 0
    assert _run(first, tmp_path / "instead", "--no-copy-inputs") == 0
    topics = read_bag(tmp_path / "beside").topics
    assert len(topics["/depth/image"]) == len(topics["/again/depth/image"]) == _FRAMES
