# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The table by which node and bag are compared covers every setting, and each line shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rosbag_tools.completion_job import CompletionJob
from rosbag_tools.run_completion import run_job
from rosbag_tools.wishes import OutputWishes, PlanWishes
from tests.bags.bag_factory import read_bag, write_bare
from tests.bags.lockstep_bag import PROBES, Probe, configured, default_of, entries, leaves


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bare(tmp_path_factory.mktemp("bag") / "bag.mcap", entries())


def _completed(
    bag: Path, output: Path, settings: Mapping[str, object], fixed_frame: str
) -> list[tuple[int, bytes]]:
    run_job(
        CompletionJob(
            inputs=(bag,),
            output=output,
            device="cpu",
            settings=configured(settings),
            reads=PlanWishes(fixed_frame=fixed_frame),
            writes=OutputWishes(topics=("depth/image",)),
            copies_inputs=False,
        )
    )
    return [(read.log_ns, read.raw) for read in read_bag(output).topics["/depth/image"]]


@pytest.fixture(scope="module")
def unprobed(
    bag: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Probe], list[tuple[int, bytes]]]:
    """What comes of the bag without the value of a probe, each made once."""
    folder = tmp_path_factory.mktemp("unprobed")
    known: dict[str, list[tuple[int, bytes]]] = {}

    def completed(probe: Probe) -> list[tuple[int, bytes]]:
        key = repr((probe.beside, probe.fixed_frame))
        if key not in known:
            output = folder / f"{len(known)}.mcap"
            known[key] = _completed(bag, output, probe.beside, probe.fixed_frame)
        return known[key]

    return completed


def test_no_setting_is_forgotten() -> None:
    assert sorted(PROBES) == sorted(leaves())
    assert len(leaves()) >= 24


@pytest.mark.parametrize("path", PROBES)
def test_every_value_changes_what_comes_of_the_bag(
    bag: Path,
    unprobed: Callable[[Probe], list[tuple[int, bytes]]],
    tmp_path: Path,
    path: str,
) -> None:
    probe = PROBES[path]
    assert probe.value != default_of(path)
    settings = {**probe.beside, path: probe.value}
    changed = _completed(bag, tmp_path / "changed.mcap", settings, probe.fixed_frame)
    assert changed != unprobed(probe)
    assert len(changed) >= 3
