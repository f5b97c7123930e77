# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""docs/evaluation.md says what the code does."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import tyro

from depth_completion_core.data import dataset_class
from depth_completion_core.data.sampling.corrupt import CORRUPTIONS, Corruption
from depth_completion_core.data.sampling.sparsify import SPARSIFIERS, Sparsifier
from depth_completion_core.evaluate import main
from depth_completion_core.evaluation.command_line import Evaluate
from depth_completion_core.evaluation.sweep import AXES, sweeps_from
from depth_completion_core.evaluation.tables import FULL, results_table
from depth_completion_core.evaluation.wording import protocol_table
from depth_completion_core.metrics import METRIC_NAMES, PROTOCOLS
from depth_completion_core.settings.mapping import config_from_mapping
from depth_completion_core.settings.yaml_text import settings_of_texts
from tests.core.evaluation.made_sets import write_folder_set

_DOCS = Path(__file__).parents[3] / "docs"
_PAGE = (_DOCS / "evaluation.md").read_text(encoding="utf-8")
_COMMAND = "python -m depth_completion_core.evaluate "


def _rows(heading: str) -> list[list[str]]:
    """The cells of the table whose head begins so, without the head."""
    _, _, rest = _PAGE.partition(f"\n| {heading} |")
    lines = rest.split("\n\n", maxsplit=1)[0].splitlines()[2:]
    return [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines]


def _commands() -> list[str]:
    pages = [_PAGE, (_DOCS / "datasets.md").read_text(encoding="utf-8")]
    blocks = re.findall(r"```bash\n(.*?)```", "\n".join(pages), flags=re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line.removeprefix(_COMMAND) for line in lines if line.startswith(_COMMAND)]


def test_protocols() -> None:
    assert protocol_table() in _PAGE


def test_sweeps() -> None:
    assert _rows("sweep") == [
        [f"`{name}`", axis.label, ", ".join(f"{value:g}" for value in axis.values)]
        for name, axis in AXES.items()
    ]


def test_metrics() -> None:
    rows = _rows("name in JSON and CSV")
    assert [row[0] for row in rows] == [f"`{name}`" for name in METRIC_NAMES]
    table = results_table(("model",), [], PROTOCOLS["void"])
    headings = table.splitlines()[0].strip("| ").split(" | ")[1:]
    units = [f"{row[1]} {row[3]}" if "mm" in row[3] or "km" in row[3] else row[1] for row in rows]
    assert units[: len(FULL) + 1] == headings[: len(FULL) + 1]


def test_points_and_corruptions() -> None:
    sampled, corrupted = _rows("`--points`"), _rows("`--corrupt`")
    examples = [re.findall(r"`([a-z_]+:[^`]+)`", " ".join(row)) for row in sampled]
    assert [row[0].split(":")[0] for row in examples] == [*SPARSIFIERS, "measured"]
    for text in (text for row in examples[:-1] for text in row):
        assert str(Sparsifier.from_text(text)) == text
    examples = [re.findall(r"`([a-z_]+:[^`]+)`", " ".join(row)) for row in corrupted]
    assert {row[0].split(":")[0] for row in examples} == CORRUPTIONS.keys()
    for text in (text for row in examples for text in row):
        assert str(Corruption.from_text(text)) == text


def test_commands_are_understood() -> None:
    commands = _commands()
    assert len(commands) >= 9
    for command in commands:
        wanted = tyro.cli(Evaluate, args=shlex.split(command, comments=True))
        assert wanted.model or wanted.predictions
        assert wanted.suite or wanted.dataset
        sweeps_from(wanted.sweep)
        if wanted.dataset:
            reader = dataset_class(wanted.dataset)
            config_from_mapping(reader.Config, settings_of_texts(wanted.set), "")
            assert (wanted.data is not None) == reader.needs_root


def test_files_that_are_written(tmp_path: Path) -> None:
    write_folder_set(tmp_path / "set", 2)
    where = ["--dataset", "folder", "--data", str(tmp_path / "set"), "--device", "cpu"]
    out = tmp_path / "out"
    models = ["--model", "nearest", "morphological"]
    assert main([*models, *where, "--out", str(out), "--save", "npy", "--report"]) == 0
    found = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    generic = {
        re.sub(r"predictions/\d+", "predictions/NAME", re.sub(r"^[^/]+/", "MODEL/", name))
        for name in found
    }
    assert generic == {row[0].strip("`") for row in _rows("file below `--out`")}
