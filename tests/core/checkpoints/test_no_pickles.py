# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Nothing in the packages unpickles a file: pickles are read by a machine that runs nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[3]
_FOLDERS = ("depth_completion_core", "depth_completion_ros", "rosbag_tools", "launch")
_RUNS_WHAT_IT_READS = {
    *("torch.load", "torch.jit.load", "torch.hub.load", "torch.package.PackageImporter"),
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.loads", "shelve.open"),
    *("pandas.read_pickle", "joblib.load", "yaml.load", "yaml.unsafe_load", "yaml.full_load"),
}


def _reading_calls(text: str) -> Iterator[str]:
    """The names of what would run a file that it reads, as they stand in a module's text."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in _RUNS_WHAT_IT_READS:
            yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name for name in names if name in _RUNS_WHAT_IT_READS)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("np.load", "numpy.load"):
            given = {word.arg: word.value for word in node.keywords}.get("allow_pickle")
            if given is not None and ast.unparse(given) != "False":
                yield ast.unparse(node.func)


def test_nothing_unpickles() -> None:
    found = {
        (path.relative_to(_ROOT).as_posix(), name)
        for folder in _FOLDERS
        for path in (_ROOT / folder).rglob("*.py")
        for name in _reading_calls(path.read_text(encoding="utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("torch.load(path, weights_only=True)", ["torch.load"]),
        ("from torch import load", ["torch.load"]),
        ("class A(pickle.Unpickler): pass", ["pickle.Unpickler"]),
        ("read = pickle.loads", ["pickle.loads"]),
        ("np.load(path, allow_pickle=True)", ["np.load"]),
        ("np.load(path, allow_pickle=False)\nnp.load(path)", []),
        ("yaml.safe_load(text)\njson.load(file)", []),
        ("yaml.load(text, Loader)", ["yaml.load"]),
    ],
)
def test_the_reader_of_calls_sees_every_kind(text: str, names: list[str]) -> None:
    """The law above is as good as this reader."""
    assert list(_reading_calls(text)) == names
