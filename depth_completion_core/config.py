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

SweepStamp = Literal["start", "end"]
"""Which end of a sweep the stamps of clouds mean."""
DepthEncoding = Literal["32FC1", "16UC1"]
"""Of depth images: metres with NaN, or millimetres with 0 (REP 118)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcclusionConfig:
    """Removal of points that the sensor sees past the edge of something nearer to the camera."""

    enabled: bool = True
    """Turn off for points that the camera itself found (VIO, RGB-D): it has no parallax to them."""
    window_px: int = setting(0, low=0, high=255)
    """Side of the square searched for something nearer; 0 fits it to the spacing of the points."""
    tolerance: float = setting(0.3, low=0.0)
    """A point may lie this far behind the nearest one in the window, metres."""
    tolerance_ratio: float = setting(0.1, low=0.0)
    """... and this much more for every metre of range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionConfig:
    """From points to sparse depth."""

    min_depth: float = setting(0.1, low=0.0)
    """Nearer points are dropped (the robot's own body), metres."""
    max_depth: float = setting(200.0, low=0.0)
    """Farther points are dropped, metres."""
    occlusion: OcclusionConfig = field(default_factory=OcclusionConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceConfig:
    """What the model gets to see. The result is at the size of the image all the same."""

    width_px: int = setting(0, low=0)
    """Width the image is resized to for the model; 0 keeps it."""
    height_px: int = setting(0, low=0)
    """Height the image is resized to for the model; 0 keeps it."""
    roi_px: tuple[int, ...] = ()
    """left, top, width, height of the only part that is completed; empty for the whole image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchoringConfig:
    """Drawing the model's depth towards the measurements around, smoothly."""

    enabled: bool = False
    """Turn on for networks in places unlike those that they were trained on."""
    reach_px: float = setting(0.0, low=0.0)
    """How far a measurement acts; 0 for over the whole image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputConfig:
    """What is kept of the model's depth."""

    min_depth: float = setting(0.1, low=0.0)
    """Nearer predictions are invalid, metres."""
    max_depth: float = setting(200.0, low=0.0)
    """Farther predictions are invalid, metres."""
    min_confidence: float = setting(0.0, low=0.0, high=1.0)
    """Predictions below are invalid, for models that give a confidence."""
    support_radius_px: float = setting(0.0, low=0.0)
    """Predictions farther than this from any measurement are invalid; 0 keeps them all."""
    preserve_measurements: bool = False
    """Write the measured depth over the prediction where there is one."""
    anchoring: AnchoringConfig = field(default_factory=AnchoringConfig)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairingConfig:
    """Which cloud belongs to which image."""

    reuse_clouds: bool = True
    """True: the nearest cloud for every image. False: each message at most once."""
    slop_ms: float = setting(60.0, low=0.0)
    """Largest gap between the stamps of image and cloud."""
    cloud_time_offset_ms: float = 0.0
    """Added to the stamps of clouds for pairing only, as when the sweep's stamp is its start."""
    cloud_clock_offset_ms: float = 0.0
    """Added to the stamps of clouds for good: their clock is behind that of images and TF."""
    jump_back_ms: float = setting(1000.0, low=0.0)
    """A stamp older than the last by more than this is a restart (a bag that loops)."""
    decide_early: bool = True
    """True: an image takes a cloud within half a period at once. False: waits for the next one."""
    accumulate_ms: float = setting(0.0, low=0.0)
    """Clouds of so long before are added to each pair, for sparse sensors; needs a fixed frame."""
    queue_size: int = setting(60, low=1)
    """Messages of a stream that wait; the oldest is dropped beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConfig:
    """The dense point cloud."""

    stride: int = setting(1, low=1)
    """Every n-th pixel in both directions becomes a point."""
    organized: bool = False
    """True: an image-shaped cloud with NaN; False: only the valid points."""


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
        mapping = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"no settings file at {path}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path} is not a readable YAML file: {error}") from error
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
