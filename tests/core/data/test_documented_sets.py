# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""docs/datasets.md says what the readers do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from depth_completion_core.data import DATASETS, dataset_class
from depth_completion_core.data.readers.nyu import PIPELINES
from depth_completion_core.data.readers.real import KINDS
from depth_completion_core.settings.descriptions import settings_of

_PAGE = (Path(__file__).parents[3] / "docs" / "datasets.md").read_text(encoding="utf-8")
_SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", _PAGE, flags=re.DOTALL | re.MULTILINE))


def _cells(line: str) -> list[str]:
    return line.removeprefix("| ").removesuffix(" |").split(" | ")


def _rows(text: str, heading: str) -> list[list[str]]:
    """The cells of the table whose head begins so, without the head."""
    _, _, rest = text.partition(f"\n| {heading} |")
    return [_cells(line) for line in rest.split("\n\n", maxsplit=1)[0].splitlines()[2:]]


def _sparsifier(reader: type[Any]) -> str:
    return str(getattr(reader, "default_sparsifier", ""))


def test_every_set_has_a_section_in_the_order_of_the_table() -> None:
    assert [name for name in _SECTIONS if name in DATASETS] == list(DATASETS)


def test_overview() -> None:
    rows = _rows(_PAGE, "name")
    assert [row[0] for row in rows] == [f"`{name}`" for name in DATASETS]
    for row, reader in zip(rows, map(dataset_class, DATASETS), strict=True):
        assert row[2] == f"`{reader.protocol}`"
        if sampled := _sparsifier(reader):
            assert row[3] == f"sampled: `{sampled}`"
        else:
            assert row[3].startswith("its own")


@pytest.mark.parametrize("name", DATASETS)
def test_options(name: str) -> None:
    expected = [
        [
            f"`{setting.path}`",
            f"`{json.dumps(setting.default)}`",
            ", ".join(f"`{c}`" for c in setting.limits.choices if c != setting.default),
            " ".join(setting.description.split()),
        ]
        for setting in settings_of(dataset_class(name).Config)
    ]
    assert expected
    assert _rows(_SECTIONS[name], "option") == expected


@pytest.mark.parametrize("name", DATASETS)
def test_what_everybody_asks_is_answered(name: str) -> None:
    section = _SECTIONS[name]
    assert re.search(r"\bLicence:\s\w", section)
    assert re.search(r"\b[Ss]plits?\b", section)
    if dataset_class(name).needs_root:
        assert "```\n" in section
        assert "Where to get it: " in section or name in ("folder", "real")


@pytest.mark.parametrize("name", DATASETS)
def test_every_split_is_explained(name: str) -> None:
    text, _, _ = _SECTIONS[name].partition("\n| option |")
    settings = {setting.path: setting for setting in settings_of(dataset_class(name).Config)}
    if "split" not in settings:
        assert re.search(r"\bno\s+splits\b", text)
        return
    for split in settings["split"].limits.choices:
        assert f"`{split}`" in text, split


def test_pipelines_and_kinds() -> None:
    rows = _rows(_SECTIONS["nyu"], "pipeline")
    assert [row[0] for row in rows] == [f"`{name}`" for name in PIPELINES]
    for row, pipeline in zip(rows, PIPELINES.values(), strict=True):
        assert f"`{pipeline.sparsifier}`" in row[2]
    kinds = [row[0] for row in _rows(_SECTIONS["real"], "kind")]
    assert kinds == [f"`{name}`" for name in KINDS]
