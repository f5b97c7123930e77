# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Pairs of messages -> frames, with the calibration and the TF of their instant."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from depth_completion_core.files.calibration_files import read_calibration
from depth_completion_core.files.calibration_forms import FileCalibration
from depth_completion_core.geometry.extrinsics import read_extrinsics
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.sensing.calibration_watch import CalibrationWatch
from depth_completion_core.sensing.frame_builder import FrameBuilder
from depth_completion_core.sensing.measured import frame_of
from depth_completion_core.sensing.pair import MessagePair
from depth_completion_core.sensing.placed_frame import PlacedFrame
from depth_completion_core.sensing.sensor_geometry import (
    Geometry,
    fixed_frame_above,
    looks_rectified,
)
from depth_completion_core.sensing.stream_habits import StreamHabits
from depth_completion_core.sensing.wanted_views import WantedViews
from depth_completion_ros.calibration_url import file_of_url
from depth_completion_ros.camera_infos import CameraInfos
from depth_completion_ros.live_transforms import LiveTransforms
from depth_completion_ros.node_config import NodeConfig


class FramePlacer:
    """Knows where the sensors are.

    Attributes:
        camera_infos: the calibration; replaced when the node is activated.
        calibration: what is odd about it.
        measured_rectified: whether P counts, as edges show; None where they do not. It overrides
            the topic's name, not what was asked for.
        habits: what is learned of the streams as their messages are decoded.
        extrinsics: optical frame from the frames of clouds, given by hand.
    """

    def __init__(self, config: NodeConfig, image_topic: str, transforms: LiveTransforms) -> None:
        """Read the files of extrinsics and intrinsics, where they are given.

        Raises:
            ValueError: one of them is not readable, or not what it should be.
        """
        self.camera_infos = CameraInfos(by_stamp=False)
        self.calibration = CalibrationWatch()
        self.measured_rectified: bool | None = None
        self.habits = StreamHabits()
        self._image_topic = image_topic
        self._transforms = transforms
        self.extrinsics: dict[str, RigidTransform] = {}
        if config.extrinsics_file:
            self.extrinsics = read_extrinsics(Path(config.extrinsics_file).expanduser())
        self._file: FileCalibration | None = None
        if config.camera_info_url:
            file = file_of_url(config.camera_info_url)
            self._file = read_calibration(file, image=image_topic)

    def place(
        self, pair: MessagePair, config: NodeConfig, wanted: WantedViews | None = None
    ) -> PlacedFrame:
        """Decode a pair, waiting for the calibration and TF of its time if need be.

        Args:
            pair: with the earlier images that are wanted.
            config: the settings that count for it.
            wanted: the further views of the frame; None for none.

        Raises:
            ValueError: a message cannot be decoded, or there is no calibration.
            TransformError: the cloud's place is not known.
        """
        wait_s = config.tf_timeout_ms / 1e3
        deadline = time.monotonic() + wait_s
        builder = self.builder(pair, config, wait_s=wait_s)
        self._look_at_calibration(pair, config)
        self._transforms.wait_until(deadline)
        return builder.build(pair, wanted)

    def builder(
        self,
        pair: MessagePair,
        config: NodeConfig,
        *,
        wait_s: float = 0.0,
        habits: StreamHabits | None = None,
    ) -> FrameBuilder:
        """What makes a frame of a pair, knowing the calibration of its image and TF.

        Args:
            pair: an image with its clouds.
            config: the settings that count for it.
            wait_s: how long its calibration is waited for.
            habits: learns in place of the placer's own.

        Raises:
            ValueError: there is no calibration, or none has come in time.
        """
        info = self.camera_info(pair, wait_s=wait_s)
        if info is None:
            raise ValueError(
                "no CameraInfo of this image has come; does the driver publish it, and on the "
                "topic 'camera_info' is remapped to? With camera_info:=synchronized its stamp must "
                "be that of the image. Where nobody publishes it, camera_info_url names a file"
            )
        optical_frame = pair.image.header.frame_id or info.header.frame_id
        geometry = Geometry(
            transforms=self._transforms,
            extrinsics=self.extrinsics,
            fixed_frame=self.fixed_frame(config.fixed_frame, optical_frame, _cloud_frames(pair)),
            rectified=self.is_rectified(config),
            sweep_stamp=config.sweep_stamp,
            points_in_camera_frame=config.points_in_camera_frame,
            habits=self.habits if habits is None else habits,
        )
        return FrameBuilder(geometry, info)

    def camera_info(self, pair: MessagePair, *, wait_s: float = 0.0) -> Any | None:  # noqa: ANN401
        """The calibration of an image, of the file or of a message; None where none has come."""
        if self._file is not None:
            return self._file
        return self.camera_infos.of_image(pair.image_stamp_ns, wait_s=wait_s)

    def is_rectified(self, config: NodeConfig) -> bool:
        """Whether P counts: as asked for, as edges show, or as the topic's name says."""
        if config.image_is_rectified != "auto":
            return config.image_is_rectified == "true"
        if self.measured_rectified is not None:
            return self.measured_rectified
        return looks_rectified(self._image_topic)

    def projection(self, config: NodeConfig) -> str:
        """Which projection is used now, and why."""
        if config.image_is_rectified != "auto":
            reason = f", as image_is_rectified is '{config.image_is_rectified}'"
        elif self.measured_rectified is not None:
            reason = ", as depth edges on the image's edges show"
        else:
            reason = f", by the name of {self._image_topic}; image_is_rectified overrides it"
        way = "P (rectified)" if self.is_rectified(config) else "K and D (not rectified)"
        return f"{way}{reason}"

    def _look_at_calibration(self, pair: MessagePair, config: NodeConfig) -> None:
        info = self.camera_info(pair)
        if info is not None:
            size = image_size_of_message(pair.image)
            self.calibration.see(info, size, rectified=self.is_rectified(config))

    def fixed_frame(self, wish: str, optical_frame: str, cloud_frames: Collection[str]) -> str:
        """The frame of that name, or the one that auto means now; empty for none."""
        if wish == "auto" and self._transforms.odometry_frame:
            return self._transforms.odometry_frame
        if wish == "auto":
            by_hand = all(frame in self.extrinsics for frame in cloud_frames)
            placed_by_hand = cloud_frames if by_hand else ()
            return fixed_frame_above(self._transforms, optical_frame, placed_by_hand)
        return "" if wish == "none" else wish


def image_size_of_message(image: Any) -> tuple[int, int] | None:  # noqa: ANN401 - of rclpy
    """(height, width) of an image; None of a compressed one, which does not say."""
    return (int(image.height), int(image.width)) if hasattr(image, "height") else None


def _cloud_frames(pair: MessagePair) -> list[str]:
    return [frame_of(cloud) for cloud in pair.clouds]
