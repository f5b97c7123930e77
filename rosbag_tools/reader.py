# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Bags of ROS 1 and ROS 2 behind one door, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from rosbags.highlevel import AnyReader
from rosbags.interfaces import Connection, MessageDefinitionFormat

from rosbag_tools.bag_paths import check_paths, unmerged, unnamed
from rosbag_tools.errors import BagError, UndecodableError
from rosbag_tools.known_types import known_types
from rosbag_tools.mcap_channels import listed, views_of_ros2
from rosbag_tools.recorded_stamps import restamp
from rosbag_tools.wishes import Stamps

_FIRST_TRIES = 20  # where a first message is looked for; more would read a whole broken topic


class RawMessage(NamedTuple):
    """One message as it lies in the bag.

    Attributes:
        connection: its topic and type.
        log_ns: when it was recorded, nanoseconds.
        data: serialised bytes, CDR in ROS 2.
    """

    connection: Connection
    log_ns: int
    data: bytes


class BagReader:
    """One recording, perhaps in several files; a context manager.

    What rosbags and the storage libraries below it raise on damaged files has no common root (a
    wrong length may even ask for too much memory): here every exception of theirs means damage.

    Attributes:
        paths: the files or folders.
        has_definitions: False where the bag does not describe its message types, as bags of ROS 2
            before Iron in sqlite; Jazzy's are assumed then.
        foreign: channels of an MCAP that are not ROS 2's, which are not seen here.
    """

    def __init__(self, paths: Sequence[Path], *, stamps: Stamps = "header") -> None:
        """Open nothing yet; ``stamps``: which time decoded messages are stamped with."""
        self.paths = list(paths)
        self._stamps = stamps
        check_paths(self.paths)
        seen = [views_of_ros2(path) for path in self.paths]
        self.foreign = [channel for _, channels in seen for channel in channels]
        try:
            views = [view for views, _ in seen for view in views]
            self._reader = AnyReader(views, default_typestore=known_types())
        except Exception as error:
            raise self._unreadable(error) from error
        self.has_definitions = True

    def __enter__(self) -> BagReader:
        try:
            self._reader.open()
        except Exception as error:
            raise self._unreadable(error) from error
        self.has_definitions = any(
            connection.msgdef.format is not MessageDefinitionFormat.NONE
            for connection in self.connections
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._reader.close()

    @property
    def raw(self) -> AnyReader:
        """The reader underneath, for its type definitions."""
        return self._reader

    @property
    def is_ros2(self) -> bool:
        """Whether messages are CDR and types those of ROS 2."""
        return self._reader.is2

    @property
    def connections(self) -> list[Connection]:
        """All topics with their types and counts."""
        return self._reader.connections

    @property
    def notes(self) -> list[str]:
        """What is odd in the files, in sentences."""
        notes = [*unmerged(self.paths), *unnamed(self.paths)]
        if self.foreign:
            notes.append(f"neither read nor copied, as not of ROS 2: {listed(self.foreign)}")
        if not self.has_definitions:
            notes.append(
                "the bag does not define its message types; those of ROS 2 Jazzy are assumed"
            )
        return notes

    @property
    def duration_ns(self) -> int:
        """From the first to the last message, nanoseconds; 0 for an empty bag."""
        return self._reader.duration if self._reader.message_count else 0

    def of_type(self, *types: str) -> list[Connection]:
        """The connections whose type is one of those given, such as sensor_msgs/msg/Image."""
        return [item for item in self.connections if item.msgtype in types]

    @property
    def start_ns(self) -> int:
        """When the first message was recorded, nanoseconds; 0 for an empty bag."""
        return self._reader.start_time if self._reader.message_count else 0

    def messages(
        self,
        connections: Sequence[Connection],
        start_ns: int | None = None,
        stop_ns: int | None = None,
    ) -> Iterator[RawMessage]:
        """The messages of some topics in the order of their recording.

        Args:
            connections: of the topics.
            start_ns: leave out what was recorded before; None for nothing.
            stop_ns: leave out what was recorded then or later; None for nothing.

        Raises:
            BagError: the bag is damaged from here on.
        """
        if not connections:
            return
        try:
            for connection, log_ns, data in self._reader.messages(connections, start_ns, stop_ns):
                yield RawMessage(connection, log_ns, data)
        except Exception as error:
            raise self._unreadable(error) from error

    def decoded(self, message: RawMessage) -> Any:  # noqa: ANN401 - types come out of the bag
        """The message with its fields.

        Raises:
            UndecodableError: the bytes do not fit the type.
        """
        try:
            decoded = self._reader.deserialize(message.data, message.connection.msgtype)
        except Exception as error:  # generated code, any error means damaged bytes
            raise UndecodableError(
                f"a message of {message.connection.topic} does not decode as "
                f"{message.connection.msgtype}: {error}"
            ) from error
        if self._stamps == "recorded":
            restamp(decoded, message.connection.msgtype, message.log_ns)
        return decoded

    def first(self, connections: Sequence[Connection]) -> Any | None:  # noqa: ANN401
        """The first message of some connections that decodes; None where none of a few does."""
        with suppress(BagError):
            for message in islice(self.messages(connections), _FIRST_TRIES):
                with suppress(UndecodableError):
                    return self.decoded(message)
        return None

    def _unreadable(self, error: Exception) -> BagError:
        names = ", ".join(str(path) for path in self.paths)
        what = str(error).rstrip(".")
        if isinstance(error, KeyError):  # of the table of encodings
            return BagError(
                f"{names} holds messages defined as {what}, which are not ROS 2's, and no summary "
                "by which they could be left out. Write one with 'mcap recover FILE -o NEW_FILE'"
            )
        return BagError(
            f"{names} cannot be read as a bag: {what}. If its recording was cut off, repair it "
            "first: 'ros2 bag reindex' (ROS 2), 'mcap recover' (.mcap) or 'rosbag reindex' (ROS 1)"
            + "".join(f". {note}" for note in unmerged(self.paths))
        )
