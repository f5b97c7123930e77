# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Encoders of convolutions in a row (Simonyan and Zisserman 2015), by name."""

from __future__ import annotations

VGG_CONV_COUNTS: dict[str, tuple[int, ...]] = {
    "vggnet08": (1, 1, 1, 1, 1),
    "vggnet11": (1, 1, 2, 2, 2),
}
"""Convolutions of every level; the names count two more layers, which completion does not have."""
