# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which topics of a completed bag are exported, and which of its messages are of one frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rosbags.interfaces import Connection

from depth_completion_core.codecs.stamps import seconds_and_nanoseconds, stamp_ns_of
from depth_completion_core.sensing.output_topics import OUTPUT_TOPICS
from depth_completion_core.sensing.registered import check_registered
from rosbag_tools.awaited_truths import TRUTH_SLOP_NS
from rosbag_tools.errors import BagError
from rosbag_tools.messages import IMAGE
from rosbag_tools.reader import BagReader
from rosbag_tools.topics import Topic, candidates_of
from rosbag_tools.transforms import read_transforms

_DEPTH = "depth/image"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFrames:
    """The frames of a completed bag, and the topics that hold them.

    Attributes:
        depth: the dense depth.
        image: the colour images; None where there are none of the same stamps.
        truth: true depth; None without.
        names: of the frames, by stamp, nanoseconds.
        truth_names: of the frames that a message of ``truth`` belongs to, by its stamp.
        notes: what was left out, in words.
    """

    depth: Topic
    image: Topic | None
    truth: Topic | None
    names: dict[int, str]
    truth_names: dict[int, list[str]]
    notes: list[str] = field(default_factory=list)

    @property
    def outputs(self) -> dict[str, str]:
        """The relative name of each output topic, by its name in the bag."""
        prefix = self.depth.name.removesuffix(_DEPTH)
        if prefix == self.depth.name:  # named by hand
            return {self.depth.name: _DEPTH}
        return {f"{prefix}{output.topic}": output.topic for output in OUTPUT_TOPICS}


def frames_of(reader: BagReader, *, depth: str, image: str, truth: str) -> ExportedFrames:
    """Find the frames: the depth images, with the colour images of their stamps.

    Args:
        reader: an open bag.
        depth: topic of the dense depth; "" for the only one whose name ends in depth/image.
        image: topic of the colour images; "" for that with the depth's frame and stamps.
        truth: topic of true depth; "" for none.

    Raises:
        BagError: a topic is missing, several could be meant, the truth is of another frame than the
            depth, or no frame is left.
    """
    candidates = candidates_of(reader)
    dense = _chosen_depth(candidates.depths, depth)
    true = _named(candidates.depths, truth, "--truth") if truth else None
    pictures = _possible_images(candidates.images, dense, image)
    stamps = _stamps(reader, [dense, *pictures, *([true] if true else [])])
    colours = _chosen_image(pictures, stamps, dense)
    known, twice = Counter(stamps[dense.name]), set()
    twice = {stamp for stamp, count in known.items() if count > 1}
    kept = set(known) if colours is None else known.keys() & set(stamps[colours.name])
    names = {stamp: frame_name(stamp) for stamp in sorted(kept)}
    notes = []
    if twice:
        notes.append(f"{len(twice)} stamps of {dense.name} occur twice; the last depth is kept")
    if len(names) < len(known):
        notes.append(f"{len(known) - len(names)} depth images have no image of their stamp")
    if not names:
        raise BagError(f"{dense.name} holds no depth image to export")
    if true is not None:
        _check_frame(reader, true, dense, min(names))
    true_names = _nearest(stamps[true.name], names) if true else {}
    return ExportedFrames(
        depth=dense, image=colours, truth=true, names=names, truth_names=true_names, notes=notes
    )


def _check_frame(reader: BagReader, truth: Topic, dense: Topic, stamp_ns: int) -> None:
    transforms, _ = read_transforms(reader)
    try:
        check_registered(transforms, truth.frame_id, dense.frame_id, stamp_ns)
    except ValueError as error:
        raise BagError(f"{truth.name}: {error}") from error


def frame_name(stamp_ns: int) -> str:
    """Seconds with nine decimals, which sort by time."""
    seconds, nanoseconds = seconds_and_nanoseconds(stamp_ns)
    return f"{seconds}.{nanoseconds:09d}"


def _chosen_depth(depths: Sequence[Topic], wanted: str) -> Topic:
    if wanted:
        return _named(depths, wanted, "--depth")
    found = [item for item in depths if f"/{item.name}".endswith(f"/{_DEPTH}")]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(item.name for item in found)
        raise BagError(f"several topics hold dense depth: {names}; choose one with --depth")
    raise BagError(
        f"no topic of depth images ends in {_DEPTH}: complete the bag first (python -m "
        f"rosbag_tools.complete), or name one with --depth. {_listed(depths)}"
    )


def _possible_images(images: Sequence[Topic], depth: Topic, wanted: str) -> list[Topic]:
    if wanted:
        return [_named(images, wanted, "--image")]
    prefix = depth.name.removesuffix(_DEPTH)
    ours = {f"{prefix}{output.topic}" for output in OUTPUT_TOPICS}
    return [item for item in images if item.name not in ours and item.frame_id == depth.frame_id]


def _chosen_image(
    images: Sequence[Topic], stamps: dict[str, list[int]], depth: Topic
) -> Topic | None:
    depths = set(stamps[depth.name])
    found = [item for item in images if depths & set(stamps[item.name])]
    raw = [item for item in found if item.msgtype == IMAGE]
    chosen = raw or found
    if len(chosen) > 1:
        names = ", ".join(item.name for item in chosen)
        raise BagError(f"images of several topics fit {depth.name}: {names}; choose with --image")
    return chosen[0] if chosen else None


def _named(topics: Sequence[Topic], name: str, flag: str) -> Topic:
    for topic in topics:
        if topic.name.strip("/") == name.strip("/"):
            return topic
    raise BagError(f"{flag} {name}: no such topic with images of that kind. {_listed(topics)}")


def _listed(topics: Sequence[Topic]) -> str:
    return f"The bag holds {', '.join(topic.name for topic in topics) or 'none'}"


def _stamps(reader: BagReader, topics: Sequence[Topic]) -> dict[str, list[int]]:
    """The stamps of each topic, in the order of their recording."""
    stamps: dict[str, list[int]] = {topic.name: [] for topic in topics}
    connections: list[Connection] = [item for topic in topics for item in topic.connections]
    for message in reader.messages(connections):
        try:
            stamps[message.connection.topic].append(stamp_ns_of(reader.decoded(message)))
        except BagError:
            continue  # told when it is to be written
    return stamps


def _nearest(truths: Sequence[int], frames: dict[int, str]) -> dict[int, list[str]]:
    """The frames of each truth, as completing pairs them."""
    pairs: dict[int, list[str]] = {}
    for stamp, name in frames.items():
        near = min(truths, key=lambda truth: abs(truth - stamp), default=None)
        if near is not None and abs(near - stamp) <= TRUTH_SLOP_NS:
            pairs.setdefault(near, []).append(name)
    return pairs
