# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Copying what a bag holds into the bag that is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rosbags.convert.converter import generate_message_converter
from rosbags.interfaces import Connection, ConnectionExtRosbag2, MessageDefinitionFormat
from rosbags.rosbag2 import WriterError
from rosbags.typesys.store import Typestore

from rosbag_tools.errors import UndecodableError
from rosbag_tools.messages import LATCHED, TYPESTORE
from rosbag_tools.reader import BagReader, RawMessage
from rosbag_tools.writer import BagWriter


class InputCopier:
    """Copies messages of a bag to another, those of ROS 1 made into ROS 2's on the way."""

    def __init__(self, reader: BagReader, writer: BagWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._typestore = _destination_typestore(reader)
        self._converters: dict[tuple[str, str], Callable[[bytes], bytes | memoryview]] = {}
        self._cache: dict[str, object] = {}
        self.skipped: dict[str, str] = {}

    def add(self, connections: Sequence[Connection]) -> None:
        """Announce the topics to be copied; what cannot be copied of them lands in ``skipped``.

        A topic of our bags has one type: of several, the one with the most messages.
        """
        main_types: dict[str, str] = {}
        for connection in sorted(connections, key=lambda item: item.msgcount):
            main_types[connection.topic] = connection.msgtype
        for connection in connections:
            main_type = main_types[connection.topic]
            if connection.msgtype != main_type:
                self.skipped[connection.topic] = (
                    f"its messages of {connection.msgtype}, because it holds {main_type} too"
                )
                continue
            try:
                self._add(connection)
            except (KeyError, WriterError) as error:
                self.skipped[connection.topic] = (
                    f"type {connection.msgtype} has no definition in the bag ({error})"
                )

    def copy(self, message: RawMessage) -> None:
        """Copy one message of an announced topic.

        Raises:
            UndecodableError: a message of ROS 1 whose bytes do not fit its type.
        """
        topic, msgtype = message.connection.topic, message.connection.msgtype
        convert = self._converters.get((topic, msgtype))
        if convert is None:
            return
        try:
            data = convert(message.data)
        except Exception as error:  # generated code, any error means damaged bytes
            raise UndecodableError(f"a message of {topic} is damaged: {error}") from error
        self._writer.write_raw(topic, message.log_ns, data)

    def _add(self, connection: Connection) -> None:
        topic, msgtype = connection.topic, connection.msgtype
        target_type = _RENAMED_TYPES.get(msgtype, msgtype)
        if isinstance(connection.ext, ConnectionExtRosbag2):
            has_text = connection.msgdef.format is not MessageDefinitionFormat.NONE
            digest = connection.digest or self._typestore.hash_rihs01(msgtype)
            self._writer.add_topic(
                topic,
                msgtype,
                typestore=self._typestore,
                qos=connection.ext.offered_qos_profiles,
                definition=(connection.msgdef.data, digest) if has_text else None,
            )
            self._converters[topic, msgtype] = lambda data: data
            return
        is_latched = bool(connection.ext.latching) or topic.endswith("tf_static")
        if target_type not in self._typestore.fielddefs:
            raise KeyError(target_type)
        self._writer.add_topic(
            topic, target_type, typestore=self._typestore, qos=[LATCHED] if is_latched else []
        )
        self._converters[topic, msgtype] = generate_message_converter(
            self._reader.raw.typestore,
            self._typestore,
            msgtype,
            target_type,
            self._cache,
            src_is2=False,
            dst_is2=True,
        )


_RENAMED_TYPES = {"tf/msg/tfMessage": "tf2_msgs/msg/TFMessage"}


def _destination_typestore(reader: BagReader) -> Typestore:
    """The bag's own types; for ROS 1, with ROS 2's definition wherever there is one."""
    if reader.is_ros2:
        return reader.raw.typestore
    from rosbags.typesys import Stores, get_typestore  # noqa: PLC0415

    store = get_typestore(Stores.EMPTY)
    store.register({**reader.raw.typestore.fielddefs, **TYPESTORE.fielddefs})
    return store
