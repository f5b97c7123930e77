# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Imports run one way: depth_completion_ros -> core, rosbag_tools -> core, core -> neither."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
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
        (
            "depth_completion_core/models",
            ("depth_completion_core.data", "depth_completion_core.training"),
        ),
    ],
)
def test_imports_run_one_way(folder: str, forbidden: tuple[str, ...]) -> None:
    assert _sources(folder)
    assert _offences(folder, forbidden) == []


@pytest.mark.parametrize("name", ["frame", "camera", "transforms", "distortion"])
def test_the_values_know_nothing_above_them(name: str) -> None:
    values = {"frame", "camera", "transforms", "distortion"}
    ours = {
        imported.split(".")[1]
        for _, imported in _imported(_ROOT / "depth_completion_core" / f"{name}.py")
        if imported.startswith("depth_completion_core.")
    }
    assert ours <= values


def test_only_training_imports_training() -> None:
    offences = _offences("depth_completion_core", ("depth_completion_core.training",))
    inside = ("depth_completion_core/training/", "depth_completion_core/train.py:")
    assert [offence for offence in offences if not offence.startswith(inside)] == []


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
