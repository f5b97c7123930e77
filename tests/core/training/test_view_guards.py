# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Sequences in which something is wrong: what of them is left out, why, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from depth_completion_core.data import build_dataset
from depth_completion_core.data.readers.void import Void
from depth_completion_core.data.sample import Sample
from depth_completion_core.frame import View
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.models.configs.scaffnet import ScaffNetConfig
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.batch import Batch
from depth_completion_core.training.feeds.requirements import (
    SPARSE_DEPTH,
    VIEW_FROM_TARGET,
    Requirements,
)
from depth_completion_core.training.feeds.view_guards import unfit_view
from depth_completion_core.training.loop.trainer import train
from depth_completion_core.training.objectives.objective import Objective, ObjectiveReport
from depth_completion_core.training.recipes.recipe import RunConfig
from depth_completion_core.training.recipes.scaffnet import ScaffNetRecipe
from depth_completion_core.training.recipes.scaffnet_void import VoidFeed
from tests.core.data.trees import SIZE, K, write_frame, write_matrix
from tests.core.training.tiny import SCAFFNET, PlaneSource, in_folder, small_run

_FRAMES = 18
_STEP = 0.1  # metres, from one frame to the next
_PERIOD_S = 0.1


def _stamp(number: float) -> str:
    return f"{100 + _PERIOD_S * number:.3f}"


def _pose(x: float) -> RigidTransform:
    return RigidTransform(np.eye(3), np.array([x, 0.0, 0.0]))


def _write_sequence(folder: Path, frames: int, *, seed: int) -> None:
    random = np.random.default_rng(seed)
    for number in range(frames):
        write_frame(folder, _stamp(number), random)
        pose = _pose(_STEP * number).matrix[:3]
        write_matrix(folder / "absolute_pose" / f"{_stamp(number)}.txt", pose)
    write_matrix(folder / "K.txt", K * [[1.0 + 0.1 * seed], [1.0], [1.0]])


def _spoil(folder: Path) -> None:
    """One fault at a time, with whole frames in between."""

    def path(what: str, number: int, ending: str = "png") -> Path:
        return folder / what / f"{_stamp(number)}.{ending}"

    path("image", 3).write_bytes(path("image", 2).read_bytes())
    write_matrix(path("absolute_pose", 6, "txt"), 2.0 * _pose(0.6).matrix[:3])
    write_matrix(path("absolute_pose", 10, "txt"), _pose(_STEP * 10 + 8.0).matrix[:3])
    nothing = np.zeros(SIZE, np.uint16)
    assert cv2.imwrite(str(path("sparse_depth", 12)), nothing)
    assert cv2.imwrite(str(path("validity_map", 12)), nothing)
    assert cv2.imwrite(str(path("image", 15)), np.zeros((12, 16, 3), np.uint8))


_ALONE = "no image at -1, no image at +1"  # at an end of its sequence
_REASONS = {
    0: _ALONE,
    2: "the same picture again at +1",
    3: "the same picture again at -1",
    5: "a pose that is none",
    6: "a pose that is none",
    7: "a pose that is none",
    9: "a jump in its poses",
    10: "a jump in its poses",
    11: "a jump in its poses",
    12: "no measurement",
    14: "files of several sizes",
    15: "files of several sizes",
    16: "files of several sizes",
    17: _ALONE,
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sequences in VOID's layout, the first with a fault of every kind."""
    folder = tmp_path_factory.mktemp("void")
    data = folder / "data"
    for seed, (name, frames) in enumerate((("bumpy", _FRAMES), ("smooth", 4))):
        _write_sequence(data / name, frames, seed=seed)
    _spoil(data / "bumpy")
    images = sorted(path.relative_to(folder) for path in data.glob("*/image/*.png"))
    lines = "\n".join(path.as_posix() for path in images)
    (folder / "train_image.txt").write_text(lines, encoding="utf-8")
    return folder


class _Compares(Objective):
    """Depth is what was measured, if only a little; views are looked at by nothing."""

    requires = (SPARSE_DEPTH, VIEW_FROM_TARGET)
    view_offsets = (-1, 1)

    def forward(self, batch: Batch) -> ObjectiveReport:
        depth = self.model(batch.model_input(self.model.needs)).depth
        error = (depth - batch.sparse_depth).abs() * (batch.sparse_depth > 0)
        return ObjectiveReport(total=error.mean(dim=(1, 2, 3)), depth=depth)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe(ScaffNetRecipe):
    epochs: int = 2
    batch_size: int = 2
    network: ScaffNetConfig = field(
        default_factory=lambda: replace(SCAFFNET, batch_norm=False)  # some batches are of one image
    )
    data: VoidFeed = field(
        default_factory=lambda: VoidFeed(
            reader=Void.Config(split="train", triplet_offset=1, skip_edges=False)
        )
    )
    validation: PlaneSource = field(default_factory=PlaneSource)
    run: RunConfig = field(default_factory=small_run)

    def objective(self, model: CompletionModel) -> Objective:
        return _Compares(model)


def _recipe(root: Path, out: Path) -> _Recipe:
    plain = _Recipe()
    return replace(plain, data=replace(plain.data, root=str(root)), run=in_folder(plain.run, out))


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_each_fault_is_named_and_nothing_else_is_left_out(root: Path) -> None:
    requires = Requirements(
        names=_Compares.requires, view_offsets=(-1, 1), compared=_Compares.view_offsets
    )
    loader = _recipe(root, root / "unused").data.samples(0, requires)
    found = {}
    for index in range(len(loader)):
        for name, reason, detail in loader.batch_of(index).skipped:
            found[name] = reason
            if reason in ("a pose that is none", "files of several sizes"):
                assert _stamp(6) in detail or _stamp(15) in detail
    ends = {0: _ALONE, 3: _ALONE}
    assert found == {
        **{f"bumpy/{_stamp(number)}": reason for number, reason in _REASONS.items()},
        **{f"smooth/{_stamp(number)}": reason for number, reason in ends.items()},
    }


def test_the_run_goes_on_and_counts_them(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = train(_recipe(root, tmp_path), "tiny")
    assert metrics["finished"]
    assert metrics["samples_skipped"] == 2 * (len(_REASONS) + 2)
    said = capsys.readouterr().err
    assert said.count("is skipped: it has a jump in its poses") == 1
    assert "6 had a pose that is none; " in said.splitlines()[-1]
    assert "the 3x3 part is not a rotation" in said


def test_a_set_of_which_nothing_can_be_learned_ends_the_run(root: Path, tmp_path: Path) -> None:
    alone = replace(_recipe(root, tmp_path), epochs=9)
    reader = replace(alone.data.reader, triplet_offset=0)
    recipe = replace(alone, data=replace(alone.data, reader=reader))
    with pytest.raises(TrainingError, match=r"none of 50 samples can be learned from: .*no image"):
        train(recipe, "tiny")


def test_each_view_has_the_intrinsics_listed_for_it(root: Path, tmp_path: Path) -> None:
    """A camera that is calibrated anew within a sequence is no fault."""
    images = (root / "train_image.txt").read_text(encoding="utf-8").splitlines()
    calibrations: list[str] = []
    for number, line in enumerate(images):
        own = Path(line.replace("/image/", "/intrinsics/")).with_suffix(".txt")
        calibrations.append(own.as_posix())
        write_matrix(tmp_path / own, K * [[1.0 + number], [1.0], [1.0]])
        target = tmp_path / line
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(root / line)
        for what in ("sparse_depth", "ground_truth"):
            other = Path(line.replace("/image/", f"/{what}/"))
            (tmp_path / other).parent.mkdir(exist_ok=True)
            (tmp_path / other).symlink_to(root / other)
    (tmp_path / "train_image.txt").write_text("\n".join(images), encoding="utf-8")
    (tmp_path / "train_intrinsics.txt").write_text("\n".join(calibrations), encoding="utf-8")
    sample = build_dataset("void", tmp_path, {"split": "train", "triplet_offset": 1})[0]
    cameras = [sample.camera, *(view.camera for view in sample.views)]
    assert [camera.fx for camera in cameras if camera] == [60.0, 30.0, 90.0]


# One frame and two views, with motions and times of every kind.


def _sample(
    before: float, after: float, *, period_s: float | None = 0.1, turn_deg: float = 0.0
) -> Sample:
    """The camera moved so many metres between the image before and this one, and to the next."""
    random = np.random.default_rng(0)
    images = random.integers(0, 255, (3, 8, 8, 3), dtype=np.uint8)
    half = np.radians(turn_deg) / 2.0
    turn = [0.0, np.sin(half), 0.0, np.cos(half)]
    views = tuple(
        View(
            offset=offset,
            image=image,
            stamp_ns=0 if period_s is None else 10**12 + round(offset * period_s * 1e9),
            view_from_target=RigidTransform.from_quaternion(
                turn if offset > 0 else [0.0, 0.0, 0.0, 1.0], [metres * offset, 0.0, 0.0]
            ),
        )
        for offset, metres, image in zip((-1, 1), (before, after), images[1:], strict=True)
    )
    return Sample(
        name="a", image=images[0], views=views, stamp_ns=0 if period_s is None else 10**12
    )


def _unfit(sample: Sample) -> str:
    return unfit_view(sample, sample.views, with_motion=True)


@pytest.mark.parametrize(
    "sample",
    [
        _sample(0.0, 0.0),  # stands still
        _sample(0.0, 0.05, period_s=0.033),  # begins to walk
        _sample(3.3, 3.4),  # a fast car
        _sample(1.4, 1.3),  # a car that brakes as hard as it can
        _sample(0.1, 0.14, period_s=0.033),  # a correction of visual odometry
        _sample(0.0, 1.0, period_s=0.33),  # a drone that takes off
        _sample(0.0, 4.0, period_s=1.0),  # one image a second
        _sample(0.0, 4.0, period_s=None),
        _sample(0.1, 0.1, turn_deg=20.0, period_s=0.033),  # a camera swung by hand
        _sample(0.1, 0.1, turn_deg=90.0, period_s=0.33),
        _sample(9.0, 9.0, period_s=None),  # far apart, and evenly so
        _sample(2.9, -2.1, period_s=None),  # there and back
    ],
)
def test_motions_that_can_be_are_not_refused(sample: Sample) -> None:
    assert _unfit(sample) == ""


@pytest.mark.parametrize(
    "sample",
    [
        _sample(0.1, 1.1),  # satellite navigation finds itself again
        _sample(0.1, 0.6, period_s=0.033),
        _sample(0.0, 5.0, period_s=0.33),
        _sample(8.0, -7.8),  # the frame's own pose alone is wrong
        _sample(0.1, 30.0, period_s=None),
        _sample(8.0, -7.8, period_s=None),
        _sample(0.1, 0.1, turn_deg=60.0, period_s=0.033),
    ],
)
def test_jumps_are_refused_where_motion_is_used(sample: Sample) -> None:
    assert _unfit(sample) == "a jump in its poses"
    assert unfit_view(sample, sample.views, with_motion=False) == ""


def test_views_that_look_the_other_way_are_told_by_the_motion() -> None:
    sample = _sample(0.1, 0.1, turn_deg=170.0, period_s=None)
    assert _unfit(sample) == "images around it that look elsewhere"
    assert unfit_view(sample, sample.views, with_motion=False) == ""
    upside_down = RigidTransform.from_quaternion([0.0, 0.0, 1.0, 0.0], [0.1, 0.0, 0.0])
    rolled = [replace(view, view_from_target=upside_down) for view in sample.views]
    assert unfit_view(sample, rolled, with_motion=True) == ""


def test_another_recording_is_told_by_the_time() -> None:
    sample = _sample(0.1, 0.1)
    before, after = sample.views
    hours = replace(after, stamp_ns=after.stamp_ns + 3600 * 10**9)
    unknown = replace(hours, view_from_target=None)
    for view in (unknown, replace(hours, view_from_target=_pose(30.0))):
        found = unfit_view(sample, (before, view), with_motion=False)
        assert found == "images around it of another recording or another place"
    assert unfit_view(sample, (before, hours), with_motion=True) == ""  # it stood there


@pytest.mark.parametrize(("offset", "seconds"), [(1, 0.0), (1, -0.1), (-1, 0.0), (-1, 0.2)])
def test_times_must_be_in_order(offset: int, seconds: float) -> None:
    sample = _sample(0.1, 0.1)
    stamp_ns = sample.stamp_ns + round(seconds * 1e9)
    views = [replace(view, stamp_ns=stamp_ns) for view in sample.views if view.offset == offset]
    when = "before" if offset < 0 else "after"
    expected = f"an image at {offset:+d} that was not taken {when} it"
    assert unfit_view(sample, views, with_motion=False) == expected


def test_what_a_model_sees_is_not_compared() -> None:
    """A network of several images is asked about a robot that stands still, too."""
    sample = _sample(0.0, 0.0)
    still = replace(sample, views=tuple(replace(v, image=sample.image) for v in sample.views))
    assert Requirements(names=(), view_offsets=(-1, 1)).lacking(still) == ""
    compared = Requirements(names=(), view_offsets=(-1, 1), compared=(-1, 1))
    assert compared.lacking(still) == "the same picture again at -1"
