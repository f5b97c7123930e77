# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from depth_completion_core.config import CompletionConfig
from depth_completion_core.config_flags import parsed_with_config
from depth_completion_core.sensing.output_topics import BAG_TOPICS
from depth_completion_core.settings.mapping import config_to_mapping
from rosbag_tools.complete import Complete


def _parsed(arguments: list[str]) -> Complete:
    return parsed_with_config(Complete, arguments)


def _leaves(mapping: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in mapping.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


_DEFAULTS = dict(_leaves(config_to_mapping(CompletionConfig())))


def _another(value: object) -> Any:  # noqa: ANN401 - of the type of the value
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 3
    if isinstance(value, float):
        return value + 0.25
    if isinstance(value, list):
        return [1, 2, 30, 40]
    return f"{value}x"


def _words(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _settings(*flags: str) -> dict[str, Any]:
    return dict(_leaves(config_to_mapping(_parsed(["in", "out", *flags]).settings)))


def _nested(dotted: str, value: object) -> dict[str, Any]:
    head, _, rest = dotted.partition(".")
    return {head: _nested(rest, value) if rest else value}


def test_defaults_are_those_of_the_config_tree() -> None:
    assert _settings() == _DEFAULTS
    assert len(_DEFAULTS) > 15


@pytest.mark.parametrize("dotted", _DEFAULTS)
def test_every_setting_is_a_flag_and_a_key_of_the_file(dotted: str, tmp_path: Path) -> None:
    other = _another(_DEFAULTS[dotted])
    assert _settings(f"--{dotted}", *_words(other)) == {**_DEFAULTS, dotted: other}
    dashed = f"--{dotted.replace('_', '-')}"
    assert _settings(dashed, *_words(other)) == {**_DEFAULTS, dotted: other}
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump(_nested(dotted, other)), encoding="utf-8")
    assert _settings("--config", str(path)) == {**_DEFAULTS, dotted: other}


@pytest.mark.parametrize("is_joined", [True, False])
def test_flags_go_before_the_file(tmp_path: Path, is_joined: bool) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(
        "projection: {max_depth: 50, occlusion: {window_px: 5}}\npairing: {slop_ms: 20}\n",
        encoding="utf-8",
    )
    config = [f"--config={path}"] if is_joined else ["--config", str(path)]
    found = _settings("--projection.max-depth", "80", *config)
    assert found == {
        **_DEFAULTS,
        "projection.max_depth": 80.0,
        "projection.occlusion.window_px": 5,
        "pairing.slop_ms": 20.0,
    }


def test_paths_are_needed_with_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("", encoding="utf-8")
    assert len(_parsed(["--config", str(path)]).paths) < 2


def test_help_tells_of_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        _parsed(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    for dotted in _DEFAULTS:
        assert f"--{dotted.replace('_', '-')}" in text
    assert f"By default {', '.join(BAG_TOPICS[:-1])} and {BAG_TOPICS[-1]}." in " ".join(
        re.sub("[│|]", " ", text).split()
    )


def test_several_inputs() -> None:
    wanted = _parsed(["a.bag", "b.bag", "out", "--model", "nearest"])
    assert [str(path) for path in wanted.paths] == ["a.bag", "b.bag", "out"]
    assert dataclasses.is_dataclass(wanted.settings)
