# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from depth_completion_core.config import CompletionConfig, load_config, save_config
from depth_completion_core.settings.fields import ConfigError
from depth_completion_core.settings.mapping import config_from_mapping, config_to_mapping


def _leaves(config: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for item in dataclasses.fields(config):  # type: ignore[arg-type]
        value = getattr(config, item.name)
        if dataclasses.is_dataclass(value):
            yield from _leaves(value, (*path, item.name))
        else:
            yield (*path, item.name), value


def _nested(path: tuple[str, ...], value: object) -> dict[str, Any]:
    mapping: Any = value
    for name in reversed(path):
        mapping = {name: mapping}
    return dict(mapping)


def _changed(value: object) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 3
    if isinstance(value, float):
        return value + 0.25
    assert isinstance(value, tuple)
    return (1, 2, 30, 40)


_LEAVES = dict(_leaves(CompletionConfig()))
_LEAF_IDS = [".".join(path) for path in _LEAVES]
every_leaf = pytest.mark.parametrize("path", _LEAVES, ids=_LEAF_IDS)


@dataclass(frozen=True, kw_only=True)
class _Inner:
    speeds: tuple[float, ...] = (1.0,)
    name: str = "a"


@dataclass(frozen=True, kw_only=True)
class _Outer:
    inner: _Inner = field(default_factory=_Inner)
    names: tuple[str, ...] = ()


def test_defaults_survive_mapping_yaml_and_json(tmp_path: Path) -> None:
    default = CompletionConfig()
    mapping = config_to_mapping(default)
    assert config_from_mapping(CompletionConfig, mapping) == default
    assert config_from_mapping(CompletionConfig, json.loads(json.dumps(mapping))) == default
    save_config(default, tmp_path / "config.yaml")
    assert load_config(tmp_path / "config.yaml") == default


def test_every_setting_survives_when_it_is_not_the_default(tmp_path: Path) -> None:
    config = CompletionConfig()
    for path, value in _LEAVES.items():
        changed = config_from_mapping(CompletionConfig, _nested(path, _changed(value)))
        differing = {p for p, v in _leaves(changed) if v != _LEAVES[p]}
        assert differing == {path}
        save_config(changed, tmp_path / "config.yaml")
        assert load_config(tmp_path / "config.yaml") == changed
    assert CompletionConfig() == config


def test_what_a_file_leaves_out_keeps_its_default(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    for text in ("", "# only a comment\n", "output: {}\n"):
        path.write_text(text, encoding="utf-8")
        assert load_config(path) == CompletionConfig()
    path.write_text("projection:\n  occlusion:\n    tolerance: 7.5\n", encoding="utf-8")
    occlusion = load_config(path).projection.occlusion
    assert occlusion == dataclasses.replace(CompletionConfig().projection.occlusion, tolerance=7.5)


@every_leaf
def test_a_misspelt_key_is_named_with_its_full_path_and_the_nearest(path: tuple[str, ...]) -> None:
    *group, name = path
    misspelt = (*group, name + "s")
    with pytest.raises(ConfigError) as caught:
        config_from_mapping(CompletionConfig, _nested(misspelt, 1))
    assert f"'{'.'.join(misspelt)}'" in str(caught.value)
    assert f"did you mean '{'.'.join(path)}'" in str(caught.value)


def test_a_key_like_no_other_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"'output\.xyzzy'; known here: .*min_depth"):
        config_from_mapping(CompletionConfig, {"output": {"xyzzy": 1}})
    with pytest.raises(ConfigError, match="'3'"):
        config_from_mapping(CompletionConfig, {3: 1})  # type: ignore[dict-item]


@every_leaf
def test_a_wrong_type_is_refused_with_its_path(path: tuple[str, ...]) -> None:
    default = _LEAVES[path]
    wrong: list[object] = ["text", None, {"a": 1}]
    if isinstance(default, bool):
        wrong += [1, 0.0, [True]]
    elif isinstance(default, int):
        wrong += [True, 1.0, [1]]
    elif isinstance(default, float):
        wrong += [True, [1.0]]
    else:
        wrong += [1, [1.5], [True], ["1"], [[1]]]
    for value in wrong:
        with pytest.raises(ConfigError) as caught:
            config_from_mapping(CompletionConfig, _nested(path, value))
        assert f"'{'.'.join(path)}'" in str(caught.value)


@every_leaf
def test_an_int_is_taken_for_a_float_and_becomes_one(path: tuple[str, ...]) -> None:
    taken = dict(
        _leaves(config_from_mapping(CompletionConfig, _nested(path, _changed(_LEAVES[path]))))
    )[path]
    assert type(taken) is type(_LEAVES[path])
    if isinstance(_LEAVES[path], float):
        from_int = dict(_leaves(config_from_mapping(CompletionConfig, _nested(path, 1))))[path]
        assert type(from_int) is float
        assert from_int == 1.0


def test_lists_become_tuples_of_their_type() -> None:
    outer = config_from_mapping(_Outer, {"inner": {"speeds": [1, 2.5]}, "names": ["a", "b"]})
    assert outer == _Outer(inner=_Inner(speeds=(1.0, 2.5)), names=("a", "b"))
    assert [type(speed) for speed in outer.inner.speeds] == [float, float]
    assert config_to_mapping(outer) == {
        "inner": {"speeds": [1.0, 2.5], "name": "a"},
        "names": ["a", "b"],
    }
    with pytest.raises(ConfigError, match=r"'inner\.speeds' is a number, got 'fast'"):
        config_from_mapping(_Outer, {"inner": {"speeds": [1.0, "fast"]}})
    with pytest.raises(ConfigError, match="'names' is a list, got 'ab'"):
        config_from_mapping(_Outer, {"names": "ab"})
    with pytest.raises(ConfigError, match=r"'inner\.name' is a text, got 3"):
        config_from_mapping(_Outer, {"inner": {"name": 3}})


@pytest.mark.parametrize("value", [None, 3, [1, 2], "text"])
def test_a_group_is_no_value(value: object) -> None:
    with pytest.raises(ConfigError, match=r"'projection\.occlusion' is a group of settings"):
        config_from_mapping(CompletionConfig, {"projection": {"occlusion": value}})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no settings file at .*nowhere\.yaml"):
        load_config(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"output: [1, 2", "not a readable YAML"),
        (b"output:\n\t- x\n", "not a readable YAML"),
        (b"\xff\xfe\x00\xff", "not a readable YAML"),
        (b"- 1\n- 2\n", "expected 'name: value' lines, got list"),
        (b"just words\n", "got str"),
        (b"output:\n  min_deph: 1.0\n", r"did you mean 'output\.min_depth'"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=words) as caught:
        load_config(path)
    assert "broken.yaml" in str(caught.value)


_NINES = "\n".join(f"x{n}: &x{n} [{', '.join(9 * [f'*x{n - 1}'])}]" for n in range(1, 9))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("output: {max_depth: .inf}", r"'output\.max_depth' is a number of ordinary size, got inf"),
        ("output: {max_depth: -.inf}", "ordinary size, got -inf"),
        ("output: {max_depth: .nan}", "ordinary size, got nan"),
        (f"output: {{max_depth: {400 * '9'}}}", r"ordinary size, got 9+\.\.\.9+$"),
        (f"inference: {{width_px: {400 * '9'}}}", "ordinary size"),
        (f"inference: {{roi_px: [0, 0, 4, {400 * '9'}]}}", r"'inference\.roi_px' is a number of"),
        (f"output: {{max_depth: {5000 * '9'}}}", "not a readable YAML"),
        ("output: 2001-02-31", "not a readable YAML"),
        (600 * "[", "nested too deeply"),
        (5000 * "{a: ", "nested too deeply"),
        (f"x0: &x0 [1]\n{_NINES}\noutput: {{max_depth: *x8}}", "unknown setting 'x0'"),
        (f"output: {{max_depth: &x0 [1]}}\n{_NINES}", "'output.max_depth' is a number, got"),
        ((1 << 20) * "# " + "\noutput: {}", "too many for settings"),
    ],
)
def test_hostile_values_are_refused_in_a_short_sentence(
    tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "hostile.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=words) as caught:
        load_config(path)
    assert "hostile.yaml" in str(caught.value)
    assert len(str(caught.value)) < 600


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a readable YAML"):
        load_config(tmp_path)


def test_yaml_cannot_run_python(tmp_path: Path) -> None:
    trace, path = tmp_path / "trace", tmp_path / "evil.yaml"
    path.write_text(f"output: !!python/object/apply:os.mkdir ['{trace}']\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="python/object"):
        load_config(path)
    assert not trace.exists()
    yaml.unsafe_load(path.read_text(encoding="utf-8"))
    assert trace.exists()  # the file above would have run, had it been loaded so
