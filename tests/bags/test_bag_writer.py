# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A bag has its name when all of it is on the disk, and an older one stays until then."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from rosbag_tools.errors import BagError
from rosbag_tools.writer import BagWriter
from tests.bags.bag_factory import INFO_TOPIC, info_entry, leftovers, read_bag

_NAMES = ("out", "out.mcap", "out.db3")


def _write(path: Path, count: int) -> None:
    entries = [info_entry(number) for number in range(count)]
    with BagWriter(path, overwrite=True) as writer:
        writer.add_topic(INFO_TOPIC, entries[0].message.__msgtype__)
        for number, entry in enumerate(entries):
            writer.write(INFO_TOPIC, number, entry.message)


def _files(path: Path) -> list[Path]:
    return [path, *path.rglob("*")] if path.is_dir() else [path]


@pytest.mark.parametrize("name", _NAMES)
def test_a_bag_is_flushed_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = tmp_path / name
    real = os.fsync
    before: set[int] = set()
    after: set[int] = set()

    def fsync(handle: int) -> None:
        (after if path.exists() else before).add(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    _write(path, 3)
    assert before == {each.stat().st_ino for each in _files(path)}
    assert after == {tmp_path.stat().st_ino}
    assert len(read_bag(path).topics[INFO_TOPIC]) == 3


@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("failing", ["fsync", "rename"])
def test_the_older_bag_stays_where_the_new_one_cannot_be_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, failing: str
) -> None:
    path = tmp_path / name
    _write(path, 2)

    def fsync(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    real = Path.rename

    def rename(source: Path, target: Path) -> Path:
        if target == path and not source.match(".*.partial"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(source, target)

    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", fsync)
    else:
        monkeypatch.setattr(Path, "rename", rename)
        monkeypatch.setattr(Path, "replace", rename)
    with pytest.raises(BagError, match=r"no room left to write|cannot write .*Input/output"):
        _write(path, 3)
    monkeypatch.undo()
    assert len(read_bag(path).topics[INFO_TOPIC]) == 2
    assert leftovers(tmp_path) == []
