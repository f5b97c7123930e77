# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Runs that are killed: ``python -m tests.core.training.killed_runs FOLDER KILLS SEED``.

Each life of the run is a process of its own, forked from this one, which has imported everything,
so that a life costs no start-up. Prints how many were killed, and how many of them while they
wrote a checkpoint.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from depth_completion_core.files.atomic import PARTIAL
from depth_completion_core.training.loop.trainer import train
from tests.core.training.tiny import TinyPose, in_folder

_WRITE_EVERY = 3  # of three kills, one waits for a checkpoint that is being written


def recipe(folder: Path) -> TinyPose:
    """Of two networks."""
    plain = TinyPose()
    return replace(plain, run=in_folder(plain.run, folder))


def main(folder: Path, kills: int, seed: int) -> None:
    torch.set_num_threads(1)
    instants = random.Random(seed)  # noqa: S311 - no secret
    began = time.monotonic()
    _wait(_life(folder / "whole"))
    duration_s = time.monotonic() - began
    killed = writing = run = 0
    while killed < kills or writing == 0:
        out = folder / f"killed{run}"
        awaits_write = killed % _WRITE_EVERY == 0
        if _killed(_life(out), out, instants.uniform(0.0, 0.12 * duration_s), awaits_write):
            killed += 1
            writing += any((out / "checkpoints").glob(f".*{PARTIAL}"))
        else:
            run += 1  # it was done before: the next one is another run
        if killed > 3 * kills:
            break
    for number in range(run + 1):
        _wait(_life(folder / f"killed{number}"))
    print(killed, writing, run + 1)


def _life(folder: Path) -> int:
    """The process id of a run that begins, or goes on."""
    child = os.fork()
    if child:
        return child
    try:
        train(recipe(folder), "tiny")
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)


def _killed(child: int, folder: Path, after_s: float, awaits_write: bool) -> bool:
    """Kill a life at an instant; False where it was done before."""
    end = time.monotonic() + after_s
    while True:
        if awaits_write:
            is_now = any((folder / "checkpoints").glob(f".*{PARTIAL}"))
        else:
            is_now = time.monotonic() >= end
            time.sleep(0.001)
        if is_now:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            return os.WIFSIGNALED(status)
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _check(status)
            return False


def _wait(child: int) -> None:
    _check(os.waitpid(child, 0)[1])


def _check(status: int) -> None:
    if status:
        raise SystemExit(f"a run failed with status {status}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
