# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""How an executable starts: what is missing is said before anything heavy is imported."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

_NEEDED = ("torch", "numpy", "cv2", "yaml", "safetensors")
_ABOUT = {
    "completion_node": "A camera and points in, dense depth out; a lifecycle node.",
    "doctor": "Listens to the inputs of completion_node and says what is wrong with them.",
}


def run(name: str) -> int:
    """Run a program of this package by the name of its module; returns the exit code."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(_usage(name))
        return 0
    missing = [module for module in _NEEDED if find_spec(module) is None]
    if missing:
        print(f"error: {_advice(missing)}", file=sys.stderr)
        return 1
    return int(import_module(f"depth_completion_ros.{name}").main())


def _usage(name: str) -> str:
    return (
        f"{_ABOUT[name]}\n\n"
        f"ros2 run depth_completion_ros {name} --ros-args -r image:=/camera/image_rect \\\n"
        "    -r camera_info:=/camera/camera_info -r points:=/velodyne_points \\\n"
        "    -p model:=consensus\n\n"
        "Remappings: image, camera_info, points, sparse_depth, odometry. Parameters: "
        "docs/parameters.md,\nor --params-file FILE as config/completion.yaml."
    )


def _advice(missing: list[str]) -> str:
    listed = " and ".join(missing)
    return (
        f"{listed} {'is' if len(missing) == 1 else 'are'} not installed for {sys.executable}. "
        "Activate the venv that has the Python packages of depth_completion_ros (source "
        "VENV/bin/activate) and start again from there, or install them: pip install -c "
        "constraints/jazzy.txt torch numpy opencv-python-headless PyYAML safetensors (see "
        "docs/install.md)"
    )
