# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.completer import load_model
from rosbag_tools.complete import main
from tests.bags.bag_factory import depths_of, drive, frame_of, write_ros2
from tests.core.checkpoints.released_checkpoints import SMALL, seeded_checkpoint

_FRAMES = 2


@pytest.mark.parametrize("network", ["scaffnet", "fusionnet", "nlspn", "cspn"])
def test_a_bag_gets_what_the_network_says(network: str, tmp_path: Path) -> None:
    bag = write_ros2(tmp_path / "drive", drive(_FRAMES))
    weights = seeded_checkpoint(
        tmp_path / f"{network}.safetensors", network, settings=SMALL[network]
    )
    flags = ["--model", str(weights), "--device", "cpu", "--holdout", "0"]
    assert main([str(bag), str(tmp_path / "out"), *flags]) == 0
    written = depths_of(tmp_path / "out")
    assert len(written) == _FRAMES
    completer = load_model(str(weights), device="cpu")
    for index, depth in enumerate(written):
        prediction = completer.complete(frame_of(index))
        expected = np.where(prediction.valid, prediction.depth, np.nan)
        np.testing.assert_allclose(depth, expected, rtol=1e-5)
        assert prediction.valid.all()


def test_a_network_without_weights_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "depth_completion_core.checkpoints.default_weights.WEIGHTS_FOLDER", tmp_path / "none"
    )
    bag = write_ros2(tmp_path / "drive", drive(1))
    with pytest.raises(ValueError, match=r"no weights.*import_checkpoint"):
        main([str(bag), str(tmp_path / "out"), "--model", "fusionnet"])
    assert not (tmp_path / "out").exists()
