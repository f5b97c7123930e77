# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The folder of results: of one run alone, and with no input in it."""

from __future__ import annotations

import errno
import hashlib
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from depth_completion_core.completer import model_identity
from depth_completion_core.file_completion.command_line import Infer
from depth_completion_core.file_completion.frame_files import FrameFiles
from depth_completion_core.files.atomic import WriteError, put_in_place
from depth_completion_core.files.json_files import write_json
from depth_completion_core.files.kept_inputs import InputInDangerError
from depth_completion_core.files.run_files import RUN_FILE, ResultsError, difference, read_run
from depth_completion_core.settings.mapping import config_to_mapping

_FOLDERS = (
    "output_depth",
    "preview",
    "points",
    "confidence",
    "output_uncertainty",
    "maps",
    "stages",
)
_INPUT_FOLDERS = ("image", "input_depth", "sparse_depth", "ground_truth")
_ENDINGS = (".png", ".npy", ".ply")


def claim_folder(wanted: Infer, files: Sequence[FrameFiles]) -> None:
    """Take ``--out`` for this run, which says so in its run.json.

    The same run may come again, and writes all of its files again.

    Raises:
        ResultsError: it holds results of another run, and ``--fresh`` was not given.
        InputInDangerError: inputs lie where results go.
        OSError: it cannot be written.
    """
    if wanted.out.exists() and not wanted.out.is_dir():
        raise ResultsError(f"{wanted.out} is a file, and --out is to be a folder; give another one")
    inputs = _Inputs(files)
    for folder in _folders(wanted.out, with_inputs=wanted.save_inputs):
        inputs.check_none_in(folder)
    run, found = _run_of(wanted, files), read_run(wanted.out)
    if found is None:
        for folder in _folders(wanted.out, with_inputs=wanted.save_inputs):
            if next(_results_in(folder), None) is not None:
                raise ResultsError(
                    f"{folder} holds files, and no {RUN_FILE} tells of which run they are. Give "
                    "another --out, or remove them"
                )
        if _is_written_first(wanted.out / RUN_FILE, run):
            return
        found = read_run(wanted.out) or {}
    differing = difference(found, run)
    if differing and not wanted.fresh:
        raise ResultsError(
            f"{wanted.out} holds results of another run: {differing}. Give another --out, or "
            "--fresh to replace them"
        )
    if wanted.fresh:
        _remove_results(wanted.out, inputs, with_inputs=bool(found.get("save_inputs")))
    write_json(wanted.out / RUN_FILE, run)


def release_folder(out: Path) -> None:
    """Leave ``--out`` to others, where nothing was written."""
    if not any(True for folder in _folders(out, with_inputs=True) for _ in _results_in(folder)):
        (out / RUN_FILE).unlink(missing_ok=True)


class _Inputs:
    def __init__(self, files: Sequence[FrameFiles]) -> None:
        paths = (path for item in files for path in _paths(item) if path is not None)
        self._folders = {path.resolve().parent for path in paths}

    def check_none_in(self, folder: Path) -> None:
        """Whether by the name of a result is not worth the risk; raises InputInDangerError."""
        if folder.resolve() in self._folders:
            raise InputInDangerError(
                f"results would be written to {folder}, where inputs lie; give another --out"
            )


def _run_of(wanted: Infer, files: Sequence[FrameFiles]) -> dict[str, Any]:
    """What two runs with the same results have in common."""
    names = [item.image.name for item in files]
    paths = [str(path and path.absolute()) for item in files for path in _paths(item)]
    digest = hashlib.sha256(repr(paths).encode()).hexdigest()[:16]
    return {
        "program": "infer",
        "model": wanted.model,
        "weights": model_identity(wanted.model),
        "settings": config_to_mapping(wanted.settings),
        "depth_scale": wanted.depth_scale,
        "image": str(wanted.image),
        "sparse_depth": str(wanted.sparse_depth),
        "intrinsics": str(wanted.intrinsics),
        "ground_truth": str(wanted.ground_truth),
        "files": f"{len(names)} images, {names[0]} to {names[-1]} ({digest})",
        "save_inputs": wanted.save_inputs,
    }


def _paths(files: FrameFiles) -> tuple[Path | None, ...]:
    return (files.image, files.sparse_depth, files.intrinsics, files.ground_truth)


def _is_written_first(path: Path, run: dict[str, Any]) -> bool:
    """Write a run's file where there is none; False where another process was faster."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    write_json(partial, run)
    try:
        put_in_place(partial, path, replaces=False)
    except WriteError as error:
        if error.errno != errno.EEXIST:
            raise
        return False
    finally:
        partial.unlink(missing_ok=True)
    return True


def _folders(out: Path, *, with_inputs: bool) -> list[Path]:
    return [out / name for name in (*_FOLDERS, *(_INPUT_FOLDERS if with_inputs else ()))]


def _results_in(folder: Path) -> Iterator[Path]:
    """The files of kinds that are written, those of maps in folders below."""
    pattern = "*/*" if folder.name == "maps" else "*"
    yield from (path for path in folder.glob(pattern) if path.suffix in _ENDINGS)


def _remove_results(out: Path, inputs: _Inputs, *, with_inputs: bool) -> None:
    folders = _folders(out, with_inputs=with_inputs)
    for folder in folders:
        inputs.check_none_in(folder)
    for path in [path for folder in folders for path in _results_in(folder)]:
        path.unlink()
