# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The executables where the venv is not active: a sentence, whatever else is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]


def _bare(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A script run by a Python without any package but ours."""
    return subprocess.run(
        [sys.executable, "-S", str(_ROOT / "scripts" / script), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        timeout=30,
        check=False,
    )


@pytest.mark.parametrize("script", ["completion_node", "doctor"])
def test_what_is_missing_is_said_in_a_sentence(script: str) -> None:
    ended = _bare(script)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: torch and numpy and cv2")
    assert "Activate the venv" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("script", ["completion_node", "doctor"])
def test_help_needs_nothing(script: str) -> None:
    ended = _bare(script, "--help")
    assert ended.returncode == 0
    assert "ros2 run depth_completion_ros " + script in ended.stdout
