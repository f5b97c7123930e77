# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Many recordings on a local Ray of two workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rosbag_tools.complete import main
from rosbag_tools.complete_many import recording_jobs
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.errors import BagError
from rosbag_tools.many.on_ray import OnRay
from rosbag_tools.many.run_many import run_many
from rosbag_tools.many.shared_paths import check_shared
from tests.bags.bag_factory import drive, leftovers, write_ros2
from tests.bags.killed_completions import complete_or_die_once
from tests.bags.unlucky_jobs import Deed, do

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
ray: Any = pytest.importorskip("ray", reason="Ray is not installed (extra 'cluster')")

# Of Ray's own threads and pipes, when it is shut down.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::FutureWarning")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    yield
    ray.shutdown()


def _engine(writes: Path, *reads: Path) -> OnRay:
    return OnRay(address="auto", count=0, cpus=1, gpus=0.0, reads=reads, writes=writes)


def test_a_worker_killed_midway_changes_nothing(tmp_path: Path) -> None:
    bags = [write_ros2(tmp_path / f"drive{n}", drive(3)) for n in range(3)]
    job = CompletionJob(
        inputs=tuple(bags),
        output=tmp_path / "out",
        device="cpu",
        model="nearest",
    )
    jobs, told = recording_jobs(job, threads=1), list[str]()
    done = run_many(
        jobs,
        complete_or_die_once,
        _engine(job.output, *bags),
        title="completing",
        is_shown=False,
        told=lambda outcome: None,
        tell=told.append,
    )
    assert told == [
        "drive1: its worker died (its process ended or was killed); it is tried once more"
    ]
    assert [(outcome.error, outcome.deaths) for outcome in done] == [("", 0), ("", 1), ("", 0)]
    assert leftovers(job.output) == []
    words = ["--device", "cpu", "--model", "nearest"]
    assert main([*map(str, bags), str(tmp_path / "here"), "--each", *words]) == 0
    # All is finished, only the report is missing.
    assert main([*map(str, bags), str(job.output), "--engine", "ray", *words]) == 0
    assert _contents(job.output) == _contents(tmp_path / "here")


def test_one_that_kills_its_workers_is_given_up(tmp_path: Path) -> None:
    jobs = [Deed(name, tmp_path) for name in ("die always", "refuse", "one")]
    died, refused, done = run_many(
        jobs,
        do,
        _engine(tmp_path),
        title="working",
        is_shown=False,
        told=lambda outcome: None,
        tell=print,
    )
    assert "its worker died 2 times" in died.error
    assert refused.error == "no such topic"
    assert done.summary == {"done": "one"}


def test_a_path_that_a_node_does_not_see_is_named(tmp_path: Path) -> None:
    nodes = [(node["NodeID"], node["NodeManagerAddress"]) for node in ray.nodes()]
    seen = tmp_path / "seen"
    seen.touch()
    with seen.open() as file:
        own = os.dup2(file.fileno(), 900)  # a number that no worker uses
    try:
        unseen = Path(f"/proc/self/fd/{own}")
        with pytest.raises(BagError, match=f"node {nodes[0][1]} does not see {unseen}$"):
            check_shared(nodes, [seen, unseen], tmp_path / "out")
    finally:
        os.close(own)
    check_shared(nodes, [seen], tmp_path / "out")
    assert leftovers(tmp_path) == []


def test_what_no_node_has_is_told(tmp_path: Path) -> None:
    engine = OnRay(address="auto", count=0, cpus=64, gpus=0.0, reads=(), writes=tmp_path)
    with pytest.raises(BagError, match="none of the 1 nodes of the Ray cluster has 64 CPUs"):
        next(engine.outcomes(do, [Deed("one", tmp_path)], print))


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
