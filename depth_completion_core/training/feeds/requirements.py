# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a sample must have to be learned from, or scored with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from depth_completion_core.data.sample import Sample
from depth_completion_core.frame import SparseDepth, View
from depth_completion_core.models.needs import ModelNeeds
from depth_completion_core.training.feeds.view_guards import unfit_view

SPARSE_DEPTH = "sparse_depth"
TRUTH = "truth"
INTRINSICS = "intrinsics"
VIEW_FROM_TARGET = "view_from_target"
_OWN = (SPARSE_DEPTH, TRUTH, INTRINSICS, VIEW_FROM_TARGET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What is asked of every sample; whatever else it lacks, it is used.

    Attributes:
        names: ``sparse_depth`` and ``truth``, each of at least one pixel; ``intrinsics``, of all
            views; ``view_from_target``, the motion to all views; any other name is that of a layer.
        view_offsets: further images, counted in images from the sample's own.
        compared: those of them that a loss compares with the sample's own, which must be other
            pictures of the same drive.
    """

    names: tuple[str, ...] = (SPARSE_DEPTH, TRUTH)
    view_offsets: tuple[int, ...] = ()
    compared: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, needs: ModelNeeds, names: Iterable[str], view_offsets: Iterable[int] = ()
    ) -> Requirements:
        """What a model needs to see, and what else is asked for, as truth to compare with.

        Args:
            needs: of the model.
            names: of what else is asked for.
            view_offsets: of the images that a loss compares.
        """
        seen = {SPARSE_DEPTH: needs.sparse_depth, INTRINSICS: needs.intrinsics}
        asked = dict.fromkeys([*names, *(name for name, is_needed in seen.items() if is_needed)])
        compared = tuple(view_offsets)
        offsets = dict.fromkeys([*needs.view_offsets, *compared])
        return cls(names=tuple(asked), view_offsets=tuple(offsets), compared=compared)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that are asked for."""
        return tuple(name for name in self.names if name not in _OWN)

    def views_of(self, sample: Sample) -> list[View]:
        """The views asked for that the sample has, in order."""
        by_offset = {view.offset: view for view in sample.views}
        return [by_offset[offset] for offset in self.view_offsets if offset in by_offset]

    def lacking(self, sample: Sample) -> str:
        """What of it a sample does not have, or has amiss, after "it has"; empty where it fits."""
        has = {view.offset for view in sample.views}
        lacks = [f"no image at {offset:+d}" for offset in self.view_offsets if offset not in has]
        views = self.views_of(sample)
        if SPARSE_DEPTH in self.names and not _has_pixels(sample.sparse):
            lacks.append("no measurement")
        if TRUTH in self.names and not _has_pixels(sample.truth):
            lacks.append("no true depth")
        if INTRINSICS in self.names and None in (sample.camera, *(view.camera for view in views)):
            lacks.append("no intrinsics")
        if VIEW_FROM_TARGET in self.names and None in [view.view_from_target for view in views]:
            lacks.append("no known motion between its images")
        lacks += [f"no layer '{name}'" for name in self.layers if name not in sample.layers]
        if lacks or not self.compared:
            return ", ".join(lacks)
        compared = [view for view in views if view.offset in self.compared]
        return unfit_view(sample, compared, with_motion=VIEW_FROM_TARGET in self.names)


def _has_pixels(depth: SparseDepth | None) -> bool:
    return depth is not None and bool(depth.valid.any())
