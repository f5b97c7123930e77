# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Flags are spelled as paths and values as in YAML, whatever the program."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import pytest
import tyro
import yaml

from depth_completion_core.config import CompletionConfig
from depth_completion_core.config_flags import ConfigFlags, parsed_with_config
from depth_completion_core.evaluation.command_line import Evaluate
from depth_completion_core.file_completion.command_line import Infer
from depth_completion_core.settings.command_line import parsed, value_given
from depth_completion_core.settings.fields import ConfigError
from rosbag_tools.complete import Complete


@dataclass(frozen=True, kw_only=True)
class _Group:
    is_on: bool = False
    width_m: float = 1.0
    sizes: tuple[int, ...] = (1, 2)
    shares: tuple[float, ...] = ()
    names: tuple[str, ...] = ("a",)


@dataclass(frozen=True, kw_only=True)
class _Program:
    fresh: bool = False
    count: int = 0
    set: tuple[str, ...] = ()
    group: Annotated[_Group, tyro.conf.FlagConversionOff] = field(default_factory=_Group)


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "false", "False"])
def test_truths_are_those_of_yaml(text: str) -> None:
    assert parsed(_Program, ["--group.is_on", text]).group.is_on is yaml.safe_load(text)
    assert parsed(_Group, ["--is-on", text], is_settings=True).is_on is yaml.safe_load(text)


@pytest.mark.parametrize(
    "words",
    [["3,4"], ["3", "4"], ["[3, 4]"], ["(3,4)"], ["3,", "4"]],
)
def test_lists_are_read_as_people_write_them(words: list[str]) -> None:
    assert parsed(_Program, ["--group.sizes", *words]).group.sizes == (3, 4)
    assert parsed(_Program, ["--group.shares", *words]).group.shares == (3.0, 4.0)
    assert parsed(_Program, ["--group.names", *words]).group.names == ("3", "4")


@pytest.mark.parametrize("words", [[], [""], ["[]"]])
def test_lists_may_be_emptied(words: list[str]) -> None:
    assert parsed(_Program, ["--group.sizes", *words]).group.sizes == ()


def test_a_programs_own_lists_may_hold_commas_and_its_flags_need_no_value() -> None:
    wanted = parsed(_Program, ["--set", "a=[1,2]", "b=1,2", "--fresh"])
    assert wanted.set == ("a=[1,2]", "b=1,2")
    assert wanted.fresh
    assert not parsed(_Program, ["--no-fresh"]).fresh


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--group.is_on", "1"], "expected true or false, got '1'"),
        (["--group.width-m", "inf"], "expected a number of ordinary size, got 'inf'"),
        (["--group.width-m", "nan"], "expected a number of ordinary size, got 'nan'"),
        (["--group.width-m", "1e999"], "expected a number of ordinary size"),
        (["--count", 400 * "9"], "expected a number of ordinary size"),
        (["--count", 5000 * "9"], "expected a whole number, got '99"),
        (["--count", "1.5"], "expected a whole number, got '1.5'"),
        (["--group.sizes", "1,x"], "invalid literal for int()"),
        (["--group.size", "1"], "--group.sizes INT,INT,..."),
    ],
)
def test_what_cannot_be_read_is_said(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        parsed(_Program, words)
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_the_value_of_a_flag_is_known_before_the_others() -> None:
    assert value_given(["in", "--config", "a.yaml", "--x"], "--config") == "a.yaml"
    assert value_given(["--config=a=b.yaml"], "--config") == "a=b.yaml"
    assert value_given(["in", "--configs", "a.yaml"], "--config") == ""
    assert value_given(["--config"], "--config") == ""
    assert value_given([], "--config") == ""


every_program = pytest.mark.parametrize(
    ("program", "words"),
    [
        (Complete, ["in", "out"]),
        (Evaluate, ["--model", "linear", "--dataset", "synthetic"]),
        (Infer, ["a.png", "b.png", "--model", "linear", "--out", "out"]),
    ],
)


@every_program
def test_settings_come_from_flags_then_from_the_file_then_from_the_tree(
    program: type[ConfigFlags], words: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("projection: {max_depth: 50, min_depth: 2}\n", encoding="utf-8")
    flags = ["--projection.max_depth", "80", "--output.preserve_measurements", "true"]
    wanted = parsed_with_config(program, [*words, *flags, "--config", str(path)])
    plain = parsed_with_config(program, words)
    assert plain.settings == CompletionConfig()
    assert wanted.config == path
    assert (wanted.settings.projection.max_depth, wanted.settings.projection.min_depth) == (80, 2)
    assert wanted.settings.output.preserve_measurements
    assert wanted.settings.pairing == plain.settings.pairing


@every_program
def test_limits_hold_for_flags_and_files(
    program: type[ConfigFlags], words: list[str], tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"'output\.min_confidence' lies from 0 to 1, got 7"):
        parsed_with_config(program, [*words, "--output.min-confidence", "7"])
    path = tmp_path / "settings.yaml"
    path.write_text("cloud: {stride: 0}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"'cloud\.stride' lies from 1 to inf, got 0"):
        parsed_with_config(program, [*words, "--config", str(path)])
    with pytest.raises(ConfigError, match="no settings file at"):
        parsed_with_config(program, [*words, "--config", str(tmp_path / "nowhere.yaml")])


def test_a_file_does_not_stand_in_for_what_must_be_given(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("", encoding="utf-8")
    with pytest.raises(SystemExit, match="2"):
        parsed_with_config(Infer, ["a.png", "b.png", "--model", "linear", "--config", str(path)])
