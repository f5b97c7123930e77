# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags of ROS 2, under a temporary name until they are whole."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from rosbags.interfaces import Connection, Qos
from rosbags.rosbag2 import StoragePlugin, Writer, WriterError
from rosbags.typesys.store import Typestore

from depth_completion_core.files.atomic import WriteError, put_in_place
from rosbag_tools.errors import BagError, write_error
from rosbag_tools.messages import TYPESTORE
from rosbag_tools.own_bags import OUR_MARK, check_replaceable
from rosbag_tools.partial_folder import PartialFolder
from rosbag_tools.wishes import Storage

_P = ParamSpec("_P")
_T = TypeVar("_T")

_SUFFIX_STORAGE: dict[str, Storage] = {".mcap": "mcap", ".db3": "sqlite3"}
_PLUGINS = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}
_FAILURES = (OSError, sqlite3.Error, WriterError)


class BagWriter:
    """Writes a folder as ``ros2 bag`` does, or one bare .mcap or .db3 file by the name's ending.

    A context manager: leaving it normally closes the bag and gives it its name; leaving it by an
    exception removes what was written. Its methods may be called from any thread.
    """

    def __init__(self, path: Path, *, storage: Storage = "mcap", overwrite: bool = False) -> None:
        if path.exists() and not overwrite:
            raise BagError(f"{path} exists already; give another name, or --overwrite")
        check_replaceable(path)
        self.path = path
        self._overwrites = overwrite
        self._storage = _SUFFIX_STORAGE.get(path.suffix, storage)
        self._folder: PartialFolder | None = None
        self._writer: Writer | None = None
        self._connections: dict[str, Connection] = {}
        # SQLite wants all its work done on the thread that opened the file.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bag writer")

    def __enter__(self) -> BagWriter:
        parent = self.path.absolute().parent
        try:
            parent.mkdir(parents=True, exist_ok=True)
            self._folder = PartialFolder(parent, self.path.name)
            # rosbags names the file inside after the folder, so the inner folder has the last name.
            self._writer = Writer(
                self._folder.path / self.path.stem,
                version=9,
                storage_plugin=_PLUGINS[self._storage],
            )
            self._writer.set_custom_data(*OUR_MARK)
            self._on_thread(self._writer.open)
        except _FAILURES as error:
            self._remove_partial()
            raise write_error(error, self.path) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._on_thread(self._open_writer().close)
                self._publish()
        except _FAILURES as failed:
            raise write_error(failed, self.path) from failed
        finally:
            with suppress(*_FAILURES):  # what is aborted is removed; after closing it does nothing
                self._on_thread(self._open_writer().abort)
            self._remove_partial()

    def add_topic(
        self,
        topic: str,
        msgtype: str,
        *,
        typestore: Typestore = TYPESTORE,
        qos: Sequence[Qos] = (),
        definition: tuple[str, str] | None = None,
    ) -> None:
        """Announce a topic; once more for a known one changes nothing.

        Raises:
            BagError: the topic is there already with another type.
        """
        known = self._connections.get(topic)
        if known is not None:
            if known.msgtype != msgtype:
                raise BagError(f"topic {topic} is to hold {known.msgtype} and {msgtype}")
            return
        text, digest = definition or (None, None)
        try:
            self._connections[topic] = self._on_thread(
                self._open_writer().add_connection,
                topic,
                msgtype,
                typestore=typestore,
                msgdef=text,
                rihs01=digest,
                offered_qos_profiles=list(qos),
            )
        except (OSError, sqlite3.Error) as error:
            raise write_error(error, self.path) from error

    def write(self, topic: str, log_ns: int, message: Any) -> None:  # noqa: ANN401
        """Write a message of the common ROS 2 types to a topic that was added."""
        connection = self._connections[topic]
        self.write_raw(topic, log_ns, TYPESTORE.serialize_cdr(message, connection.msgtype))

    def write_raw(self, topic: str, log_ns: int, data: bytes | memoryview) -> None:
        """Write CDR bytes to a topic that was added.

        Raises:
            BagError: the disk is full, or cannot be written.
        """
        try:
            self._on_thread(self._open_writer().write, self._connections[topic], log_ns, data)
        except _FAILURES as error:
            raise write_error(error, self.path) from error

    def _on_thread(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        return self._thread.submit(function, *args, **kwargs).result()

    def _open_writer(self) -> Writer:
        assert self._writer is not None  # noqa: S101 - used inside the with block only
        return self._writer

    def _publish(self) -> None:
        """Give the whole bag its name."""
        assert self._folder is not None  # noqa: S101 - __enter__ made it
        whole = self._folder.path / self.path.stem
        if self.path.suffix in _SUFFIX_STORAGE:
            whole = next(item for item in whole.iterdir() if item.suffix == self.path.suffix)
        if self._overwrites:
            check_replaceable(self.path)  # it may be another than at the beginning
        try:
            put_in_place(whole, self.path, replaces=self._overwrites)
        except WriteError as error:
            if error.errno != errno.EEXIST:
                raise
            raise BagError(
                f"{self.path} was written by somebody else meanwhile: it is kept, and what this "
                "run has written is removed; give each run a name of its own"
            ) from error

    def _remove_partial(self) -> None:
        self._thread.shutdown()
        if self._folder is not None:
            self._folder.remove()
