# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Batches of a bank: frames of the synthetic world in the memory of the device that trains."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import count

import numpy as np
import numpy.typing as npt
import torch

from depth_completion_core.data.sampling.recolour import as_bytes
from depth_completion_core.data.sampling.seeding import generator_for
from depth_completion_core.progress import ProgressDisplay
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.bank_settings import BankSettings
from depth_completion_core.training.feeds.batch import Batch, BatchView, Skipped
from depth_completion_core.training.feeds.batch_augmentation import augmented
from depth_completion_core.training.feeds.prefetch import prefetched
from depth_completion_core.training.feeds.requirements import SPARSE_DEPTH, TRUTH, Requirements
from depth_completion_core.training.feeds.sample_order import ProcessShare, SampleOrder
from depth_completion_core.world.bank.batch_sensors import BANK_SENSORS
from depth_completion_core.world.bank.frame_bank import BankBatch, FrameBank
from depth_completion_core.world.bank.scene_source import SceneSource
from depth_completion_core.world.scene_sampling import WorldConfig

Int64Array = npt.NDArray[np.int64]


class BankBatches:
    """Batches from a bank whose contents follow from the settings and the epoch alone.

    The world's frames are counted in blocks of one step's size, one frame for each place in a
    step. At epoch e the bank holds the blocks from e times the new ones of an epoch on, and a step
    takes for each place a frame of that place, from a block drawn for it. So a process holds the
    frames of its own places, and all steps are the same however many processes there are.

    Args:
        source: the settings.
        seed: of order, sensors and changes.
        batch_size: samples of a step, of all devices and passes together.
        device: that holds and renders the frames.
        requires: what each frame must have.

    Raises:
        ConfigError: there is not a probability for every sensor.
        TrainingError: something is required that frames of a bank never have.
    """

    def __init__(
        self,
        source: BankSettings,
        *,
        seed: int,
        batch_size: int,
        device: torch.device,
        requires: Requirements,
    ) -> None:
        if len(source.sensor_shares) != len(BANK_SENSORS) or not sum(source.sensor_shares) > 0:
            raise ConfigError(
                f"'sensor_shares' has a probability for each of {', '.join(BANK_SENSORS)}; got "
                f"{list(source.sensor_shares)}"
            )
        _check_requirements(requires)
        self.notes: tuple[str, ...] = ()
        self._source, self._seed, self._device = source, seed, device
        self._requires = requires
        self._batch_size = batch_size
        self._blocks = source.frames // batch_size
        self._new_blocks = round(source.refresh * self._blocks)
        if source.refresh > 0:
            self._new_blocks = max(self._new_blocks, 1)
        self._world = WorldConfig(
            height=source.height_px,
            width=source.width_px,
            kind=source.kind,
            without=source.without,
        )

    def __len__(self) -> int:
        return self._blocks * self._batch_size

    def batches(
        self, plan: SampleOrder, share: ProcessShare, *, first_step: int, workers: int
    ) -> Generator[Batch, None, None]:
        """See :class:`BatchStream`; workers draw the scenes that will be rendered next."""
        if first_step >= plan.total_steps:
            return
        made = self._made(plan, share, first_step, workers)
        # A CPU has no time to spare while it computes, and in a thread of its own torch would
        # divide its sums otherwise.
        yield from made if self._device.type == "cpu" else prefetched(made, self._device)

    def _made(
        self, plan: SampleOrder, share: ProcessShare, first_step: int, workers: int
    ) -> Generator[Batch, None, None]:
        chunks = list(share.passes_of(list(range(self._batch_size))))
        places = np.array([place for chunk in chunks for place in chunk], dtype=np.int64)
        epoch = first_step // plan.steps_per_epoch
        first_block = epoch * self._new_blocks
        new_frames = self._new_blocks * len(places)
        size = self._blocks * len(places)
        with SceneSource(
            self._world,
            self._source.world_seed,
            workers=workers,
            numbers=self._numbers(places, first_block),
            ahead=new_frames,
        ) as scenes:
            bank = self._rendered(scenes, size, is_shown=share.rank == 0)
            order = self._order(epoch)
            for step in range(first_step, plan.total_steps):
                if step // plan.steps_per_epoch > epoch:
                    epoch += 1
                    bank.refresh(new_frames / len(bank))
                    order = self._order(epoch)
                blocks = order[step % plan.steps_per_epoch] + epoch * self._new_blocks - first_block
                for chunk in chunks:
                    rows = blocks[chunk] * len(places) + np.searchsorted(places, chunk)
                    yield self._batch(bank, rows % len(bank), (step, chunk[0]))

    def _rendered(self, scenes: SceneSource, size: int, *, is_shown: bool) -> FrameBank:
        """A full bank, which takes a while."""
        title = f"rendering on {self._device.type}"
        with ProgressDisplay(title, unit="frame", total=size, is_shown=is_shown) as display:
            return FrameBank(
                scenes,
                size,
                seed=self._source.world_seed,
                device=self._device,
                shares=self._source.sensor_shares,
                on_rendered=display.advance,
            )

    def _numbers(self, places: Int64Array, first_block: int) -> Iterator[int]:
        """Which frames of the world this process takes, in order."""
        for block in count(first_block):
            yield from (block * self._batch_size + int(place) for place in places)

    def _order(self, epoch: int) -> Int64Array:
        """(steps, places) which of the bank's blocks, the oldest is 0, a step takes frames from."""
        generator = generator_for(self._seed, "blocks of an epoch", epoch)
        blocks = np.tile(np.arange(self._blocks)[:, None], (1, self._batch_size))
        return generator.permuted(blocks, axis=0)

    def _batch(self, bank: FrameBank, rows: Int64Array, draw: tuple[int, int]) -> Batch:
        """The frames of a pass; ``draw`` is its step and its first place."""
        random = generator_for(self._seed, "bank", *draw)
        generator = torch.Generator(self._device).manual_seed(int(random.integers(2**63)))
        chosen = torch.from_numpy(rows)
        frames = bank.batch(
            chosen, generator, lambda dense: augmented(self._source.augmentation, dense, random)
        )
        names = [f"{self._source.world_seed}/{number:06d}" for number in bank.number[chosen]]
        reasons = self._lacking(frames)
        used = [row for row, reason in enumerate(reasons) if not reason]
        rows_used = torch.tensor(used, device=self._device, dtype=torch.int64)
        target = BatchView(
            offset=0,
            image=as_bytes(frames.image[rows_used]),
            sparse_depth=frames.sparse[rows_used],
            intrinsics=_intrinsics(frames.focal[rows_used]),
            time_s=torch.zeros(len(used), device=self._device),
        )
        return Batch(
            names=tuple(names[row] for row in used),
            skipped=tuple(
                Skipped(name, why) for name, why in zip(names, reasons, strict=True) if why
            ),
            views=(target,),
            truth=frames.truth[rows_used],
        )

    def _lacking(self, frames: BankBatch) -> list[str]:
        """What each frame does not have of what is required; empty where it has all."""
        depths = {
            "no measurement": (SPARSE_DEPTH, frames.sparse),
            "no true depth": (TRUTH, frames.truth),
        }
        required = {why: d for why, (name, d) in depths.items() if name in self._requires.names}
        if not required:
            return [""] * len(frames.image)
        lacks = torch.stack([~(depth > 0).flatten(1).any(1) for depth in required.values()], dim=1)
        return [
            ", ".join(why for why, is_lacking in zip(required, row, strict=True) if is_lacking)
            for row in lacks.tolist()
        ]


def _check_requirements(requires: Requirements) -> None:
    """Raise TrainingError where something is required that frames of a bank never have."""
    missing = [f"the image at {offset:+d}" for offset in requires.view_offsets]
    missing += [f"the layer '{name}'" for name in requires.layers]
    if missing:
        raise TrainingError(
            f"what is trained needs {', '.join(missing)}, but the frames of a bank are single "
            "images with true depth; train it on a data set that has more"
        )


def _intrinsics(focal: torch.Tensor) -> torch.Tensor:
    """(B, 3, 3) of (B, 4) fx, fy, cx, cy."""
    matrix = torch.zeros((len(focal), 3, 3), device=focal.device)
    matrix[:, 0, 0], matrix[:, 1, 1] = focal[:, 0], focal[:, 1]
    matrix[:, 0, 2], matrix[:, 1, 2] = focal[:, 2], focal[:, 3]
    matrix[:, 2, 2] = 1.0
    return matrix
