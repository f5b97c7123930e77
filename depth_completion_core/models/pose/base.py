# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The contract of networks that see two or more images and tell how the camera moved."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from depth_completion_core.geometry.multiview.pose_vectors import PoseVector


class PoseNetwork(nn.Module):
    """A network is built without arguments, or from its own frozen ``Config`` dataclass.

    Attributes:
        Config: the class of its settings.
        config: the settings it was built with.
    """

    Config: ClassVar[type[Any]]

    def __init__(self, config: Any = None) -> None:  # noqa: ANN401 - each network's own Config
        super().__init__()
        self.config = config or self.Config()

    def forward(self, target: Tensor, contexts: Sequence[Tensor]) -> Tensor:
        """How the camera moved from an image to each of several others.

        Args:
            target: (B, 3, H, W) RGB in 0..1; a network normalises for itself.
            contexts: N such images of the same camera, before or after, in order of time.

        Returns:
            view_from_target, (B, N, 4, 4) float32: takes points of the target's optical frame to
            that of each context. Metres only where training gave them a scale.

        Raises:
            ValueError: it does not take so many contexts.
        """
        vector = self.vectors(target, contexts)
        # In half precision a rotation would be none.
        return self.matrices(PoseVector(vector.rotation.float(), vector.translation.float()))

    @abstractmethod
    def vectors(self, target: Tensor, contexts: Sequence[Tensor]) -> PoseVector:
        """The same as the network says it: rotation and translation, (B, N, 3) each."""
        raise NotImplementedError

    @staticmethod
    @abstractmethod
    def matrices(vectors: PoseVector) -> Tensor:
        """(..., 4, 4) of such vectors (..., 3), by the network's own parameters of rotation."""
        raise NotImplementedError
