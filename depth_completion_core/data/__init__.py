# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table of data sets. A new one is one file here and one line below."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from depth_completion_core.data.sample import DataError, DepthDataset
from depth_completion_core.settings.mapping import config_from_mapping

DATASETS = {
    "void": "void:Void",
    "kitti_depth": "kitti_depth:KittiDepth",
    "kitti_raw": "kitti_raw:KittiRaw",
    "kitti_odometry": "kitti_odometry:KittiOdometry",
    "nyu": "nyu:Nyu",
    "scenenet": "scenenet:SceneNet",
    "vkitti1": "vkitti:VirtualKitti1",
    "vkitti2": "vkitti:VirtualKitti2",
    "scaffnet_lists": "scaffnet_lists:ScaffNetLists",
    "folder": "folder:Folder",
    "real": "real:Real",
    "synthetic": "synthetic_drives:SyntheticDrives",
    "world": "world_frames:WorldFrames",
}


class UnknownDatasetError(ValueError):
    """A name that is not in the table; the message lists the known ones."""


def build_dataset(
    name: str, root: Path | None = None, config: Mapping[str, Any] | None = None
) -> DepthDataset:
    """Build the reader of a data set.

    Args:
        name: a name of the table.
        root: the folder of the data set; not used by sets that are made, not read.
        config: differences from the reader's default configuration, as nested mappings.

    Raises:
        UnknownDatasetError: no data set has this name.
        DataError: the folder is missing, or not the one of this set.
        ConfigError: the reader has no such setting.
    """
    reader = dataset_class(name)
    if reader.needs_root:
        if root is None:
            raise DataError(
                f"the data set '{name}' needs its folder: give --data FOLDER, where a run trains "
                "--data.root FOLDER"
            )
        if not root.is_dir():
            raise DataError(f"there is no folder {root} for the data set '{name}'")
    settings = config_from_mapping(reader.Config, config or {}, f"{name}.")
    return reader(root or Path(), settings)


def dataset_class(name: str) -> type[DepthDataset]:
    """The reader of a name; raises UnknownDatasetError."""
    if name not in DATASETS:
        near = difflib.get_close_matches(name, DATASETS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise UnknownDatasetError(
            f"unknown data set '{name}'; known are {', '.join(DATASETS)}.{hint}"
        )
    module_name, class_name = DATASETS[name].split(":")
    module = importlib.import_module(f"{__name__}.readers.{module_name}")
    reader: type[DepthDataset] = getattr(module, class_name)
    assert issubclass(reader, DepthDataset)  # noqa: S101 - a wrong line in the table above
    return reader
