# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What runs many jobs: the same outcomes on every engine, whatever happens to its workers."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from rosbag_tools.errors import BagError
from rosbag_tools.many.engine import Engine
from rosbag_tools.many.in_process import InProcess
from rosbag_tools.many.outcome import Outcome
from rosbag_tools.many.processes import Processes
from rosbag_tools.many.recordings import recording_names
from rosbag_tools.many.run_many import run_many
from rosbag_tools.many.shard import Shard
from tests.bags.unlucky_jobs import Deed, do

_TIMEOUT_S = 60.0


def _outcomes(engine: Engine, folder: Path, *names: str) -> tuple[list[Outcome], list[str]]:
    told: list[str] = []
    jobs = [Deed(name, folder) for name in names]
    done = run_many(
        jobs,
        do,
        engine,
        title="working",
        is_shown=False,
        told=lambda outcome: None,
        tell=told.append,
    )
    return done, told


def _wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("engine", [InProcess(), Processes(2)], ids=["in process", "processes"])
def test_one_that_fails_does_not_end_the_others(engine: Engine, tmp_path: Path) -> None:
    done, told = _outcomes(engine, tmp_path, "one", "refuse", "err", "two")
    assert [outcome.name for outcome in done] == ["one", "refuse", "err", "two"]
    assert [outcome.summary for outcome in done] == [{"done": "one"}, None, None, {"done": "two"}]
    assert done[1].error == "no such topic"
    assert done[1].trace == ""
    assert done[2].error == "a fault of this program: TypeError: a bug"
    assert "unlucky_jobs.py" in done[2].trace
    assert told == []


def test_a_worker_that_dies_is_replaced_and_its_job_tried_once_more(tmp_path: Path) -> None:
    done, told = _outcomes(Processes(2), tmp_path, "die always", "die once", "one", "two")
    assert [outcome.deaths for outcome in done] == [2, 1, 0, 0]
    assert "its worker died 2 times" in done[0].error
    assert [outcome.summary for outcome in done[1:]] == [
        {"done": name} for name in ("die once", "one", "two")
    ]
    assert sorted(told) == [
        "die always: its worker died (killed by signal 9); it is given up",
        "die always: its worker died (killed by signal 9); it is tried once more",
        "die once: its worker died (killed by signal 9); it is tried once more",
    ]


def test_ctrl_c_ends_the_workers_and_lets_them_clean_up(tmp_path: Path) -> None:
    begun = tmp_path / "wait.begun"
    jobs = [Deed("one", tmp_path), Deed("wait", tmp_path)]
    with closing(Processes(2).outcomes(do, jobs, print)) as outcomes:
        assert next(outcomes).name == "one"
        _wait_for(lambda: begun.exists() and begun.read_text())
    assert begun.with_suffix(".cleaned").exists()
    assert not _is_alive(int(begun.read_text()))


def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    begun = tmp_path / "wait.begun"
    parent = multiprocessing.get_context("spawn").Process(
        target=_outcomes, args=(Processes(1), tmp_path, "wait")
    )
    parent.start()
    _wait_for(lambda: begun.exists() and begun.read_text())
    assert parent.pid is not None
    os.kill(parent.pid, signal.SIGKILL)
    parent.join()
    _wait_for(begun.with_suffix(".cleaned").exists)
    _wait_for(lambda: not _is_alive(int(begun.read_text())))


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shards_hold_each_job_once_in_whatever_order_they_are_given(count: int) -> None:
    jobs = [Deed(name, Path()) for name in "abcde"]
    shards = [Shard.parse(f"{i}/{count}").of(jobs) for i in range(1, count + 1)]
    again = [Shard.parse(f"{i}/{count}").of(jobs[::-1]) for i in range(1, count + 1)]
    assert shards == again
    assert sorted(job.name for shard in shards for job in shard) == list("abcde")
    assert max(map(len, shards)) - min(map(len, shards)) <= 1


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "a/b", "-1/2", "1/2/3"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(BagError, match="i/n"):
        Shard.parse(text)


def test_recordings_are_named_apart(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("monday/run", "tuesday/run.mcap", "v1.2")]
    for path in (paths[0], paths[2]):
        path.mkdir(parents=True)
    paths[1].parent.mkdir()
    paths[1].touch()
    assert recording_names(paths) == ["monday_run", "tuesday_run", "v1.2"]
    with pytest.raises(BagError, match="given 2 times"):
        recording_names([paths[0], paths[0].parent / ".." / "monday" / "run"])
    other = tmp_path / "other/monday/run"
    other.mkdir(parents=True)
    with pytest.raises(BagError, match="would both be called 'monday_run'"):
        recording_names([paths[0], other])
