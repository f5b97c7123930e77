# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags in, bags out, without ROS installed."""

from importlib.util import find_spec

_MISSING = [name for name in ("rosbags", "tqdm") if find_spec(name) is None]
if _MISSING:
    raise ModuleNotFoundError(
        f"the bag tools need {' and '.join(_MISSING)}: pip install 'depth_completion_ros[all]'"
    )
