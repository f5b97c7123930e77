# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Imports run one way: depth_completion_ros -> core, rosbag_tools -> core, core -> neither."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]

_IMPORT_EVERYTHING = """
import importlib, importlib.abc, pkgutil, sys

BLOCKED = {
    "rclpy", "sensor_msgs", "std_msgs", "geometry_msgs", "tf2_msgs", "tf2_ros", "cv_bridge",
    "sensor_msgs_py", "message_filters", "rosbag2_py", "rosidl_runtime_py", "diagnostic_msgs",
    "diagnostic_updater", "ament_index_python", "depth_completion_ros",
}

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"ROS module {name} is blocked here", name=name)
        return None

sys.meta_path.insert(0, Blocker())
for package_name in sys.argv[1:]:
    package = importlib.import_module(package_name)
    print(package_name)
    for module in pkgutil.walk_packages(package.__path__, package_name + "."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
            print(module.name)
"""


def _module_name(path: Path) -> str:
    parts = path.relative_to(_ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _sources(folder: str) -> list[Path]:
    return sorted((_ROOT / folder).rglob("*.py"))


def _imported(path: Path) -> Iterator[tuple[int, str]]:
    package = list(path.relative_to(_ROOT).parent.parts)
    return _imported_by(path.read_text(encoding="utf-8"), package)


def _imported_by(text: str, package: list[str]) -> Iterator[tuple[int, str]]:
    """(line, absolute dotted name) of every import in a module's text, also inside functions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            for alias in node.names:
                yield node.lineno, ".".join([*base, *filter(None, [node.module]), alias.name])


def _offences(folder: str, forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{path.relative_to(_ROOT)}:{line} imports {name}"
        for path in _sources(folder)
        for line, name in _imported(path)
        if any(name == word or name.startswith(f"{word}.") for word in forbidden)
    ]


def test_core_and_bag_tools_import_without_any_ros() -> None:
    packages = ("depth_completion_core", "rosbag_tools")
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_EVERYTHING, *packages],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = {
        _module_name(path)
        for package in packages
        for path in _sources(package)
        if path.name != "__main__.py"
    }
    assert set(done.stdout.split()) == expected


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("depth_completion_core", ("rosbag_tools", "rosbags", "depth_completion_ros", "rclpy")),
        ("rosbag_tools", ("depth_completion_ros", "rclpy")),
    ],
)
def test_imports_run_one_way(folder: str, forbidden: tuple[str, ...]) -> None:
    assert _sources(folder)
    assert _offences(folder, forbidden) == []


def test_what_runs_many_jobs_does_not_know_what_they_do() -> None:
    known = ("many", "errors", "ordered_threads")
    others = {
        ".".join(name.split(".")[:2])
        for path in _sources("rosbag_tools/many")
        for _, name in _imported(path)
        if name.startswith("rosbag_tools.") and name.split(".")[1] not in known
    }
    assert others == set()


_CORE = "depth_completion_core"

# What each room of core may import beside itself; a room is a folder, or a file at the top. A room
# inside another one has a line of its own where it has a law of its own.
_LAWS: dict[str, set[str]] = {
    "settings": set(),
    "config": {"files.atomic", "settings"},
    "config_flags": {"config", "settings"},
    "geometry": {"config"},
    "geometry.multiview": set(),
    "frame": {"geometry"},
    "metrics": {"geometry"},
    "pictures": {"frame", "geometry"},
    "files.atomic": set(),
    "images": set(),
    "reports": {"files", "files.atomic", "geometry"},
    "files": {"files.atomic", "frame", "geometry", "images"},
    "codecs": {"geometry", "images"},
    "sensing": {"codecs", "config", "frame", "geometry", "images", "pictures"},
    "losses": {"settings"},
    "progress": set(),
    "models.configs": {"settings"},
    "models.propagation": set(),
    "models.layers": {"models.configs", "models.propagation"},
    "models.guided": {"geometry"},
    "models.pose": {"geometry.multiview", "models.configs", "models.layers", "settings"},
    "models": {
        "models.configs",
        "models.guided",
        "models.layers",
        "models.propagation",
        "geometry",
        "settings",
    },
    "inference": {"models", "models.layers", "config", "frame", "geometry"},
    "checkpoints.importers": {
        "checkpoints",
        "files",
        "models",
        "models.configs",
        "models.pose",
        "settings",
    },
    "checkpoints": {
        "files",
        "files.atomic",
        "models",
        "models.pose",
        "models.propagation",
        "settings",
    },
    "completer": {"checkpoints", "inference", "models", "config", "frame", "geometry"},
    "alignment": {"diagnosis", "sensing", "geometry"},
    "diagnosis": {"geometry", "files", "files.atomic", "pictures", "sensing", "config", "settings"},
    "data.layers": {"frame", "geometry"},
    "data": {"data.layers", "files", "frame", "geometry", "settings"},
    "data.sampling": {"data", "data.layers", "config", "frame", "geometry", "images", "settings"},
    "world": {"data", "data.sampling", "config", "frame", "geometry", "settings"},
    "data.readers": {
        "data",
        "data.layers",
        "data.sampling",
        "world",
        "files",
        "config",
        "frame",
        "geometry",
        "metrics",
        "settings",
    },
    "data.verification": {"data", "data.readers", "files", "geometry", "images", "progress"},
    "preparation": {
        "completer",
        "data",
        "data.layers",
        "data.readers",
        "data.sampling",
        "files",
        "files.atomic",
        "frame",
        "geometry",
        "progress",
        "sensing",
        "settings",
    },
    "file_completion": {
        "settings",
        "completer",
        "config",
        "files",
        "files.atomic",
        "inference",
        "models",
        "pictures",
        "config_flags",
        "frame",
        "geometry",
        "metrics",
        "progress",
    },
    "evaluation": {
        "completer",
        "data",
        "data.readers",
        "data.sampling",
        "files",
        "files.atomic",
        "inference",
        "models",
        "pictures",
        "reports",
        "world",
        "config",
        "config_flags",
        "frame",
        "geometry",
        "metrics",
        "settings",
        "progress",
    },
    "benchmarks": {
        "checkpoints",
        "codecs",
        "evaluation",
        "completer",
        "files",
        "inference",
        "losses",
        "models",
        "models.pose",
        "models.propagation",
        "config",
        "frame",
        "geometry",
        "geometry.multiview",
    },
    "training": set(),
    "training.feeds": {
        "inference",
        "training",
        "data",
        "data.layers",
        "data.readers",
        "data.sampling",
        "models",
        "world",
        "frame",
        "geometry",
        "settings",
        "progress",
    },
    "training.objectives": {
        "training.feeds",
        "geometry.multiview",
        "inference",
        "losses",
        "models",
        "models.pose",
    },
    "training.recipes": {
        "training",
        "training.feeds",
        "training.objectives",
        "checkpoints",
        "losses",
        "data.readers",
        "data.sampling",
        "models",
        "models.configs",
        "models.pose",
        "world",
        "metrics",
        "settings",
    },
    "training.loop": {
        "inference",
        "training",
        "training.feeds",
        "training.objectives",
        "training.recipes",
        "checkpoints",
        "data.sampling",
        "files",
        "files.atomic",
        "models",
        "models.pose",
        "pictures",
        "frame",
        "geometry",
        "metrics",
        "progress",
    },
}
_PROGRAMS = {
    "benchmark",
    "benchmark_networks",
    "evaluate",
    "export_onnx",
    "export_weights",
    "import_checkpoint",
    "infer",
    "join_shards",
    "prepare",
    "train",
}


def _room(module: str) -> str:
    """The room that a module of core is in: the longest name of a law that its own begins with."""
    names = module.split(".")[1:]
    for length in (2, 1):
        name = ".".join(names[:length])
        if name in _LAWS or name in _PROGRAMS:
            return name
    return ""


def _arrows() -> Counter[tuple[str, str]]:
    """How many modules of a room import something of another one."""
    arrows: Counter[tuple[str, str]] = Counter()
    for path in _sources(_CORE):
        origin = _room(_module_name(path))
        rooms = {_room(name) for _, name in _imported(path) if name.startswith(f"{_CORE}.")}
        arrows.update((origin, room) for room in rooms - {origin})
    return arrows


def test_every_module_of_core_is_in_a_room_with_a_law() -> None:
    outside = [name for path in _sources(_CORE) if not _room(name := _module_name(path))]
    assert outside == [_CORE]


def test_each_room_imports_only_what_its_law_allows() -> None:
    offences = [
        f"{origin} imports {room} ({count} modules)"
        for (origin, room), count in sorted(_arrows().items())
        if origin in _LAWS and room not in _LAWS[origin]
    ]
    assert offences == []


def test_no_law_allows_what_nobody_uses() -> None:
    """A law that says more than the code does would let the next arrow in unseen."""
    arrows = _arrows()
    unused = {
        origin: left
        for origin, allowed in _LAWS.items()
        if (left := {room for room in allowed if not arrows[(origin, room)]})
    }
    assert unused == {}


def test_the_laws_allow_no_circle() -> None:
    sorter = TopologicalSorter(_LAWS)
    order = list(sorter.static_order())  # raises CycleError
    assert set(order) == set(_LAWS)


def test_no_two_modules_of_core_import_each_other() -> None:
    graph = {
        _module_name(path): {name for _, name in _imported(path) if name.startswith(f"{_CORE}.")}
        for path in _sources(_CORE)
    }
    modules = {
        module: {name if name in graph else name.rpartition(".")[0] for name in names} - {module}
        for module, names in graph.items()
    }
    TopologicalSorter(modules).prepare()  # raises CycleError


def test_the_reader_of_imports_sees_every_kind() -> None:
    """The rules above are as good as this reader."""
    text = (
        "import rosbags.highlevel as r\nfrom ..data import void\nfrom . import base\n"
        "def f():\n    from depth_completion_core.training import trainer\n"
    )
    assert list(_imported_by(text, ["depth_completion_core", "models"])) == [
        (1, "rosbags.highlevel"),
        (2, "depth_completion_core.data.void"),
        (3, "depth_completion_core.models.base"),
        (5, "depth_completion_core.training.trainer"),
    ]
