# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of pose networks; the defaults are those of the releases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from depth_completion_core.models.configs.checks import LEVELS, MOST_CHANNELS, ResNetTrunk
from depth_completion_core.settings.fields import ConfigError, setting
from depth_completion_core.settings.mapping import check_limits

PoseNetworkName = Literal["fusionnet_pose", "packnet_pose", "pose_resnet"]
"""The names of the table of pose networks."""

POSENET_FILTERS = (16, 32, 64, 128, 256, 256, 256)
GROUPS = 16
"""Groups that PackNet's networks normalise together."""
_MOST_LAYERS, _MOST_CONTEXTS = 12, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionNetPoseConfig:
    """The PoseNet of FusionNet's release."""

    encoder: Literal["posenet", "resnet18"] = "posenet"
    """posenet: convolutions of stride 2. resnet18: ResNet-18, narrower than usual."""
    filters: tuple[int, ...] = POSENET_FILTERS
    """Output channels of the encoder's layers; of resnet18 there are five, in the release
    16, 32, 64, 128 and 256."""
    decoder_filters: tuple[int, ...] = ()
    """Output channels of convolutions of stride 2 in front of the last one; of the release's
    resnet18, 256 and 256."""

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        _check_layers("filters", self.filters)
        if self.decoder_filters:
            _check_layers("decoder_filters", self.decoder_filters)
        if self.encoder == "resnet18" and len(self.filters) != LEVELS:
            raise ConfigError(f"'filters' of resnet18 are {LEVELS}, got {list(self.filters)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackNetPoseConfig:
    """The PoseNet of PackNet-SfM, after SfMLearner's."""

    contexts: int = setting(2, low=1, high=_MOST_CONTEXTS)
    """Images around the target, all of which it sees at once."""
    filters: tuple[int, ...] = POSENET_FILTERS
    """Output channels of its layers, multiples of 16."""

    def __post_init__(self) -> None:
        """Refuse what cannot be built."""
        check_limits(self)
        _check_layers("filters", self.filters)
        if any(count % GROUPS for count in self.filters):
            raise ConfigError(f"'filters' are multiples of {GROUPS}, got {list(self.filters)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseResNetConfig:
    """The PoseResNet of PackNet-SfM."""

    trunk: ResNetTrunk = "resnet18"
    """Its encoder, which ImageNet's weights fit."""


def _check_layers(name: str, filters: tuple[int, ...]) -> None:
    fits = 1 <= len(filters) <= _MOST_LAYERS and 1 <= min(filters) <= max(filters) <= MOST_CHANNELS
    if not fits:
        got = list(filters) if len(filters) <= _MOST_LAYERS else f"{len(filters)} of them"
        raise ConfigError(
            f"'{name}' are 1 to {_MOST_LAYERS} whole numbers from 1 to {MOST_CHANNELS}, got {got}"
        )


FUSIONNET_POSES = {
    "posenet": FusionNetPoseConfig(),
    "resnet18": FusionNetPoseConfig(
        encoder="resnet18", filters=(16, 32, 64, 128, 256), decoder_filters=(256, 256)
    ),
}
"""The two pose networks of FusionNet's release, by their encoder."""
