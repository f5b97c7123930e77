# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.world.statistics``: the synthetic world in numbers."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from depth_completion_core.settings.command_line import parsed


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Print the statistics of some frames, of rooms and streets each and together."""

    frames: int = 500
    """How many frames, with seeds from 0 on."""
    threads: int = 0
    """Threads of torch; 0 leaves its choice."""
    json: bool = False
    """Print JSON in place of a table."""


def main(arguments: list[str]) -> int:
    """Parse, draw, count, print; 0 for success."""
    wanted = parsed(Statistics, arguments)
    import torch  # noqa: PLC0415 - --help is answered without it

    from depth_completion_core.world import frame_statistics  # noqa: PLC0415 - needs torch

    if wanted.threads:
        torch.set_num_threads(wanted.threads)
    columns = frame_statistics.world_statistics(wanted.frames)
    print(json.dumps(columns, indent=1) if wanted.json else frame_statistics.as_markdown(columns))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
