# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Jobs that fail, die or wait; they import nothing slow, because each worker does it anew."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from rosbag_tools.errors import BagError
from rosbag_tools.many.outcome import Summary


@dataclass(frozen=True)
class Deed:
    """What a job does is its name; it leaves traces in a folder."""

    name: str
    folder: Path


def do(deed: Deed) -> Summary:
    begun = deed.folder / f"{deed.name}.begun"
    is_first = not begun.exists()
    begun.write_text(str(os.getpid()))
    if deed.name.startswith("refuse"):
        raise BagError("no such topic")
    if deed.name.startswith("err"):
        raise TypeError("a bug")
    if deed.name.startswith("die always") or (deed.name.startswith("die once") and is_first):
        os.kill(os.getpid(), signal.SIGKILL)
    if deed.name.startswith("wait"):
        try:
            time.sleep(60.0)
        finally:
            begun.with_suffix(".cleaned").touch()
    return {"done": deed.name}
