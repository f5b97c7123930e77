# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What a file that should hold weights really is, from a look at its first bytes."""

from __future__ import annotations

from pathlib import Path

from depth_completion_core.checkpoints.errors import CheckpointError
from depth_completion_core.checkpoints.zip_files import open_zip

TORCH_FILE = "a file of torch.save (a pickle)"
_PICKLES = tuple(b"\x80" + bytes([protocol]) for protocol in range(2, 6))


def check_file(path: Path, expected: str) -> None:
    """Refuse a file that is missing, or that a look at it shows to be of another kind.

    Args:
        path: the file.
        expected: what it should be, as "a checkpoint (.safetensors)".

    Raises:
        CheckpointError: it is none.
    """
    check_is_file(path, expected)
    try:
        kind = foreign_kind(path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from error
    if kind == TORCH_FILE:
        raise CheckpointError(
            f"{path} is {kind}, which can run code when read in the usual way; convert it: "
            f"python -m depth_completion_core.import_checkpoint {path} --help"
        )
    if kind:
        raise CheckpointError(f"{path} is {kind}, not {expected}")


def check_is_file(path: Path, expected: str) -> None:
    """Refuse what is missing or a folder; raises CheckpointError."""
    if not path.is_file():
        what = f"is a folder, not {expected}" if path.is_dir() else "does not exist"
        raise CheckpointError(f"{path} {what}")


def foreign_kind(path: Path) -> str:
    """What a file is that surely holds no safetensors or ONNX; '' where that is open.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(512)
    text = head.lstrip().lower()
    if not head:
        return "an empty file"
    if head.startswith(_PICKLES) and not _begins_as_safetensors(head):
        return TORCH_FILE
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path)
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer instead of the file it points to (git lfs pull gets that)"
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page that was saved in the file's place (download it again, logged in)"
    return ""


def _begins_as_safetensors(head: bytes) -> bool:
    """The length of a header, whose lowest bytes may be those of a pickle, and then JSON."""
    return head[4:9] == bytes(4) + b"{"


def _kind_of_zip(path: Path) -> str:
    try:
        with open_zip(path) as archive:
            names = archive.namelist()
    except Exception as error:  # a damaged one: BadZipFile, UnicodeDecodeError, struct.error, ...
        return f"a truncated or damaged zip file: {error!s:.200} (download it again)"
    if any(name.endswith("constants.pkl") for name in names):
        return "a TorchScript file (ask for the one with the state dict)"
    if any(name.endswith("/data.pkl") for name in names):
        return TORCH_FILE
    return f"a zip file with {', '.join(names[:3])} in it (unpack it)"
