# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The generated files are fresh, and the presets hold known parameters, differences only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from depth_completion_core.settings.descriptions import settings_of
from depth_completion_core.settings.mapping import config_from_mapping, config_to_mapping
from depth_completion_ros.node_config import FIXED_AT_START, NodeConfig
from depth_completion_ros.parameter_files import markdown_text, yaml_text

_ROOT = Path(__file__).resolve().parents[2]
_CONFIG = _ROOT / "config"
_GENERATED = _CONFIG / "completion.yaml"
_PRESETS = sorted(set(_CONFIG.glob("*.yaml")) - {_GENERATED})
_COMMAND = "python -m depth_completion_ros.parameter_files"
presets = pytest.mark.parametrize("path", _PRESETS, ids=lambda path: path.stem)


def _parameters(text: str) -> dict[str, Any]:
    """What stands under the one header that fits a node of any name in any namespace."""
    content = yaml.safe_load(text)
    assert list(content) == ["/**"]
    assert list(content["/**"]) == ["ros__parameters"]
    parameters: dict[str, Any] = content["/**"]["ros__parameters"]
    return parameters


def _leaves(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            found |= _leaves(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def test_generated_files_are_fresh() -> None:
    for path, text in (
        (_GENERATED, yaml_text()),
        (_ROOT / "docs" / "parameters.md", markdown_text()),
    ):
        assert path.read_text(encoding="utf-8") == text, f"run {_COMMAND}"


def test_the_generated_yaml_gives_the_defaults() -> None:
    tree = _parameters(yaml_text())
    assert config_from_mapping(NodeConfig, tree) == NodeConfig()
    empty = {setting.path for setting in settings_of(NodeConfig) if setting.default == ()}
    assert {setting.path for setting in settings_of(NodeConfig)} == set(_leaves(tree)) | empty


def test_the_generated_yaml_has_no_empty_list() -> None:
    """Rcl refuses a file with one: an empty list has no type."""
    text = yaml_text()
    assert [] not in _leaves(_parameters(text)).values()
    assert re.search(r"^ *# roi_px: \[\]$", text, flags=re.MULTILINE)


def test_every_setting_is_described_in_both() -> None:
    lines = markdown_text().splitlines()
    for setting in settings_of(NodeConfig):
        assert setting.description, setting.path
        rows = [line for line in lines if f"| `{setting.path}` |" in line]
        assert len(rows) == 1, setting.path
        assert setting.description.replace("|", "\\|") in rows[0]
        changes_late = "| any time |" in rows[0]
        assert changes_late == (setting.path not in FIXED_AT_START)


def test_every_row_has_as_many_cells_as_the_head() -> None:
    rows = [line for line in markdown_text().splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {7}


def test_what_is_fixed_at_start_exists() -> None:
    assert set(FIXED_AT_START) <= {setting.path for setting in settings_of(NodeConfig)}


def test_there_are_presets() -> None:
    assert len(_PRESETS) >= 4


@presets
def test_presets_hold_known_parameters(path: Path) -> None:
    config_from_mapping(NodeConfig, _parameters(path.read_text(encoding="utf-8")))


@presets
def test_presets_hold_differences_only(path: Path) -> None:
    defaults = _leaves(config_to_mapping(NodeConfig()))
    given = _leaves(_parameters(path.read_text(encoding="utf-8")))
    assert given
    assert {name for name, value in given.items() if defaults[name] == value} == set()


@presets
def test_every_line_of_a_preset_has_its_reason(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    values = [line for line in lines if re.match(r" +\w+: *[^ #]", line)]
    assert values
    assert [line for line in values if "  # " not in line] == []
