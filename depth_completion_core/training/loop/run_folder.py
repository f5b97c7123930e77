# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a run's folder says of it: settings, code, machine, results."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import yaml

import depth_completion_core
from depth_completion_core.files.atomic import write_text
from depth_completion_core.files.json_files import write_json
from depth_completion_core.files.process_lock import LockedError, ProcessLock
from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.recipes.recipe import settled

_PACKAGES = ("numpy", "safetensors", "PyYAML", "lightning-fabric", "tensorboard")


class RunFolder:
    """The files of a run.

    ::

        run.lock            held by the process that trains
        config.yaml         all settings as they were resolved
        environment.json    git revision, versions, devices; of the last start
        metrics.json        what came out, once it is finished
        comparison.json     what the run changed on held-out frames, where it began from weights to
                            make them better; comparison.png shows some of them
        checkpoints/        states to resume from
        final.safetensors   the weights, averaged where that was asked for; and best.safetensors
        pose/               the same of a pose network that was learned beside it
        shards/             all of them in half precision, where asked for
        tensorboard/        events

    Args:
        path: the folder; made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def states(self) -> Path:
        """Folder of the states."""
        return self.path / "checkpoints"

    @property
    def final(self) -> Path:
        """The weights that came out."""
        return self.path / "final.safetensors"

    @property
    def best(self) -> Path:
        """The weights that scored best."""
        return self.path / "best.safetensors"

    @property
    def shards(self) -> Path:
        """Folder of the weights in pieces."""
        return self.path / "shards"

    @property
    def metrics(self) -> Path:
        """What came out."""
        return self.path / "metrics.json"

    @property
    def comparison(self) -> Path:
        """What the run changed on held-out frames."""
        return self.path / "comparison.json"

    @property
    def comparison_picture(self) -> Path:
        """Some of these frames."""
        return self.path / "comparison.png"

    def lock(self) -> ProcessLock:
        """Keep other runs out.

        Raises:
            TrainingError: one is at work in the folder.
            OSError: the folder cannot be written.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            return ProcessLock(self.path / "run.lock")
        except LockedError as error:
            raise TrainingError(
                f"another run trains in {self.path} ({error}): wait for its end, or give another "
                "--run.out"
            ) from error

    def begin(self, recipe_name: str, config: Mapping[str, Any], world: int) -> None:
        """Write settings and environment."""
        text = yaml.safe_dump({"recipe": recipe_name, **config}, sort_keys=False)
        write_text(self.path / "config.yaml", text)
        write_json(self.path / "environment.json", environment(world))

    def clear(self) -> None:
        """Remove the results of an earlier run."""
        for path in (self.final, self.best, self.metrics, self.comparison, self.comparison_picture):
            path.unlink(missing_ok=True)
        for folder in ("tensorboard", "shards", "pose"):
            shutil.rmtree(self.path / folder, ignore_errors=True)


def check_same(found: Mapping[str, Any], wanted: Mapping[str, Any], folder: Path) -> None:
    """Raise TrainingError where a run would be resumed with other settings."""
    old, new = settled(found), settled(wanted)
    changed = [
        f"--{key} was {old.get(key)}, now {new.get(key)}"
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]
    if changed:
        raise TrainingError(
            f"{folder} holds a run with other settings: {'; '.join(changed[:5])}. Give those to go "
            "on with it, another --run.out for another run, or --run.fresh true to begin again"
        )


def environment(world: int) -> dict[str, Any]:
    """Code and machine, as plain values.

    Args:
        world: number of processes.
    """
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "revision": revision(),
        "depth_completion_core": _version("depth_completion_ros"),
        "python": platform.python_version(),
        # torch itself knows which build it is.
        "packages": {"torch": torch.__version__, **{name: _version(name) for name in _PACKAGES}},
        "system": f"{platform.system()} {platform.machine()}",
        "gpus": gpus,
        "cuda": torch.version.cuda or "",
        "processes": world,
        "threads": torch.get_num_threads(),
    }


def revision() -> str:
    """The git revision of this code, with ``+changes`` where files differ from it; '' if none."""
    git = shutil.which("git")
    if git is None:
        return ""
    folder = str(Path(depth_completion_core.__file__).parent)

    def answer(*arguments: str) -> str:
        command = [git, "-C", folder, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        return done.stdout.strip() if done.returncode == 0 else ""

    if not answer("ls-files", "__init__.py"):  # installed into somebody else's repository
        return ""
    commit = answer("rev-parse", "HEAD")
    return commit + ("+changes" if commit and answer("status", "--porcelain", "-uno") else "")


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
