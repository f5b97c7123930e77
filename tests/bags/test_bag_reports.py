# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from depth_completion_core.completer import load_model
from rosbag_tools.complete import main
from rosbag_tools.errors import BagError
from tests.bags.bag_factory import (
    CAMERA,
    CAMERA_FROM_LIDAR,
    CLOUD_TOPIC,
    INFO_TOPIC,
    MS,
    Entry,
    Float32Array,
    cloud,
    cloud_entry,
    depth_entry,
    depths_of,
    drive,
    frame_of,
    image_entry,
    info_entry,
    leftovers,
    mounts_entry,
    picture,
    read_bag,
    stamp_of,
    without,
    write_ros2,
)

_RINGS_DEG = np.arange(-12.0, 12.1, 2.0)


def _run(folder: Path, entries: Iterable[Entry], *flags: str) -> dict[str, Any]:
    """Complete; returns the report that --metrics writes."""
    folder.mkdir(exist_ok=True)
    source = write_ros2(folder / "drive", sorted(entries, key=lambda entry: entry.log_ns))
    metrics = folder / "report.json"
    common = ["--device", "cpu", "--model", "nearest", "--metrics", str(metrics)]
    assert main([str(source), str(folder / "out"), *common, *flags]) == 0
    report: dict[str, Any] = json.loads(metrics.read_text(encoding="utf-8"))
    return report


def _wall(seed: int = 0) -> Float32Array:
    """What a spinning lidar sees of a wall 6 m ahead: rings of known elevation."""
    turn = np.radians(np.linspace(-35.0, 35.0, 141) + 0.01 * seed)
    rows = [
        np.column_stack([np.cos(turn), np.sin(turn), np.tan(elevation) + 0 * turn])
        for elevation in np.radians(_RINGS_DEG)
    ]
    rays = np.concatenate(rows)
    points: Float32Array = (rays * (6.0 / rays[:, :1])).astype(np.float32)
    return points


def _walls(count: int = 2) -> list[Entry]:
    entries = [mounts_entry()]
    for index in range(count):
        at = stamp_of(index)
        entries += [
            info_entry(at),
            image_entry(at, picture(index)),
            cloud_entry(at, _wall(index)),
        ]
    return entries


# What was not used


def test_images_without_a_cloud_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = drive(4)
    entries = [
        entry for entry in entries if entry.topic != CLOUD_TOPIC or entry.log_ns == stamp_of(0)
    ]
    report = _run(tmp_path, entries)
    text = capsys.readouterr().out
    assert "1 of 4 images completed with 'nearest'" in text
    assert "not used     3 x image: no cloud within 60 ms" in text
    assert report["frames"] == 1
    assert report["images"] == 4
    assert report["drops"] == {"image: no cloud within 60 ms": 3}


def test_slop_and_offset_are_settings(tmp_path: Path) -> None:
    entries = without(drive(3), CLOUD_TOPIC)
    entries += [cloud_entry(stamp_of(index) + 70 * MS, cloud(index)) for index in range(3)]
    wide = _run(tmp_path / "wide", entries, "--pairing.slop-ms", "80")
    assert wide["frames"] == 3
    shifted = _run(tmp_path / "shifted", entries, "--pairing.cloud-time-offset-ms", "-70")
    assert shifted["frames"] == 3
    assert shifted["gap_ms"]["p99"] == 0


def test_nothing_paired_tells_the_smallest_gap(tmp_path: Path) -> None:
    entries = without(drive(3), CLOUD_TOPIC)
    entries += [cloud_entry(stamp_of(90 + index), cloud(index)) for index in range(3)]
    with pytest.raises(
        BagError, match=r"not one of 3 images.*within 60 ms.*smallest gap is 8800\.0"
    ):
        _run(tmp_path, entries)
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "out").exists()


def test_each_cloud_once(tmp_path: Path) -> None:
    entries = [
        entry
        for entry in drive(4)
        if entry.topic != CLOUD_TOPIC or entry.log_ns in (stamp_of(0), stamp_of(2))
    ]
    flags = ("--pairing.slop-ms", "500", "--pairing.reuse-clouds")
    assert _run(tmp_path / "reused", entries, *flags, "True")["frames"] == 4
    report = _run(tmp_path / "once", entries, *flags, "False")
    assert report["frames"] == 2
    assert sum(count for why, count in report["drops"].items() if why.startswith("image")) == 2


def test_max_frames(tmp_path: Path) -> None:
    assert _run(tmp_path, drive(5), "--max-frames", "2")["frames"] == 2
    assert len(depths_of(tmp_path / "out")) == 2


def test_bag_that_starts_again_is_completed_twice(tmp_path: Path) -> None:
    first = drive(30)
    source = tmp_path / "out"
    late = 40 * 100 * MS
    again = [Entry(e.topic, e.msgtype, e.log_ns + late, e.message, e.latched) for e in drive(3)]
    report = _run(tmp_path, [*first, *again])
    assert len(depths_of(source)) == 33
    assert report["drops"]["time jumped back"] >= 1


# Scores


def _truths(count: int, shift: float = 0.0) -> list[Entry]:
    completer = load_model("nearest", device="cpu")
    entries = []
    for index in range(count):
        dense = completer.complete(frame_of(index)).depth + np.float32(shift)
        entries.append(depth_entry(stamp_of(index), dense, topic="/camera/depth_truth"))
    return entries


def test_perfect_truth_gives_perfect_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = [*_truths(3), *drive(3)]
    report = _run(tmp_path, entries, "--truth", "/camera/depth_truth")
    assert report["scores"]["images"] == 3
    for name in ("mae_mm", "rmse_mm", "imae_per_km", "irmse_per_km", "rel"):
        assert report["scores"][name] == 0
    assert report["scores"]["delta1"] == 1
    text = capsys.readouterr().out
    assert "truth        /camera/depth_truth" in text
    assert "3 frames against /camera/depth_truth" in text


def test_truth_off_by_a_known_amount(tmp_path: Path) -> None:
    report = _run(tmp_path, [*_truths(2, 0.25), *drive(2)], "--truth", "/camera/depth_truth")
    assert report["scores"]["mae_mm"] == pytest.approx(250.0, rel=1e-4)
    assert report["scores"]["rmse_mm"] == pytest.approx(250.0, rel=1e-4)


def test_a_frame_without_its_truth_is_counted(tmp_path: Path) -> None:
    entries = [*_truths(1), *drive(3)]
    report = _run(tmp_path, entries, "--truth", "/camera/depth_truth")
    assert report["scores"]["images"] == 1
    (reason,) = report["drops"]
    assert "score only: no truth on /camera/depth_truth" in reason
    assert report["drops"][reason] == 2
    assert report["frames"] == 3


@pytest.mark.parametrize("late_ms", [-2, 3, 450])
def test_truth_is_waited_for(tmp_path: Path, late_ms: int) -> None:
    """Recorded so long after its image, whose cloud has come at once."""
    truths = [replace(entry, log_ns=entry.log_ns + late_ms * MS) for entry in _truths(3)]
    report = _run(tmp_path, [*drive(3), *truths], "--truth", "/camera/depth_truth")
    assert report["frames"] == report["scores"]["images"] == 3
    assert report["scores"]["mae_mm"] == 0
    assert report["drops"] == {}


def test_depth_is_the_same_with_a_truth_and_without(tmp_path: Path) -> None:
    """Waiting for the truth, a frame keeps the calibration that it was paired under."""
    truths = [replace(entry, log_ns=entry.log_ns + 250 * MS) for entry in _truths(3)]
    wide = replace(CAMERA, fx=CAMERA.fx / 2)
    entries = [*drive(3), *truths, info_entry(stamp_of(1) + 50 * MS, wide)]
    entries = [e for e in entries if e.topic != INFO_TOPIC or e.log_ns not in map(stamp_of, (1, 2))]
    flags = ("--no-copy-inputs", "--truth", "/camera/depth_truth")
    report = _run(tmp_path / "scored", entries, *flags)
    _run(tmp_path / "plain", entries, "--no-copy-inputs")
    assert report["scores"]["images"] == 3
    scored, plain = (read_bag(tmp_path / name / "out") for name in ("scored", "plain"))
    for topic, reads in plain.topics.items():
        found = [(read.log_ns, read.raw) for read in scored.topics[topic]]
        assert found == [(read.log_ns, read.raw) for read in reads]
    infos = [message.k[0] for message in plain.messages("/depth/camera_info")]
    assert infos == [CAMERA.fx, CAMERA.fx, wide.fx]


def test_no_scores_without_a_truth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = _run(tmp_path, drive(2))
    assert report["scores"] == {}
    assert "error " not in capsys.readouterr().out


def test_holdout_scores_withheld_pixels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    every = _run(tmp_path / "every", _walls(), "--topics", "sparse_depth/image")
    assert every["scores"] == {}
    report = _run(tmp_path / "some", _walls(), "--topics", "sparse_depth/image", "--holdout", "0.2")
    assert "withheld points (20 %)" in capsys.readouterr().out
    assert report["scores"]["images"] == 2
    assert report["scores"]["mae_mm"] < 1.0
    topic = "/sparse_depth/image"
    for all_, kept in zip(
        depths_of(tmp_path / "every" / "out", topic),
        depths_of(tmp_path / "some" / "out", topic),
        strict=True,
    ):
        share = np.isfinite(kept).sum() / np.isfinite(all_).sum()
        assert 0.7 < share < 0.9
        assert not (np.isfinite(kept) & ~np.isfinite(all_)).any()


def test_holdout_is_drawn_by_the_seed(tmp_path: Path) -> None:
    def kept(name: str, *flags: str) -> Float32Array:
        _run(
            tmp_path / name, _walls(1), "--topics", "sparse_depth/image", "--holdout", "0.3", *flags
        )
        return depths_of(tmp_path / name / "out", "/sparse_depth/image")[0]

    first, again, other = kept("a"), kept("b"), kept("c", "--seed", "1")
    np.testing.assert_array_equal(first, again)
    assert (np.isfinite(first) != np.isfinite(other)).any()


@pytest.mark.parametrize("keep", [2, 3])
def test_kept_lines_are_every_nth_ring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], keep: int
) -> None:
    flags = ("--topics", "sparse_depth/image", "--keep-lines", str(keep))
    report = _run(tmp_path, _walls(1), *flags)
    assert f"withheld lines (kept every {keep}.)" in capsys.readouterr().out
    assert report["scores"]["images"] == 1
    assert report["scores"]["mae_mm"] < 1.0
    (found,) = depths_of(tmp_path / "out", "/sparse_depth/image")
    kept = _wall()[np.repeat(np.arange(len(_RINGS_DEG)) % keep == 0, 141)]
    x, y, z = CAMERA_FROM_LIDAR.apply(kept).T
    u, v = np.rint(CAMERA.fx * x / z + CAMERA.cx), np.rint(CAMERA.fy * y / z + CAMERA.cy)
    inside = (u >= 0) & (u < CAMERA.width) & (v >= 0) & (v < CAMERA.height)
    wanted = np.zeros(found.shape, bool)
    wanted[v[inside].astype(int), u[inside].astype(int)] = True
    np.testing.assert_array_equal(np.isfinite(found), wanted)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--truth", "/x", "--holdout", "0.2"), "two truths"),
        (("--truth", "/x", "--keep-lines", "2"), "two truths"),
        (("--holdout", "0.2", "--keep-lines", "2"), "give one of them"),
        (("--holdout", "1"), "below 1"),
        (("--keep-lines", "0"), "1 or more"),
    ],
)
def test_truths_that_exclude_each_other(tmp_path: Path, flags: tuple[str, ...], words: str) -> None:
    with pytest.raises((BagError, ValueError), match=words):
        _run(tmp_path, drive(1), *flags)
    assert not (tmp_path / "out").exists()


# The report and the pictures


def test_metrics_file(tmp_path: Path) -> None:
    report = _run(tmp_path, drive(3))
    assert report["model"] == "nearest"
    assert report["frames"] == report["images"] == 3
    assert 0 < report["model_ms"]["p50"] <= report["model_ms"]["p99"]
    assert report["gap_ms"] == {"p50": 0, "p99": 0}
    assert report["coverage_of_image"] == 1
    assert report["interrupted"] is False
    assert report["damage"] == ""


def test_metrics_file_is_strict_json(tmp_path: Path) -> None:
    """What is not a number is null, not NaN: a model without confidence has none."""
    _run(tmp_path, drive(1))
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text


def test_preview_pictures(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    flags = ("--preview", str(folder), "--preview-every", "2", "--holdout", "0.3")
    _run(tmp_path, drive(3), *flags)
    found = sorted(folder.iterdir())
    assert [path.name for path in found] == ["frame_000000.png", "frame_000001.png"]
    for path in found:
        read = cv2.imread(str(path))
        assert read is not None
        assert read.shape[1] > 4 * 480 > 4 * read.shape[0]
