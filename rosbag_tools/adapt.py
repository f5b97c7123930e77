# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m rosbag_tools.adapt BAG... --out DIR``: weights that are better on your robot.

usage: adapt BAG... --out DIR [flags of to_dataset] [-- flags of the recipe fusionnet_motion]

Writes a data set of the bags, DIR/set, as to_dataset does, at 5 frames per second if no other
--rate-hz is given. Then trains the weights that come along on it, without true depth, in DIR/run,
and tells what changed on the last fifth of the frames, which are not trained on:
DIR/run/comparison.json, and DIR/run/comparison.png to look at. The weights are
DIR/run/final.safetensors; use them only if they are better. The same command goes on where it was
stopped.

  python -m rosbag_tools.adapt monday/*.bag --out adapted --odometry /vio/odometry
  python -m rosbag_tools.adapt drive.mcap --out adapted -- --max_steps 1000 --poses network

to_dataset --help and depth_completion_core.train fusionnet_motion --help list the flags.
"""

from __future__ import annotations

import sys
from pathlib import Path

from depth_completion_core import train
from depth_completion_core.settings.command_line import value_given
from rosbag_tools import to_dataset
from rosbag_tools.cli import run_cli
from rosbag_tools.errors import BagError

_RATE_HZ = "5"
_DOUBTS = 3


def main(arguments: list[str]) -> int:
    """Convert, train, compare; 0 for success, otherwise the code of what ended it."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    of_set, of_training = arguments[:end], arguments[end + 1 :]
    if not of_set or {"-h", "--help"} & set(of_set):
        print(__doc__)
        return 0
    folder = value_given(of_set, "--out")
    if not folder:
        raise BagError("no folder is given: adapt BAG... --out DIR")
    written = Path(folder) / "set"
    code = to_dataset.main(_into(of_set, written))
    if code == _DOUBTS:
        print(
            "not trained: the sensors' places are in doubt (above), and depth learned from wrong "
            "ones is wrong; mend the calibration, or train on the set all the same: "
            f"python -m depth_completion_core.train fusionnet_motion --data.root {written}",
            file=sys.stderr,
        )
    if code:
        return code
    own = ["--data.root", str(written), "--run.out", str(Path(folder) / "run")]
    return train.main(["fusionnet_motion", *own, *of_training])


def _into(words: list[str], written: Path) -> list[str]:
    """The words with another --out, and with a rate where none is given."""
    place = next(n for n, word in enumerate(words) if word.partition("=")[0] == "--out")
    value = 1 if "=" in words[place] else 2
    changed = [*words[:place], "--out", str(written), *words[place + value :]]
    has_rate = any(word.partition("=")[0] in ("--rate-hz", "--rate_hz") for word in words)
    return changed if has_rate else [*changed, "--rate-hz", _RATE_HZ]


if __name__ == "__main__":
    sys.exit(run_cli(main))
