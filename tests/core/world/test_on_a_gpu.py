# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The same frames on a GPU: the same bits again, and the CPU's depth to a thousandth."""

from __future__ import annotations

import pytest
import torch

from depth_completion_core.world.bank.frame_bank import FrameBank
from depth_completion_core.world.bank.scene_source import SceneSource
from depth_completion_core.world.render import render_frames
from depth_completion_core.world.scene_sampling import WorldConfig

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")

_CONFIG = WorldConfig(height=120, width=160)


def test_the_same_seed_gives_the_same_bits_in_any_company() -> None:
    frames = render_frames(_CONFIG, 0, [0, 1, 2, 3], "cuda")
    for company in ([0, 1, 2, 3], [2], [3, 2]):
        again = render_frames(_CONFIG, 0, company, "cuda")
        at = company.index(2)
        for name in ("image", "depth", "valid"):
            assert torch.equal(getattr(again, name)[at], getattr(frames, name)[2]), name


def test_depth_is_that_of_the_cpu() -> None:
    numbers = list(range(6))
    ours = render_frames(_CONFIG, 0, numbers, "cuda")
    theirs = render_frames(_CONFIG, 0, numbers)
    depth, expected = ours.depth.cpu(), theirs.depth
    same = (depth - expected).abs() <= 1e-3 * expected
    assert same.float().mean() >= 0.999
    # Noise is drawn on the device: images agree but for it.
    apart = (ours.image.cpu().float() - theirs.image.float()).abs().mean()
    assert apart < 12


def test_a_bank_on_the_gpu_gives_the_same_batch_again() -> None:
    bank = FrameBank(SceneSource(_CONFIG, 0), 3, seed=0, device="cuda")
    rows = torch.tensor([0, 2])
    first, again = (
        bank.batch(rows, torch.Generator(device="cuda").manual_seed(1)) for _ in range(2)
    )
    assert first.image.device.type == "cuda"
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one, other)
