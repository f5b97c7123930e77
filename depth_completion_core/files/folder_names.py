# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Names of folders from texts that people or files give."""

from __future__ import annotations

import re


def folder_name(label: str) -> str:
    """A label as the name of one folder, which cannot lead out of the folder that it is in."""
    return re.sub(r"[^\w.=-]+", "_", label).strip("._") or "_"
