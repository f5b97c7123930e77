# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Every program answers --help at once: without torch, OpenCV and SciPy, which take seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

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
import runpy, sys
del sys.argv[0]
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
except SystemExit as ended:
    code = ended.code
slow = sorted({"cv2", "h5py", "matplotlib", "scipy", "torch"} & set(sys.modules))
print(f"exit code {code}; imported: {', '.join(slow) or 'nothing slow'}", file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words",
    [[program] for program in PROGRAMS]
    + [["depth_completion_core.train", recipe] for recipe in RECIPES]
    + [["depth_completion_core.prepare", name] for name in SETS],
    ids=" ".join,
)
def test_help_imports_nothing_slow(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HELP, *words, "--help"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.strip() == "exit code 0; imported: nothing slow"
    assert "usage: " in done.stdout
