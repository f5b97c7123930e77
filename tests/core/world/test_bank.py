# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Frames in memory: as rendered, the oldest replaced first."""

from __future__ import annotations

import pytest
import torch

from depth_completion_core.world.bank.batch_sensors import BANK_SENSORS
from depth_completion_core.world.bank.frame_bank import FrameBank
from depth_completion_core.world.bank.scene_source import SceneSource
from depth_completion_core.world.render import render_frames
from depth_completion_core.world.scene_sampling import WorldConfig, sample_scene

SMALL = WorldConfig(height=24, width=32, kind="room")


def _bank(size: int = 5, shares: tuple[float, ...] = ()) -> FrameBank:
    return FrameBank(SceneSource(SMALL, 3), size, seed=3, shares=shares)


@pytest.fixture(scope="module")
def still() -> FrameBank:
    """A bank that is not refreshed."""
    return _bank()


def test_frames_are_those_of_the_world_in_half_precision(still: FrameBank) -> None:
    bank = still
    frames = render_frames(SMALL, 3, [0, 1, 2, 3, 4])
    assert len(bank) == 5
    assert bank.number.tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(bank.image, frames.image)
    assert bank.depth.dtype == torch.float16
    stored = bank.depth.to(torch.float32)
    assert torch.equal(stored > 0, frames.valid)
    near = frames.valid
    # Half precision has eleven binary digits.
    assert ((stored - frames.depth)[near].abs() <= frames.depth[near] * 2.0**-11).all()
    cameras = [scene.camera for scene in frames.scenes]
    assert bank.focal.tolist() == [
        pytest.approx([each.fx, each.fy, each.cx, each.cy]) for each in cameras
    ]


def test_a_refresh_replaces_the_oldest_by_the_next() -> None:
    bank = _bank()
    assert bank.refresh(0.4) == 2
    assert bank.number.tolist() == [5, 6, 2, 3, 4]
    assert bank.refresh(0.0) == 0
    assert bank.refresh(0.8) == 4
    assert bank.number.tolist() == [10, 6, 7, 8, 9]
    frames = render_frames(SMALL, 3, bank.number.tolist())
    assert torch.equal(bank.image, frames.image)
    assert torch.equal(bank.depth, frames.depth.half())


def test_more_frames_than_are_rendered_at_once() -> None:
    bank = _bank(10)
    assert bank.number.tolist() == list(range(10))
    assert bank.refresh(0.9) == 9
    assert bank.number.tolist() == [*range(10, 19), 9]


def test_the_same_state_gives_the_same_batch(still: FrameBank) -> None:
    bank = still
    rows = torch.tensor([4, 0, 0])
    batch, again = (bank.batch(rows, torch.Generator().manual_seed(8)) for _ in range(2))
    for ours, theirs in zip(batch, again, strict=True):
        assert torch.equal(ours, theirs)
    assert batch.image.shape == (3, 3, 24, 32)
    assert batch.sparse.shape == batch.truth.shape == (3, 1, 24, 32)
    assert batch.image.dtype == batch.truth.dtype == torch.float32
    assert torch.equal((batch.image * 255).round().to(torch.uint8), bank.image[rows])
    assert torch.equal(batch.truth[:, 0], bank.depth[rows].float())
    assert torch.equal(batch.focal, bank.focal[rows])
    other = bank.batch(rows, torch.Generator().manual_seed(9))
    assert not torch.equal(batch.sparse, other.sparse)


def test_sensors_have_their_shares(still: FrameBank) -> None:
    rows, generator = torch.zeros(400, dtype=torch.int64), torch.Generator().manual_seed(0)
    drawn = still.batch(rows, generator).sensor.bincount(minlength=len(BANK_SENSORS)) / 400
    assert drawn.tolist() == pytest.approx([1 / len(BANK_SENSORS)] * len(BANK_SENSORS), abs=0.08)
    only = [0.0] * len(BANK_SENSORS)
    only[2] = 1.0
    assert set(_bank(1, shares=tuple(only)).batch(rows, generator).sensor.tolist()) == {2}


def test_what_a_bank_cannot_be_is_said() -> None:
    with pytest.raises(ValueError, match="at least 1 frame, got 0"):
        _bank(0)
    with pytest.raises(ValueError, match="a share for each of uniform, corners"):
        _bank(1, shares=(1.0,))
    bank = _bank(1)
    for share in (-0.1, 1.1):
        with pytest.raises(ValueError, match="from 0 to 1"):
            bank.refresh(share)


def test_workers_draw_the_same_scenes_in_order() -> None:
    with SceneSource(SMALL, 4, first=7) as alone, SceneSource(SMALL, 4, first=7, workers=1) as pool:
        for (number, ours), (other, theirs) in zip(
            [next(alone) for _ in range(3)], [next(pool) for _ in range(3)], strict=True
        ):
            assert number == other
            assert torch.equal(torch.tensor(ours.table.centre), torch.tensor(theirs.table.centre))
            expected = sample_scene(SMALL, 4, number)
            assert torch.equal(torch.tensor(ours.materials), torch.tensor(expected.materials))
    assert alone.take(2)[0] == [10, 11]
