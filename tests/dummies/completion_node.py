# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.dummies.completion_node``: the node, with the small networks in its table."""

from __future__ import annotations

import sys

from depth_completion_core.models import MODELS
from tests.dummies.table import DUMMIES

if __name__ == "__main__":
    from depth_completion_ros.completion_node import main

    MODELS.update(DUMMIES)
    sys.exit(main())
