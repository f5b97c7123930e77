# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.prepare SET --data FOLDER``: lists and copies of data sets.

``SET --help`` lists the flags of one.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
from collections.abc import Sequence
from typing import Any

from depth_completion_core.preparation.command_lines import (
    PrepareFusionNet,
    PrepareKitti,
    PrepareKittiDc,
    PrepareNyu,
    PrepareSceneNet,
    PrepareVkitti,
    PrepareVoid,
)
from depth_completion_core.settings.command_line import parsed
from depth_completion_core.settings.mapping import check_limits

_PROGRAM = "python -m depth_completion_core.prepare"

# The flags of each set; the module of its name in preparation/ does the work.
SETS: dict[str, type[Any]] = {
    "nyu": PrepareNyu,
    "kitti_dc": PrepareKittiDc,
    "void": PrepareVoid,
    "kitti": PrepareKitti,
    "scenenet": PrepareSceneNet,
    "vkitti": PrepareVkitti,
    "fusionnet": PrepareFusionNet,
}


def main(arguments: Sequence[str]) -> int:
    """Parse, prepare, say what was done; 0 for success, 1 after an error, 130 where interrupted."""
    name, *rest = arguments or ["--help"]
    if name in ("-h", "--help"):
        print(_overview())
        return 0
    try:
        for sentence in _prepared(name, rest):
            print(sentence)
    except KeyboardInterrupt:
        print(
            "\ninterrupted; what is written is whole, and the same command goes on from there",
            file=sys.stderr,
        )
        return 130
    except (ValueError, ImportError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _prepared(name: str, arguments: Sequence[str]) -> list[str]:
    if name not in SETS:
        near = difflib.get_close_matches(name, SETS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise ValueError(f"unknown set '{name}'; known are {', '.join(SETS)}.{hint}")
    wanted = parsed(SETS[name], arguments, prog=f"{_PROGRAM} {name}")
    check_limits(wanted)
    if not wanted.data.is_dir():
        raise ValueError(f"there is no folder {wanted.data}; give the one of the data set")
    module = importlib.import_module(f"depth_completion_core.preparation.{name}")
    told: list[str] = module.prepare(wanted)
    return told


def _overview() -> str:
    width = max(map(len, SETS)) + 2
    summaries = {name: inspect.cleandoc(str(flags.__doc__)) for name, flags in SETS.items()}
    return "\n".join(
        [
            f"usage: {_PROGRAM} SET --data FOLDER [--flag value]",
            "",
            "sets:",
            *(f"  {name:{width}}{text.splitlines()[0]}" for name, text in summaries.items()),
            "",
            "SET --help lists its flags.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
