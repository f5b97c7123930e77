# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The algorithm: a frame in, dense depth out. Node, bag tools, files and Python all come here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from depth_completion_core.checkpoints.loaders import model_of
from depth_completion_core.config import CompletionConfig, OutputConfig
from depth_completion_core.frame import DepthPrediction, Frame, FrameError, SparseDepth
from depth_completion_core.geometry.arrays import Float32Array
from depth_completion_core.inference.depth_limits import with_limits
from depth_completion_core.inference.measured_depth import measured_depth
from depth_completion_core.inference.model_input import run_model
from depth_completion_core.inference.postprocessing import empty_prediction, predictions
from depth_completion_core.inference.preprocessing import Window, model_input, view_at, window_of
from depth_completion_core.models import MODELS
from depth_completion_core.models.base import CompletionModel
from depth_completion_core.models.needs import ModelNeeds


@dataclass(slots=True)
class _Learned:
    """What the answers of a model have shown; None for nothing yet."""

    gives_confidence: bool | None = None


class DepthCompleter:
    """Projects a frame's points, asks the model, and keeps what can be trusted.

    Attributes:
        model: the model, in evaluation mode on ``device``.
        config: what to project, what to show the model, what to keep.
        device: where the work is done.
    """

    def __init__(
        self,
        model: CompletionModel,
        *,
        config: CompletionConfig | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        """Take a model.

        Raises:
            ConfigError: no depth that the model can say lies between the limits of the output.
        """
        self.device = torch.device(device)
        self.model = model.to(self.device).eval()
        if self.device.type == "cpu":
            # Convolutions are 1.4 times as fast so.
            self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.config = config or CompletionConfig()
        self._learned = _Learned()
        self.output  # noqa: B018 - settled here, so that no frame is the first to be refused

    def complete(self, frame: Frame) -> DepthPrediction:
        """Dense depth for one frame, at the size of its image.

        Raises:
            FrameError: the frame lacks what the model needs.
            ValueError: the region of interest does not fit the image.
        """
        return self.complete_batch([frame])[0]

    @property
    def output(self) -> OutputConfig:
        """What is kept, with limits of depth: those of the settings, else by the model's range."""
        return with_limits(self.config.output, self.model.depth_range)

    @property
    def notes(self) -> list[str]:
        """Which settings do nothing with this model, as far as its answers have shown."""
        least = self.config.output.min_confidence
        if least > 0 and self._learned.gives_confidence is False:
            return [f"output.min_confidence {least:g} does nothing: the model gives no confidence"]
        return []

    def configured(self, config: CompletionConfig) -> DepthCompleter:
        """The same model with other settings; a completer's own never change.

        Raises:
            ConfigError: no depth that the model can say lies between the limits of the output.
        """
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, config=config)
        other.output  # noqa: B018 - as at first
        return other

    @torch.inference_mode()
    def complete_batch(self, frames: Sequence[Frame]) -> list[DepthPrediction]:
        """Dense depth for several frames, which the model sees at once where they are alike.

        Alike are frames of one size of which the same is known: camera, poses of other views.

        Raises:
            FrameError: a frame lacks what the model needs.
            ValueError: the region of interest does not fit an image.
        """
        sparse = [self.sparse_depth(frame) for frame in frames]
        results: dict[int, DepthPrediction] = {}
        groups: dict[tuple[object, ...], list[int]] = {}
        needs = self.model.needs
        for index, frame in enumerate(frames):
            self._check_needs(frame)
            window = self._window(frame, sparse[index])
            if needs.sparse_depth and not sparse[index].valid[window.slices].any():
                results[index] = empty_prediction(sparse[index])
            else:
                alike = (window, *_what_is_known(frame, needs))
                groups.setdefault(alike, []).append(index)
        for indices in groups.values():
            group = self._complete_group([frames[i] for i in indices], [sparse[i] for i in indices])
            results.update(zip(indices, group, strict=True))
        return [results[index] for index in range(len(frames))]

    @torch.inference_mode()
    def stages(self, frame: Frame) -> dict[str, Float32Array]:
        """How the model comes to its depth of a frame, step by step.

        Returns:
            (H, W) or (C, H, W) maps by name, at the size that the model sees, without what is done
            to its answer; none for a model without stages, or where nothing was measured.

        Raises:
            FrameError, ValueError: as :meth:`complete`.
        """
        sparse, needs = self.sparse_depth(frame), self.model.needs
        self._check_needs(frame)
        window = self._window(frame, sparse)
        if needs.sparse_depth and not sparse.valid[window.slices].any():
            return {}
        inputs = model_input([frame], [sparse], window, needs, self.device)
        stages = self.model.stages(inputs)
        return {name: each[0].squeeze(0).float().cpu().numpy() for name, each in stages.items()}

    def sparse_depth(self, frame: Frame) -> SparseDepth:
        """The measurements of a frame on its pixels: projected, z-buffered, hidden ones removed."""
        return measured_depth(frame, self.config.projection, self.device)

    def _check_needs(self, frame: Frame) -> None:
        needs, name = self.model.needs, type(self.model).__name__
        for offset in needs.view_offsets:
            view_at(frame, offset)
        if needs.sparse_depth and frame.points is None and frame.sparse is None:
            raise FrameError(f"{name} needs points or sparse depth, and the frame has neither")
        if needs.intrinsics and frame.camera is None:
            raise FrameError(f"{name} needs a calibrated camera, and the frame has none")

    def _complete_group(
        self, frames: list[Frame], sparse: list[SparseDepth]
    ) -> list[DepthPrediction]:
        window = self._window(frames[0], sparse[0])
        inputs = model_input(frames, sparse, window, self.model.needs, self.device)
        output = run_model(self.model, inputs)
        self._learned.gives_confidence = output.confidence is not None
        return predictions(output, inputs, frames, sparse, window=window, config=self.output)

    def _window(self, frame: Frame, sparse: SparseDepth) -> Window:
        return window_of(frame.size, self.config.inference, self.model.needs, sparse.valid)


def _what_is_known(frame: Frame, needs: ModelNeeds) -> tuple[object, ...]:
    """Frames of which this is equal can be batched."""
    views = [view_at(frame, offset) for offset in needs.view_offsets]
    known = [(view.camera is None, view.view_from_target is None) for view in views]
    return (frame.size, frame.camera is None, *known)


def load_model(
    name_or_path: str, *, device: str = "auto", config: CompletionConfig | None = None
) -> DepthCompleter:
    """Build the completer of a model.

    Args:
        name_or_path: a name of the model table, or the path of a file that holds a model; the
            endings that are known are those of ``checkpoints/loaders.py``.
        device: cpu, cuda, cuda:1, ...; auto takes a GPU where there is one.
        config: settings; None for the defaults.

    Raises:
        UnknownModelError: no model has this name; the message lists the known ones.
        WeightsError: the network of this name has no weights that came with it.
        CheckpointError: the file cannot be read, or holds no model.
        ValueError: the device is not there.
    """
    place = _device(name=device)
    return DepthCompleter(model_of(name_or_path, place), config=config, device=place)


def model_identity(name_or_path: str) -> str:
    """What changes whenever a model's answers would: its name, or the checksum of its file.

    Args:
        name_or_path: as for :func:`load_model`.

    Raises:
        OSError: the file cannot be read.
    """
    if name_or_path in MODELS:
        return name_or_path
    return hashlib.sha256(Path(name_or_path).read_bytes()).hexdigest()


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"device '{name}' cannot be used: {reason}. Try 'cpu' or 'auto'"
        ) from error
    return device
