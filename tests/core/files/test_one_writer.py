# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files are written by files/atomic.py, and by nothing else in the packages.

What grows while it is written has writers of its own: rosbags for a bag (in a folder beside its
place, until it is whole) and TensorBoard for a log. A lock is a file for the sake of its name.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[3]
_FOLDERS = ("depth_completion_core", "depth_completion_ros", "rosbag_tools", "launch")

# Calls that would write or rename a file, wherever they are. All but those of the writer itself,
# and of the folders in the making that it puts in their place, fill a buffer or open /dev/null.
_KNOWN = {
    ("depth_completion_core/files/atomic.py", "open"),
    ("depth_completion_core/files/atomic.py", "os.open"),
    ("depth_completion_core/files/atomic.py", "replace"),
    ("depth_completion_core/files/atomic.py", "rename"),
    ("depth_completion_core/files/making.py", "open"),
    ("depth_completion_core/files/making.py", "write_bytes"),
    ("depth_completion_core/files/process_lock.py", "open"),
    ("depth_completion_core/files/output_files.py", "np.save"),
    ("depth_completion_core/evaluation/plots.py", "savefig"),
    ("depth_completion_core/training/loop/run_checkpoints.py", "torch.save"),
    ("rosbag_tools/cli.py", "os.open"),
}

_METHODS = {
    *("write_text", "write_bytes", "touch"),
    *("imwrite", "savefig", "savetxt", "savez", "savez_compressed", "tofile", "save_file"),
    *("rename", "renames", "move", "copyfile", "copy2"),
}
_FUNCTIONS = {
    *("np.save", "numpy.save", "torch.save", "os.open", "os.fdopen", "os.replace"),
    *("json.dump", "yaml.dump", "yaml.safe_dump", "pickle.dump", "shutil.copy"),
    *("tempfile.NamedTemporaryFile", "tempfile.mkstemp"),
}
_TO_TEXT = ("yaml.dump", "yaml.safe_dump")  # with a stream as their second argument they write


def _writing_calls(text: str) -> Iterator[str]:
    """The names of calls in a module's text that open a file for writing, write or rename one."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            last = name.rpartition(".")[2]
            if name in _FUNCTIONS:
                yield from [name] if name not in _TO_TEXT or len(node.args) > 1 else []
            elif _is_writing(node, last, is_method=last != name):
                yield last


def _is_writing(call: ast.Call, name: str, *, is_method: bool) -> bool:
    if name == "open":
        return _is_for_writing(call, position=0 if is_method else 1)
    if name == "replace":  # of a text it has two arguments
        return is_method and len(call.args) == 1 and not call.keywords
    return is_method and name in _METHODS


def _is_for_writing(call: ast.Call, *, position: int) -> bool:
    given = [*call.args[position : position + 1]]
    given += [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    return any(
        not isinstance(mode, ast.Constant) or bool(set(str(mode.value)) & set("wax+"))
        for mode in given
    )


def test_nothing_else_writes_files() -> None:
    sources = [path for folder in _FOLDERS for path in sorted((_ROOT / folder).rglob("*.py"))]
    found = {
        (path.relative_to(_ROOT).as_posix(), name)
        for path in sources
        for name in _writing_calls(path.read_text(encoding="utf-8"))
    }
    assert found == _KNOWN


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("open(path, 'w')", ["open"]),
        ("open(path, mode='ab')", ["open"]),
        ("open(path)\nopen(path, 'rb')\npath.open(encoding='utf-8')", []),
        ("path.open('wb')", ["open"]),
        ("path.open('r+')", ["open"]),
        ("path.open(mode)", ["open"]),
        ("path.write_text('x')\nwrite_text(path, 'x')", ["write_text"]),
        ("np.save(path, array)\ncv2.imwrite(path, image)", ["np.save", "imwrite"]),
        ("path.replace(other)\nname.replace('a', 'b')\nreplace(config, a=1)", ["replace"]),
        ("yaml.safe_dump(values)\nyaml.safe_dump(values, file)", ["yaml.safe_dump"]),
        ("os.replace(path, other)\njson.dump(values, file)", ["os.replace", "json.dump"]),
    ],
)
def test_the_reader_of_calls_sees_every_kind(text: str, names: list[str]) -> None:
    """The law above is as good as this reader."""
    assert list(_writing_calls(text)) == names
