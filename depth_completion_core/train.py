# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m depth_completion_core.train RECIPE [--setting value]``: train a network.

The same command goes on where it was stopped. ``RECIPE --help`` lists the settings.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from depth_completion_core.data.sample import DataError
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.recipes.command_line import overview, parsed_recipe


def main(arguments: Sequence[str]) -> int:
    """Parse, train, print what came out."""
    name, *rest = arguments or ["--help"]
    try:
        if name in ("-h", "--help"):
            print(overview())
            return 0
        recipe = parsed_recipe(name, rest)
        from depth_completion_core.training.loop import devices, trainer  # noqa: PLC0415 - slow

        metrics = trainer.train(recipe, name)
    except KeyboardInterrupt:
        print("\ninterrupted; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    except (TrainingError, DataError, ValueError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for key, value in metrics.items() if devices.is_first_process() else ():
        print(f"{key}: {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
