# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""``python -m rosbag_tools.from_dataset --layout LAYOUT OUT``: bags as drivers would record."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from depth_completion_core.settings.command_line import parsed
from rosbag_tools.cli import run_cli
from rosbag_tools.errors import BagError

if TYPE_CHECKING:
    from rosbag_tools.layout_sets import SetLayout
    from rosbag_tools.recording import Recording


@dataclass(frozen=True, slots=True, kw_only=True)
class FromDataset:
    """Make a bag with image, CameraInfo, measurements, truth and TF of a data set or a drive."""

    out: tyro.conf.Positional[Path]
    """The bag: a folder, or one file if the name ends in .mcap or .db3. Of several sequences: a
    folder with a bag of each."""
    layout: Literal["void", "kitti_dc", "nyu", "folder", "kitti_raw", "synthetic"]
    """void, kitti_dc (depth completion), nyu, folder: sets of frames. kitti_raw: one drive of
    KITTI's raw data. synthetic: a rendered drive."""
    overwrite: bool = False
    """Replace an output that exists."""

    root: Path = Path()
    """The folder of the set or drive."""
    sequence: tuple[str, ...] = ()
    """Sets: only these sequences."""
    density: int = 0
    """void: points per image; 0 for that of the folder, 1500 in void_release."""
    split: str = ""
    """kitti_dc: val (default), train or selection. nyu: test (default) or train."""
    depth_scale: float = 256.0
    """folder: value of a depth PNG that means 1 m."""
    points: str = ""
    """Sets without measurements: how to sample them from the truth, such as uniform:500 or
    corners:1500; nyu: uniform:500 if not given."""
    camera: int = 2
    """kitti_raw: 2 for the left colour camera, 3 for the right one."""

    scene: str = "room"
    """synthetic: room or street."""
    seed: int = 0
    """synthetic: of the scene and the noise."""
    duration: float = 8.0
    """synthetic: seconds."""
    image_rate_hz: float = 5.0
    """synthetic, and sets without times: images per second."""


def main(arguments: list[str]) -> int:
    """Parse, record; 0 for success."""
    wanted = parsed(FromDataset, arguments)
    from rosbag_tools.recording import write_recording  # noqa: PLC0415 - slow to import

    if wanted.duration <= 0 or wanted.image_rate_hz <= 0:
        raise BagError("--duration and --image-rate-hz must be positive")
    for out, recording in _recordings(wanted):
        images = write_recording(recording, out, overwrite=wanted.overwrite)
        print(f"{images} images written to {out}")
    return 0


def _recordings(wanted: FromDataset) -> Iterator[tuple[Path, Recording]]:
    """Each bag to write, and what belongs in it."""
    if wanted.layout == "kitti_raw":
        from rosbag_tools.layout_kitti_raw import kitti_raw_recording  # noqa: PLC0415 - likewise

        yield wanted.out, kitti_raw_recording(wanted.root, camera_index=wanted.camera)
    elif wanted.layout == "synthetic":
        from rosbag_tools.layout_synthetic import synthetic_recording  # noqa: PLC0415 - needs torch

        yield (
            wanted.out,
            synthetic_recording(
                wanted.scene,
                seed=wanted.seed,
                duration_ns=round(wanted.duration * 1e9),
                image_period_ns=round(1e9 / wanted.image_rate_hz),
            ),
        )
    else:
        yield from _set_recordings(wanted, wanted.layout)


def _set_recordings(wanted: FromDataset, layout: SetLayout) -> Iterator[tuple[Path, Recording]]:
    from rosbag_tools.layout_sets import SetWishes, set_sequences  # noqa: PLC0415 - likewise

    wishes = SetWishes(
        density=wanted.density,
        split=wanted.split,
        depth_scale=wanted.depth_scale,
        points=wanted.points,
        image_rate_hz=wanted.image_rate_hz,
    )
    sequences = {sequence.name: sequence for sequence in set_sequences(layout, wanted.root, wishes)}
    unknown = [name for name in wanted.sequence if name not in sequences]
    if unknown:
        raise BagError(
            f"{wanted.root} has no sequence '{unknown[0]}'; it has {', '.join(sequences)}"
        )
    chosen = wanted.sequence or tuple(sequences)
    if len(chosen) > 1 and wanted.out.suffix in (".mcap", ".db3"):
        raise BagError(
            f"{wanted.root} has {len(chosen)} sequences, which do not fit into one bag: give a "
            f"folder, or choose one with --sequence: {', '.join(chosen)}"
        )
    for name in chosen:
        yield wanted.out / name if len(chosen) > 1 else wanted.out, sequences[name].recording()


if __name__ == "__main__":
    sys.exit(run_cli(main))
