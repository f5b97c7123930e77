# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/occlusion.png, rviz.png, world.png and datasets_from_bags.png.

docs/overview.png is the demo's, reduced.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from depth_completion_core.codecs.image import decode_image
from depth_completion_core.codecs.points import decode_points
from depth_completion_core.completer import DepthCompleter
from depth_completion_core.config import CompletionConfig, OcclusionConfig, OutputConfig
from depth_completion_core.files.input_files import read_image
from depth_completion_core.files.output_files import write_picture
from depth_completion_core.frame import Frame, SparseDepth
from depth_completion_core.geometry.arrays import Float32Array, UInt8Array
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.models import build_model
from depth_completion_core.pictures.depth_colors import color_bar, colorize, overlay
from depth_completion_core.pictures.panels import beside, panel, stacked
from depth_completion_core.pictures.scales import depth_scale
from depth_completion_core.sensing.output_topics import OUTPUT_TOPICS, CompletedFrame
from depth_completion_core.sensing.placed_frame import PlacedFrame
from depth_completion_core.world.drives import build_drive
from depth_completion_core.world.render import render_frames
from depth_completion_core.world.scene_sampling import WorldConfig
from rosbag_tools.layout_synthetic import synthetic_recording
from rosbag_tools.recording import write_recording
from rosbag_tools.void_sets.job import DatasetJob
from rosbag_tools.void_sets.run_sequence import run_dataset_job

_FOLDER = Path(__file__).parent
_PART = (slice(120, 360), slice(150, 470))  # where things stand before other things
_BACKGROUND = 48  # as in config/completion.rviz
_YELLOW = (220, 220, 60)  # likewise
_EYE = np.array([1.7, -1.0, -1.7], np.float32)  # in the optical frame, metres: right, up, behind
_TARGET = np.array([0.15, 0.15, 3.0], np.float32)
_NEAREST_SHOWN = 2.2  # metres from the eye


def main() -> None:
    """Write the pictures."""
    write_picture(_FOLDER / "occlusion.png", _reduced(_occlusion()))
    write_picture(_FOLDER / "rviz.png", _reduced(_rviz()))
    write_picture(_FOLDER / "world.png", _reduced(_world()))
    write_picture(_FOLDER / "datasets_from_bags.png", _reduced(_set_of_a_bag()))


def _occlusion() -> UInt8Array:
    """What is kept of a sweep, and what is removed."""
    drive = build_drive("room", seed=5)
    shot, sweep = drive.render(4_000_000_000), drive.scan(4_000_000_000, freeze=True)
    frame = Frame(
        image=shot.image,
        camera=drive.camera,
        points=sweep.xyz,
        camera_from_points=drive.camera_from_lidar,
    )
    everything, kept = _sparse(frame, enabled=False), _sparse(frame, enabled=True)
    removed = SparseDepth.from_depth(np.where(everything.valid & ~kept.valid, everything.depth, 0))
    scale = depth_scale([everything.depth])
    pictures = {
        f"all {everything.count} projected points": overlay(shot.image, everything, scale),
        f"{kept.count} kept": overlay(shot.image, kept, scale),
        f"{removed.count} removed": overlay(shot.image, removed, scale),
    }
    panels = [panel(picture[_PART], label, width=480) for label, picture in pictures.items()]
    return beside(*panels, color_bar(scale, height=panels[0].shape[0]))


def _rviz() -> UInt8Array:
    """What config/completion.rviz shows of the messages that the node makes of one frame."""
    drive = build_drive("room", seed=5)
    shot, sweep = drive.render(4_000_000_000), drive.scan(4_000_000_000, freeze=True)
    frame = Frame(
        image=shot.image,
        camera=drive.camera,
        points=sweep.xyz,
        camera_from_points=drive.camera_from_lidar,
    )
    config = CompletionConfig(output=OutputConfig(support_radius_px=25.0))
    done = CompletedFrame(
        placed=PlacedFrame(
            frame=frame,
            camera_from_frame=RigidTransform.identity(),
            sensor_points=sweep.xyz,
            gap_ns=0,
        ),
        prediction=DepthCompleter(build_model("consensus"), config=config).complete(frame),
        cloud=config.cloud,
    )
    made: dict[str, Any] = {product.topic: product.make(done) for product in OUTPUT_TOPICS}
    side = stacked(
        *(
            panel(decode_image(made[topic]), topic, width=420)
            for topic in ("depth/image_color", "debug/overlay")
        )
    )
    cloud = decode_points(made["depth/points"])
    measured = drive.camera_from_lidar.apply(sweep.xyz).astype(np.float32)
    assert cloud.rgb is not None  # noqa: S101 - that message has colours
    label = panel(np.zeros((1, 900, 3), np.uint8), "depth/points, and points in yellow", width=900)
    view = _View(height=side.shape[0] - len(label) + 1, width=900)
    view.add(cloud.xyz, cloud.rgb, size_px=3)
    view.add(measured, np.full(measured.shape, _YELLOW, np.uint8), size_px=2)
    return beside(np.vstack([label[:-1], view.picture()]), side)


def _world() -> UInt8Array:
    """Frames 0 to 23 of one seed of the synthetic world, none left out: images over their depth."""
    panels = []
    for number in range(24):
        frames = render_frames(WorldConfig(), seed=2024, indices=[number])
        depth, valid = frames.depth[0].numpy(), frames.valid[0].numpy()
        image = frames.image[0].permute(1, 2, 0).contiguous().numpy()
        colours = colorize(depth, valid, depth_scale([depth]))
        label = f"{number}: {frames.scenes[0].kind}"
        panels.append(panel(np.vstack([image, colours]), label, width=152))
    return stacked(*(beside(*panels[first : first + 6]) for first in range(0, 24, 6)))


def _set_of_a_bag() -> UInt8Array:
    """The files of one frame of a set that was made of a rendered drive, in three densities."""
    with tempfile.TemporaryDirectory() as folder:
        bag, out = Path(folder) / "room.mcap", Path(folder) / "set"
        recording = synthetic_recording(
            "room", seed=5, duration_ns=600_000_000, image_period_ns=200_000_000
        )
        write_recording(recording, bag)
        job = DatasetJob(inputs=(bag,), output=out, sequence="room")
        run_dataset_job(job)
        frames = {density: _frame_of_a_set(out / f"void_{density}") for density in job.densities}
    image, _, truth = frames[1500]
    scale = depth_scale([truth.depth])
    panels = [panel(image, "image", width=320)]
    panels += [
        panel(overlay(image, sparse, scale), f"sparse_depth of void_{density}", width=320)
        for density, (_, sparse, _) in frames.items()
    ]
    panels.append(panel(colorize(truth.depth, truth.valid, scale), "ground_truth", width=320))
    return beside(*panels, color_bar(scale, height=panels[0].shape[0]))


def _frame_of_a_set(folder: Path) -> tuple[UInt8Array, SparseDepth, SparseDepth]:
    """Image, sparse and true depth of its second frame."""
    place = folder / "data" / "room"
    name = sorted(path.name for path in (place / "image").iterdir())[1]
    sparse, truth = (
        SparseDepth.from_depth(
            np.asarray(cv2.imread(str(place / what / name), cv2.IMREAD_UNCHANGED)) / 256.0
        )
        for what in ("sparse_depth", "ground_truth")
    )
    return read_image(place / "image" / name), sparse, truth


class _View:
    """Points of the optical frame as squares, seen from beside the camera.

    Drawn at twice the size and then reduced, as a substitute for the antialiasing of a GPU.
    """

    def __init__(self, *, height: int, width: int) -> None:
        self._size = (height, width)
        self._pixels = np.full((4 * height * width, 3), _BACKGROUND, dtype=np.uint8)
        self._depth = np.full(4 * height * width, np.inf, dtype=np.float32)

    def add(self, xyz: Float32Array, rgb: UInt8Array, *, size_px: int) -> None:
        """Draw (N, 3) points in metres with their colours; near ones cover far ones."""
        height, width = 2 * self._size[0], 2 * self._size[1]
        seen = (xyz - _EYE) @ _looking_at(_EYE, _TARGET).T
        order = np.argsort(-seen[:, 2])  # far ones first: of a pixel's values the last one stays
        order = order[seen[order, 2] > _NEAREST_SHOWN]
        x, y, z = seen[order].T
        column = np.rint(1.1 * height * x / z + width / 2).astype(int)
        row = np.rint(1.1 * height * y / z + height / 2).astype(int)
        # Point by point, so that near ones cover far ones with all of their square.
        down, right = np.divmod(np.arange(4 * size_px**2), 2 * size_px)
        rows, columns = row[:, None] + down - size_px, column[:, None] + right - size_px
        owner = np.broadcast_to(np.arange(len(order))[:, None], rows.shape)
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        pixel, owner = (rows * width + columns)[inside], owner[inside]
        is_nearer = z[owner] < self._depth[pixel]
        pixel, owner = pixel[is_nearer], owner[is_nearer]
        self._pixels[pixel], self._depth[pixel] = rgb[order][owner], z[owner]

    def picture(self) -> UInt8Array:
        """(height, width, 3)."""
        height, width = self._size
        large = self._pixels.reshape(2 * height, 2 * width, 3)
        return np.asarray(
            cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8
        )


def _looking_at(eye: Float32Array, target: Float32Array) -> Float32Array:
    """Rotation of an optical frame at ``eye`` that looks at ``target``; y of the camera is down."""
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(np.array([0.0, 1.0, 0.0]), forward)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward]).astype(np.float32)


def _sparse(frame: Frame, *, enabled: bool) -> SparseDepth:
    projection = replace(CompletionConfig().projection, occlusion=OcclusionConfig(enabled=enabled))
    config = CompletionConfig(projection=projection)
    return DepthCompleter(build_model("nearest"), config=config).sparse_depth(frame)


def _reduced(picture: UInt8Array) -> UInt8Array:
    """Fewer colours: a third of the bytes, no difference to the eye."""
    reduced: UInt8Array = picture & np.uint8(0xF8)
    return reduced


if __name__ == "__main__":
    main()
