# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
import yaml

from depth_completion_core.config import config_from_mapping
from depth_completion_core.setting_descriptions import settings_of
from depth_completion_ros.node_config import FIXED_AT_START, NodeConfig
from depth_completion_ros.parameter_files import markdown_text, yaml_text

_ROOT = Path(__file__).resolve().parents[2]
_PRESETS = sorted(set((_ROOT / "config").glob("*.yaml")) - {_ROOT / "config/completion.yaml"})
_PATHS = [setting.path for setting in settings_of(NodeConfig)]


def _parameters(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    parameters: dict[str, Any] = content["/**"]["ros__parameters"]
    return parameters


def _leaves(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        is_group = isinstance(value, dict)
        found |= _leaves(value, f"{prefix}{key}.") if is_group else {f"{prefix}{key}": value}
    return found


def test_the_committed_files_are_what_the_tree_says() -> None:
    written = (_ROOT / "config" / "completion.yaml").read_text(encoding="utf-8")
    assert written == yaml_text(), "run python -m depth_completion_ros.parameter_files"
    page = (_ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
    assert page == markdown_text(), "run python -m depth_completion_ros.parameter_files"


def test_the_generated_file_gives_the_defaults() -> None:
    tree = _parameters(_ROOT / "config" / "completion.yaml")
    assert config_from_mapping(NodeConfig, tree) == NodeConfig()
    unset = {path for path in _PATHS if path not in _leaves(tree)}
    assert unset == {"inference.roi_px"}  # an empty list has no type in ROS


@pytest.mark.parametrize("preset", _PRESETS, ids=lambda path: path.stem)
def test_a_preset_holds_differences_only(preset: Path) -> None:
    tree = _parameters(preset)
    config = config_from_mapping(NodeConfig, tree)
    default = NodeConfig()
    differs = [p for p in _leaves(tree) if attrgetter(p)(config) != attrgetter(p)(default)]
    assert differs == list(_leaves(tree))
    for line in preset.read_text(encoding="utf-8").splitlines():
        assert len(line) <= 110


def test_there_are_presets_for_the_usual_sensors() -> None:
    names = {preset.stem for preset in _PRESETS}
    assert {"realsense_d435i_vio", "spinning_lidar", "livox"} <= names


def test_what_is_fixed_at_start_exists() -> None:
    assert set(FIXED_AT_START) <= set(_PATHS)
