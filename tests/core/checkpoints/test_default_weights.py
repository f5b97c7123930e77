# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The weights that come with the package: found by name, documented, and worth having."""

from __future__ import annotations

import dataclasses
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from depth_completion_core.checkpoints.checkpoint import load_checkpoint
from depth_completion_core.checkpoints.checkpoint_file import read_checkpoint_file
from depth_completion_core.checkpoints.default_weights import WEIGHTS_FOLDER
from depth_completion_core.completer import DepthCompleter, load_model
from depth_completion_core.data.readers.world_frames import WorldFrames
from depth_completion_core.data.readers.world_frames_config import WorldFramesConfig
from depth_completion_core.data.sample import Sample
from depth_completion_core.data.sampling.corrupt import Corruption, corrupted
from depth_completion_core.evaluation.held_out import BASELINES, WORLD_SEED
from depth_completion_core.models import MODELS
from depth_completion_core.world.objects.families import HELD_OUT

_NAMES = tuple(path.stem for path in sorted(WEIGHTS_FOLDER.glob("*.safetensors")))
_FRAMES = 4
_SENSORS = (("corners", 150), ("corners", 500), ("corners", 1500), ("lidar", 16), ("lidar", 64))


@cache
def _completer(name: str) -> DepthCompleter:
    return load_model(name, device="cpu")


@cache
def _scenes() -> WorldFrames:
    """Those of the suite."""
    return WorldFrames(
        Path(), WorldFramesConfig(seed=WORLD_SEED, frames=_FRAMES, families=HELD_OUT)
    )


@cache
def _samples(sensor: str, amount: int) -> list[Sample]:
    dataset = _scenes().measured_by(sensor, amount)
    return [dataset[number] for number in range(_FRAMES)]


def _errors_m(name: str, samples: list[Sample]) -> np.ndarray:
    """Means over frames of the mean absolute error and of the root of the mean squared one."""
    errors = []
    for sample in samples:
        assert sample.truth is not None
        error = (_completer(name).complete(sample.frame()).depth - sample.truth.depth)[
            sample.truth.valid
        ]
        errors.append((np.abs(error).mean(), np.sqrt(np.square(error).mean())))
    means: np.ndarray = np.mean(errors, axis=0)
    return means


@cache
def _held_out_errors_m(name: str, sensor: str, amount: int) -> np.ndarray:
    return _errors_m(name, _samples(sensor, amount))


def test_they_are_small_enough_to_come_along() -> None:
    assert {"scaffnet", "fusionnet"} <= set(_NAMES) <= set(MODELS)
    assert sum(path.stat().st_size for path in WEIGHTS_FOLDER.glob("*.safetensors")) < 21e6


@pytest.mark.parametrize("name", _NAMES)
def test_files_tell_where_they_come_from(name: str) -> None:
    checkpoint = load_checkpoint(WEIGHTS_FOLDER / f"{name}.safetensors")
    assert checkpoint.name == name
    assert checkpoint.provenance["licence"] == "Apache-2.0"
    assert re.search(rf"{name}_synthetic", checkpoint.provenance["source"])


@pytest.mark.parametrize("name", _NAMES)
def test_the_readme_names_their_checksums(name: str) -> None:
    file = read_checkpoint_file(WEIGHTS_FOLDER / f"{name}.safetensors")
    assert file.checksum in (WEIGHTS_FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", _NAMES)
def test_they_beat_the_baselines_on_held_out_objects_unless_shuffled_measurements_mislead_them(
    name: str,
) -> None:
    """Over all settings: in each alone it takes the 500 frames of the suite to tell.

    One test, because the answers of a network take seconds, and tests run in several processes.
    """
    for baseline in BASELINES:
        ratios = [
            _held_out_errors_m(name, *sensor) / _held_out_errors_m(baseline, *sensor)
            for sensor in _SENSORS
        ]
        assert np.mean(ratios, axis=0).max() < 0.98, baseline
    samples = _samples("corners", 500)
    mixed = [corrupted(each, Corruption("shuffled", 1.0), seed=0) for each in samples]
    assert _errors_m(name, mixed)[1] > 2 * _held_out_errors_m(name, "corners", 500)[1]


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("factor", [0.1, 8.0])
def test_a_scene_of_another_size_is_as_good(name: str, factor: float) -> None:
    """Measurements scaled, depth scaled: in a drawn room that is a shelf or a hall."""
    sample = _samples("corners", 500)[0]
    frame = sample.frame()
    assert frame.sparse is not None
    depth = _completer(name).complete(frame).depth
    scaled = type(frame.sparse)(np.float32(factor) * frame.sparse.depth, frame.sparse.valid)
    other = _completer(name).complete(dataclasses.replace(frame, sparse=scaled)).depth
    both = (depth > 0) & (other > 0)  # the limits of the range are in metres
    assert both.mean() > 0.5
    difference = np.abs(other[both] / (factor * depth[both]) - 1)
    assert np.quantile(difference, 0.9) < 0.02
