# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _python_blocks() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def test_python_example_runs() -> None:
    (example,) = _python_blocks()
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    depth, share_and_distance = done.stdout.splitlines()
    assert 0.5 < float(depth.split()[0]) < 10.0
    share, distance = (float(word) for word in share_and_distance.split())
    assert share == 1.0
    assert 0.0 <= distance < 100.0


@pytest.mark.parametrize("command", ["demo", "test", "lint"])
def test_make_has_the_commands_of_the_readme(command: str) -> None:
    shown = subprocess.run(
        ["make", "--dry-run", command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ".venv/bin/" in shown.stdout


def test_torch_comes_from_the_index_that_is_set() -> None:
    def commands(*arguments: str) -> list[str]:
        shown = subprocess.run(
            ["make", "--dry-run", "--always-make", "demo", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        joined = shown.stdout.replace("\\\n", " ")
        return [line for line in joined.splitlines() if " install " in line]

    torch_line, rest_line = commands("TORCH_INDEX_URL=https://wheels.invalid/cpu")[-2:]
    assert "--index-url https://wheels.invalid/cpu" in torch_line
    assert torch_line.split()[-1] == "torch"
    assert "wheels.invalid" not in rest_line
    assert not any("--index-url" in line for line in commands())


def test_a_python_without_venv_is_told_the_apt_line(tmp_path: Path) -> None:
    lacking = tmp_path / "python3"
    lacking.write_text(
        f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexec {sys.executable} "$@"\n',
        encoding="utf-8",
    )
    lacking.chmod(0o755)
    stopped = subprocess.run(
        ["make", "demo", f"PYTHON={lacking}", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert stopped.returncode != 0
    assert "sudo apt-get install python3-venv" in stopped.stdout
    assert not (tmp_path / "venv").exists()
