# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the program ``prepare`` can be told for each data set; nothing here needs more than tyro."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from depth_completion_core.settings.fields import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareNyu:
    """Write the list of NYU's splits as NLSPN's generator does.

    The images for training are shuffled and split into train and val; test is val/official. The
    same files, ratio and seed always give the same list.
    """

    data: Path
    """The folder with train/ and val/official/."""
    out: Path | None = None
    """The list; default: nyu.json in that folder."""
    csv_train: Path | None = None
    """CSPN's list of images for training, nyudepth_hdf5_train.csv; default: all of train/."""
    val_ratio: float = setting(0.05, low=0.0, high=1.0)
    """Share of the images for training that becomes val."""
    num_train: int = setting(0, low=0)
    """Largest number of images in train; 0 for all."""
    num_val: int = setting(0, low=0)
    """The same for val."""
    num_test: int = setting(0, low=0)
    """The same for test."""
    seed: int = setting(7240, low=0)
    """Of the order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareKittiDc:
    """Copy KITTI's raw images into its depth completion tree, and list the splits as NLSPN does.

    With --raw, images of both colour cameras, navigation (oxts) and calibration are copied to where
    NLSPN's prepare script puts them: train/DRIVE and val/DRIVE. A file that is there in its full
    size is not copied again, so the same command goes on after an interruption.
    """

    data: Path
    """The folder with train/, val/ and depth_selection/."""
    raw: Path | None = None
    """The folder of the raw data, with DATE/DRIVE; nothing is copied without."""
    out: Path | None = None
    """The list; default: kitti_dc.json in the folder, kitti_dc_test.json with --test-data."""
    test_data: bool = False
    """List the 1000 images of the test server instead, under the key test."""
    num_train: int = setting(0, low=0)
    """Largest number of frames in train; 0 for all."""
    num_val: int = setting(0, low=0)
    """The same for val."""
    num_test: int = setting(0, low=0)
    """The same for test."""
    seed: int = setting(7240, low=0)
    """Of the order."""
    dry_run: bool = False
    """Say what would be copied and how large it is, and write nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareVoid:
    """Write ScaffNet's training lists and image triplets of VOID, as the release's set-up does.

    The folder --out gets data/void_release (a link), data/void_derived (triplets, intrinsics) and
    the lists in training/void and testing/void. What is there is not made again.
    """

    data: Path
    """The folder void_release."""
    out: Path
    """Where the lists' paths start."""
    density: int = setting(0, low=0)
    """150, 500 or 1500; 0 for all that are there."""
    offset: int = setting(10, low=1)
    """Frames from the middle image of a triplet to the others."""
    paths_only: bool = False
    """Write lists alone, no images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareKitti:
    """Write ScaffNet's training lists and image triplets of KITTI, as the release's set-up does.

    The folder --out gets data/kitti_depth_completion and data/kitti_raw_data (links),
    data/kitti_derived (triplets, intrinsics) and the lists in training/, validation/ and
    testing/kitti. What is there is not made again.
    """

    data: Path
    """The folder with train/ and depth_selection/."""
    raw: Path
    """The folder of the raw data, with DATE/DRIVE."""
    out: Path
    """Where the lists' paths start."""
    static_frames: Path | None = None
    """A list of frames in which the car stands, DATE DRIVE NUMBER a line; lists without them,
    called nonstatic, are written beside the others."""
    near_static: bool = False
    """Without such a list: find them by the navigation, or else by the images."""
    paths_only: bool = False
    """Write lists and intrinsics alone, no images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareSceneNet:
    """Write ScaffNet's training lists of SceneNet: triplets, 384 points by Harris and k-means.

    The folder --out gets data/scenenet (a link), data/scenenet_derived and the lists in
    training/scenenet and validation/scenenet. What is there is not made again.
    """

    data: Path
    """The folder with train/PART/SEQUENCE/{photo,depth}, and val/ where that is there."""
    out: Path
    """Where the lists' paths start."""
    parts: tuple[int, ...] = (0, 1)
    """Parts of train/ to read."""
    bad_frames: Path | None = None
    """A list of frames to leave out; lines of train/PART/SEQUENCE/N."""
    is_ray_length: bool = False
    """Turn the lengths of rays that SceneNet holds into depth; the release takes them for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareVkitti:
    """Write ScaffNet's training lists of Virtual KITTI 2, at the pixels of KITTI's lidar.

    Every rendered drive with every drive of KITTI: choose with --scenes and --drives. The folder
    --out gets data/virtual_kitti and data/kitti_depth_completion (links),
    data/virtual_kitti_derived and the lists in training/virtual_kitti.
    """

    data: Path
    """The folder of Virtual KITTI 2, with SceneNN/clone/frames/depth."""
    kitti: Path
    """The folder of KITTI depth completion, with train/DRIVE/proj_depth/velodyne_raw."""
    out: Path
    """Where the lists' paths start."""
    scenes: tuple[str, ...] = ()
    """Only these scenes, such as Scene01; all without."""
    drives: tuple[str, ...] = ()
    """Only these drives of KITTI; all without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareFusionNet:
    """Write what a trained ScaffNet says of listed frames, for a FusionNet that reads that.

    The predictions, 16-bit PNGs of metres times 256, go to data/, and their list to those of the
    frames, ..._predict_depth. What is there is not made again.
    """

    data: Path
    """Where the lists' paths start."""
    lists: str
    """How the lists begin: training/void/unsupervised/void_train."""
    suffix: str = ""
    """How they end, without .txt: 1500."""
    model: str
    """The ScaffNet: the name of a model, or a checkpoint (.safetensors)."""
    derived: str = "scaffnet_predictions"
    """The folder in data/ for the predictions; another one for each ScaffNet."""
    device: str = "auto"
    """cpu, cuda, cuda:1, ...; auto uses a GPU if there is one."""
