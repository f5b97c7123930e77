# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the launch files of the networks hand on to the general one."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.ros
launch: Any = pytest.importorskip("launch", reason="ROS 2 is not sourced")
pytest.importorskip("launch_ros", reason="ROS 2 is not sourced")

from launch.actions import OpaqueFunction  # noqa: E402
from launch.launch_description_sources import AnyLaunchDescriptionSource  # noqa: E402

_FOLDER = Path(__file__).resolve().parents[2] / "launch"


def _arguments_of_the_node(file: str, **given: str) -> dict[str, str]:
    """Everything that is set when the general launch file makes its node."""
    context = launch.LaunchContext()
    context.launch_configurations.update(given)
    source = AnyLaunchDescriptionSource(str(_FOLDER / file))
    waiting = [source.get_launch_description(context)]
    while waiting:
        entity = waiting.pop(0)
        if isinstance(entity, OpaqueFunction):
            return dict(context.launch_configurations)
        waiting = [*(entity.visit(context) or []), *waiting]
    raise AssertionError(f"{file} never comes to a node")


@pytest.mark.parametrize(
    ("file", "given", "model"),
    [
        ("completion.launch.py", {}, ""),
        ("network.launch.py", {}, "fusionnet"),
        ("network.launch.py", {"model": "scaffnet"}, "scaffnet"),
        ("scaffnet.launch.py", {}, "scaffnet"),
        ("fusionnet.launch.py", {}, "fusionnet"),
        ("nlspn.launch.py", {}, "nlspn"),
        ("cspn.launch.py", {}, "cspn"),
    ],
)
def test_the_model_is_set_and_all_else_is_handed_on(
    file: str, given: dict[str, str], model: str
) -> None:
    found = _arguments_of_the_node(file, image="/camera/image", weights="mine", **given)
    assert found["model"] == model
    assert (found["image"], found["weights"]) == ("/camera/image", "mine")
    assert found["points"] == "points"


def _launched(*arguments: str) -> tuple[int, str]:
    """Exit code and words of a launch that cannot go on."""
    ended = subprocess.run(
        ["ros2", "launch", str(_FOLDER / "completion.launch.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, " ".join((ended.stdout + ended.stderr).split())


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("params_file:=/nowhere/mine.yaml", "params_file:=/nowhere/mine.yaml: there is no such"),
        ("bag:=/nowhere/bag", "bag:=/nowhere/bag: there is no such file"),
        ("model:=linaer", "the node ended with exit code 1"),
    ],
)
def test_a_launch_fails_with_what_it_starts(argument: str, words: str) -> None:
    code, said = _launched(argument)
    assert code == 1, said
    assert words in said
