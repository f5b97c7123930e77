# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether every node of a Ray cluster sees the paths of a run, told before it starts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from depth_completion_core.files.atomic import write_text
from rosbag_tools.errors import BagError
from rosbag_tools.many.ray_module import ray_module

_TIMEOUT_S = 120.0  # a node that is new to this run starts a worker first
_MOST_NAMED = 10


def check_shared(nodes: Sequence[tuple[str, str]], reads: Sequence[Path], writes: Path) -> None:
    """Ask every node for every path, and for a file that was written just now.

    Args:
        nodes: identifier and address of each.
        reads: absolute paths; those that this machine does not see either are not asked for.
        writes: an absolute path of a folder, which is made.

    Raises:
        BagError: nodes do not see all of it; they are named, with the paths.
        WriteError: this machine cannot write there.
    """
    probe = writes / f".seen_by_every_node.{secrets.token_hex(4)}.partial"
    wanted = [str(path) for path in reads if path.exists()] + [str(probe)]
    write_text(probe, "")
    try:
        unseen = _asked(nodes, wanted)
    finally:
        probe.unlink(missing_ok=True)
    lines = [
        f"node {address} does not see {writes if path == str(probe) else path}"
        for address, paths in unseen.items()
        for path in paths
    ]
    if lines:
        more = [f"and {len(lines) - _MOST_NAMED} more"] if len(lines) > _MOST_NAMED else []
        rule = "inputs and output need one path that every node sees, as on a network drive:"
        raise BagError("\n".join([rule, *lines[:_MOST_NAMED], *more]))


def _asked(nodes: Sequence[tuple[str, str]], paths: list[str]) -> dict[str, list[str]]:
    ray = ray_module()
    pinned_to = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    questions: dict[Any, str] = {}
    for identifier, address in nodes:
        there = pinned_to(identifier, soft=False)
        ask = ray.remote(unseen_of).options(num_cpus=0, scheduling_strategy=there)
        questions[ask.remote(paths)] = address
    answered, silent = ray.wait(list(questions), num_returns=len(questions), timeout=_TIMEOUT_S)
    if silent:
        names = ", ".join(questions[reference] for reference in silent)
        raise BagError(f"these nodes of the Ray cluster do not answer: {names}")
    unseen = {}
    for reference in answered:
        address = questions[reference]
        try:
            unseen[address] = ray.get(reference)
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise BagError(
                f"node {address} of the Ray cluster cannot run this project: {reason}. Install the "
                "same version of it, and of Python, on every node"
            ) from error
    return unseen


def unseen_of(paths: Sequence[str]) -> list[str]:
    """Those of some paths that are not there on this machine."""
    return [path for path in paths if not Path(path).exists()]
