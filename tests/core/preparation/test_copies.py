# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Copies from KITTI's raw data: what goes where, again after a stop, on a full disk."""

from __future__ import annotations

import filecmp
import os
import shutil
from pathlib import Path

import pytest

from depth_completion_core.preparation.copies import Copy, copied
from depth_completion_core.prepare import main
from tests.core.data.kitti_trees import DATE
from tests.core.data.published_trees import DRIVES, write_kitti_depth, write_kitti_raw
from tests.file_size_limit import file_size_limit


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    root, raw = tmp_path / "kitti", tmp_path / "raw"
    write_kitti_depth(root, range(5, 6))
    write_kitti_raw(raw, range(5, 7))
    return root, raw


def _expected(root: Path, raw: Path) -> dict[Path, Path]:
    """As NLSPN's script: whole folders into the drive, calibration of the day beside them."""
    found = {}
    for split, drives in DRIVES.items():
        for drive in drives:
            for folder in ("image_02", "image_03", "oxts"):
                for source in (raw / DATE / drive / folder).rglob("*.*"):
                    found[root / split / drive / source.relative_to(raw / DATE / drive)] = source
            for name in ("cam_to_cam", "imu_to_velo", "velo_to_cam"):
                found[root / split / drive / f"calib_{name}.txt"] = raw / DATE / f"calib_{name}.txt"
    return found


def test_copies_are_those_of_nlspns_script(
    trees: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    root, raw = trees
    before = set(root.rglob("*"))
    command = ["kitti_dc", "--data", str(root), "--raw", str(raw)]
    assert main([*command, "--dry-run"]) == 0
    expected = _expected(root, raw)
    assert f"would copy {len(expected)} of {len(expected)} files" in capsys.readouterr().out
    assert set(root.rglob("*")) == before
    assert main(command) == 0
    assert "note: test is empty, for there is no" in capsys.readouterr().out
    copies = {path for path in root.rglob("*") if path.is_file()} - before
    assert copies - set(expected) == {root / "kitti_dc.json"}
    assert set(expected) < copies
    assert all(filecmp.cmp(*pair, shallow=False) for pair in expected.items())
    assert main([*command, "--dry-run"]) == 0
    assert f"would copy 0 of {len(expected)} files" in capsys.readouterr().out


def test_a_copy_that_was_stopped_goes_on(tmp_path: Path) -> None:
    sources = [tmp_path / "from" / str(number) for number in range(4)]
    for number, source in enumerate(sources):
        source.parent.mkdir(exist_ok=True)
        source.write_bytes(bytes([number]) * 5000)
    copies = [Copy(source, tmp_path / "to" / source.name) for source in sources]
    copies[0].target.parent.mkdir()
    shutil.copy(sources[0], copies[0].target)
    os.utime(copies[0].target, (1, 1))
    copies[1].target.write_bytes(b"half")
    (tmp_path / "to" / ".2.0a1b.partial").write_bytes(b"killed")
    (told,) = copied(copies)
    assert told.startswith("copied 3 of 4 files")
    assert copies[0].target.stat().st_mtime == 1
    assert sorted(path.name for path in (tmp_path / "to").iterdir()) == ["0", "1", "2", "3"]
    assert all(filecmp.cmp(*copy, shallow=False) for copy in copies)


def test_a_disk_that_is_too_small_is_told_before_the_first_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"0" * 1000)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=500))
    copies = [Copy(source, tmp_path / "to" / "target")]
    with pytest.raises(OSError, match=r"has 0\.0 MB left, and the copies need 0\.0 MB; make room"):
        copied(copies)
    assert not (tmp_path / "to").exists()
    would, problem = copied(copies, is_dry_run=True)
    assert would.startswith("would copy 1 of 1 files")
    assert problem.startswith("the disk of")


def test_a_disk_that_is_full_midway_leaves_whole_files(
    trees: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    root, raw = trees
    large = raw / DATE / DRIVES["val"][0] / "oxts" / "data" / "0000000006.txt"
    large.write_bytes(b"0" * 200_000)
    with file_size_limit(100_000):
        assert main(["kitti_dc", "--data", str(root), "--raw", str(raw)]) == 1
    error = capsys.readouterr().err
    assert "0000000006.txt cannot be written: File too large" in error
    assert not list(root.rglob("*.partial"))
    written = [path for path in root.rglob("*") if path in _expected(root, raw)]
    assert len(written) > 5
    assert all(filecmp.cmp(path, _expected(root, raw)[path], shallow=False) for path in written)


def test_raw_data_that_lack_a_drive_are_told_before_the_first_file(
    trees: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    root, raw = trees
    shutil.rmtree(raw / DATE / DRIVES["val"][0] / "image_03")
    before = set(root.rglob("*"))
    assert main(["kitti_dc", "--data", str(root), "--raw", str(raw)]) == 1
    error = capsys.readouterr().err
    assert "lacks 1 folders or files of the 3 drives, such as" in error
    assert "drive_0002_sync/image_03; unpack the synced and rectified drives" in error
    assert set(root.rglob("*")) == before
