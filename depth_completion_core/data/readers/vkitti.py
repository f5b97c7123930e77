# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Virtual KITTI 1.3.1 (Gaidon et al., CVPR 2016) and 2.0.3 (Cabon et al., 2020): rendered drives.

::

    vkitti_1.3.1_{rgb,depthgt}/WORLD/VARIATION/NNNNN.png
    vkitti_1.3.1_extrinsicsgt/WORLD_VARIATION.txt             (optional: poses)

    SceneNN/VARIATION/frames/rgb/Camera_{0,1}/rgb_NNNNN.jpg
    SceneNN/VARIATION/frames/depth/Camera_{0,1}/depth_NNNNN.png
    SceneNN/VARIATION/{intrinsic,extrinsic}.txt

The archives of 2.0.3 may also lie unpacked beside each other in vkitti_2.0.3_{rgb,depth,textgt}/.
Depth is 16-bit PNG of centimetres along the optical axis; the sky has the largest number there is,
655.35 m. Extrinsics take the world to the camera.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from depth_completion_core.data.readers.reading import depth_of, rgb_of
from depth_completion_core.data.readers.sequences import numbered_files, with_neighbours
from depth_completion_core.data.readers.views import read_views
from depth_completion_core.data.readers.vkitti_tables import camera_row, pose_row
from depth_completion_core.data.sample import DataError, DepthDataset, Sample
from depth_completion_core.geometry.camera import CameraModel
from depth_completion_core.geometry.transforms import RigidTransform
from depth_completion_core.settings.fields import setting

_CENTIMETRES = 100.0
_CAMERA_1 = CameraModel(fx=725.0, fy=725.0, cx=620.5, cy=187.0, width=1242, height=375)


class _Frame(NamedTuple):
    """Where a frame is.

    Attributes:
        name: of the sample.
        image: RGB.
        depth: centimetres.
        neighbours: the images before and after, or none.
        tables: the folder or file of the camera's numbers.
        camera_index: 0, or 1 for the right one.
    """

    name: str
    image: Path
    depth: Path
    neighbours: tuple[Path, ...]
    tables: Path
    camera_index: int = 0


class _VirtualKitti(DepthDataset):
    """What both editions have in common; sparse depth is for the caller to draw.

    Attributes:
        default_sparsifier: the lines of KITTI's lidar.
        layout: what the folder should hold, for messages.
    """

    default_sparsifier: str = "lidar_lines:64"
    layout: ClassVar[str]

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config:
        """Which frames, and what is read with each."""

        scenes: tuple[str, ...] = ()
        """Read only these scenes; empty for all."""
        variations: tuple[str, ...] = ("clone",)
        """Read only these variations; empty for all."""
        triplet_offset: int = setting(0, low=0)
        """Add the images this many frames before and after as views; 0 for none. Frames without
        both are left out."""
        max_depth: float = setting(655.34, low=0.0)
        """Depth beyond this is invalid, metres: sky is 655.35; ScaffNet's preparation uses 255."""

    config: Config

    def __init__(self, root: Path, config: Config | None = None) -> None:
        super().__init__(root, config)
        self._frames = list(self._found())
        if not self._frames:
            raise DataError(
                f"{root} holds no frames of the scenes {', '.join(self.config.scenes) or '(all)'} "
                f"and variations {', '.join(self.config.variations) or '(all)'}; expected "
                f"{self.layout}"
            )

    @property
    def names(self) -> list[str]:
        """By scene, variation, camera and number."""
        return [frame.name for frame in self._frames]

    def __getitem__(self, index: int) -> Sample:
        frame = self._frames[index]
        image = rgb_of(frame.image)
        size = image.shape[0], image.shape[1]
        truth = depth_of(
            frame.depth,
            depth_scale=_CENTIMETRES,
            size=size,
            image=frame.image,
            max_depth=self.config.max_depth,
        )
        camera = self._camera(frame, size)
        return Sample(
            name=frame.name,
            image=image,
            camera=camera,
            truth=truth,
            views=read_views(
                frame.neighbours,
                size=size,
                camera=camera,
                world_from_camera=self._world_from_camera(frame),
            ),
        )

    @abstractmethod
    def _found(self) -> Iterator[_Frame]:
        """All frames that the settings ask for, in order."""

    @abstractmethod
    def _camera(self, frame: _Frame, size: tuple[int, int]) -> CameraModel:
        """The camera of an image of that (height, width); raises DataError."""

    @abstractmethod
    def _camera_from_world(self, frame: _Frame, image: Path) -> RigidTransform | None:
        """The pose of an image; None where the set has no poses; raises DataError."""

    def _world_from_camera(self, frame: _Frame) -> list[RigidTransform]:
        """The poses of the image and its neighbours; empty where there are none."""
        if not frame.neighbours:
            return []
        poses = [self._camera_from_world(frame, path) for path in (frame.image, *frame.neighbours)]
        return [camera_from_world.inverse() for camera_from_world in poses if camera_from_world]

    def _folders_of(self, parent: Path, pattern: str) -> Iterator[Path]:
        """The wanted parent/SCENE/VARIATION, sorted."""
        scenes, variations = self.config.scenes, self.config.variations
        for folder in sorted(parent.glob(pattern)):
            is_wanted = not variations or folder.name in variations
            if is_wanted and (not scenes or folder.parent.name in scenes):
                yield folder


class VirtualKitti1(_VirtualKitti):
    """Edition 1.3.1; frames named ``0001/clone/00000``."""

    layout = "vkitti_1.3.1_rgb/0001/clone/00000.png and vkitti_1.3.1_depthgt/ likewise"

    def _found(self) -> Iterator[_Frame]:
        for folder in self._folders_of(self.root / "vkitti_1.3.1_rgb", "[0-9]*/*"):
            scene, variation = folder.parent.name, folder.name
            depth = self.root / "vkitti_1.3.1_depthgt" / scene / variation
            table = self.root / "vkitti_1.3.1_extrinsicsgt" / f"{scene}_{variation}.txt"
            images = numbered_files(folder, ".png")
            for image, around in with_neighbours(images, self.config.triplet_offset):
                name = f"{scene}/{variation}/{image.stem}"
                yield _Frame(name, image, depth / image.name, around, table)

    def _camera(self, frame: _Frame, size: tuple[int, int]) -> CameraModel:
        if size != (_CAMERA_1.height, _CAMERA_1.width):
            raise DataError(
                f"{frame.image} is {size[1]}x{size[0]} pixels, expected {_CAMERA_1.width}x"
                f"{_CAMERA_1.height}, for which the set's intrinsics are"
            )
        return _CAMERA_1

    def _camera_from_world(self, frame: _Frame, image: Path) -> RigidTransform | None:
        return pose_row(frame.tables, (int(image.stem),)) if frame.tables.is_file() else None


class VirtualKitti2(_VirtualKitti):
    """Edition 2.0.3; frames named ``Scene01/clone/Camera_0/00001``."""

    layout = "Scene01/clone/frames/{rgb,depth}/Camera_0 and Scene01/clone/intrinsic.txt"

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Config(_VirtualKitti.Config):
        """Which frames, and what is read with each."""

        cameras: tuple[int, ...] = (0,)
        """0 for the left camera, 1 for the right one."""

    config: Config

    def _found(self) -> Iterator[_Frame]:
        for folder in self._folders_of(self._unpacked("rgb"), "Scene*/*"):
            below = f"{folder.parent.name}/{folder.name}"
            for index in self.config.cameras:
                depth = self._unpacked("depth") / below / f"frames/depth/Camera_{index}"
                images = sorted((folder / f"frames/rgb/Camera_{index}").glob("rgb_*.jpg"))
                for image, around in with_neighbours(images, self.config.triplet_offset):
                    number = _number(image)
                    yield _Frame(
                        name=f"{below}/Camera_{index}/{number}",
                        image=image,
                        depth=depth / f"depth_{number}.png",
                        neighbours=around,
                        tables=self._unpacked("textgt") / below,
                        camera_index=index,
                    )

    def _camera(self, frame: _Frame, size: tuple[int, int]) -> CameraModel:
        key = (int(_number(frame.image)), frame.camera_index)
        return camera_row(frame.tables / "intrinsic.txt", key, size=size)

    def _camera_from_world(self, frame: _Frame, image: Path) -> RigidTransform | None:
        table = frame.tables / "extrinsic.txt"
        if not table.is_file():
            return None
        return pose_row(table, (int(_number(image)), frame.camera_index))

    def _unpacked(self, archive: str) -> Path:
        own = self.root / f"vkitti_2.0.3_{archive}"
        return own if own.is_dir() else self.root


def _number(image: Path) -> str:
    return image.stem.removeprefix("rgb_")
