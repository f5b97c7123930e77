# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which earlier images a model wants to see, and whether a stream can give it what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS, MeasurementName


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedViews:
    """The further views that frames get.

    Attributes:
        offsets: which, counted in images: -1 is the one before.
        project: gives the measurements of a frame on its pixels, as a completer does.
    """

    offsets: tuple[int, ...]
    project: Callable[[Frame], SparseDepth]

    @property
    def earlier_images(self) -> int:
        """How many images before its own a pair must bring along."""
        return -min((*self.offsets, 0))


def refuse_what_streams_lack(
    model: str,
    *,
    sparse_depth: bool,
    view_offsets: tuple[int, ...],
    measurements: MeasurementName,
) -> None:
    """Refuse, before the first image, a model that no frame of a node or a bag could serve.

    Args:
        model: its name or path, for the message.
        sparse_depth: whether it needs measurements.
        view_offsets: the further views that it needs.
        measurements: what there is.

    Raises:
        ValueError: it needs images after the one to be completed, or measurements where none are
            read.
    """
    later = [offset for offset in view_offsets if offset > 0]
    if later:
        listed = ", ".join(f"{offset:+d}" for offset in later)
        raise ValueError(
            f"'{model}' looks at images that come later ({listed} from the one it completes), and "
            "node and bag tools complete each image when it comes. Complete files with it: python "
            "-m depth_completion_core.infer --help"
        )
    if sparse_depth and MEASUREMENT_KINDS[measurements].message is None:
        raise ValueError(
            f"'{model}' needs measured depth, and measurements is '{measurements}'. Choose "
            f"{', '.join(name for name in MEASUREMENT_KINDS if name != measurements)}, or a model "
            "that works from images alone"
        )
