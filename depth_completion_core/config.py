# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The one tree of settings: every default lives here and nowhere else.

A setting's dotted path (``projection.occlusion.window_px``) is its YAML key, its command-line flag,
its ROS parameter and its key in a checkpoint. Metres and seconds carry no unit in the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import yaml

from depth_completion_core.files.atomic import write_text
from depth_completion_core.settings.fields import ConfigError, setting
from depth_completion_core.settings.mapping import config_from_mapping, config_to_mapping
from depth_completion_core.settings.yaml_text import yaml_values

SweepStamp = Literal["start", "end"]
"""Which end of a sweep the stamps of clouds mean."""
DepthEncoding = Literal["32FC1", "16UC1"]
"""Of depth images: metres with NaN, or millimetres with 0 (REP 118)."""


def _check_range(group: str, min_depth: float, max_depth: float) -> None:
    if not min_depth < max_depth:
        raise ConfigError(
            f"'{group}.min_depth' is {min_depth:g} m and '{group}.max_depth' {max_depth:g} m: no "
            "depth lies between them"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OcclusionConfig:
    """Removal of points that the sensor sees past the edge of something nearer to the camera."""

    enabled: bool = True
    """Turn off for points found by the camera itself (VIO, RGB-D): it has no parallax to them."""
    window_px: int = setting(0, low=0, high=255)
    """Side of the square searched for something nearer; 0 fits it to the spacing of the points."""
    tolerance: float = setting(0.3, low=0.0)
    """How far a point may lie behind the nearest one in the window, metres."""
    tolerance_ratio: float = setting(0.1, low=0.0)
    """... and how much farther per metre of range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionConfig:
    """From points to sparse depth."""

    min_depth: float = setting(0.1, low=0.0)
    """Nearer points (such as the robot's own body) are dropped, metres."""
    max_depth: float = setting(200.0, low=0.0)
    """Farther points are dropped, metres."""
    occlusion: OcclusionConfig = field(default_factory=OcclusionConfig)

    def __post_init__(self) -> None:
        """Raise ConfigError where no depth lies between the limits."""
        _check_range("projection", self.min_depth, self.max_depth)


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceConfig:
    """What the model sees; the result always has the size of the image."""

    width_px: int = setting(0, low=0)
    """Width to which the image is resized for the model; 0 keeps its own."""
    height_px: int = setting(0, low=0)
    """Height to which the image is resized for the model; 0 keeps its own."""
    measured_share: float = setting(-1.0, low=-1.0, high=1.0)
    """Shrink images until this share of their pixels is measured; 0: never, -1: as weights ask."""
    roi_px: tuple[int, ...] = ()
    """Complete only this part: left, top, width, height; empty for the whole image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchoringConfig:
    """Smooth correction of the model's depth towards the measurements nearby."""

    enabled: bool = False
    """Turn on for networks in places unlike their training data."""
    reach_px: float = setting(0.0, low=0.0)
    """How far a measurement has an effect; 0 for the whole image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputConfig:
    """Which of the model's depth is kept."""

    min_depth: float = setting(-1.0, low=-1.0)
    """Nearer predictions are invalid, metres; -1 for 0.1 or the model's nearest, if less."""
    max_depth: float = setting(-1.0, low=-1.0)
    """Farther predictions are invalid, metres; -1 for 200 or the model's farthest, if more."""
    min_confidence: float = setting(0.0, low=0.0, high=1.0)
    """Predictions with less confidence are invalid, for models that report one."""
    support_radius_px: float = setting(0.0, low=0.0)
    """Predictions farther than this from any measurement are invalid; 0 keeps them all."""
    preserve_measurements: bool = False
    """Replace the prediction by the measured depth where there is one."""
    anchoring: AnchoringConfig = field(default_factory=AnchoringConfig)

    def __post_init__(self) -> None:
        """Raise ConfigError where no depth lies between the limits; one below 0 is not set yet."""
        if self.max_depth >= 0:
            _check_range("output", self.min_depth, self.max_depth)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingConfig:
    """Which cloud belongs to which image."""

    reuse_clouds: bool = True
    """True: every image takes the nearest cloud. False: each cloud is used at most once."""
    slop_ms: float = setting(60.0, low=0.0)
    """Largest accepted gap between the stamps of image and cloud."""
    cloud_time_offset_ms: float = 0.0
    """Added to the stamps of clouds for pairing only, as when stamps mark the start of a sweep."""
    cloud_clock_offset_ms: float = 0.0
    """Added to the stamps of clouds everywhere: how far their clock is behind the images'."""
    jump_back_ms: float = setting(1000.0, low=0.0)
    """A stamp that jumps back by more than this means a restart (such as a looping bag)."""
    decide_early: bool = True
    """True: an image takes a cloud within half a period at once. False: it waits for the next."""
    accumulate_ms: float = setting(0.0, low=0.0)
    """Add the clouds of this long before to each pair, for sparse sensors; needs a fixed frame."""
    queue_size: int = setting(60, low=1)
    """How many messages of a stream may wait; beyond that, the oldest is dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConfig:
    """The dense point cloud."""

    stride: int = setting(1, low=1)
    """Every n-th pixel in both directions becomes a point."""
    organized: bool = False
    """True: an image-shaped cloud with NaN. False: only the valid points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionConfig:
    """All settings of the path from messages to dense depth."""

    projection: ProjectionConfig = field(default_factory=ProjectionConfig)
    inference: InferenceConfig = field(default_factory=InferenceConfig)
    output: OutputConfig = field(default_factory=OutputConfig)
    pairing: PairingConfig = field(default_factory=PairingConfig)
    cloud: CloudConfig = field(default_factory=CloudConfig)


def load_config(path: Path) -> CompletionConfig:
    """Read a YAML file that holds differences from the defaults.

    Raises:
        ConfigError: the file is missing or no YAML, or a key or value does not fit.
    """
    try:
        mapping = yaml_values(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"no settings file at {path}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not a readable YAML file: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    if mapping is None:
        return CompletionConfig()
    if not isinstance(mapping, Mapping):
        raise ConfigError(f"{path}: expected 'name: value' lines, got {type(mapping).__name__}")
    try:
        return config_from_mapping(CompletionConfig, mapping)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def save_config(config: CompletionConfig, path: Path) -> None:
    """Write the whole tree as YAML; raises WriteError, an older file stays as it was."""
    write_text(path, yaml.safe_dump(config_to_mapping(config), sort_keys=False))
