# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from rosbags.rosbag1 import Writer as Writer1

from depth_completion_core.models import UnknownModelError
from depth_completion_core.settings.fields import ConfigError
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError, write_error
from rosbag_tools.messages import TF_MESSAGE
from tests.bags.bag_factory import (
    CLOUD_TOPIC,
    IMAGE_TOPIC,
    INFO_TOPIC,
    Entry,
    Float32Array,
    Storage,
    cloud,
    cloud_entry,
    depths_of,
    drive,
    image_entry,
    leftovers,
    picture,
    read_bag,
    replaced,
    stamp_of,
    without,
    write_bare,
    write_ros1,
    write_ros2,
)
from tests.bags.program import exit_code
from tests.file_size_limit import file_size_limit


def _run(inputs: list[Path], output: Path, *flags: str) -> int:
    common = ["--device", "cpu", "--model", "nearest"]
    return main([*(str(path) for path in inputs), str(output), *common, *flags])


def _complete(folder: Path, entries: Iterable[Entry], *flags: str) -> int:
    return _run([write_ros2(folder / "drive", entries)], folder / "out", *flags)


def _refusal(inputs: list[Path], output: Path, *flags: str) -> str:
    """The sentence; no output and nothing half-written remain."""
    with pytest.raises((BagError, ValueError)) as caught:
        _run(inputs, output, *flags)
    assert not output.exists()
    assert leftovers(output.parent) == []
    return str(caught.value)


def _bad_drive(folder: Path, entries: Iterable[Entry], *flags: str) -> str:
    return _refusal([write_ros2(folder / "drive", entries)], folder / "out", *flags)


# Clouds


def _with_cloud(index: int, xyz: npt.NDArray[Any]) -> list[Entry]:
    """Three frames, one of them with another cloud."""
    entries = [
        entry
        for entry in drive(3)
        if not (entry.topic == CLOUD_TOPIC and entry.log_ns == stamp_of(index))
    ]
    return [*entries, cloud_entry(stamp_of(index), xyz.astype(np.float32))]


@pytest.mark.parametrize(
    ("xyz", "told"),
    [
        (np.empty((0, 3)), "cloud without points"),
        (np.full((5, 3), np.nan), "no point is a measurement"),
        (np.array([[np.inf, 0, 0], [0, -np.inf, 1]]), "no point is a measurement"),
        (np.zeros((4, 3)), "no point is a measurement"),
        (np.array([[-5.0, 0.0, 0.0], [-3.0, 1.0, 1.0]]), "no point in view"),
        (np.array([[3000.0, 50.0, 0.0], [2500.0, 70.0, 9.0]]), "points too far"),
    ],
    ids=["empty", "nan", "inf", "zero", "behind", "millimetres"],
)
def test_cloud_without_a_point_in_view_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], xyz: npt.NDArray[np.float64], told: str
) -> None:
    assert _complete(tmp_path, _with_cloud(2, xyz)) == 0
    assert f"1 x {told} (depth is empty)" in capsys.readouterr().out
    depths = depths_of(tmp_path / "out")
    assert [bool(np.isfinite(depth).any()) for depth in depths] == [True, True, False]
    counts = [message.width for message in read_bag(tmp_path / "out").messages("/depth/points")]
    assert counts[2] == 0


def test_points_without_numbers_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "clean").mkdir()
    assert _complete(tmp_path / "clean", drive(1)) == 0
    broken = np.full((50, 3), np.nan, np.float32)
    broken[::2] = [np.inf, 1.0, -np.inf]
    mixed: Float32Array = np.concatenate([broken, cloud(0), broken])
    assert (
        _complete(tmp_path, [*without(drive(1), CLOUD_TOPIC), cloud_entry(stamp_of(0), mixed)]) == 0
    )
    np.testing.assert_array_equal(
        depths_of(tmp_path / "out")[0], depths_of(tmp_path / "clean" / "out")[0]
    )


def test_cloud_without_coordinates(tmp_path: Path) -> None:
    def unnamed(message: Any) -> Any:  # noqa: ANN401 - sensor_msgs/PointCloud2
        message.fields[0].name = "range"
        return message

    sentence = _bad_drive(tmp_path, replaced(drive(2), CLOUD_TOPIC, unnamed))
    assert "not one of 2 images could be completed" in sentence
    assert "'x'" in sentence
    assert "2 x message cannot be decoded" in sentence


# Images and calibration


def test_image_of_another_size_than_its_calibration(tmp_path: Path) -> None:
    entries = without(drive(1), IMAGE_TOPIC)
    entries.append(image_entry(stamp_of(0), picture(0, 32, 24)))
    sentence = _bad_drive(tmp_path, entries)
    assert "the image is 32x24 but its calibration is for 64x48" in sentence


def _image_like(**changes: object) -> Callable[[Any], Any]:
    def change(message: Any) -> Any:  # noqa: ANN401 - sensor_msgs/Image
        for name, value in changes.items():
            setattr(message, name, value)
        return message

    return change


def test_unknown_encoding(tmp_path: Path) -> None:
    entries = replaced(drive(2), IMAGE_TOPIC, _image_like(encoding="rgb9"))
    sentence = _bad_drive(tmp_path, entries)
    assert "'rgb9'" in sentence
    assert "rgb8" in sentence


def test_one_bad_image_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = drive(3)
    bad = next(
        entry for entry in entries if entry.topic == IMAGE_TOPIC and entry.log_ns == stamp_of(1)
    )
    bad.message.data = bad.message.data[:100]
    assert _complete(tmp_path, entries) == 0
    assert len(depths_of(tmp_path / "out")) == 2
    text = capsys.readouterr().out
    assert "2 of 3 images completed" in text
    assert "not used     1 x" in text


def test_message_that_does_not_decode_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut off within its bytes, in a bag that is otherwise whole."""
    source = write_bare(tmp_path / "drive.db3", drive(3))
    connection = sqlite3.connect(source)
    with connection:
        for topic in (IMAGE_TOPIC, CLOUD_TOPIC, INFO_TOPIC):
            connection.execute(
                "UPDATE messages SET data = substr(data, 1, 40) WHERE timestamp = ? AND topic_id = "
                "(SELECT id FROM topics WHERE name = ?)",
                (stamp_of(1), topic),
            )
    connection.close()
    flags = ("--pairing.slop-ms", "10", "--no-copy-inputs")
    assert _run([source], tmp_path / "out", *flags) == 0
    assert len(depths_of(tmp_path / "out")) == 2
    assert f"a message of {IMAGE_TOPIC} does not decode" in capsys.readouterr().out


@pytest.mark.parametrize(
    "K",
    [np.zeros(9), np.array([50.0, 0, 31, 0, 0, 23, 0, 0, 1]), np.full(9, np.nan)],
    ids=["zero", "singular", "nan"],
)
@pytest.mark.parametrize("rectified", ["yes", "no"])
def test_calibration_that_is_none(
    tmp_path: Path, K: npt.NDArray[np.float64], rectified: str
) -> None:
    P = np.column_stack([K.reshape(3, 3), np.zeros(3)]).reshape(-1)
    entries = replaced(drive(1), INFO_TOPIC, _image_like(k=K, p=P))
    sentence = _bad_drive(tmp_path, entries, "--rectified", rectified)
    assert sentence.startswith(INFO_TOPIC)


def test_unknown_distortion(tmp_path: Path) -> None:
    change = _image_like(distortion_model="fishbowl", d=np.ones(4))
    sentence = _bad_drive(tmp_path, replaced(drive(1), INFO_TOPIC, change))
    assert "fishbowl" in sentence
    assert "plumb_bob" in sentence


# Damaged files


@pytest.mark.parametrize("share", [0.0005, 0.6, 0.9])
@pytest.mark.parametrize("name", ["drive.mcap", "drive.db3", "drive.bag"])
def test_file_that_was_cut_off(tmp_path: Path, name: str, share: float) -> None:
    path = tmp_path / name
    if name.endswith(".bag"):
        write_ros1(path, drive(8))
    else:
        write_bare(path, drive(8))
    os.truncate(path, int(path.stat().st_size * share))
    sentence = _refusal([path], tmp_path / "out")
    assert "cannot be read as a bag" in sentence
    assert "repair it first" in sentence


def test_database_without_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What can be read is completed, and the exit code says that it was not all."""
    path = write_bare(tmp_path / "drive.db3", drive(8))
    os.truncate(path, int(path.stat().st_size * 0.98))
    assert _run([path], tmp_path / "out") == 1
    assert 1 <= len(depths_of(tmp_path / "out")) < 8
    text = capsys.readouterr().out
    assert "note         1 x transforms end early" in text
    assert "stopped      " in text


def test_database_whose_log_was_not_merged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """SQLite keeps what a killed recorder wrote last in a file beside the database."""
    path = write_bare(tmp_path / "recorded.db3", drive(3))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    with connection:
        connection.execute("DELETE FROM messages WHERE timestamp > ?", (stamp_of(0),))
    for ending in ("", "-wal"):
        shutil.copy(f"{path}{ending}", tmp_path / f"drive.db3{ending}")
    connection.close()
    assert _run([tmp_path / "drive.db3"], tmp_path / "out") == 0
    assert len(depths_of(tmp_path / "out")) == 3
    assert "note         drive.db3-wal holds messages that are not read" in capsys.readouterr().out


@pytest.mark.parametrize("storage", ["sqlite3", "mcap"])
def test_files_that_the_metadata_does_not_name_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], storage: Storage
) -> None:
    """As of a split recording whose metadata were written before its last file."""
    bag = write_ros2(tmp_path / "drive", drive(1), storage=storage)
    (recorded,) = bag.glob("drive*")
    assert _run([bag], tmp_path / "whole") == 0
    assert "is not read" not in capsys.readouterr().out
    second = bag / f"drive_1{recorded.suffix}"
    shutil.copy(recorded, second)
    assert _run([bag], tmp_path / "out") == 0
    told = capsys.readouterr().out
    assert f"note         {second} is not read, as metadata.yaml does not name it" in told


def test_bytes_missing_in_the_middle(tmp_path: Path) -> None:
    path = write_bare(tmp_path / "drive.mcap", drive(8))
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(data[:middle] + data[middle + 777 :])
    assert "cannot be read as a bag" in _refusal([path], tmp_path / "out")


def test_what_lies_before_the_damage_is_completed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, count = tmp_path / "drive.bag", 12
    write_ros1(path, drive(count), compression=Writer1.CompressionFormat.BZ2, chunk_bytes=30_000)
    data = bytearray(path.read_bytes())
    start = int(0.6 * len(data))
    data[start : start + 3000] = bytes(3000)
    path.write_bytes(data)
    assert _run([path], tmp_path / "out", "--metrics", str(tmp_path / "report.json")) == 1
    done = len(depths_of(tmp_path / "out"))
    assert 3 <= done < count
    text = capsys.readouterr().out
    assert re.search(rf"{done} of {count} images completed", text)
    assert "stopped      " in text
    assert "cannot be read as a bag" in text
    assert "rosbag reindex" in json.loads((tmp_path / "report.json").read_text())["damage"]
    assert leftovers(tmp_path) == []


# What is no bag


def test_path_that_does_not_exist(tmp_path: Path) -> None:
    sentence = _refusal([tmp_path / "nowhere"], tmp_path / "out")
    assert sentence == f"there is no bag at {tmp_path / 'nowhere'}"


@pytest.mark.parametrize("name", ["drive.bag", "drive.mcap", "drive.db3"])
def test_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert "is an empty file" in _refusal([tmp_path / name], tmp_path / "out")


@pytest.mark.parametrize("name", ["drive.bag", "drive.mcap", "drive.db3"])
def test_file_that_only_has_the_name_of_a_bag(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("not a bag at all " * 100, encoding="utf-8")
    assert "cannot be read as a bag" in _refusal([tmp_path / name], tmp_path / "out")


def test_file_with_another_ending(tmp_path: Path) -> None:
    (tmp_path / "video.mp4").write_bytes(b"1234")
    sentence = _refusal([tmp_path / "video.mp4"], tmp_path / "out")
    assert "expected a .bag, .mcap or .db3 file, or a folder" in sentence


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("drive.bag.active", "then rename the file to drive.bag"),
        ("drive.db3.zstd", "zstd -d"),
        ("drive.mcap.zst", "give the folder with its metadata.yaml"),
        ("drive.tar.gz", "unpack it"),
    ],
)
def test_file_that_is_not_yet_a_bag(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / name).write_bytes(b"1234")
    assert words in _refusal([tmp_path / name], tmp_path / "out")


def test_compressed_file_of_a_bag(tmp_path: Path) -> None:
    folder = tmp_path / "drive"
    folder.mkdir()
    (folder / "drive_0.db3.zstd").write_bytes(b"1234")
    assert "holds drive_0.db3.zstd: unpack it" in _refusal([folder], tmp_path / "out")
    (folder / "metadata.yaml").touch()
    sentence = _refusal([folder / "drive_0.db3.zstd"], tmp_path / "out")
    assert f"give the folder with it, {folder}" in sentence


def test_folder_without_metadata(tmp_path: Path) -> None:
    folder = write_ros2(tmp_path / "drive", drive(1))
    (folder / "metadata.yaml").unlink()
    sentence = _refusal([folder], tmp_path / "out")
    assert "has no metadata.yaml; it holds drive.mcap" in sentence
    assert "ros2 bag reindex" in sentence
    (folder / "drive.mcap").unlink()
    assert "a bag of ROS 2 is a folder" in _refusal([folder], tmp_path / "out")


@pytest.mark.parametrize(
    "text", ["", "[1, 2", "a: 1", "rosbag2_bagfile_information: {version: 99}"]
)
def test_folder_with_damaged_metadata(tmp_path: Path, text: str) -> None:
    folder = write_ros2(tmp_path / "drive", drive(1))
    (folder / "metadata.yaml").write_text(text, encoding="utf-8")
    assert "cannot be read as a bag" in _refusal([folder], tmp_path / "out")


def test_folder_whose_file_is_gone(tmp_path: Path) -> None:
    folder = write_ros2(tmp_path / "drive", drive(1))
    (folder / "drive.mcap").unlink()
    assert "missing" in _refusal([folder], tmp_path / "out")


def test_bags_of_ros1_and_ros2_together(tmp_path: Path) -> None:
    one = write_ros1(tmp_path / "one.bag", drive(1))
    two = write_bare(tmp_path / "two.mcap", drive(1))
    assert "cannot be read together" in _refusal([one, two], tmp_path / "out")


def test_bag_without_messages(tmp_path: Path) -> None:
    assert "no colour image topic" in _bad_drive(tmp_path, [])


# Where nothing can be written


@pytest.mark.parametrize(
    ("storage", "words"), [("mcap", "no room left"), ("sqlite3", "cannot write")]
)
def test_full_disk(
    tmp_path: Path, storage: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A limit on the size of files stands for it: the same path, with EFBIG for ENOSPC."""
    source = write_ros2(tmp_path / "drive", drive(40))
    flags = ["--device", "cpu", "--model", "nearest", "--storage", storage]
    with file_size_limit(400_000):
        assert exit_code(main, source, tmp_path / "out", *flags) == 1
    error = capsys.readouterr().err
    assert f"error: {words}" in error
    assert str(tmp_path / "out") in error
    assert [path.name for path in tmp_path.iterdir()] == ["drive"]


def test_full_disk_in_the_words_of_sqlite(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "small.db")
    connection.execute("CREATE TABLE items (data BLOB)")
    connection.execute("PRAGMA max_page_count = 4")
    with pytest.raises(sqlite3.Error) as caught:
        connection.execute("INSERT INTO items VALUES (zeroblob(100000))")
    connection.close()
    assert "no room left" in str(write_error(caught.value, tmp_path / "out" / "of" / "reach"))


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.access(locked, os.W_OK):
        pytest.skip("this user may write everywhere")
    source = write_ros2(tmp_path / "drive", drive(1))
    assert "cannot write" in _refusal([source], locked / "out")


def test_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    source = write_ros2(tmp_path / "drive", drive(1))
    with pytest.raises(BagError, match="cannot write"):
        _run([source], tmp_path / "file" / "out")


# What was asked for


def test_unknown_model_lists_the_known_ones(tmp_path: Path) -> None:
    source = write_ros2(tmp_path / "drive", drive(1))
    with pytest.raises(UnknownModelError) as caught:
        main([str(source), str(tmp_path / "out"), "--model", "linaer"])
    for name in ("linaer", "nearest", "linear", "morphological"):
        assert name in str(caught.value)


def test_unknown_device(tmp_path: Path) -> None:
    source = write_ros2(tmp_path / "drive", drive(1))
    with pytest.raises(ValueError, match="'tpu' cannot be used"):
        main([str(source), str(tmp_path / "out"), "--device", "tpu"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("projection: {max_dept: 5}", "did you mean 'projection.max_depth'"),
        ("pairing: {slop_ms: soon}", "'pairing.slop_ms' is a number"),
        ("[1, 2]", "expected 'name: value' lines"),
        ("a: [", "not a readable YAML text"),
    ],
)
def test_settings_file_with_a_mistake(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(words)) as caught:
        _complete(tmp_path, drive(1), "--config", str(path))
    assert str(path) in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_settings_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no settings file at"):
        _complete(tmp_path, drive(1), "--config", str(tmp_path / "none.yaml"))


def test_unknown_flag(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        _complete(tmp_path, drive(1), "--modle", "nearest")
    assert caught.value.code == 2
    assert "--modle" in capsys.readouterr().err


def test_command_line_ends_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(main, tmp_path / "no", tmp_path / "out") == 1
    assert capsys.readouterr().err == f"error: there is no bag at {tmp_path / 'no'}\n"


def test_types_that_nobody_knows_are_not_copied_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_bare(tmp_path / "drive.db3", drive(1))
    connection = sqlite3.connect(source)
    with connection:
        connection.execute("DELETE FROM message_definitions")
        connection.execute(
            "INSERT INTO topics VALUES (99, '/secret', 'acme_msgs/msg/Secret', 'cdr', '[]', '')"
        )
        connection.execute(
            "INSERT INTO messages (topic_id, timestamp, data) VALUES (99, ?, x'00010000')",
            (stamp_of(0),),
        )
    connection.close()
    assert _run([source], tmp_path / "out") == 0
    assert "topic /secret not copied" in capsys.readouterr().out
    bag = read_bag(tmp_path / "out")
    assert "/secret" not in bag.topics
    assert bag.types["/tf_static"] == TF_MESSAGE


def test_inputs_are_never_touched(tmp_path: Path) -> None:
    source = write_ros2(tmp_path / "drive", drive(2))
    shutil.copytree(source, tmp_path / "before")
    assert _run([source], tmp_path / "out") == 0
    for path in (tmp_path / "before").iterdir():
        assert path.read_bytes() == (source / path.name).read_bytes()
