# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of the node: those of core, and what only a live node needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from depth_completion_core.codecs.message_kinds import MessageKind
from depth_completion_core.codecs.odometry import OdometryKind
from depth_completion_core.config import CompletionConfig, DepthEncoding, SweepStamp
from depth_completion_core.models import DEFAULT_MODEL
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

    model: str = DEFAULT_MODEL
    """Name of the model; the service ~/load_model changes it at run time."""
    weights: str = ""
    """File of a model (.safetensors, .onnx); empty for the included weights."""
    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto uses a GPU if there is one."""
    torch_threads: int = setting(0, low=0)
    """CPU threads of the model; 0 leaves the choice to torch: one per core."""
    warmup_size_px: tuple[int, ...] = (640, 480)
    """Width and height of the images that are completed as a warm-up before the node is ready."""
    autostart: bool = True
    """Configure and activate on its own; False waits for a lifecycle manager."""
    image_transport: ImageTransport = "raw"
    """raw subscribes to 'image', compressed to 'image/compressed'."""
    measurements: MeasurementName = "points"
    """Point clouds, a depth image, a compressed one, or none for models that need only images."""
    points_topics: tuple[str, ...] = (MEASUREMENT_KINDS["points"].topic,)
    """Topics of one or more point clouds; each image is paired with one of each."""
    camera_info: Literal["cached", "synchronized"] = "cached"
    """cached: use the latest one. synchronized: use the one with the stamp of the image."""
    camera_info_url: str = ""
    """Calibration file in place of CameraInfo: file:///PATH, package://NAME/PATH or a path."""
    image_is_rectified: Literal["auto", "true", "false"] = "auto"
    """true projects with P, false with K and D; auto: P if 'rect' is a word in the topic's name."""
    fixed_frame: str = "auto"
    """Fixed frame for motion compensation; auto takes odom, map or world; none turns it off."""
    odometry: Literal["none", OdometryKind] = "none"
    """Motion that is not in TF: what the messages on the topic 'odometry' are; goes before TF."""
    odometry_file: str = ""
    """TUM trajectory in place of such a topic, as for a replayed bag; odometry_frame moves so."""
    odometry_frame: str = ""
    """Frame of the robot that the odometry moves, where its messages name none, or a wrong one."""
    extrinsics_file: str = ""
    """YAML file with the extrinsics of the clouds, for robots without TF; overrides TF."""
    points_in_camera_frame: bool = False
    """Clouds with the frame_id of the image are in its optical frame, organised or not (VIO)."""
    sweep_stamp: SweepStamp = "start"
    """Whether stamps mark the start or end of a sweep, for clouds with per-point times."""
    tf_timeout_ms: float = setting(100.0, low=0.0)
    """How long a pair waits for its CameraInfo, and for TF before the nearest known one is used."""
    max_wait_ms: float = setting(50.0, low=0.0)
    """How long images that one cloud decided wait for the model; then only the newest is served."""
    max_age_ms: float = setting(0.0, low=0.0)
    """Pairs whose image is older than this when the model is free are dropped; 0 for no limit."""
    min_rate_hz: float = setting(0.0, low=0.0)
    """/diagnostics warns when depth comes less often than this; 0 for never."""
    warn_age_ms: float = setting(0.0, low=0.0)
    """/diagnostics warns when depth is older than this as it is published; 0 for never."""
    depth_encoding: DepthEncoding = "32FC1"
    """Encoding of depth images: 32FC1 (metres, NaN) or 16UC1 (millimetres, 0), see REP 118."""
    holdout: float = setting(0.0, low=0.0, high=0.9)
    """Share of the measurements withheld to report the error in ~/status; 0 for none."""
    silence_s: float = setting(5.0, low=0.5)
    """After this long without a pair, the log says what is missing, seconds."""
    save_folder: str = "~/.ros/depth_completion"
    """Folder to which the service ~/save_frame writes."""
    save_keep: int = setting(20, low=1)
    """How many saved frames are kept; the oldest make room."""
    weights_folder: str = ""
    """Folder from which ~/load_model may load files; empty allows models by name alone."""


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
    "camera_info_url",
    "odometry",
    "odometry_file",
    "odometry_frame",
    "extrinsics_file",
    "silence_s",
    "save_folder",
    "weights_folder",
)
"""Parameters that are read when the node is configured; all others may change while it runs."""
