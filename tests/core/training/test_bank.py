# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Steps from a bank of frames: the same wherever a run begins and however it is divided."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from depth_completion_core.data.readers.world_frames import WorldFrames
from depth_completion_core.data.readers.world_frames_config import WorldFramesConfig
from depth_completion_core.data.sampling.augmentation import Augmentation
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.bank_batches import BankBatches
from depth_completion_core.training.feeds.bank_feed import BankFeed
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.prefetch import prefetched
from depth_completion_core.training.feeds.requirements import Requirements
from depth_completion_core.training.feeds.sample_order import ProcessShare, SampleOrder
from depth_completion_core.training.loop.run_checkpoints import generator_states
from depth_completion_core.training.loop.trainer import train
from depth_completion_core.training.recipes.recipe import RunConfig
from depth_completion_core.training.recipes.scaffnet import ScaffNetRecipe
from depth_completion_core.world.objects.families import HELD_OUT, FamilyError
from tests.core.training.tiny import SCAFFNET, PlaneSource, in_folder, small_run

_ROOT = Path(__file__).resolve().parents[3]
_SOURCE = BankFeed(
    kind="room",
    world_seed=5,
    without=HELD_OUT,
    frames=9,
    refresh=0.4,
    width_px=32,
    height_px=32,
    sensor_shares=(1.0, 0.0, 1.0, 0.0, 1.0),
    augmentation=Augmentation(flip=0.5, zoom_max=1.5, zoom_divides_depth=False, brightness=0.3),
)
_PLAN = SampleOrder(seed=3, samples=8, batch_size=4, epochs=4)


def _stream(source: BankFeed = _SOURCE) -> BankBatches:
    return source.stream(seed=3, batch_size=4, device=torch.device("cpu"), requires=Requirements())


def _batches(
    share: ProcessShare | None = None, *, first_step: int = 0, workers: int = 0
) -> list[list[Batch]]:
    """The passes of every step."""
    share = share or ProcessShare()
    stream = _stream().batches(_PLAN, share, first_step=first_step, workers=workers)
    passes = list(stream)
    return [passes[first : first + share.passes] for first in range(0, len(passes), share.passes)]


def _intrinsics(batch: Batch) -> torch.Tensor:
    assert batch.target.intrinsics is not None
    return batch.target.intrinsics


def _all_names(batch: Batch) -> list[str]:
    return [*batch.names, *(name for name, _, _ in batch.skipped)]


def _assert_same(found: Batch, expected: Batch) -> None:
    assert found.names == expected.names
    assert found.skipped == expected.skipped
    assert torch.equal(found.image, expected.image)
    assert torch.equal(found.sparse_depth, expected.sparse_depth)
    assert torch.equal(found.true_depth, expected.true_depth)
    assert torch.equal(_intrinsics(found), _intrinsics(expected))


@pytest.fixture(scope="module")
def whole() -> list[Batch]:
    """All steps of one process with one pass."""
    return [batch for (batch,) in _batches()]


def test_it_holds_whole_batches(whole: list[Batch]) -> None:
    assert len(_stream()) == 8
    assert len(whole) == _PLAN.total_steps == 8
    assert {tuple(batch.image.shape[1:]) for batch in whole} == {(3, 32, 32)}
    assert all(len(batch.image) == len(batch.names) for batch in whole)
    assert {batch.image.dtype for batch in whole} == {torch.uint8}
    assert [view.offset for view in whole[0].views] == [0]


def test_the_frames_follow_from_the_epoch(whole: list[Batch]) -> None:
    """Two blocks of four frames; after each pass over them the older one is replaced."""
    for epoch in range(4):
        first, second = whole[2 * epoch : 2 * epoch + 2]
        assert len(_all_names(first)) == len(_all_names(second)) == 4
        names = [*_all_names(first), *_all_names(second)]
        numbers = sorted(int(name.split("/")[1]) for name in names)
        assert numbers == list(range(4 * epoch, 4 * epoch + 8))


@pytest.mark.parametrize("first_step", [1, 2, 5, 7])
def test_it_goes_on_with_the_same_bits(whole: list[Batch], first_step: int) -> None:
    resumed = _batches(first_step=first_step)
    assert len(resumed) == 8 - first_step
    for (found,), expected in zip(resumed, whole[first_step:], strict=True):
        _assert_same(found, expected)
    assert _batches(first_step=8) == []


def test_workers_change_nothing(whole: list[Batch]) -> None:
    found = _batches(first_step=6, workers=1)
    for (batch,), expected in zip(found, whole[6:], strict=True):
        _assert_same(batch, expected)


def test_several_processes_make_the_steps_of_one_with_as_many_passes() -> None:
    one = _batches(ProcessShare(passes=2), first_step=3)
    two = [_batches(ProcessShare(rank=rank, world=2), first_step=3) for rank in (0, 1)]
    for step, passes in enumerate(one):
        for rank in (0, 1):
            _assert_same(two[rank][step][0], passes[rank])


def test_global_generators_are_left_alone() -> None:
    before = generator_states(torch.device("cpu"))
    _batches(first_step=7)
    after = generator_states(torch.device("cpu"))
    assert all(torch.equal(after[key], value) for key, value in before.items())


def test_frames_are_those_of_the_world() -> None:
    plain = replace(_SOURCE, augmentation=Augmentation(), refresh=0.0)
    batch = next(_stream(plain).batches(_PLAN, ProcessShare(), first_step=0, workers=0))
    world = WorldFrames(
        Path(),
        WorldFramesConfig(kind="room", seed=5, without=HELD_OUT, width_px=32, height_px=32),
    )
    for index, name in enumerate(batch.names):
        sample = world[int(name.split("/")[1])]
        assert sample.name == name
        assert sample.truth is not None
        assert sample.camera is not None
        assert np.array_equal(batch.image[index].permute(1, 2, 0).numpy(), sample.image)
        halves = sample.truth.depth.astype(np.float16).astype(np.float32)
        assert np.array_equal(batch.true_depth[index, 0].numpy(), halves)
        np.testing.assert_allclose(_intrinsics(batch)[index].numpy(), sample.camera.K, rtol=1e-6)


def test_frames_without_a_measurement_are_skipped_by_name() -> None:
    """Zones reach 4 m; in a street, some frames show nothing nearer."""
    source = replace(_SOURCE, kind="street", sensor_shares=(0.0, 0.0, 0.0, 1.0, 0.0), frames=16)
    stream = source.stream(
        seed=0, batch_size=16, device=torch.device("cpu"), requires=Requirements()
    )
    plan = SampleOrder(seed=0, samples=16, batch_size=16, epochs=1)
    (batch,) = stream.batches(plan, ProcessShare(), first_step=0, workers=0)
    assert {reason for _, reason, _ in batch.skipped} == {"no measurement"}
    assert len(batch.names) + len(batch.skipped) == 16
    assert batch.size == len(batch.image) == len(batch.true_depth) == len(batch.sparse_depth)
    assert bool((batch.sparse_depth > 0).flatten(1).any(1).all())


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"without": ("sofaa",)}, FamilyError, "unknown family 'sofaa'"),
        ({"sensor_shares": (1.0,)}, ConfigError, "a probability for each of uniform, corners"),
        ({"augmentation": Augmentation(crop_width_px=99)}, ConfigError, "a crop of 99x0"),
        ({"augmentation": Augmentation(roll_deg=5.0)}, ConfigError, "are not turned"),
        ({"augmentation": Augmentation(remove_max=0.5)}, ConfigError, "are not turned, thinned"),
        ({"augmentation": Augmentation(zoom_min=0.9)}, ConfigError, "or made smaller"),
    ],
)
def test_what_cannot_be_is_said_before_frames_are_rendered(
    changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        replace(_SOURCE, **changes).stream(
            seed=0, batch_size=4, device=torch.device("cpu"), requires=Requirements()
        )


def test_what_single_images_cannot_show_is_refused() -> None:
    requires = Requirements(names=("truth", "flow"), view_offsets=(-1,))
    with pytest.raises(TrainingError, match="needs the image at -1, the layer 'flow', but"):
        _SOURCE.stream(seed=0, batch_size=4, device=torch.device("cpu"), requires=requires)


def test_frames_without_measurements_are_used_where_none_are_required() -> None:
    source = replace(_SOURCE, kind="street", sensor_shares=(0.0, 0.0, 0.0, 1.0, 0.0), frames=16)
    requires = Requirements(names=("truth",))
    cpu = torch.device("cpu")
    stream = source.stream(seed=0, batch_size=16, device=cpu, requires=requires)
    plan = SampleOrder(seed=0, samples=16, batch_size=16, epochs=1)
    (batch,) = stream.batches(plan, ProcessShare(), first_step=0, workers=0)
    assert (batch.size, batch.skipped) == (16, ())
    assert not bool((batch.sparse_depth > 0).flatten(1).any(1).all())


# Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class _BankRecipe(ScaffNetRecipe):
    epochs: int = 3
    batch_size: int = 4
    average_decay: float = 0.9
    network: ScaffNetConfig = SCAFFNET
    data: BankFeed = field(default_factory=lambda: _SOURCE)
    validation: PlaneSource = field(default_factory=lambda: PlaneSource(limit=2))
    run: RunConfig = field(default_factory=small_run)


@pytest.fixture
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("_threads")
def test_a_run_that_is_stopped_after_every_step_ends_the_same(tmp_path: Path) -> None:
    recipe = _BankRecipe()
    train(replace(recipe, run=in_folder(recipe.run, tmp_path / "whole")), "tiny")
    run = replace(in_folder(recipe.run, tmp_path / "stopped"), max_minutes=1e-9)
    for _ in range(5):
        assert not train(replace(recipe, run=run), "tiny")["finished"]
    assert train(replace(recipe, run=run), "tiny")["finished"]
    one, other = (load_file(tmp_path / f / "final.safetensors") for f in ("whole", "stopped"))
    assert all(torch.equal(other[key], value) for key, value in one.items())


_DRAWING = """
from depth_completion_core.world.scene_sampling import WorldConfig
from depth_completion_core.world.bank.scene_source import SceneSource
import multiprocessing, time
if __name__ == "__main__":
    source = SceneSource(WorldConfig(height=16, width=16), 0, workers=1)
    next(source)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    time.sleep(60)
"""


def test_workers_end_with_a_run_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "drawing.py"
    script.write_text(_DRAWING, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
    with subprocess.Popen([sys.executable, script], stdout=-1, text=True, env=environment) as run:
        assert run.stdout is not None
        (worker,) = (int(word) for word in run.stdout.readline().split())
        assert _is_running(worker)
        run.send_signal(signal.SIGKILL)
    end = time.monotonic() + 10
    while _is_running(worker) and time.monotonic() < end:
        time.sleep(0.02)
    assert not _is_running(worker)


def _is_running(process: int) -> bool:
    """One that has ended, but that nobody has asked about, is a zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").split()[2]
    except FileNotFoundError:
        return False
    return state != "Z"


# Made ahead


def _numbers(count: int, events: list[str]) -> Generator[int, None, None]:
    try:
        for number in range(count):
            events.append(f"made {number}")
            yield number
    finally:
        events.append("closed")


def test_what_is_made_ahead_is_the_same() -> None:
    events: list[str] = []
    assert list(prefetched(_numbers(20, events), torch.device("cpu"))) == list(range(20))
    assert events[-1] == "closed"


def test_making_ahead_ends_with_the_one_who_asks() -> None:
    events: list[str] = []
    before = threading.active_count()
    items = prefetched(_numbers(20, events), torch.device("cpu"))
    assert [next(items), next(items)] == [0, 1]
    items.close()
    assert events[-1] == "closed"
    assert len(events) <= 6
    assert threading.active_count() == before


def test_an_error_comes_where_its_item_would() -> None:
    def failing() -> Generator[int, None, None]:
        yield 1
        raise ValueError("no second one")

    items = prefetched(failing(), torch.device("cpu"))
    assert next(items) == 1
    with pytest.raises(ValueError, match="no second one"):
        next(items)


def test_a_bank_made_ahead_gives_the_same_batches(
    whole: list[Batch],
) -> None:
    """As on a GPU, where a thread makes them."""
    stream = _stream()
    made = stream._made(_PLAN, ProcessShare(), 0, 0)
    for found, expected in zip(prefetched(made, torch.device("cpu")), whole, strict=True):
        _assert_same(found, expected)
