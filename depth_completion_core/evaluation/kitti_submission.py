# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a folder can be sent to KITTI's depth completion server.

The server takes 1000 16-bit PNGs of metres times 256, named and sized as the images of
``test_depth_completion_anonymous``: 0000000000.png to 0000000999.png of 1216x352 pixels.
"""

from __future__ import annotations

import re
from pathlib import Path

from depth_completion_core.files.input_files import InputFileError, read_depth
from depth_completion_core.files.listing import listed

HEIGHT, WIDTH, COUNT = 352, 1216, 1000
_DEPTH_SCALE = 256.0
_NAME = re.compile(r"\d{10}\.png")


def submission_problems(folder: Path) -> list[str]:
    """What is wrong with a submission, in sentences; empty where nothing is."""
    files = sorted(path for path in folder.glob("*") if not path.name.startswith("."))
    expected = {f"{number:010d}.png" for number in range(COUNT)}
    present = {path.name for path in files}
    problems = []
    if strange := sorted(name for name in present if not _NAME.fullmatch(name)):
        problems.append(f"names are NNNNNNNNNN.png, found {listed(strange)}")
    if missing := sorted(expected - present):
        problems.append(f"{len(missing)} of {COUNT} files are missing: {listed(missing)}")
    if extra := sorted(name for name in present - expected if _NAME.fullmatch(name)):
        problems.append(f"the server does not ask for {listed(extra)}")
    named = (path for path in files if _NAME.fullmatch(path.name))
    return [*problems, *filter(None, map(_problem_of, named))]


def _problem_of(path: Path) -> str:
    try:
        depth = read_depth(path, depth_scale=_DEPTH_SCALE).depth
    except InputFileError as error:
        return str(error)
    if depth.shape != (HEIGHT, WIDTH):
        return f"{path.name} is {depth.shape[1]}x{depth.shape[0]}, expected {WIDTH}x{HEIGHT}"
    if not depth.any():
        return f"{path.name} has no depth at all; complete that frame again"
    if depth.max() < 1.0:
        return f"{path.name} has no depth above {depth.max():.2f} m; is it metres times 256?"
    return ""
