# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What is scored: completers, and saved predictions."""

from __future__ import annotations

import hashlib
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from depth_completion_core.completer import DepthCompleter, load_model, model_identity
from depth_completion_core.config import CompletionConfig
from depth_completion_core.data.sample import DataError, Sample
from depth_completion_core.files.depth_ranges import scale_doubt
from depth_completion_core.files.input_files import DEPTH_TYPES, read_depth
from depth_completion_core.frame import DepthPrediction, SparseDepth
from depth_completion_core.inference.timing import timed
from depth_completion_core.models import MODELS

_CHECKPOINT = ".safetensors"


class Predictor(ABC):
    """Answers samples.

    Attributes:
        label: its name in tables and folders.
        identity: changes whenever its predictions would: a model's name, the checksum of a file.
        device: where it runs, in words; empty if nothing runs.
    """

    label: str
    identity: str
    device: str = ""

    @property
    def notes(self) -> list[str]:
        """What its answers have shown of the settings, in sentences."""
        return []

    @abstractmethod
    def predict(self, sample: Sample) -> tuple[DepthPrediction, float]:
        """Dense depth, and the milliseconds that it took (NaN if nothing ran).

        Raises:
            ValueError: the sample lacks something, or the prediction does not fit it.
        """


class ModelPredictor(Predictor):
    """A model of the table or a checkpoint, run frame by frame."""

    def __init__(self, label: str, identity: str, completer: DepthCompleter) -> None:
        self.label, self.identity = label, identity
        self.device = _device_name(completer.device)
        self._completer = completer
        self._is_warm = False

    def anchored(self) -> ModelPredictor | None:
        """The same network, anchored; None if it already is, or is not a network."""
        config = self._completer.config
        output = config.output
        if output.anchoring.enabled or not self._completer.model.needs_weights:
            return None
        output = replace(output, anchoring=replace(output.anchoring, enabled=True))
        completer = self._completer.configured(replace(config, output=output))
        return ModelPredictor(f"{self.label} anchored", f"{self.identity}, anchored", completer)

    @property
    def notes(self) -> list[str]:
        """Which settings do nothing with it."""
        return self._completer.notes

    def predict(self, sample: Sample) -> tuple[DepthPrediction, float]:
        """Run the model; the first frame is run twice, so that the start-up is not timed."""
        if sample.sparse is None and self._completer.model.needs.sparse_depth:
            raise DataError(
                f"{sample.name}: the data set has no measurements; say how to sample them from "
                "the truth, as with --points uniform:500"
            )
        frame = sample.frame()
        offsets = {view.offset for view in frame.views}
        missing = [o for o in self._completer.model.needs.view_offsets if o not in offsets]
        if missing:
            raise DataError(
                f"{sample.name}: the model needs the images at {missing} from this one, and the "
                "data set reads none there; most read neighbours with --set triplet_offset=1"
            )
        if not self._is_warm:
            self._completer.complete(frame)
            self._is_warm = True
        return timed(partial(self._completer.complete, frame), self._completer.device)


class SavedPredictions(Predictor):
    """Depth images on disk, NAME.npy in metres or NAME.png in metres times a scale."""

    def __init__(self, folder: Path, *, depth_scale: float) -> None:
        if not folder.is_dir():
            raise DataError(f"there is no folder {folder} of predictions")
        is_ours = folder.name in ("predictions", "kitti_submission")
        self.label = f"{folder.resolve().parent.name if is_ours else folder.name} (saved)"
        self.identity = f"saved in {folder}, scale {depth_scale:g}, files {_state_of(folder)}"
        self._folder, self._depth_scale = folder, depth_scale
        self._doubt = ""

    @property
    def notes(self) -> list[str]:
        """Whether they seem to be in another unit than the truth."""
        scale = f"--prediction-scale is {self._depth_scale:g}; 1000 is for millimetres"
        return [f"{self._doubt} {scale}"] if self._doubt else []

    def predict(self, sample: Sample) -> tuple[DepthPrediction, float]:
        """Read the file of the sample's name."""
        candidates = [self._folder / f"{sample.name}{ending}" for ending in reversed(DEPTH_TYPES)]
        path = next((path for path in candidates if path.is_file()), None)
        if path is None:
            raise DataError(f"there is neither {candidates[0]} nor {candidates[1].name}")
        depth = read_depth(path, depth_scale=self._depth_scale)
        if depth.depth.shape != sample.image.shape[:2]:
            raise DataError(
                f"{path} is {depth.depth.shape}, expected {sample.image.shape[:2]} as the image"
            )
        if sample.truth is not None and not self._doubt:
            self._doubt = scale_doubt(depth, sample.truth, "predictions")
        sparse = sample.sparse or SparseDepth.from_depth(0.0 * depth.depth)
        prediction = DepthPrediction(
            depth=depth.depth,
            valid=depth.valid,
            confidence=None,
            sparse=sparse,
        )
        return prediction, math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """A named model that is not loaded yet.

    Attributes:
        label: its name in tables and folders.
        name_or_path: argument of :func:`load_model`.
        step: training step in a checkpoint's file name; None if there is none.
        training: the folder of checkpoints that it belongs to; empty for a single model.
    """

    label: str
    name_or_path: str
    step: int | None = None
    training: str = ""

    def load(self, device: str, config: CompletionConfig) -> ModelPredictor:
        """Load it; raises what :func:`load_model` raises."""
        completer = load_model(self.name_or_path, device=device, config=config)
        return ModelPredictor(self.label, model_identity(self.name_or_path), completer)


def model_sources(models: Sequence[str]) -> list[ModelSource]:
    """Names from the table, and checkpoints, which are named after their files."""
    return [
        ModelSource(label=name if name in MODELS else Path(name).stem, name_or_path=name)
        for name in models
    ]


def told_apart(sources: Sequence[ModelSource]) -> list[ModelSource]:
    """The same sources, with checkpoints of the same file name also named after their folders."""
    labels = [source.label for source in sources]

    def own_label(source: ModelSource) -> str:
        if labels.count(source.label) == 1 or source.name_or_path in MODELS:
            return source.label
        return f"{Path(source.name_or_path).absolute().parent.name}-{source.label}"

    return [replace(source, label=own_label(source)) for source in sources]


def check_labels(labels: Sequence[str]) -> None:
    """Raise DataError if two models or folders would have the same name in tables."""
    for label in labels:
        if labels.count(label) > 1:
            raise DataError(f"'{label}' names two models; give each once, under a name of its own")


def checkpoints_in(
    folder: Path, *, first: int = 0, every: int = 0, last: int = 0
) -> list[ModelSource]:
    """The checkpoints of a training run by step, the last number in a file's name.

    Args:
        folder: a folder of .safetensors files.
        first: only from this step on.
        every: distance between the steps, counted from ``first``; 0 for all.
        last: only to this step; 0 for no end. Where any of the three is given, files whose name
            has no number are left out; else they come at the end.

    Raises:
        DataError: there are none.
    """
    found = sorted(folder.glob(f"*{_CHECKPOINT}"))
    sources = [
        ModelSource(
            label=path.stem, name_or_path=str(path), step=_step_of(path), training=str(folder)
        )
        for path in found
    ]

    def is_wanted(step: int | None) -> bool:
        if step is None:
            return not (first or every or last)
        return first <= step <= (last or step) and not (every and (step - first) % every)

    chosen = [source for source in sources if is_wanted(source.step)]
    if not chosen:
        raise DataError(
            f"{folder} holds {len(found)} checkpoints ({_CHECKPOINT}), none of a requested "
            f"step: from {first}, every {every or 1}, to {last or 'the end'}"
        )
    return sorted(chosen, key=lambda source: math.inf if source.step is None else source.step)


def _step_of(path: Path) -> int | None:
    numbers = re.findall(r"\d+", path.stem)
    return int(numbers[-1]) if numbers else None


def _state_of(folder: Path) -> str:
    """Changes when a prediction below the folder is written again."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in DEPTH_TYPES)
    stats = [(path.relative_to(folder).as_posix(), path.stat()) for path in files]
    state = repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats])
    return hashlib.sha256(state.encode()).hexdigest()[:16]


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
