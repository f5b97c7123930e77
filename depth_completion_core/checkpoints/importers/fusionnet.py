# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""FusionNet's released weights; a release holds a ScaffNet, too, and one importer reads both."""

from __future__ import annotations

from depth_completion_core.checkpoints.importers.scaffnet import import_released

__all__ = ["import_released"]
