# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every program answers --help at once: without torch, OpenCV and SciPy, which take seconds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from depth_completion_core.prepare import SETS
from depth_completion_core.training.recipes import RECIPES

_ROOT = Path(__file__).resolve().parents[1]
_CORE = (
    "benchmark",
    "benchmark_networks",
    "evaluate",
    "export_onnx",
    "export_weights",
    "import_checkpoint",
    "infer",
    "join_shards",
    "prepare",
    "train",
    "world.statistics",
)
_BAGS = (
    "adapt",
    "benchmark",
    "complete",
    "demo",
    "export",
    "from_dataset",
    "inspect",
    "to_dataset",
    "verify_dataset",
)
PROGRAMS = (
    *(f"depth_completion_core.{name}" for name in _CORE),
    *(f"rosbag_tools.{name}" for name in _BAGS),
)

_HELP = """
import contextlib, io, json, runpy, sys, warnings
warnings.simplefilter("ignore", RuntimeWarning)  # of runpy, where one program has imported another
for words in json.load(sys.stdin):
    sys.argv, shown, code = [*words, "--help"], io.StringIO(), None
    try:
        with contextlib.redirect_stdout(shown):
            runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code
    slow = sorted({"cv2", "h5py", "matplotlib", "scipy", "torch"} & set(sys.modules))
    is_help = "usage: " in shown.getvalue()
    print(f"{' '.join(words)}: {code}, {is_help}, {', '.join(slow) or 'nothing slow'}")
"""


def test_help_imports_nothing_slow() -> None:
    """In one process for all, which takes a tenth of the time: what is slow shows with the first
    program that imports it, and with those that follow."""
    commands = [
        *([program] for program in PROGRAMS),
        *(["depth_completion_core.train", recipe] for recipe in RECIPES),
        *(["depth_completion_core.prepare", name] for name in SETS),
    ]
    done = subprocess.run(
        [sys.executable, "-c", _HELP],
        input=json.dumps(commands),
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [
        f"{' '.join(words)}: 0, True, nothing slow" for words in commands
    ], done.stderr
