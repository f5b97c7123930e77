# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What tells the weights of two models apart, whatever their names."""

from __future__ import annotations

import hashlib
from pathlib import Path

from depth_completion_core.models import MODELS


def weights_identity(name_or_path: str) -> str:
    """The name of a model in the table, or the checksum of the file of one; raises OSError."""
    if name_or_path in MODELS:
        return name_or_path
    return hashlib.sha256(Path(name_or_path).read_bytes()).hexdigest()
