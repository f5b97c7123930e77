# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

from depth_completion_core.diagnosis.frame_bundle import BUNDLE_NAMES
from depth_completion_ros.saved_frames import remove_oldest


def _saved(folder: Path, stamp_ns: int, saved_at: int) -> Path:
    bundle = folder / f"{stamp_ns:019d}"
    for name in BUNDLE_NAMES:
        (bundle / name).mkdir(parents=True)
    os.utime(bundle, ns=(saved_at, saved_at))
    return bundle


def test_the_frames_saved_last_stay(tmp_path: Path) -> None:
    """Their stamps may go back, as when a bag is played again."""
    old, *kept = (_saved(tmp_path, stamp, at) for at, stamp in enumerate((9, 3, 5)))
    remove_oldest(tmp_path, 3)
    assert old.exists()
    remove_oldest(tmp_path, 2)
    assert sorted(tmp_path.iterdir()) == sorted(kept)


def test_what_is_not_only_ours_stays(tmp_path: Path) -> None:
    bundles = [_saved(tmp_path, stamp, stamp) for stamp in range(3)]
    (bundles[0] / "replayed").mkdir()
    (tmp_path / "thesis").mkdir()
    remove_oldest(tmp_path, 1)
    assert sorted(tmp_path.iterdir()) == sorted([bundles[0], bundles[2], tmp_path / "thesis"])
