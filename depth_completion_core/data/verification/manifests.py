# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the manifests of a set say of it: what was left out, and how its files were written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any

from depth_completion_core.data.verification.faults import Fault
from depth_completion_core.progress import ProgressDisplay

MANIFESTS = "manifest"
"""The folder of a set with one JSON file for each sequence."""

_BLOCK_BYTES = 1 << 20
_LARGEST_MANIFEST_BYTES = 1 << 30


def check_checksums(
    root: Path, threads: ThreadPoolExecutor, *, is_shown: bool = False
) -> Iterator[Fault]:
    """Compare files with the ``checksums`` of manifests, where there are any: SHA-256 by path."""
    for manifest in sorted((root / MANIFESTS).glob("*.json")):
        told = manifest.relative_to(root).as_posix()
        checksums = _checksums(manifest)
        if isinstance(checksums, str):
            yield Fault("unreadable", told, checksums, "the manifest of a sequence")
            continue
        wrong = [path for path in checksums if _leads_out(path)]
        for path in wrong:
            yield Fault("outside_root", told, f"'{path[:80]}'", "a file of the set")
            del checksums[path]
        found = threads.map(lambda path: _sha256(root / path), checksums)
        title = f"checking {manifest.stem}"
        with ProgressDisplay(
            title, unit="file", total=len(checksums), is_shown=is_shown
        ) as progress:
            for (path, expected), digest in zip(checksums.items(), found, strict=True):
                progress.advance()
                if not digest:
                    yield Fault("missing_file", path, "there is none", f"a file, as {told} has it")
                elif digest != expected:
                    words = f"{expected[:12]}..., as {told} has it"
                    yield Fault("checksum", path, f"its SHA-256 is {digest[:12]}...", words)


def is_without_truth(set_root: Path, sequence: str) -> bool:
    """Whether a sequence was written without true depth, so that its files of it are empty."""
    content = _content(set_root / MANIFESTS / f"{sequence}.json")
    written_from = content.get("written_from") if isinstance(content, dict) else None
    return isinstance(written_from, dict) and written_from.get("truth") == "none"


def _leads_out(path: str) -> bool:
    pure = PurePosixPath(path)
    return pure.is_absolute() or ".." in pure.parts or "\0" in path


def _checksums(manifest: Path) -> dict[str, str] | str:
    """The checksums by path, or what is wrong with the manifest."""
    content = _content(manifest)
    if isinstance(content, str):
        return content
    checksums = content.get("checksums", {}) if isinstance(content, dict) else None
    if not isinstance(checksums, dict):
        return "it has no table of checksums"
    return {str(path): str(digest) for path, digest in checksums.items()}


def _content(manifest: Path) -> Any:  # noqa: ANN401 - JSON
    """What a manifest holds, or what is wrong with it."""
    try:
        if manifest.stat().st_size > _LARGEST_MANIFEST_BYTES:
            return "it is too large"
        return json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        return f"it is not readable JSON: {error}"


def _sha256(path: Path) -> str:
    """Empty where there is no such file."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()
