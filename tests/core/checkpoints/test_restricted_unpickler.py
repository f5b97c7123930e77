# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Files of torch.save are read as torch.load reads them, and hostile ones do nothing."""

from __future__ import annotations

import functools
import io
import os
import pickle
import subprocess
import sys
import tracemalloc
import zipfile
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from depth_completion_core.checkpoints import pickle_machine, restricted_unpickler, zip_files
from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.pickle_values import Stub
from depth_completion_core.checkpoints.torch_files import load_torch_file

_FORMATS = pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])


def _save(path: Path, content: object, zipped: bool) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def _pack(path: Path, data: bytes, zipped: bool, storage: bytes | None = None) -> Path:
    """A file of torch.save around a pickle of ours."""
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", data)
            if storage is not None:
                archive.writestr("archive/data/0", storage)
        return path
    head = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
    parts = [*(pickle.dumps(item, 2) for item in head), data, pickle.dumps([], 2)]
    path.write_bytes(b"".join(parts))
    return path


@_FORMATS
def test_reads_what_torch_load_reads(tmp_path: Path, zipped: bool) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    state = OrderedDict(
        view=base[1:, ::2].t(),
        same_storage=base[0],
        scalar=torch.tensor(3),
        empty=torch.zeros(0, 3),
        parameter=nn.Parameter(torch.ones(2)),
        size=torch.Size([1, 2]),
        nested={"list": [1, 2.5, "text", None, True, (1, 2)]},
        **{
            str(dtype): torch.tensor([0, 1, 1], dtype=dtype)
            for dtype in (
                *(torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64),
                *(torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
            )
        },
    )
    path = _save(tmp_path / "x.pth", state, zipped)
    ours, theirs = load_torch_file(path), torch.load(path, weights_only=True)
    assert list(ours) == list(theirs)
    for key, expected in theirs.items():
        if isinstance(expected, torch.Tensor):
            assert ours[key].dtype == expected.dtype
            assert ours[key].shape == expected.shape
            assert torch.equal(ours[key], expected)
        else:
            assert ours[key] == expected
    ours["same_storage"][2] = -1.0
    assert not (ours["view"] == -1.0).any()
    assert (
        ours["view"].untyped_storage().data_ptr()
        == ours["same_storage"].untyped_storage().data_ptr()
    )


@_FORMATS
def test_state_dicts_and_optimizers_are_read(tmp_path: Path, zipped: bool) -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.rand(1, 1, 5, 5)).sum().backward()
    optimizer.step()
    state = {
        "net": net.state_dict(),  # with its _metadata
        "optimizer": optimizer.state_dict(),
        "step": np.float64(3.5),
        "defaults": defaultdict(list, {"a": [1]}),
        "path": Path("x"),
        "set": {1, 2},
        "dtype": torch.float32,
    }
    loaded = load_torch_file(_save(tmp_path / "x.pth", state, zipped))
    for key, value in net.state_dict().items():
        assert torch.equal(loaded["net"][key], value)
    for key in ("step", "defaults", "path", "set", "dtype"):
        assert isinstance(loaded[key], Stub), key
    assert loaded["dtype"].name == "torch.float32"
    assert loaded["defaults"].name == "collections.defaultdict"


@_FORMATS
def test_tensors_in_lists_are_tensors(tmp_path: Path, zipped: bool) -> None:
    state = {"several": [torch.ones(2), {"deeper": [torch.zeros(3)]}]}
    loaded = load_torch_file(_save(tmp_path / "x.pth", state, zipped))
    assert torch.equal(loaded["several"][0], torch.ones(2))
    assert torch.equal(loaded["several"][1]["deeper"][0], torch.zeros(3))


@_FORMATS
@pytest.mark.parametrize(
    "value", [np.float64(3.5), defaultdict(list), Path("x"), {1, 2}, os.system]
)
def test_without_stubs_other_classes_are_an_error(
    tmp_path: Path, zipped: bool, value: object
) -> None:
    path = _save(tmp_path / "x.pth", {"a": value}, zipped)
    assert isinstance(load_torch_file(path), dict)
    with pytest.raises(CheckpointError, match=r"it names \S+, which is not on the list"):
        load_torch_file(path, with_stubs=False)
    plain = {"a": [torch.ones(2), 1, "b", None, 2.5, (True,)], "net": nn.ReLU().state_dict()}
    assert load_torch_file(_save(path, plain, zipped), with_stubs=False).keys() == plain.keys()


# Hostile files.


class _Reduce:
    def __init__(self, call: Callable[..., Any], *args: object) -> None:
        self.made_by = (call, args)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.made_by


def _call(function: Callable[[], object]) -> object:
    return function()


def _attacks(marker: Path) -> dict[str, object]:
    command, code = f"touch {marker}", f"open({str(marker)!r}, 'w')"
    return {
        "system": _Reduce(os.system, command),
        "popen": _Reduce(os.popen, command),
        "subprocess": _Reduce(subprocess.run, ["touch", str(marker)]),
        "eval": _Reduce(eval, code),
        "exec": _Reduce(exec, code),
        "open": _Reduce(open, str(marker), "w"),
        "compile": _Reduce(eval, _Reduce(compile, code, "x", "eval")),
        "partial": _Reduce(_call, functools.partial(os.system, command)),
        "nested": {"optimizer": [{"deep": (_Reduce(os.system, command), torch.ones(2))}]},
        "key": {(1, _Reduce(os.system, command)): 1},
        "map": _Reduce(list, _Reduce(map, os.system, [command])),
        "ordered": OrderedDict([("a", _Reduce(eval, code))]),
        "pickle": _Reduce(pickle.loads, pickle.dumps(_Reduce(os.system, command))),
        "torch.load": _Reduce(torch.load, str(marker)),
        "delete": _Reduce(os.rmdir, str(marker.parent / "kept")),
    }


@_FORMATS
@pytest.mark.parametrize("attack", list(_attacks(Path("x"))))
def test_nothing_of_a_file_is_run(tmp_path: Path, attack: str, zipped: bool) -> None:
    marker = tmp_path / "marker"
    (tmp_path / "kept").mkdir()
    evil = _attacks(marker)[attack]
    path = _save(tmp_path / "x.pth", {"evil": evil, "weight": torch.ones(2)}, zipped)
    loaded = load_torch_file(path)
    assert torch.equal(loaded["weight"], torch.ones(2))
    assert not marker.exists()
    assert (tmp_path / "kept").exists()


def test_the_attacks_would_work_otherwise(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    path = _save(tmp_path / "x.pth", {"evil": _attacks(marker)["system"]}, zipped=True)
    torch.load(path, weights_only=False)
    assert marker.exists()


def _text(value: str) -> bytes:
    return b"X" + len(value).to_bytes(4, "little") + value.encode()


# Opcodes: c global, R reduce, b build, o obj, i inst, \x93 stack global, \x81 newobj.
_REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
_OPCODES = {
    "inst": b"(" + _text("touch MARKER") + b"ios\nsystem\n",
    "obj": b"(cos\nsystem\n" + _text("touch MARKER") + b"o",
    "newobj": b"cos\nsystem\n" + _text("touch MARKER") + b"\x85\x81",
    "dotted name": _text("torch._utils")
    + _text("_rebuild_tensor_v2.__globals__.__getitem__")
    + b"\x93"
    + _text("os")
    + b"\x85R",
    "getattr": b"cbuiltins\ngetattr\ncbuiltins\n__import__\n"
    + _text("os")
    + b"\x85R"
    + _text("system")
    + b"\x86R"
    + _text("touch MARKER")
    + b"\x85R",
    "stack": _text("os") + _text("system") + b"\x93" + _text("touch MARKER") + b"\x85R",
    "a function's defaults": _REBUILD + b"N}" + _text("__defaults__") + b")s\x86b",
    "a function's call": _REBUILD + b"N}" + _text("call") + b"cos\nsystem\ns\x86b",
    "a function's state": _REBUILD + b"}" + _text("call") + b"cos\nsystem\nsb",
    "a storage class": b"ctorch\nFloatStorage\nN}" + _text("dtype") + b"Ns\x86b",
    "a dict's class": b"ccollections\nOrderedDict\nN}" + _text("items") + b"Ns\x86b",
    "a dict's methods": b"ccollections\nOrderedDict\n)RN}" + _text("items") + b"Ns\x86b",
    "a stub's class": b"cos\nsystem\nN}" + _text("__call__") + b"cos\npopen\ns\x86b",
    "a stub's methods": b"cos\nsystem\n)RN}" + _text("append") + b"cos\npopen\ns\x86b",
    "appends to a stub": b"cos\nsystem\n)R(" + _text("touch MARKER") + b"e",
    "items of a stub": b"cos\nsystem\n)R(K\x01K\x02u",
    "add to a stub": b"cos\nsystem\n)R(K\x01\x90",
    "a call of a stub": b"cos\nsystem\n)R" + _text("touch MARKER") + b"\x85R",
    "extension": b"\x82\x01",
    "memo": b"Nr\xff\xff\xff\x7f",
    "long": b"\x8b\xff\xff\xff\x7f",
}


@_FORMATS
@pytest.mark.parametrize("name", list(_OPCODES))
def test_hand_made_pickles_change_nothing(tmp_path: Path, name: str, zipped: bool) -> None:
    marker = tmp_path / "marker"
    touch = f"touch {marker}"
    opcodes = _OPCODES[name].replace(_text("touch MARKER"), _text(touch))
    allowed = dict(restricted_unpickler._ALLOWED)
    fields = repr(allowed)
    path = _pack(tmp_path / "x.pth", b"\x80\x02}" + _text("a") + opcodes + b"s.", zipped)
    try:
        loaded = load_torch_file(path)
        assert loaded["a"] is None or isinstance(loaded["a"], (Stub, dict))
    except CheckpointError as error:
        reason = str(error)
        assert "cannot be read" in reason
    assert not marker.exists()
    assert allowed == restricted_unpickler._ALLOWED
    assert repr(restricted_unpickler._ALLOWED) == fields
    test_reads_what_torch_load_reads(tmp_path, zipped)


def test_naming_a_module_does_not_import_it(tmp_path: Path) -> None:
    for module in ("antigravity", "this", "torch.utils.cpp_extension", "no.such.module"):
        before = set(sys.modules)
        data = b"\x80\x02}" + _text("a") + b"c" + module.encode() + b"\nx\ns."
        loaded = load_torch_file(_pack(tmp_path / "x.pth", data, zipped=True))
        assert loaded["a"].name == f"{module}.x"
        new = set(sys.modules) - before
        assert all(name.startswith("encodings.") for name in new)  # of names in zip files


def _tensor_pickle(
    *, kind: str = "FloatStorage", count: int = 4, offset: int = 0, size: int = 4, stride: int = 1
) -> bytes:
    def number(value: int) -> bytes:
        return b"J" + value.to_bytes(4, "little", signed=True)

    pid = b"(" + _text("storage") + f"ctorch\n{kind}\n".encode() + _text("0") + _text("cpu")
    pid += number(count) + b"tQ"
    view = number(offset) + number(size) + b"\x85" + number(stride) + b"\x85"
    return b"\x80\x02}" + _text("w") + _REBUILD + b"(" + pid + view + b"\x89NtRs."


@pytest.mark.parametrize(
    "lie",
    [
        {"count": 10_000, "size": 10_000},
        {"count": -4},
        {"size": 5},
        {"offset": 1},
        {"offset": -1},
        {"size": -1},
        {"stride": 2},
        {"stride": -1},
        {"count": 2**30, "size": 2**30},
        {"size": 2**30, "stride": 0},
        {"kind": "DoubleStorage"},
        {"kind": "NoSuchStorage"},
    ],
)
def test_lies_about_sizes_are_refused(tmp_path: Path, lie: dict[str, Any]) -> None:
    content = np.arange(4, dtype=np.float32)
    path = _pack(tmp_path / "x.pth", _tensor_pickle(), zipped=True, storage=content.tobytes())
    np.testing.assert_array_equal(load_torch_file(path)["w"].numpy(), content)
    _pack(path, _tensor_pickle(**lie), zipped=True, storage=content.tobytes())
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_torch_file(path)


@pytest.mark.parametrize("opcodes", [b"K\x00K\x01s", b"(K\x00\x90", b"(K\x00e", b"(NNNNtb"])
def test_a_file_cannot_use_its_tensors(tmp_path: Path, opcodes: bytes) -> None:
    data = _tensor_pickle().removesuffix(b"s.") + opcodes + b"s."
    path = _pack(tmp_path / "x.pth", data, zipped=True, storage=bytes(16))
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_torch_file(path)


@pytest.mark.parametrize(
    "pid", [b"K\x01", b"(" + _text("module") + b"K\x01t", b"(" + _text("storage") + b"NNNNt"]
)
def test_other_persistent_ids_are_refused(tmp_path: Path, pid: bytes) -> None:
    path = _pack(tmp_path / "x.pth", b"\x80\x02" + pid + b"Q.", zipped=True)
    with pytest.raises(CheckpointError, match="a tensor's storage is named as"):
        load_torch_file(path)


# Small files that ask for much.

_SIZE = b"ctorch\nSize\nq\x000"
_ORDERED = b"ccollections\nOrderedDict\nq\x000"
_DOUBLED = b")" + b"2\x86" * 60  # a tuple of 2**60 leaves
_LONG = b"\x8b" + (20_000).to_bytes(4, "little") + b"\x7f" * 20_000
_BOMBS = {
    "a nested key": (b"}" + _DOUBLED + b"K\x01s.", "a key in it is neither a text nor a number"),
    "a nested member": (b"\x8f(" + _DOUBLED + b"\x90.", "a key in it is neither"),
    "a nested name of a storage": (b"}" + _DOUBLED + b"Q.", "a tensor's storage is named as"),
    "copies of a text": (
        b"]" + _SIZE + _text("x" * 1000) + b"q\x010(" + b"h\x00h\x01\x85R" * 1000 + b"e.",
        "a shape is not 64 or fewer whole numbers",
    ),
    "copies of a list": (
        b"]"
        + _ORDERED
        + b"]("
        + b"K\x01K\x02\x86" * 3000
        + b"eq\x010("
        + b"h\x00h\x01\x85R" * 100
        + b"e.",
        "more than 20000 steps",
    ),
    "a dict made of a dict": (b"}" + _ORDERED + b"h\x00}\x85R.", "something else than a list"),
    "steps": (b"}" + b"N0" * 11_000 + b".", "more than 20000 steps"),
    "a long number": (b"}" + _text("k") + _LONG + b"s.", "a whole number of 159999 bits"),
    "nested tuples": (b"}" + _text("k") + b")" + b"\x85" * 9000 + b"s.", "nested more than 100"),
    "nested dicts": (b"}K\x01" * 3000 + b"N" + b"s" * 3000 + b".", "nested more than 100"),
    "nested lists": (b"}" + _text("k") + b"]" * 3000 + b"a" * 2999 + b"s.", "nested more than 100"),
    "a long name": (b"}" + _text("k") + b"c" + b"a" * 5000 + b"\nb\ns.", "a name of 5002 char"),
    "dimensions": (
        _tensor_pickle().replace(b"J\x04\0\0\0\x85", b"(" + b"K\x01" * 100 + b"t")[2:],
        "a shape is not 64 or fewer",
    ),
    "a far stride": (_tensor_pickle(stride=2**31 - 1)[2:], "larger than what is stored"),
}


@pytest.mark.parametrize("bomb", _BOMBS)
def test_bombs_are_refused_in_words(
    tmp_path: Path, bomb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickle_machine, "_MOST_STEPS", 20_000)
    data, words = _BOMBS[bomb]
    path = _pack(tmp_path / "x.pth", b"\x80\x02" + data, zipped=True, storage=bytes(16))
    tracemalloc.start()
    with pytest.raises(CheckpointError, match=words) as caught:
        load_torch_file(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 30_000_000
    assert len(str(caught.value)) < 1000


def test_one_tuple_in_very_many_places_is_looked_at_once(tmp_path: Path) -> None:
    """Of 100,000 times 100,000 places."""
    wide = b"(" + b"N" * 100_000 + b"tq\x000(" + b"h\x00" * 100_000 + b"t"
    path = _pack(tmp_path / "x.pth", b"\x80\x02}" + _text("k") + wide + b"s.", zipped=True)
    assert len(load_torch_file(path)["k"]) == 100_000


def test_storages_of_more_than_the_file_are_refused(tmp_path: Path) -> None:
    """Each alone would fit."""
    pids = b"".join(
        b"("
        + _text("storage")
        + b"ctorch\nDoubleStorage\n"
        + _text(str(key))
        + _text("cpu")
        + b"M\x40\x01tQ0"
        for key in range(100)
    )
    path = _pack(tmp_path / "x.pth", b"\x80\x02}" + pids + b".", zipped=False)
    assert path.stat().st_size > 320 * 8
    with pytest.raises(CheckpointError, match=r"the end is missing \(\d+ bytes of numbers"):
        load_torch_file(path)


def test_zip_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", pickle.dumps({"a": 1}, 2))
        archive.writestr("x/data/0", bytes(10_000_000))
    with pytest.raises(CheckpointError, match="compressed"):
        load_torch_file(path)
    _save(path, {"w": torch.ones(5)}, zipped=True)
    assert len(load_torch_file(path)["w"]) == 5
    monkeypatch.setattr(zip_files, "MOST_ENTRIES", 2)
    with pytest.raises(CheckpointError, match=r"it lists \d entries, expected at most 2"):
        load_torch_file(path)


# Damaged files.


@_FORMATS
def test_truncated_files_are_refused(tmp_path: Path, zipped: bool) -> None:
    whole = _save(tmp_path / "x.pth", {"w": torch.ones(50)}, zipped).read_bytes()
    for length in (0, 1, 10, len(whole) // 2, len(whole) - 120, len(whole) - 1):
        (tmp_path / "x.pth").write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"x\.pth (is|cannot be read)"):
            load_torch_file(tmp_path / "x.pth")


@_FORMATS
def test_damaged_files_are_refused_or_read(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "x.pth"
    whole = _save(path, {"w": torch.ones(5), "o": {"s": OrderedDict(a=1)}}, zipped).read_bytes()
    random = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        for position in random.integers(0, len(whole), 3):
            damaged[position] = random.integers(0, 256)
        path.write_bytes(damaged)
        try:
            load_torch_file(path)
        except CheckpointError:
            continue


def test_a_dict_that_holds_itself_is_read(tmp_path: Path) -> None:
    state: dict[str, Any] = {"w": torch.ones(2)}
    state["self"] = {"state": state}
    loaded = load_torch_file(_save(tmp_path / "x.pth", state, zipped=True))
    assert loaded["self"]["state"] is loaded
    assert torch.equal(loaded["w"], torch.ones(2))


def test_other_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as other:
        other.writestr("notes.txt", "hello")
    script = tmp_path / "script.pth"
    with zipfile.ZipFile(script, "w") as other:
        other.writestr("x/data.pkl", b"")
        other.writestr("x/constants.pkl", b"")
    big_endian = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": False}]
    for content, words in (
        (b"", "an empty file"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
        (archive.getvalue(), r"a zip file with notes\.txt in it"),
        (script.read_bytes(), "a TorchScript file"),
        (b"hello", "of an unknown kind"),
        (pickle.dumps({"a": 1}), "a pickle of something else"),
        (b"".join(pickle.dumps(item, 2) for item in big_endian), "another byte order"),
    ):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=words):
            load_torch_file(path)
    with pytest.raises(CheckpointError, match="No such file"):
        load_torch_file(tmp_path / "missing.pth")
    with pytest.raises(CheckpointError, match="holds a list, not a dict"):
        load_torch_file(_save(path, [torch.ones(2)], zipped=True))
