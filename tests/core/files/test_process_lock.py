# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from pathlib import Path

import pytest

from depth_completion_core.files.process_lock import LockedError, ProcessLock
from tests.waiting_process import process_doing

_HOLD = """
from pathlib import Path
from depth_completion_core.files.process_lock import ProcessLock
lock = ProcessLock(Path(sys.argv[1]))
"""


def test_one_process_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with process_doing(_HOLD, path) as holder:
        for _ in range(2):  # whoever looks in vain breaks nothing
            with pytest.raises(LockedError, match=f"process {holder.pid} on "):
                ProcessLock(path)
    ProcessLock(path).release()
    assert f"process {os.getpid()} on " in path.read_text(encoding="utf-8")


def test_it_can_be_had_again_once_it_is_released(tmp_path: Path) -> None:
    ProcessLock(tmp_path / "lock").release()
    with process_doing(_HOLD, tmp_path / "lock"):
        pass


def test_children_do_not_inherit_it(tmp_path: Path) -> None:
    """A worker that outlives its killed parent for a second must not keep others out."""
    fork = """
import os
if os.fork() == 0:
    lock.release = None  # the child keeps the file open
    sys.stdin.read()
    os._exit(0)
"""
    with process_doing(_HOLD + fork, tmp_path / "lock") as parent:
        parent.kill()
        parent.wait()
        ProcessLock(tmp_path / "lock").release()
