# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a folder can be sent to KITTI's depth completion server, and the archive to send.

The server takes a zip with 1000 16-bit PNGs at its root, of metres times 256, named and sized as
the images of ``test_depth_completion_anonymous``: 0000000000.png to 0000000999.png of 1216x352
pixels. Every pixel has a depth: 0 would stand for none.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from depth_completion_core.files.input_files import InputFileError, read_depth
from depth_completion_core.files.listing import listed
from depth_completion_core.files.zip_archives import write_flat_zip

HEIGHT, WIDTH, COUNT = 352, 1216, 1000
_DEPTH_SCALE = 256.0
_NAME = re.compile(r"\d{10}\.png")


def packed_submission(folder: Path) -> tuple[Path | None, list[str]]:
    """Pack a submission into FOLDER.zip, unless something is wrong with it.

    Returns:
        The archive, or None and what is wrong, in sentences.

    Raises:
        WriteError: the archive cannot be written.
    """
    archive = folder.with_suffix(".zip")
    problems = submission_problems(folder)
    if problems:
        return None, [*problems, f"{archive.name} is not written until that is mended"]
    write_flat_zip(archive, sorted(folder.glob("*.png")))
    return archive, []


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
    holes: dict[str, int] = {}
    for path in files:
        if _NAME.fullmatch(path.name):
            problem, empty_pixels = _looked_at(path)
            problems += [problem] if problem else []
            holes |= {path.name: empty_pixels} if empty_pixels else {}
    if holes:
        problems.append(
            f"{len(holes)} files have pixels without depth (0), {sum(holes.values())} in all: "
            f"{listed(list(holes))}; take a model that fills the image, and no limits on its output"
        )
    return problems


def _looked_at(path: Path) -> tuple[str, int]:
    """What is wrong with a file, and the number of its pixels without depth where nothing is."""
    try:
        depth = read_depth(path, depth_scale=_DEPTH_SCALE).depth
    except InputFileError as error:
        return str(error), 0
    if depth.shape != (HEIGHT, WIDTH):
        return f"{path.name} is {depth.shape[1]}x{depth.shape[0]}, expected {WIDTH}x{HEIGHT}", 0
    if not depth.any():
        return f"{path.name} has no depth at all; complete that frame again", 0
    if depth.max() < 1.0:
        found = f"{path.name} has no depth above {depth.max():.2f} m"
        return f"{found}; is it metres times 256?", 0
    return "", int(np.count_nonzero(depth == 0))
