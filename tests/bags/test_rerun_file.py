# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Recordings for the viewer Rerun; most of it is skipped by name where rerun-sdk is missing."""

from __future__ import annotations

import base64
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.frame import SparseDepth
from rosbag_tools.complete import main as complete
from rosbag_tools.errors import BagError
from rosbag_tools.rerun_file import RerunFile, ShownFrame
from rosbag_tools.to_dataset import main as to_dataset
from tests.bags.bag_factory import CAMERA, picture, stamp_of, write_ros2
from tests.bags.truth_bag import recording
from tests.browser import chromium

_FRAMES = 3
_ENTITIES = (
    *("", "/points", "/optical", "/optical/image"),
    *("/optical/sparse_depth", "/optical/dense_depth"),
)
_MOST_SECONDS = 180.0


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ros2(tmp_path_factory.mktemp("bag") / "hall", recording(_FRAMES))


@pytest.fixture(scope="module")
def completed(bag: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("rerun", reason="needs rerun-sdk")
    folder = tmp_path_factory.mktemp("completed")
    flags = ["--model", "smooth", "--device", "cpu", "--rerun", str(folder / "hall.rrd")]
    assert complete([str(bag), str(folder / "out"), *flags]) == 0
    assert [path.name for path in folder.iterdir() if path.name != "out"] == ["hall.rrd"]
    return folder / "hall.rrd"


def _rows(path: Path) -> Counter[str]:
    """How often each entity was written, as the package's own reader tells."""
    command = [sys.executable, "-m", "rerun", "rrd", "print", "-v", str(path)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rows: Counter[str] = Counter()
    for count, entity in re.findall(r"with (\d+) rows .*?\) - (/.+?) - ", text):
        rows[entity] += int(count)
    return rows


@contextmanager
def _served(path: Path) -> Iterator[str]:
    """The address of the web viewer that shows a file."""
    ports = []
    for _ in range(2):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            ports.append(free.getsockname()[1])
    web, data = ports
    command = [sys.executable, "-m", "rerun", "--serve-web", "--bind", "127.0.0.1"]
    command += ["--web-viewer-port", str(web), "--port", str(data), str(path)]
    quiet = subprocess.DEVNULL
    # A group of its own: the program starts the server as another process.
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, start_new_session=True) as server:
        try:
            _await(web)
            yield f"http://127.0.0.1:{web}/?url=rerun%2Bhttp://127.0.0.1:{data}/proxy&renderer=webgl"
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def _await(port: int) -> None:
    """Until somebody listens there."""
    end = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return


def test_every_frame_is_in_the_recording(completed: Path) -> None:
    rows = _rows(completed)
    assert {entity: rows[f"/odom/camera{entity}"] for entity in _ENTITIES} == dict.fromkeys(
        _ENTITIES, _FRAMES
    )


def test_confidence_and_frames_without_a_pose(tmp_path: Path) -> None:
    pytest.importorskip("rerun", reason="needs rerun-sdk")
    depth = SparseDepth.from_depth(np.full((CAMERA.height, CAMERA.width), 2.0, np.float32))
    frame = ShownFrame(
        stamp_ns=stamp_of(0),
        image=picture(0),
        camera=CAMERA,
        points=np.zeros((50_000, 3), np.float32),
        sparse=depth,
        dense=depth,
        confidence=np.full(depth.depth.shape, 0.5, np.float32),
    )
    with RerunFile(tmp_path / "a.rrd", ["my world"], z_is_up=False) as recording_file:
        recording_file.add("my world", frame)
    rows = _rows(tmp_path / "a.rrd")
    (confidence,) = (entity for entity in rows if entity.endswith("/optical/confidence"))
    assert rows[confidence] == 1
    assert rows[confidence.removesuffix("/optical/confidence")] == 0


def test_a_recording_of_nothing_or_after_an_error_is_not_left(tmp_path: Path) -> None:
    pytest.importorskip("rerun", reason="needs rerun-sdk")
    with RerunFile(tmp_path / "a.rrd", ["world"], z_is_up=True):
        pass
    with pytest.raises(KeyError), RerunFile(tmp_path / "a.rrd", ["world"], z_is_up=True):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_set_is_a_recording_of_its_sequences(bag: Path, tmp_path: Path) -> None:
    pytest.importorskip("rerun", reason="needs rerun-sdk")
    flags = ["--densities", "20", "--rerun", str(tmp_path / "set.rrd")]
    assert to_dataset([str(bag), "--out", str(tmp_path / "set"), *flags]) == 0
    rows = _rows(tmp_path / "set.rrd")
    for entity in (
        "",
        "/points",
        "/optical/image",
        "/optical/sparse_depth",
        "/optical/dense_depth",
    ):
        assert rows[f"/hall/camera{entity}"] == _FRAMES


def test_the_viewer_shows_it(completed: Path, tmp_path: Path) -> None:
    """Drawn in software: the welcome screen has next to no colours, points and depth have."""
    software = ("--enable-unsafe-swiftshader", "--use-angle=swiftshader", "--window-size=640,480")
    with chromium(tmp_path, *software) as browser, _served(completed) as address:
        browser.get(address)
        end, share = time.monotonic() + _MOST_SECONDS, 0.0
        while share < 0.02 and time.monotonic() < end:
            time.sleep(2)
            shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})["data"]
            pixels = cv2.imdecode(np.frombuffer(base64.b64decode(shot), np.uint8), cv2.IMREAD_COLOR)
            share = float(np.mean(np.ptp(np.asarray(pixels, dtype=np.int64), axis=2) > 100))
    assert share >= 0.02


@pytest.mark.parametrize("flags", [["--dry-run"], ["--shard", "1/2"]])
def test_a_part_of_a_set_is_no_recording(bag: Path, tmp_path: Path, flags: list[str]) -> None:
    with pytest.raises(BagError, match="give it with --merge"):
        to_dataset([str(bag), "--out", str(tmp_path / "a"), "--rerun", "a.rrd", *flags])


def test_a_missing_package_is_told_before_the_work(
    bag: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rerun", None)
    out = str(tmp_path / "out")
    flag = ["--rerun", str(tmp_path / "file.rrd")]
    with pytest.raises(ImportError, match=r"pip install 'depth_completion_ros\[viewer\]'"):
        complete([str(bag), out, *flag])
    with pytest.raises(ImportError, match=r"venv of its own"):
        to_dataset([str(bag), "--out", out, *flag])
    assert list(tmp_path.iterdir()) == []
