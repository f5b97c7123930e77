# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import multiprocessing
import pickle
from pathlib import Path
from typing import Any, TypeVar

import pytest

from depth_completion_core.config import CompletionConfig, OutputConfig, PairingConfig
from depth_completion_core.sensing.holdout import Holdout
from rosbag_tools.complete import main
from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.errors import BagError
from rosbag_tools.run_completion import run_job
from rosbag_tools.wishes import OutputWishes, PlanWishes, TopicWishes
from tests.bags.bag_factory import CLOUD_TOPIC, IMAGE_TOPIC, drive, write_bare

_T = TypeVar("_T")


def _job(folder: Path) -> CompletionJob:
    """A job in which nothing that changes the output is at its default."""
    return CompletionJob(
        inputs=(write_bare(folder / "drive.mcap", drive(3)),),
        output=folder / "by_job" / "out.mcap",
        model="nearest",
        device="cpu",
        settings=CompletionConfig(
            pairing=PairingConfig(slop_ms=10.0), output=OutputConfig(max_depth=6.5)
        ),
        reads=PlanWishes(
            topics=TopicWishes(image=IMAGE_TOPIC, points=(CLOUD_TOPIC,)), fixed_frame="none"
        ),
        writes=OutputWishes(
            topics=("depth/image", "depth/image_color"), namespace="front", encoding="16UC1"
        ),
        copies_inputs=False,
        holdout=Holdout(share=0.2, seed=3),
        max_frames=2,
    )


_FLAGS = (
    "--model nearest --device cpu --pairing.slop-ms 10 --output.max-depth 6.5 "
    f"--image {IMAGE_TOPIC} --points {CLOUD_TOPIC} --fixed-frame none "
    "--topics depth/image depth/image_color --namespace front --encoding 16UC1 "
    "--no-copy-inputs --holdout 0.2 --seed 3 --max-frames 2"
).split()


def _sent(value: _T) -> _T:
    """As it arrives in another process."""
    received: _T = pickle.loads(pickle.dumps(value))  # noqa: S301 - our own bytes
    return received


def test_a_job_and_its_report_survive_pickling(tmp_path: Path) -> None:
    job = _job(tmp_path)
    assert _sent(job) == job
    with pytest.raises(dataclasses.FrozenInstanceError):
        job.model = "linear"  # type: ignore[misc]
    report = run_job(job)
    assert report.frames == 2
    assert _sent(report) == report


def test_another_process_writes_the_bytes_of_the_command_line(tmp_path: Path) -> None:
    job = _job(tmp_path)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        report = pool.apply(run_job, (job,))
    by_command = tmp_path / "by_command" / "out.mcap"  # files tell their name within
    assert main([str(job.inputs[0]), str(by_command), *_FLAGS]) == 0
    assert report.frames == 2
    assert report.scores["images"] == 2
    assert job.output.read_bytes() == by_command.read_bytes()


def test_the_plan_is_told_before_the_first_frame(tmp_path: Path) -> None:
    told: list[str] = []
    run_job(dataclasses.replace(_job(tmp_path), holdout=Holdout()), tell=told.append)
    assert any(line.startswith(f"image        {IMAGE_TOPIC}") for line in told)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": ()}, "one or more input bags"),
        ({"protocol": "kiti"}, "kitti"),
        ({"reads": PlanWishes(topics=TopicWishes(truth="/depth"))}, "two truths"),
        ({"preview_every": 0}, "1 or more"),
    ],
)
def test_what_cannot_be_run_is_refused_when_the_job_is_made(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises((BagError, ValueError), match=words):
        dataclasses.replace(_job(tmp_path), **changes)
