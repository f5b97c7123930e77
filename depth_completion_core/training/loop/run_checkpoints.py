# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The checkpoints that a run resumes from; weights for use are in another format.

A state is what ``torch.save`` writes of plain values and tensors. It is read like a stranger's file
(``checkpoints/torch_files.py``), since a run's folder may have been copied from anywhere: anything
but plain values and tensors is refused, and nothing of it is run.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.torch_files import load_torch_file
from depth_completion_core.files.atomic import remove_partial, write_whole
from depth_completion_core.training.errors import TrainingError

STATE_FORMAT = 3  # 2 held averages of the model alone
_SUFFIX = ".pt"

State = dict[str, Any]


class RunCheckpoints:
    """The newest states of a run.

    Args:
        folder: where they are.
        keep: how many.
    """

    def __init__(self, folder: Path, *, keep: int) -> None:
        self._folder, self._keep = folder, keep

    @property
    def newest(self) -> Path | None:
        """The last good one; None where there is none."""
        found = self._found()
        return found[-1] if found else None

    def save(self, state: Mapping[str, Any], step: int) -> Path:
        """Write a state whole, then remove those that are too old.

        Raises:
            OSError: it cannot be written; all others are as they were.
        """
        buffer = io.BytesIO()
        torch.save({"format": STATE_FORMAT, **state}, buffer)
        path = self._folder / f"step-{step:09d}{_SUFFIX}"
        write_whole(path, buffer.getvalue())
        for old in self._found()[: -self._keep]:
            old.unlink()
        return path

    def load(self) -> State | None:
        """The newest state that can be read; None where there is none at all.

        Raises:
            TrainingError: there are states, but none can be read.
        """
        found = self._found()
        problems = []
        for path in reversed(found):
            try:
                return _read(path)
            except TrainingError as error:
                problems.append(str(error))
                print(f"warning: {error}; trying the one before", file=sys.stderr)
        if problems:
            raise TrainingError(f"no checkpoint of {self._folder} can be read: {problems[0]}")
        return None

    def clean(self) -> None:
        """Remove what a killed process left half written."""
        remove_partial(self._folder)

    def clear(self) -> None:
        """Remove all states."""
        self.clean()
        for path in self._found():
            path.unlink()

    def _found(self) -> list[Path]:
        return sorted(self._folder.glob(f"step-*{_SUFFIX}"))


def set_seed(seed: int) -> None:
    """Reset the global generators; sampling for the data does not use them."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - for what others draw without a generator


def generator_states(device: torch.device) -> dict[str, Tensor]:
    """The states of the global generators of torch and numpy, as tensors."""
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002
    assert name == "MT19937"  # noqa: S101 - the only one there is
    states = {
        "torch": torch.get_rng_state(),
        "numpy_keys": torch.from_numpy(np.asarray(keys, dtype=np.int64)),
        "numpy_rest": torch.tensor([position, has_gauss, cached], dtype=torch.float64),
    }
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def set_generator_states(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Put the global generators back to where they were."""
    torch.set_rng_state(states["torch"])
    position, has_gauss, cached = states["numpy_rest"].tolist()
    keys = states["numpy_keys"].numpy().astype(np.uint32)
    np.random.set_state(("MT19937", keys, int(position), int(has_gauss), cached))  # noqa: NPY002
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)


def _read(path: Path) -> State:
    try:
        state: State = load_torch_file(path, with_stubs=False)
    except CheckpointError as error:
        raise TrainingError(f"a state cannot be read: {error}") from error
    found = state.get("format")
    if found != STATE_FORMAT:
        raise TrainingError(
            f"{path} is a state of format {found}; this version reads and writes format "
            f"{STATE_FORMAT}. Finish the run with the version that began it, or begin again with "
            "--run.fresh true"
        )
    return state
