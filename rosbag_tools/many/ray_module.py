# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Ray, where it is installed."""

from __future__ import annotations

import os
from typing import Any


def ray_module() -> Any:  # noqa: ANN401 - an extra
    """Ray, which is told first not to report to anybody that it is used.

    Raises:
        ImportError: it is not installed; the message says how.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ImportError(
            "--engine ray needs Ray: pip install 'depth_completion_ros[cluster]'"
        ) from error
    return ray
