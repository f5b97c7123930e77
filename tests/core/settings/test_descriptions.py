# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any, get_args

import pytest

from depth_completion_core.config import CompletionConfig, DepthEncoding, OutputConfig
from depth_completion_core.settings.descriptions import settings_of
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import (
    check_limits,
    config_from_mapping,
    config_to_mapping,
)
from depth_completion_ros.node_config import NodeConfig

trees = pytest.mark.parametrize("tree", [CompletionConfig, NodeConfig])


def _leaves(mapping: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in mapping.items():
        if isinstance(value, dict):
            found |= _leaves(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


@trees
def test_every_leaf_is_listed_with_its_default(tree: type[Any]) -> None:
    listed = {
        setting.path: list(setting.default)
        if isinstance(setting.default, tuple)
        else setting.default
        for setting in settings_of(tree)
    }
    assert listed == _leaves(config_to_mapping(tree()))


@trees
def test_every_leaf_is_described_in_a_sentence(tree: type[Any]) -> None:
    for setting in settings_of(tree):
        assert setting.description.endswith((".", "")), setting.path
        assert len(setting.description) > 15, setting.path


@trees
def test_defaults_lie_within_their_limits(tree: type[Any]) -> None:
    for setting in settings_of(tree):
        setting.limits.check(setting.path, setting.default)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"output": {"min_confidence": 1.5}}, "'output.min_confidence' lies from 0 to 1, got 1.5"),
        ({"pairing": {"slop_ms": -1}}, "'pairing.slop_ms' lies from 0 to inf, got -1.0"),
        ({"cloud": {"stride": 0}}, "'cloud.stride' lies from 1"),
    ],
)
def test_values_outside_are_refused(mapping: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        config_from_mapping(CompletionConfig, mapping)


@pytest.mark.parametrize("wrong", ["8UC1", "", 32, None, ["32FC1"], {"a": 1}])
def test_choices_are_named(wrong: object) -> None:
    with pytest.raises(ConfigError) as caught:
        config_from_mapping(NodeConfig, {"depth_encoding": wrong})
    assert str(caught.value) == f"'depth_encoding' is one of 32FC1, 16UC1, got {wrong!r}"


def test_choices_are_those_of_the_type() -> None:
    settings = {item.path: item for item in settings_of(NodeConfig)}
    assert settings["depth_encoding"].limits.choices == get_args(DepthEncoding)
    assert settings["depth_encoding"].type_hint is str
    for text in get_args(DepthEncoding):
        assert config_from_mapping(NodeConfig, {"depth_encoding": text}).depth_encoding == text


def test_values_made_in_python_are_checked_by_their_paths() -> None:
    check_limits(CompletionConfig())
    wrong = CompletionConfig(output=OutputConfig(min_confidence=2.0))
    with pytest.raises(ConfigError, match=r"'output\.min_confidence' lies from 0 to 1, got 2\.0"):
        check_limits(wrong)
    with pytest.raises(ConfigError, match=r"'here\.output\.min_confidence'"):
        check_limits(wrong, "here.")
