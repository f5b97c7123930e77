# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is put side by side, what is left out and why, and what a model sees of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from depth_completion_core.config import InferenceConfig
from depth_completion_core.data.layers.flow import FlowLayer
from depth_completion_core.data.layers.label import LabelLayer
from depth_completion_core.data.layers.layer import Layer
from depth_completion_core.data.layers.pose import PoseLayer
from depth_completion_core.data.layers.time import TimeLayer
from depth_completion_core.data.sample import Sample
from depth_completion_core.frame import SparseDepth, View
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.inference.preprocessing import model_input, window_of
from depth_completion_core.models.needs import ModelNeeds
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.feeds.batch import Skipped
from depth_completion_core.training.feeds.collating import collate
from depth_completion_core.training.feeds.requirements import Requirements
from tests.core.training.tiny import CAMERA, SIZE_PX, Planes

_CPU = torch.device("cpu")
_NOTHING = SparseDepth.from_depth(np.zeros((SIZE_PX, SIZE_PX)))


def _sample(index: int = 0, **changes: Any) -> Sample:  # noqa: ANN401 - any of a sample's parts
    """With an image before and one after it, at known places and times."""
    sample = Planes(Path())[index]
    views = tuple(
        View(
            offset=offset,
            image=np.roll(sample.image, offset, axis=1),
            camera=CAMERA,
            stamp_ns=offset * (50_000_000 + index),
            sparse=sample.sparse if offset < 0 else None,
            view_from_target=RigidTransform.from_quaternion(
                [0.01 * index, 0.02, 0.0, 1.0], [0.1, 0.0, 0.2 * offset]
            ),
        )
        for offset in (-1, 1)
    )
    return replace(sample, views=views, **changes)


def _layers() -> Mapping[str, Layer]:
    random = np.random.default_rng(0)
    shape = SIZE_PX, SIZE_PX
    return {
        "label": LabelLayer(random.integers(0, 5, shape)),
        "flow": FlowLayer(random.normal(size=(*shape, 2)).astype(np.float32), np.ones(shape, bool)),
        "pose": PoseLayer(RigidTransform.from_quaternion([0, 0, 0.1, 1], [1, 2, 3])),
        "time": TimeLayer(0.25),
    }


@pytest.mark.parametrize("view_offsets", [(), (-1,), (1, -1)])
def test_a_batch_shows_a_model_what_a_completer_would(view_offsets: tuple[int, ...]) -> None:
    samples = [_sample(index) for index in range(3)]
    needs = ModelNeeds(view_offsets=view_offsets)
    batch = collate(samples, Requirements.of(needs, ["truth"]))
    found = batch.to(_CPU).model_input(needs)
    frames = [sample.frame() for sample in samples]
    sparse = [frame.sparse for frame in frames if frame.sparse is not None]
    window = window_of(frames[0].size, InferenceConfig(), needs)
    expected = model_input(frames, sparse, window, needs, _CPU)
    assert len(found.views) == len(expected.views) == 1 + len(view_offsets)
    for number, (view, other) in enumerate(zip(found.views, expected.views, strict=True)):
        assert torch.equal(view.image, other.image)
        assert torch.equal(view.sparse_depth, other.sparse_depth)
        assert torch.equal(view.validity_map, other.validity_map)
        assert torch.equal(view.time_s, other.time_s)
        assert (view.view_from_target is None) == (other.view_from_target is None) == (number == 0)
        for own, its in (
            (view.intrinsics, other.intrinsics),
            (view.view_from_target, other.view_from_target),
        ):
            assert own is its is None or (own is not None and its is not None)
            if own is not None and its is not None:
                assert torch.equal(own, its)


_LACKING: dict[str, tuple[Requirements, dict[str, Any]]] = {
    "no measurement": (Requirements(names=("sparse_depth",)), {"sparse": None}),
    "no true depth": (Requirements(names=("truth",)), {"truth": _NOTHING}),
    "no intrinsics": (Requirements(names=("intrinsics",)), {"camera": None}),
    "no image at +2": (Requirements(names=(), view_offsets=(-1, 2)), {}),
    "no layer 'label'": (Requirements(names=("label",)), {}),
    "no known motion between its images": (
        Requirements(names=("view_from_target",), view_offsets=(1,)),
        {"views": tuple(replace(view, view_from_target=None) for view in _sample().views)},
    ),
    "no measurement, no true depth": (Requirements(), {"sparse": _NOTHING, "truth": None}),
}


@pytest.mark.parametrize("reason", _LACKING)
def test_what_is_required_is_missed_by_name_and_reason(reason: str) -> None:
    requires, changes = _LACKING[reason]
    poor = replace(_sample(1), **changes)
    batch = collate([poor], requires)
    assert (batch.size, batch.skipped) == (0, (Skipped("plane/1", reason),))
    assert collate([poor], Requirements(names=())).names == ("plane/1",)


def test_the_others_stay() -> None:
    samples = [_sample(index) for index in range(3)]
    samples[1] = replace(samples[1], truth=None)
    batch = collate(samples, Requirements())
    assert batch.names == ("plane/0", "plane/2")
    assert torch.equal(batch.image, collate([samples[0], samples[2]], Requirements()).image)


def test_what_is_not_required_is_zero_where_it_is_not_known() -> None:
    """As for a network of images alone: a sample counts without measurements and truth."""
    samples = [_sample(0), _sample(1, sparse=None, truth=None)]
    batch = collate(samples, Requirements(names=()))
    assert batch.names == ("plane/0", "plane/1")
    assert not batch.sparse_depth[1].any()
    assert batch.sparse_depth[0].any()
    assert batch.truth is not None
    assert not batch.truth[1].any()
    assert batch.truth[0].all()
    assert collate([samples[1]], Requirements(names=())).truth is None


def test_cameras_and_motions_are_there_where_all_samples_have_them() -> None:
    requires = Requirements(names=(), view_offsets=(-1,))
    strange = replace(_sample(1), camera=None)
    strange = replace(
        strange, views=tuple(replace(view, view_from_target=None) for view in strange.views)
    )
    for samples, is_known in (([_sample(0)], True), ([_sample(0), strange], False)):
        target, before = collate(samples, requires).views
        assert (target.intrinsics is not None) == is_known
        assert (before.view_from_target is not None) == is_known
        assert before.intrinsics is not None


def test_layers_that_are_required_go_along() -> None:
    layers = _layers()
    samples = [_sample(index, layers=layers) for index in range(2)]
    batch = collate(samples, Requirements(names=tuple(layers)))
    shapes = {name: tuple(tensor.shape) for name, tensor in batch.layers.items()}
    size = SIZE_PX, SIZE_PX
    assert shapes == {"label": (2, *size), "flow": (2, 3, *size), "pose": (2, 4, 4), "time": (2,)}
    assert batch.layers["label"].dtype == torch.int64
    for name, layer in layers.items():
        np.testing.assert_array_equal(batch.to(_CPU).layers[name][1].numpy(), layer.array)
    assert collate(samples, Requirements()).layers == {}


def test_samples_of_several_sizes_are_refused_by_name() -> None:
    sample, other = _sample(0), _sample(1)
    with pytest.raises(TrainingError, match=r"32x16, 32x32 pixels\): plane/0, plane/1; crop"):
        collate([sample, replace(other, image=other.image[:16])], Requirements())


def test_bad_numbers_are_blamed_on_their_sample() -> None:
    assert _sample(1).sparse is not None
    poisoned = SparseDepth(np.ones((SIZE_PX, SIZE_PX), np.float32), _NOTHING.depth == 0)
    poisoned.depth[:] = np.nan  # after it was made, which refuses this
    assert collate([_sample(0), _sample(1, sparse=poisoned)], Requirements()).not_finite() == [
        "plane/1"
    ]
