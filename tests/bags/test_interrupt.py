# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from depth_completion_core.geometry.camera import CameraModel
from tests.bags.bag_factory import (
    IMAGE_TOPIC,
    cloud,
    cloud_entry,
    compressed_entry,
    depths_of,
    info_entry,
    leftovers,
    mounts_entry,
    read_bag,
    stamp_of,
    write_ros2,
)
from tests.bags.program import exit_code

_FRAMES = 120
_TIMEOUT_S = 60.0
_LARGE = CameraModel(fx=800.0, fy=800.0, cx=512.0, cy=384.0, width=1024, height=768)

# As started from a terminal: a background job of a shell would have SIGINT ignored.
_START = """
import runpy, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("rosbag_tools.complete", run_name="__main__", alter_sys=True)
"""


@pytest.fixture(scope="module")
def long_bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Large images that are small in the bag: more than a second of work by far."""
    grey = np.full((_LARGE.height, _LARGE.width), 128, np.uint8)
    png = cv2.imencode(".png", grey)[1].reshape(-1).astype(np.uint8)
    entries = [mounts_entry()]
    for index in range(_FRAMES):
        at = stamp_of(index)
        entries += [
            info_entry(at, _LARGE),
            compressed_entry(at, png, topic=f"{IMAGE_TOPIC}/compressed"),
            cloud_entry(at, cloud(index)),
        ]
    return write_ros2(tmp_path_factory.mktemp("long") / "drive", entries)


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """What a terminal of 100 columns shows, and what a program writes to."""
    shown, written = os.openpty()
    fcntl.ioctl(written, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
    yield shown, written
    os.close(shown)


def _read(shown: int, until: str = "") -> str:
    """What a terminal shows until a pattern matches it, or until the program has left it."""
    text, deadline = b"", time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        if not select.select([shown], [], [], 0.2)[0]:
            continue
        try:
            text += os.read(shown, 65536)
        except OSError:  # nobody writes to it any more
            return text.decode()
        if until and re.search(until, text.decode(errors="replace")):
            return text.decode(errors="replace")
    raise AssertionError(f"not seen within {_TIMEOUT_S} s: {until or 'its end'}; {text!r}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_was_done_is_kept(
    long_bag: Path, tmp_path: Path, terminal: tuple[int, int], number: signal.Signals
) -> None:
    shown, written = terminal
    arguments = [str(long_bag), str(tmp_path / "out"), "--device", "cpu", "--model", "linear"]
    with subprocess.Popen(
        [sys.executable, "-c", _START, *arguments, "--topics", "depth/image", "depth/camera_info"],
        stdout=subprocess.PIPE,
        stderr=written,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        os.close(written)
        try:
            message = _read(shown, until=rf" [1-9]\d*/{_FRAMES} ")
            assert not (tmp_path / "out").exists()
            assert len(leftovers(tmp_path)) == 1
            process.send_signal(number)
            message += _read(shown)
            out, _ = process.communicate(timeout=_TIMEOUT_S)
        finally:
            process.kill()
    assert process.returncode == 130, message
    assert "Traceback" not in message
    told = re.search(rf"interrupted: (\d+) of {_FRAMES} images completed", out.decode())
    assert told
    done = int(told.group(1))
    assert 0 < done < _FRAMES
    assert leftovers(tmp_path) == []
    depths = depths_of(tmp_path / "out")
    assert len(depths) == done
    assert all(np.isfinite(depth).any() for depth in depths)
    bag = read_bag(tmp_path / "out")
    assert done <= len(bag.topics[f"{IMAGE_TOPIC}/compressed"]) < _FRAMES
    assert len(bag.topics["/tf_static"]) == 1


def _interrupt(arguments: list[str]) -> int:
    raise KeyboardInterrupt


def test_interrupted_before_the_first_frame(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(_interrupt) == 130
    assert "nothing was written" in capsys.readouterr().err
