# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag becomes a set, the set a bag, and that bag the same set again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rosbag_tools import from_dataset, to_dataset
from tests.bags.bag_factory import write_ros2
from tests.bags.program import exit_code
from tests.bags.truth_bag import recording


def test_bag_to_set_to_bag_to_set(tmp_path: Path) -> None:
    bag = write_ros2(tmp_path / "hall", recording(3))
    first, second, bags = tmp_path / "first", tmp_path / "second", tmp_path / "hall.mcap"
    assert exit_code(to_dataset.main, bag, "--out", first, "--densities", 100) == 0
    layout = ["--layout", "void", "--root", first, "--density", 100]
    assert exit_code(from_dataset.main, bags, *layout) == 0
    measured = ["--measurements", "depth", "--depth", "/camera/sparse_depth"]
    assert exit_code(to_dataset.main, bags, "--out", second, "--densities", 100, *measured) == 0
    one, other = (
        {path.relative_to(folder): path for path in (folder / "void_100").rglob("*.*")}
        for folder in (first, second)
    )
    assert one.keys() == other.keys()
    assert len(one) == 3 * 5 + 1 + 6  # frames, K.txt, the lists of one split
    for name, path in one.items():
        if name.parent.name == "absolute_pose":  # through a quaternion
            np.testing.assert_allclose(np.loadtxt(path), np.loadtxt(other[name]), atol=1e-12)
        else:
            assert path.read_bytes() == other[name].read_bytes(), name
