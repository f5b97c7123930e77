# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import errno
from pathlib import Path

import pytest

from depth_completion_core.files.atomic import WriteError
from depth_completion_core.training.loop.telemetry import Telemetry
from depth_completion_core.training.recipes.recipe import RunConfig


def test_a_full_disk_names_the_folder_of_tensorboard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tensorboard = pytest.importorskip("torch.utils.tensorboard")

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tensorboard.SummaryWriter, "add_scalar", full)
    telemetry = Telemetry(tmp_path, RunConfig(progress=False), is_shown=True)
    with telemetry:
        telemetry.begin(0, 10)
        with pytest.raises(WriteError, match="/tensorboard cannot be written: No space left"):
            telemetry.scores(1, {"mae_mm": 1.0})
