# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of the node: those of core, and what only a live node needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from depth_completion_core.codecs.message_kinds import MessageKind
from depth_completion_core.config import CompletionConfig, DepthEncoding, SweepStamp
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS, MeasurementName
from depth_completion_core.settings.fields import setting

ImageTransport = Literal["raw", "compressed"]

IMAGE_TRANSPORTS: dict[ImageTransport, tuple[MessageKind, str]] = {
    "raw": ("image", "image"),
    "compressed": ("compressed_image", "image/compressed"),
}
"""Kind and relative topic of the images, by the parameter ``image_transport``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeConfig(CompletionConfig):
    """All parameters of ``completion_node``; their dotted paths are the parameters' names."""

    model: str = "linear"
    """Name of the model. At run time, the service ~/load_model changes it."""
    weights: str = ""
    """File of a model (.safetensors, .onnx); empty for the weights that came along."""
    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto takes a GPU where there is one."""
    torch_threads: int = setting(0, low=0)
    """CPU threads of the model; 0 leaves torch's choice, one per core."""
    warmup_size_px: tuple[int, ...] = (640, 480)
    """Width and height of the images that are completed once before the node is ready."""
    autostart: bool = True
    """Configure and activate without being told; False waits for a lifecycle manager."""
    image_transport: ImageTransport = "raw"
    """raw subscribes to 'image', compressed to 'image/compressed'."""
    measurements: MeasurementName = "points"
    """Point clouds, a depth image, a compressed one, or none for models that need images alone."""
    points_topics: tuple[str, ...] = (MEASUREMENT_KINDS["points"].topic,)
    """Topics of one or several point clouds; each image takes one of each."""
    camera_info: Literal["cached", "synchronized"] = "cached"
    """cached: the latest one counts. synchronized: the one with the stamp of the image."""
    image_is_rectified: Literal["auto", "true", "false"] = "auto"
    """true projects with P, false with K and D; auto goes by 'rect' in the topic's name."""
    fixed_frame: str = "auto"
    """Undo the robot's motion through this standing frame; auto: odom, map or world; or none."""
    extrinsics_file: str = ""
    """YAML file with the place of the clouds, for robots without TF; overrides TF."""
    sweep_stamp: SweepStamp = "start"
    """Which end of a sweep the clouds' stamps mean, for points with times of their own."""
    tf_timeout_ms: float = setting(100.0, low=0.0)
    """A pair waits so long for its CameraInfo, and for TF before the nearest known one is taken."""
    max_age_ms: float = setting(0.0, low=0.0)
    """Pairs whose image is older when the model is free are dropped; 0 for any age."""
    depth_encoding: DepthEncoding = "32FC1"
    """Of depth images: 32FC1 in metres with NaN, or 16UC1 in millimetres with 0 (REP 118)."""
    holdout: float = setting(0.0, low=0.0, high=0.9)
    """Share of the measurements kept from the model to report its error in ~/status; 0 for none."""
    silence_s: float = setting(5.0, low=0.5)
    """After so long without a pair the log tells what is missing, seconds."""
    save_folder: str = "~/.ros/depth_completion"
    """Where the service ~/save_frame writes."""


FIXED_AT_START = (
    "model",
    "weights",
    "device",
    "torch_threads",
    "warmup_size_px",
    "autostart",
    "image_transport",
    "measurements",
    "points_topics",
    "camera_info",
    "extrinsics_file",
    "silence_s",
)
"""Parameters that count when the node is configured; all others may change while it runs."""
