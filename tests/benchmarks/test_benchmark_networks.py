# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from depth_completion_core import benchmark_networks
from depth_completion_core.benchmarks import network_stages


def test_every_stage_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_stages, "_SIZES", ((48, 64),))
    threads = torch.get_num_threads()
    target = tmp_path / "numbers.json"
    flags = ["--rounds", "1", "--threads", "1", "--device", "cpu", "--json-file", str(target)]
    try:
        assert benchmark_networks.main(["--models", "scaffnet", "fusionnet", *flags]) == 0
    finally:
        torch.set_num_threads(threads)
    numbers = json.loads(target.read_text(encoding="utf-8"))
    assert len(numbers) == 2
    for stages in numbers.values():
        assert set(stages) == {
            "decode",
            "project",
            "upload",
            "network",
            "network, onnxruntime",
            "whole frame",
            "pack",
        }
        assert all(timing["p50_ms"] > 0 for timing in stages.values())
    assert "fusionnet, 48x64" in capsys.readouterr().out
