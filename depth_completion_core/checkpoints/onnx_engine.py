# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A network that was exported to ONNX, run by onnxruntime without the code that defined it.

What it needs to see stands in the file's metadata (``onnx_metadata.py``). Its inputs are named
after the fields of ``ModelView``, those of a further view with its offset, as in ``image_-1``; its
outputs after the fields of ``ModelOutput``. Outputs with other names are maps.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.file_kinds import check_file
from depth_completion_core.checkpoints.onnx_external_data import check_external_data
from depth_completion_core.checkpoints.onnx_metadata import EngineFacts, stated_facts
from depth_completion_core.models.base import CompletionModel, ModelInput, ModelOutput
from depth_completion_core.models.needs import ModelNeeds

_TARGET_FIELDS = ("image", "sparse_depth", "validity_map", "intrinsics")
_VIEW_FIELDS = (*_TARGET_FIELDS, "time_s", "view_from_target")
_CHANNELS = {"depth": 1, "valid": 1, "confidence": 1, "rays": 3}
_DTYPES: dict[str, npt.DTypeLike] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(bool)": np.bool_,
}


class _Input(NamedTuple):
    """An input of the network: which field of which view, and as what kind of numbers."""

    name: str
    view: int
    field: str
    dtype: npt.DTypeLike


def load_engine(path: Path, device: torch.device) -> OnnxEngine:
    """Read an exported network.

    Args:
        path: the file, ``.onnx``.
        device: where it is to run; with CUDA, onnxruntime's build for GPUs must be installed.

    Raises:
        CheckpointError: onnxruntime is missing, the file is missing, damaged or names files outside
            of its folder, or its metadata, inputs or outputs are not those described above.
    """
    check_file(path, "an exported network (.onnx)")
    try:
        check_external_data(path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    session = _session(path, device)
    return OnnxEngine(
        path, session, stated_facts(path, session.get_modelmeta().custom_metadata_map)
    )


class OnnxEngine(CompletionModel):
    """An exported network; see :func:`load_engine`.

    Args:
        path: of its file, for messages.
        session: of onnxruntime.
        facts: what its file states.

    Raises:
        CheckpointError: the inputs or outputs of the session are not those of a network with these
            needs.
    """

    def __init__(self, path: Path, session: Any, facts: EngineFacts) -> None:  # noqa: ANN401
        super().__init__()
        self.needs, self.depth_range = facts.needs, facts.depth_range
        self._path, self._session, self._along = path, session, facts.along
        found = session.get_inputs()
        self._inputs = [_input(path, each, facts.needs) for each in found]
        self._outputs = [each.name for each in session.get_outputs()]
        if "depth" not in self._outputs:
            raise CheckpointError(f"{path} has no output 'depth', only {', '.join(self._outputs)}")
        self._takes_one = any(each.shape[:1] == [1] for each in found)

    def forward(self, inputs: ModelInput) -> ModelOutput:
        """Complete a batch, one frame at a time where the network was exported for one.

        Raises:
            CheckpointError: the network cannot run on it, or its output has another size.
        """
        count = len(inputs.image)
        size = 1 if self._takes_one else count
        parts = [self._run(inputs, slice(first, first + size)) for first in range(0, count, size)]
        found = {name: np.concatenate([part[name] for part in parts]) for name in self._outputs}
        maps = {name: self._map(name, values, inputs.image) for name, values in found.items()}
        valid = maps.pop("valid", None)
        return ModelOutput(
            depth=maps.pop("depth"),
            along=self._along,
            valid=None if valid is None else valid > 0.5,
            confidence=maps.pop("confidence", None),
            rays=maps.pop("rays", None),
            maps=maps,
        )

    def _run(self, inputs: ModelInput, rows: slice) -> dict[str, npt.NDArray[Any]]:
        feeds = {}
        for each in self._inputs:
            value: Tensor | None = getattr(inputs.views[each.view], each.field)
            if value is None:
                raise CheckpointError(f"{self._path} needs '{each.name}', which is not known here")
            array = value[rows].detach().cpu().numpy()
            feeds[each.name] = np.ascontiguousarray(array, dtype=each.dtype)
        try:
            return dict(zip(self._outputs, self._session.run(None, feeds), strict=True))
        except Exception as error:  # onnxruntime has a dozen kinds, which share no base
            height, width = inputs.image.shape[-2:]
            raise CheckpointError(
                f"{self._path} cannot run on images of {width}x{height} pixels: {error}"
            ) from error

    def _map(self, name: str, values: npt.NDArray[Any], image: Tensor) -> Tensor:
        count, _, height, width = image.shape
        channels = _CHANNELS.get(name)
        expected = (count, values.shape[1] if channels is None else channels, height, width)
        if values.shape != expected:
            raise CheckpointError(
                f"{self._path}: its output '{name}' has shape {values.shape}, expected {expected}"
            )
        return torch.from_numpy(values.astype(np.float32, copy=False)).to(image.device)


def _session(path: Path, device: torch.device) -> Any:  # noqa: ANN401 - an extra, without types
    try:
        import onnxruntime  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise CheckpointError(
            f"{path} needs onnxruntime: pip install 'depth_completion_ros[onnx]'"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3  # errors; they are raised, too
    providers: list[Any] = ["CPUExecutionProvider"]
    if device.type == "cuda":
        if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            providers.insert(0, ("CUDAExecutionProvider", {"device_id": device.index or 0}))
        else:
            warnings.warn(
                f"{path} runs on the CPU: this onnxruntime knows no CUDA; pip install "
                "onnxruntime-gpu in its place",
                stacklevel=2,
            )
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:  # as above
        raise CheckpointError(
            f"{path} cannot be read by onnxruntime {onnxruntime.__version__}: {error}"
        ) from error


def _input(path: Path, found: Any, needs: ModelNeeds) -> _Input:  # noqa: ANN401 - of onnxruntime
    """The field of a view that an input is for; found: name, type and shape."""
    known = {field: (0, field) for field in _TARGET_FIELDS}
    for view, offset in enumerate(needs.view_offsets, 1):
        known |= {f"{field}_{offset}": (view, field) for field in _VIEW_FIELDS}
    if found.name not in known:
        raise CheckpointError(
            f"{path} has an input '{found.name}'; a network with its needs has {', '.join(known)}"
        )
    if found.type not in _DTYPES:
        raise CheckpointError(
            f"{path}: its input '{found.name}' is a {found.type}, expected {', '.join(_DTYPES)}"
        )
    view, field = known[found.name]
    if field == "intrinsics" and not needs.intrinsics:
        raise CheckpointError(
            f"{path} has an input '{found.name}', but does not say that it needs intrinsics"
        )
    batch, *rest = found.shape
    size = tuple(reversed(rest[1:])) if len(rest) == 3 else ()
    if all(isinstance(side, int) for side in size) and size not in ((), needs.fixed_size_px):
        raise CheckpointError(
            f"{path} takes images of {size[0]}x{size[1]} pixels only, but says that it needs "
            f"{list(needs.fixed_size_px) or 'no fixed size'} (fixed_size_px)"
        )
    if isinstance(batch, int) and batch != 1:
        raise CheckpointError(f"{path} takes {batch} frames at once; export it for 1, or for any")
    return _Input(found.name, view, field, _DTYPES[found.type])
