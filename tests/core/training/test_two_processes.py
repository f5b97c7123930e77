# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Two processes over gloo learn what one learns from the same samples."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from depth_completion_core.training.loop.trainer import train
from depth_completion_core.training.recipes.recipe import ValidationConfig
from depth_completion_core.training.recipes.schedule import ScheduleConfig
from tests.core.training.tiny import (
    MovingPlanes,
    Planes,
    TinyFusionNet,
    TinyFusionNetWithPose,
    in_folder,
)

_ROOT = Path(__file__).resolve().parents[3]
_SCRIPT = """
import sys
from pathlib import Path
from depth_completion_core.training.loop.trainer import train
from tests.core.training.test_two_processes import recipe
train(recipe(Path(sys.argv[1]), sys.argv[2]), "tiny")
"""

# With the usual 1e-8, Adam's first steps have one length whatever the gradient: where that is all
# rounding, two orders of adding up differ by the learning rate.
_EPS = "with an eps that is above rounding"

_PLATEAU = ScheduleConfig(  # every epoch is one without improvement
    kind="plateau", rate=2e-3, patience=1, factor=0.5, least_improvement=1e6
)
_CASES = ("whole", "some_skipped")
_POOR = Planes.Config(without_points=(0, 1, 2, 7), without_truth=(8,))


def recipe(folder: Path, case: str) -> TinyFusionNet:
    """No batch norm that learns, and losses that are means over images."""
    plain = TinyFusionNet()
    if case == "some_skipped":  # and two networks, and rates that the first process's scores decide
        plain = TinyFusionNetWithPose(data=MovingPlanes(planes=_POOR), schedule=_PLATEAU)
        plain = replace(plain, validate=ValidationConfig(every_epochs=1))
    return replace(
        plain,
        optimizer=replace(plain.optimizer, eps=1e-3),
        run=in_folder(plain.run, folder),
    )


@pytest.mark.parametrize("case", _CASES)
def test_two_processes_end_with_the_weights_of_one(tmp_path: Path, case: str) -> None:
    script = tmp_path / "run.py"
    script.write_text(_SCRIPT, encoding="utf-8")
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [sys.executable, *launcher, str(script), str(tmp_path / "two"), case],
        cwd=_ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    threads = torch.get_num_threads()
    metrics = train(recipe(tmp_path / "one", case), "tiny")
    torch.set_num_threads(threads)
    _assert_close(tmp_path / "one", tmp_path / "two")
    assert metrics["samples_skipped"] == (0 if case == "whole" else 4 * 5)


@pytest.mark.parametrize("case", _CASES)
def test_several_passes_end_with_the_weights_of_one(tmp_path: Path, case: str) -> None:
    threads = torch.get_num_threads()
    train(recipe(tmp_path / "one", case), "tiny")
    train(replace(recipe(tmp_path / "four", case), passes=4), "tiny")
    torch.set_num_threads(threads)
    _assert_close(tmp_path / "one", tmp_path / "four")


def _assert_close(folder: Path, other: Path) -> None:
    """All networks of two runs."""
    paths = [path.relative_to(folder) for path in folder.rglob("final.safetensors")]
    for path in paths:
        found = load_file(other / path)
        for key, value in load_file(folder / path).items():
            torch.testing.assert_close(found[key], value, atol=1e-5, rtol=0)
    assert len(paths) == len(list(other.rglob("final.safetensors")))
