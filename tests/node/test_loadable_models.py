# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What may be loaded by a service, and that nothing else of the disk is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from depth_completion_ros.loadable_models import loadable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "weights" / "deep").mkdir(parents=True)
    (tmp_path / "secret.safetensors").write_text("", encoding="utf-8")
    (tmp_path / "weights" / "link.safetensors").symlink_to(tmp_path / "secret.safetensors")
    return tmp_path / "weights"


@pytest.mark.parametrize("name", ["a.safetensors", "deep/a.onnx", "deep/../a.onnx"])
def test_files_of_the_folder_by_either_path(folder: Path, name: str) -> None:
    expected = str((folder / name).resolve())
    assert loadable("", name, str(folder)) == expected
    assert loadable("linear", str(folder / name), str(folder)) == expected


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/no/such/file", "../secret.safetensors", "../no", "link.safetensors", "."],
)
def test_what_lies_elsewhere_is_refused_whether_it_exists_or_not(folder: Path, path: str) -> None:
    with pytest.raises(ValueError, match="only from the folder") as caught:
        loadable("", path, str(folder))
    assert str(caught.value).endswith(f"weights_folder, {folder}")


def test_no_folder_means_no_files_but_all_models_of_the_table(folder: Path) -> None:
    with pytest.raises(ValueError, match="set the parameter weights_folder"):
        loadable("linear", str(folder / "a.safetensors"), "")
    assert loadable("scaffnet", "", "") == "scaffnet"


@pytest.mark.parametrize("model", ["/etc/passwd", "weights/a.safetensors", "linaer"])
def test_a_model_is_a_name_of_the_table(folder: Path, model: str) -> None:
    with pytest.raises(ValueError, match="known are"):
        loadable(model, "", str(folder))


def test_nothing_asked_for() -> None:
    with pytest.raises(ValueError, match="give a model"):
        loadable("", "", "")
