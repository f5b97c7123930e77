# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A run that is stopped anywhere ends as one that was not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from depth_completion_core.training.errors import TrainingError
from depth_completion_core.training.loop.trainer import train
from tests.core.training.tiny import Planes, PlaneSource, TinyPose, TinyScaffNet, in_folder

_ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def _recipe(folder: Path, **changes: Any) -> TinyScaffNet:  # noqa: ANN401
    plain = TinyScaffNet()
    return replace(plain, run=in_folder(plain.run, folder), **changes)


def _assert_same(found: Any, expected: Any, where: str = "state") -> None:  # noqa: ANN401
    """Bit by bit, through dicts and lists."""
    assert type(found) is type(expected), where
    if isinstance(expected, dict):
        assert list(found) == list(expected), where
        for key, value in expected.items():
            _assert_same(found[key], value, f"{where}.{key}")
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected), where
        for index, value in enumerate(expected):
            _assert_same(found[index], value, f"{where}[{index}]")
    elif isinstance(expected, torch.Tensor):
        assert torch.equal(found, expected), where
    else:
        assert found == expected, where


def _last_state(folder: Path) -> dict[str, Any]:
    newest = max((folder / "checkpoints").glob("step-*.pt"))
    state: dict[str, Any] = torch.load(newest, weights_only=True)
    del state["config"]["run"]
    return state


def _assert_ended_alike(folder: Path, other: Path) -> None:
    paths = {path.relative_to(folder) for path in folder.rglob("*.safetensors")}
    assert {Path("final.safetensors"), Path("best.safetensors")} <= paths
    for path in paths:
        _assert_same(load_file(folder / path), load_file(other / path), str(path))
    _assert_same(_last_state(folder), _last_state(other))


def test_killed_at_random_instants_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.core.training.killed_runs", str(tmp_path), "20", "1"]
    done = subprocess.run(
        command, cwd=_ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    killed, writing, runs = (int(word) for word in done.stdout.split())
    assert killed >= 20
    assert writing >= 1
    for run in range(runs):
        _assert_ended_alike(tmp_path / f"killed{run}", tmp_path / "whole")


def test_stopped_by_the_clock_after_every_step_it_ends_the_same(tmp_path: Path) -> None:
    train(_recipe(tmp_path / "whole", epochs=3), "tiny")
    stopped = _recipe(tmp_path / "stopped", epochs=3)
    stopped = replace(stopped, run=replace(stopped.run, max_minutes=1e-9))
    for _ in range(8):
        assert not train(stopped, "tiny")["finished"]
    assert train(stopped, "tiny")["finished"]
    _assert_ended_alike(tmp_path / "stopped", tmp_path / "whole")


def test_what_an_objective_owns_beside_the_model_goes_on_too(tmp_path: Path) -> None:
    """A pose network that began again at random would end elsewhere, and the model with it."""
    plain = TinyPose(epochs=2)
    train(replace(plain, run=in_folder(plain.run, tmp_path / "whole")), "tiny")
    run = replace(in_folder(plain.run, tmp_path / "stopped"), max_minutes=1e-9)
    while not train(replace(plain, run=run), "tiny")["finished"]:
        pass
    _assert_ended_alike(tmp_path / "stopped", tmp_path / "whole")
    objective = _last_state(tmp_path / "whole")["objective"]
    assert any(key.startswith("beside.pose.") for key in objective)
    handed_out = load_file(tmp_path / "whole" / "final.safetensors")
    assert {f"model.{key}" for key in handed_out} < set(objective)


def test_a_state_of_another_format_is_refused(tmp_path: Path) -> None:
    recipe = _recipe(tmp_path, epochs=1)
    train(recipe, "tiny")
    for path in (tmp_path / "checkpoints").iterdir():
        state = torch.load(path, weights_only=True)
        torch.save({**state, "format": 1}, path)
    with pytest.raises(TrainingError, match=r"is a state of format 1; .* --run.fresh true"):
        train(recipe, "tiny")


def test_workers_change_nothing(tmp_path: Path) -> None:
    train(_recipe(tmp_path / "whole", epochs=2), "tiny")
    recipe = _recipe(tmp_path / "workers", epochs=2)
    train(replace(recipe, run=replace(recipe.run, workers=1)), "tiny")
    _assert_ended_alike(tmp_path / "workers", tmp_path / "whole")


def test_a_finished_run_stays_as_it_is(tmp_path: Path) -> None:
    recipe = _recipe(tmp_path, epochs=2)
    train(recipe, "tiny")
    state = _last_state(tmp_path)
    assert train(recipe, "tiny")["finished"]
    _assert_same(_last_state(tmp_path), state)


def test_a_damaged_checkpoint_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = _recipe(tmp_path / "a", epochs=2)
    train(recipe, "tiny")
    whole = _last_state(tmp_path / "a")
    newest = max((tmp_path / "a" / "checkpoints").glob("step-*.pt"))
    newest.write_bytes(newest.read_bytes()[:1000])
    train(recipe, "tiny")
    assert "cannot be read" in capsys.readouterr().err
    _assert_same(_last_state(tmp_path / "a"), whole)


def test_a_checkpoint_with_code_in_it_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    torch.save({"format": 1, "code": subprocess.run}, folder / "step-000000001.pt")
    with pytest.raises(TrainingError, match=r"can be read: .*names .*run, which is not on"):
        train(_recipe(tmp_path, epochs=1), "tiny")


def test_the_last_ones_are_kept(tmp_path: Path) -> None:
    recipe = _recipe(tmp_path, epochs=5)
    train(replace(recipe, run=replace(recipe.run, keep_last=2)), "tiny")
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["step-000000014.pt", "step-000000015.pt"]


def test_other_settings_are_not_mixed_in(tmp_path: Path) -> None:
    train(_recipe(tmp_path, epochs=1), "tiny")
    with pytest.raises(TrainingError, match="--seed was 0, now 1") as caught:
        train(_recipe(tmp_path, epochs=1, seed=1), "tiny")
    assert "--run.fresh" in str(caught.value)
    fresh = _recipe(tmp_path, epochs=1, seed=1)
    assert train(replace(fresh, run=replace(fresh.run, fresh=True)), "tiny")["finished"]


def test_what_is_drawn_depends_on_the_seed(tmp_path: Path) -> None:
    train(_recipe(tmp_path / "a", epochs=1), "tiny")
    train(_recipe(tmp_path / "b", epochs=1, seed=1), "tiny")
    first, second = (load_file(tmp_path / run / "final.safetensors") for run in "ab")
    assert not all(torch.equal(first[key], second[key]) for key in first)


def test_a_part_of_the_samples_is_spread_over_all(tmp_path: Path) -> None:
    source = PlaneSource(limit=4, planes=Planes.Config(count=12, unreadable=(1, 2, 3, 5, 6, 8, 9)))
    assert train(_recipe(tmp_path, epochs=1, data=source), "tiny")["steps"] == 1
