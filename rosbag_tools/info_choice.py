# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which CameraInfo belongs to an image: by name, then by size and frame."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rosbag_tools.topics import Candidates, Topic

_WORD = re.compile(r"[A-Za-z]+|\d+")
# Words that say what a topic holds, and those that say in which form: neither tells two cameras of
# one namespace apart.
_KINDS = {"image", "img", "camera", "cam", "info"}
_FORMS = {"raw", "rect", "rectified", "color", "colour", "mono", "rgb", "compressed"}
# Words that say that images are those of another topic, sent on.
_SENT_ON = re.compile(
    r"(re)?pub(lished)?|republish|relay(ed)?|throttled?|(de|un)compressed|decoded"
)


def infos_of(image: Topic, candidates: Candidates) -> list[Topic]:
    """The calibrations that may be those of an image: one, none, or several that differ.

    The first of these that there is: what is named like the image (``camera_info`` beside
    ``image_raw``, as image_transport has it; ``left_camera_info`` beside ``left_image``), below it
    (``image_raw/camera_info``), in its namespace and no other image's, in another namespace with
    the same words, of its frame (unless its name gives it to the same image of another camera, as
    ``/right/camera_info`` to ``/right/image_raw``). Among several, those of the image's size and
    then of its frame.
    """
    images = [*candidates.images, *candidates.depths]
    found = next((tier for tier in _tiers(image, images, candidates.infos) if tier), [])
    for fits in (_is_of_size, _is_of_frame):
        found = [item for item in found if fits(item, image)] or found
    are_equal = len({(item.intrinsics, item.size) for item in found}) == 1
    return found[:1] if are_equal else found


def is_sent_on(name: str) -> bool:
    """Whether a topic's name says that its images are those of another topic, sent on."""
    return any(_SENT_ON.fullmatch(part.lower()) for part in re.split(r"[/_]", name))


def base_of(image: Topic) -> str:
    """The topic that image_transport's topics hang under."""
    name = image.name
    for transport in ("/compressed", "/compressedDepth", "/theora"):
        name = name.removesuffix(transport)
    return name


def _tiers(image: Topic, images: Sequence[Topic], infos: Sequence[Topic]) -> Iterator[list[Topic]]:
    base = base_of(image)
    beside = [item for item in infos if _namespace(item.name) == _namespace(base)]
    yield _named_like(base, beside)
    yield [item for item in infos if item.name.startswith(f"{base}/")]
    foreign = _of_others(base, images, beside)
    yield [item for item in beside if item.name not in foreign]
    words = _telling(base)
    yield [item for item in infos if words and _telling(item.name) == words]
    foreign |= _of_siblings(base, images, infos)
    yield [item for item in infos if item.name not in foreign and _is_of_frame(item, image)]


def _named_like(base: str, beside: Sequence[Topic]) -> list[Topic]:
    """Those whose last name has all words of the image's; else those that tell cameras apart."""
    words = _words(_last(base)) - _KINDS
    for wanted in (words, _without_forms(words)):
        found = [item for item in beside if _words(_last(item.name)) - _KINDS == wanted]
        if found:
            return found
    return []


def _of_others(base: str, images: Sequence[Topic], beside: Sequence[Topic]) -> set[str]:
    """The calibrations beside an image that are named like another one."""
    words = _telling(_last(base))
    others = {base_of(item) for item in images} - {base}
    named = {item.name for other in others for item in _named_like(other, beside)}
    return named | {item.name for item in beside if words and _telling(_last(item.name)) - words}


def _of_siblings(base: str, images: Sequence[Topic], infos: Sequence[Topic]) -> set[str]:
    """The calibrations beside images of this one's last name in other namespaces."""
    if is_sent_on(base):
        return set()
    others = {base_of(item) for item in images} - {base}
    spaces = {_namespace(other) for other in others if _last(other) == _last(base)}
    return {item.name for item in infos if _namespace(item.name) in spaces}


def _is_of_size(info: Topic, image: Topic) -> bool:
    return image.size is None or info.size == image.size


def _is_of_frame(info: Topic, image: Topic) -> bool:
    return bool(image.frame_id) and info.frame_id == image.frame_id


def _telling(name: str) -> set[str]:
    return _without_forms(_words(name) - _KINDS)


def _without_forms(words: set[str]) -> set[str]:
    return {word for word in words - _FORMS if not _SENT_ON.fullmatch(word)}


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(name)}


def _namespace(name: str) -> str:
    return name.rpartition("/")[0]


def _last(name: str) -> str:
    return name.rpartition("/")[2]
