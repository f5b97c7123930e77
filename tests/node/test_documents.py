# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the pages on the node and the layouts say is what the code has."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from depth_completion_core.codecs.message_kinds import MESSAGE_TYPES
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS
from depth_completion_core.sensing.output_topics import BAG_TOPICS, OUTPUT_TOPICS
from depth_completion_core.settings.descriptions import settings_of
from depth_completion_ros.node_config import IMAGE_TRANSPORTS, NodeConfig

_ROOT = Path(__file__).resolve().parents[2]
_PAGES = sorted([_ROOT / "README.md", *(_ROOT / "docs").glob("*.md")])
_TYPES = {kind: name.replace("/msg/", "/") for kind, name in MESSAGE_TYPES.items()}
_MADE = {product.topic for product in OUTPUT_TOPICS}
pages = pytest.mark.parametrize("page", _PAGES, ids=lambda path: path.stem)


def _text(*parts: str) -> str:
    return _ROOT.joinpath(*parts).read_text(encoding="utf-8")


def _rows(text: str, head: str) -> list[list[str]]:
    """The cells of the table whose first column is called so."""
    found = re.search(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    assert found, head
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in found[1].splitlines()
    ]


def _strings(*folders: str) -> Iterator[str]:
    """All literals of the code, those inside of f-strings in their pieces."""
    for folder in folders:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def _launch_arguments(path: Path) -> set[str]:
    """Keys of the table of arguments, and arguments declared by a literal name."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            names |= {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if is_call and node.func.id == "DeclareLaunchArgument":  # type: ignore[attr-defined]
            first = node.args[0]  # type: ignore[attr-defined]
            names |= {str(first.value)} if isinstance(first, ast.Constant) else set()
    return names


def test_the_table_of_outputs_is_that_of_the_products() -> None:
    rows = {cells[0].strip("`"): cells[1:] for cells in _rows(_text("docs", "ros.md"), "out")}
    for product in OUTPUT_TOPICS:
        assert rows.pop(product.topic) == [_TYPES[product.kind], product.description]
    assert set(rows) == {"~/status", "/diagnostics"}


def test_the_table_of_inputs_names_what_is_subscribed() -> None:
    named = set(re.findall(r"`([^`]+)`", " ".join(c[0] for c in _rows(_ros(), "in"))))
    known = set(_strings("depth_completion_ros"))
    images = {topic for _, topic in IMAGE_TRANSPORTS.values()}
    measured = {kind.topic for kind in MEASUREMENT_KINDS.values() if kind.topic}
    assert named == images | measured | {"camera_info", "odometry", "/tf", "/tf_static"}
    assert named - measured <= known


def test_the_tables_of_measurements_are_those_of_the_code() -> None:
    live = _rows(_ros(), "in")
    bags = {cells[0].strip("`"): cells[1:] for cells in _rows(_bags(), "`--measurements`")}
    for name, kind in MEASUREMENT_KINDS.items():
        described = [_TYPES[kind.message] if kind.message else "", kind.description]
        if kind.topic:
            assert [f"`{kind.topic}`", *described] in live
        assert bags.pop(name) == described
    assert bags == {}
    (setting,) = (item for item in settings_of(NodeConfig) if item.path == "measurements")
    assert setting.limits.choices == tuple(MEASUREMENT_KINDS)


def test_the_launch_file_remaps_every_input() -> None:
    text = _text("launch", "completion.launch.py")
    topics = {topic for _, topic in IMAGE_TRANSPORTS.values()} | {"camera_info"}
    topics |= {kind.topic for kind in MEASUREMENT_KINDS.values() if kind.topic}
    assert {topic for topic in topics if f'("{topic}", ' in text} == topics


def test_what_bags_hold_without_being_asked_is_listed() -> None:
    (listed,) = re.findall(r"Without it these are written:\n((?:`[\w/]+`[,.]\s)+)", _bags())
    assert tuple(re.findall(r"`([^`]+)`", listed)) == BAG_TOPICS


def test_the_table_of_services_names_those_that_are_offered() -> None:
    named = {cells[0].strip("`") for cells in _rows(_ros(), "service")}
    offered = {text for text in _strings("depth_completion_ros") if re.fullmatch(r"~/\w+", text)}
    assert named == offered - {"~/status"}


def test_every_preset_is_listed() -> None:
    named = {cells[0].strip("`") for cells in _rows(_ros(), r"preset in `config/`")}
    assert named == {path.name for path in _ROOT.glob("config/*.yaml")} - {"completion.yaml"}


def test_sentences_of_the_log_are_those_of_the_code() -> None:
    """In the first column of each table; what another package logs is marked with its name."""
    literals = "\n".join(_strings("depth_completion_core", "depth_completion_ros"))
    quoted = 0
    for line in _text("docs", "troubleshooting.md").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if not cells or re.search(r"\((rclpy|NumPy)\)", cells[0]) or "No module" in cells[0]:
            continue
        for fragment in re.findall(r"`([^`]+)`", cells[0]):
            assert fragment in literals or fragment in _parameters(), fragment
            quoted += 1
    assert quoted > 25


@pytest.mark.parametrize("path", sorted(_ROOT.glob("launch/*.py")), ids=lambda path: path.stem)
def test_launch_files_describe_all_their_arguments(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("DeclareLaunchArgument(") == text.count("description=") or (
        "description=text" in text
    )


@pytest.mark.parametrize(
    "page", [page for page in _PAGES if "ros2 launch" in page.read_text("utf-8")], ids=str
)
def test_launch_commands_name_files_and_arguments_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8").replace("\\\n", " ").replace("launch\n", "launch ")
    commands = re.findall(r"ros2 launch depth_completion_ros\s+(\S+\.py)([^\n`]*)", text)
    for name, rest in commands:
        known = _launch_arguments(_ROOT / "launch" / name)
        known |= _launch_arguments(_ROOT / "launch" / "completion.launch.py")
        assert set(re.findall(r"(\w+):=", rest)) <= known


@pages
def test_executables_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"ros2 run depth_completion_ros\s+(\w+)", text):
        assert (_ROOT / "scripts" / name).is_file(), name


@pages
def test_parameters_that_are_named_exist(page: Path) -> None:
    groups = "|".join(sorted({path.split(".")[0] for path in _parameters() if "." in path}))
    text = page.read_text(encoding="utf-8")
    for name in re.findall(rf"`((?:{groups})\.[a-z_.]+)(?:`|:)", text):
        assert any(f"{path}.".startswith(f"{name}.") for path in _parameters()), name


def test_the_rviz_layout_shows_what_the_node_publishes() -> None:
    layout = yaml.safe_load(_text("config", "completion.rviz"))["Visualization Manager"]
    shown = {
        display["Class"].rpartition("/")[2] + " " + display["Topic"]["Value"]: display
        for display in layout["Displays"]
        if "Topic" in display
    }
    dense = shown.pop("PointCloud2 depth/points")
    assert dense["Color Transformer"] == "RGB8"
    assert shown.pop("PointCloud2 points")["Topic"]["Reliability Policy"] == "Best Effort"
    assert set(shown) == {"Image depth/image_color", "Image debug/overlay"}
    assert {"depth/points", "depth/image_color", "debug/overlay"} <= _MADE
    for display in (dense, *shown.values()):
        assert display["Topic"]["Reliability Policy"] == "Reliable"
        assert display["Enabled"]


def test_the_foxglove_layout_shows_what_the_node_publishes() -> None:
    layout = json.loads(_text("config", "completion_foxglove.json"))
    panels: dict[str, Any] = layout["configById"]
    assert sorted(_panels(layout["layout"])) == sorted(panels)
    images = {
        panel["imageMode"]["imageTopic"] for name, panel in panels.items() if "Image!" in name
    }
    assert images == {"/depth/image_color", "/debug/overlay"}
    (three_d,) = (panel for name, panel in panels.items() if name.startswith("3D!"))
    assert set(three_d["topics"]) - {"/points"} <= {f"/{topic}" for topic in _MADE}
    status = _text("msg", "CompletionStatus.msg")
    for path in panels["Plot!latency"]["paths"]:
        topic, _, field = path["value"].partition(".")
        assert topic == "/completion_node/status"
        assert re.search(rf"^\w+ {field} ", status, flags=re.MULTILINE)


def _ros() -> str:
    return _text("docs", "ros.md")


def _bags() -> str:
    return _text("docs", "bags.md")


def _parameters() -> set[str]:
    return {setting.path for setting in settings_of(NodeConfig)}


def _panels(layout: Any) -> Iterator[str]:  # noqa: ANN401 - a tree of JSON
    if isinstance(layout, str):
        yield layout
        return
    yield from _panels(layout["first"])
    yield from _panels(layout["second"])
