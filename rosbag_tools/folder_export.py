# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A completed bag as a folder of files, which gets its name when it is complete."""

from __future__ import annotations

import secrets
import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from depth_completion_core.codecs.stamps import stamp_ns_of
from depth_completion_core.files.atomic import put_in_place
from depth_completion_core.progress import with_progress
from rosbag_tools.errors import BagError
from rosbag_tools.export_topics import ExportedFrames, frames_of
from rosbag_tools.exported_files import ExportedFiles
from rosbag_tools.reader import BagReader, RawMessage

if TYPE_CHECKING:
    from rosbag_tools.export import Export


def export_bag(reader: BagReader, folder: Path, wanted: Export) -> list[str]:
    """Write what a completed bag holds; returns what was written, line by line.

    Raises:
        BagError: the folder exists, or the bag is damaged or was not completed.
        OSError: there is no room or no right to write; nothing is left then.
    """
    if folder.exists():
        raise BagError(f"{folder} exists already; give another name, or remove it first")
    frames = frames_of(reader, depth=wanted.depth, image=wanted.image, truth=wanted.truth)
    parent = folder.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    partial = parent / f".{folder.name}.partial-{secrets.token_hex(4)}"
    partial.mkdir()
    try:
        files = ExportedFiles(partial, formats=wanted.formats, depth_scale=wanted.depth_scale)
        lines = _FolderExport(reader, frames, files).run()
        put_in_place(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return [f"{len(frames.names)} frames in {folder}", *lines]


class _FolderExport:
    def __init__(self, reader: BagReader, frames: ExportedFrames, files: ExportedFiles) -> None:
        self._reader, self._frames, self._files = reader, frames, files
        self._dropped: Counter[str] = Counter()

    def run(self) -> list[str]:
        """Write everything; returns what came of it."""
        frames = self._frames
        names = {*frames.outputs, *(topic.name for topic in (frames.image, frames.truth) if topic)}
        connections = [item for item in self._reader.connections if item.topic in names]
        total = sum(item.msgcount for item in connections)
        messages = self._reader.messages(connections)
        for message in with_progress(messages, "exporting", unit="message", total=total):
            try:
                self._write(message, self._reader.decoded(message))
            except (BagError, ValueError) as error:  # of one message; OSError is the disk
                self._dropped[f"{message.connection.topic}: {error}"] += 1
        notes = [*frames.notes, *self._files.finish(list(frames.names.values()))]
        if frames.image is None:
            notes.append(
                "no images of these stamps: evaluate needs image/, see --image, and --stamps "
                "recorded for a bag that was completed with it"
            )
        return [
            *self._files.summary(),
            *(f"note         {note}" for note in notes),
            *(f"not used     {count} x {why}" for why, count in self._dropped.most_common()),
        ]

    def _write(self, message: RawMessage, decoded: Any) -> None:  # noqa: ANN401
        frames, topic = self._frames, message.connection.topic
        stamp_ns = stamp_ns_of(decoded)
        if frames.truth and topic == frames.truth.name:
            for name in frames.truth_names.get(stamp_ns, ()):
                self._files.write("ground_truth", name, decoded)
        if stamp_ns not in frames.names:
            return
        if frames.image and topic == frames.image.name:
            self._files.write("image", frames.names[stamp_ns], decoded)
        elif topic in frames.outputs:
            self._files.write(frames.outputs[topic], frames.names[stamp_ns], decoded)
