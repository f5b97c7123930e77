# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""One command from a bag to weights, and to what they changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from depth_completion_core.checkpoints.checkpoint import save_checkpoint
from depth_completion_core.completer import load_model
from depth_completion_core.models.fusionnet import FusionNet
from rosbag_tools.adapt import main
from rosbag_tools.errors import BagError
from tests.bags.bag_factory import write_ros2
from tests.bags.truth_bag import recording
from tests.core.training.tiny import FUSIONNET

_TRAINING = (
    *("--max_steps", "2", "--batch_size", "2", "--data.held_out", "0.3"),
    *("--data.set", "density=500", "--data.augmentation.crop_width_px", "32"),
    *("--data.augmentation.crop_height_px", "32", "--run.device", "cpu", "--run.threads", "1"),
    *("--run.tensorboard", "false", "--run.progress", "false"),
)


def test_a_bag_becomes_weights_and_a_comparison(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    start = tmp_path / "start.safetensors"
    save_checkpoint(start, "fusionnet", FusionNet(FUSIONNET), provenance={})
    bag = write_ros2(tmp_path / "hall", recording(9))
    out = tmp_path / "adapted"
    words = [str(bag), f"--out={out}", "--densities", "500", "--rate-hz", "0"]
    training = (*_TRAINING, "--init_weights", str(start))
    assert main([*words, "--", *training]) == 0, capsys.readouterr().err
    told = capsys.readouterr().out
    assert "2 frames were not trained on" in told
    assert "photometric error" in told
    run = out / "run"
    found = json.loads((run / "comparison.json").read_text(encoding="utf-8"))
    assert set(found["figures"]) == {"RMSE", "MAE", "iRMSE", "photometric error"}
    assert (run / "comparison.png").is_file()
    assert not (run / "pose").exists()  # the bag knows the motion
    assert load_model(str(run / "final.safetensors"), device="cpu").model is not None
    learned = (*training, "--poses", "network", "--run.out", str(out / "learned"))
    assert main([*words, "--", *learned]) == 0, capsys.readouterr().err
    assert (out / "learned" / "pose" / "final.safetensors").is_file()


def test_without_a_folder_nothing_begins(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="--out DIR"):
        main([str(tmp_path / "hall")])
