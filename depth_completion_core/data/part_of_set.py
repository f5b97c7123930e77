# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Some samples of a data set, as a data set of its own."""

from __future__ import annotations

from collections.abc import Sequence

from depth_completion_core.data.sample import DepthDataset, Sample
from depth_completion_core.geometry.transforms import RigidTransform


class PartOfSet(DepthDataset):
    """The samples of another data set that were chosen, read by its reader.

    Args:
        whole: the other data set.
        chosen: numbers of its samples, in the order of this one.
    """

    def __init__(self, whole: DepthDataset, chosen: Sequence[int]) -> None:
        super().__init__(whole.root, whole.config)
        self._whole, self._chosen = whole, chosen
        names = whole.names
        self._names = [names[index] for index in chosen]

    @property
    def names(self) -> list[str]:
        """See the base class."""
        return self._names

    @property
    def remarks(self) -> list[str]:
        """See the base class."""
        return self._whole.remarks

    def __getitem__(self, index: int) -> Sample:
        return self._whole[self._chosen[index]]

    def world_from_camera(self, index: int) -> RigidTransform | None:
        """See the base class."""
        return self._whole.world_from_camera(self._chosen[index])
