# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.files.input_files import InputFileError
from depth_completion_core.files.trajectory_files import read_trajectory


def test_lines_are_poses_with_exact_stamps(tmp_path: Path) -> None:
    path = tmp_path / "groundtruth.txt"
    path.write_text(
        "# ground truth trajectory\n\n1305031102.175304123 1 2 3 0 0 0 1\n"
        "1305031102,4,5,6,0.5,-0.5,0.5,-0.5\n",
        encoding="utf-8",
    )
    read = read_trajectory(path, "camera")
    second, first = read.poses
    assert "not in the order of their times" in read.notes[0]
    assert (first.stamp_ns, second.stamp_ns) == (1305031102175304123, 1305031102 * 10**9)
    assert (first.fixed_frame, first.moving_frame) == ("", "camera")
    np.testing.assert_array_equal(first.fixed_from_moving.translation, [1, 2, 3])
    np.testing.assert_array_equal(second.fixed_from_moving.apply([[1.0, 0, 0]]), [[4, 4, 6]])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2 3\n", "line 1: found 3 numbers"),
        ("1 0 0 0 0 0 0 1\n1 0 0 0 0 0 x 1\n", "line 2: "),
        ("1 0 0 0 0 0 0 0\n", "line 1: "),
        ("nan 0 0 0 0 0 0 1\n", "nan is no time"),
        ("1305031102175304123 0 0 0 0 0 0 1\n", "no time in seconds"),
        ("1e999999999 0 0 0 0 0 0 1\n", "no time in seconds"),
        ("# nothing\n", "holds no pose"),
        ("1 0 0 0 0 0 90 1\n", "line 1: .* length 90.01"),
        ("1 0 0 0 0 0 0 1\n1 3 0 0 0 0 0 1\n", r"two places for 1.0+ s, \(0.0"),
    ],
)
def test_other_files_are_refused_by_line(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "strange.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputFileError, match=words) as caught:
        read_trajectory(path, "camera")
    assert "strange.txt" in str(caught.value)
    assert "tx ty tz qx qy qz qw" in str(caught.value)
