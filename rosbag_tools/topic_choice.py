# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Which of a bag's topics are completed: those given by hand, or the only ones that fit."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from depth_completion_core.codecs.message_kinds import MESSAGE_TYPES, types_of
from depth_completion_core.geometry.transform_buffer import TransformBuffer
from depth_completion_core.sensing.measurement_kinds import MEASUREMENT_KINDS, MeasurementName
from rosbag_tools.errors import BagError, SeveralInfosError
from rosbag_tools.info_choice import base_of, infos_of, is_sent_on
from rosbag_tools.messages import IMAGE
from rosbag_tools.topics import Candidates, Topic, Topics
from rosbag_tools.wishes import TopicWishes


def choose_topics(
    candidates: Candidates,
    wishes: TopicWishes,
    transforms: TransformBuffer,
    *,
    needs_info: bool = True,
) -> Topics:
    """Choose what to complete.

    Args:
        candidates: the topics of the bag.
        wishes: those that were given by hand.
        transforms: the TF tree.
        needs_info: False where a file has the intrinsics.

    Raises:
        BagError: a topic is missing, or several could be meant; the message lists them and the
            flag that decides.
    """
    notes: list[str] = []
    image = chosen_image(candidates, wishes, notes)
    if wishes.camera_info and not needs_info:
        raise BagError("--intrinsics takes the place of --camera-info; give one of them")
    camera_info = _chosen_info(candidates, wishes, image) if needs_info else None
    optical_frame = image.frame_id or (camera_info.frame_id if camera_info else "")
    _check_measurement_wishes(wishes)
    clouds: tuple[Topic, ...] = ()
    if MEASUREMENT_KINDS[wishes.measurements].are_points:
        clouds = _chosen_clouds(candidates, wishes, transforms, optical_frame, notes)
    elif wishes.measurements != "none":
        clouds = (_chosen_depth(candidates, wishes, optical_frame, notes),)
    truth = _named(candidates.depths, wishes.truth, "--truth") if wishes.truth else None
    return Topics(image=image, camera_info=camera_info, clouds=clouds, truth=truth, notes=notes)


def chosen_image(candidates: Candidates, wishes: TopicWishes, notes: list[str]) -> Topic:
    """The colour images; notes are added to. BagError where there are none, or several."""
    if wishes.image:
        return _named(candidates.images, wishes.image, "--image")
    calibrated = [item for item in candidates.images if infos_of(item, candidates)]
    pool = calibrated or candidates.images
    pool = [item for item in pool if not is_sent_on(item.name)] or pool
    raw = [item for item in pool if item.msgtype == IMAGE]
    bases = {item.name for item in raw}
    compressed = [item for item in pool if item not in raw and base_of(item) not in bases]
    unreadable = candidates.unreadable_images
    return _only([*raw, *compressed], "colour image", "--image", notes, unreadable)


def _chosen_info(candidates: Candidates, wishes: TopicWishes, image: Topic) -> Topic:
    if wishes.camera_info:
        return _named(candidates.infos, wishes.camera_info, "--camera-info")
    matching = infos_of(image, candidates)
    if not matching:
        raise BagError(
            f"no CameraInfo belongs to {image.name} by its name or frame '{image.frame_id}'. "
            + _listing("CameraInfo topics", candidates.infos)
            + ". Choose one with --camera-info, or give a file of it with --intrinsics"
        )
    if len(matching) > 1:
        raise SeveralInfosError(
            f"{_listing(f'several CameraInfo topics may be that of {image.name}', matching)}. "
            "Choose with --camera-info TOPIC",
            [item.name for item in matching],
        )
    return matching[0]


def _check_measurement_wishes(wishes: TopicWishes) -> None:
    given = {"--points": wishes.points, "--depth": wishes.depth}
    points = tuple(name for name, kind in MEASUREMENT_KINDS.items() if kind.are_points)
    kinds = {"--points": points, "--depth": ("depth", "compressed_depth")}
    for flag, value in given.items():
        if value and wishes.measurements not in kinds[flag]:
            raise BagError(
                f"{flag} names a topic that --measurements {wishes.measurements} does not read; "
                f"leave it out, or give --measurements {' or '.join(kinds[flag])}"
            )


def _chosen_depth(
    candidates: Candidates, wishes: TopicWishes, optical_frame: str, notes: list[str]
) -> Topic:
    """A depth image registered to the camera: in its frame, where there is such a one."""
    kind = MEASUREMENT_KINDS[wishes.measurements].message
    pool = [item for item in candidates.depths if kind and item.msgtype == MESSAGE_TYPES[kind]]
    if wishes.depth:
        return _named(pool, wishes.depth, "--depth")
    pool = [item for item in pool if item.name.lstrip("/") != wishes.truth.lstrip("/")]
    registered = [item for item in pool if item.frame_id == optical_frame]
    return _only(registered or pool, "depth image", "--depth", notes)


def _chosen_clouds(
    candidates: Candidates,
    wishes: TopicWishes,
    transforms: TransformBuffer,
    optical_frame: str,
    notes: list[str],
) -> tuple[Topic, ...]:
    if wishes.points:
        return tuple(_named(candidates.clouds, name, "--points") for name in wishes.points)
    clouds = _of_kind(candidates.clouds, wishes.measurements)
    # A cloud in the camera's own frame is the output of a depth camera, or of this very tool.
    pool = [item for item in clouds if item.frame_id != optical_frame] or clouds
    mounted = [item for item in pool if _is_mounted(transforms, optical_frame, item.frame_id)]
    pool = mounted or pool
    frames = {item.frame_id for item in pool}
    if len(pool) > 1 and len(frames) == len(pool):
        names = ", ".join(f"{item.name} ('{item.frame_id}')" for item in pool)
        notes.append(f"several clouds, each from a sensor of its own, are used together: {names}")
        return tuple(pool)
    return (_only(pool, "point cloud", "--points", notes, candidates.unreadable_clouds),)


def _of_kind(clouds: list[Topic], measurements: MeasurementName) -> list[Topic]:
    """Points of the type that was asked for; where it is the usual one, of the first that is there.

    A driver's clouds come before what visual odometry made of images.
    """
    kinds = [kind.message for kind in MEASUREMENT_KINDS.values() if kind.are_points]
    if measurements != "points":
        kinds = [MEASUREMENT_KINDS[measurements].message]
    for kind in kinds:
        found = [item for item in clouds if kind and item.msgtype in types_of(kind)]
        if any(item.count for item in found):
            return found
    return []


def _is_mounted(transforms: TransformBuffer, optical_frame: str, frame: str) -> bool:
    """Whether a sensor is fixed to the camera, as a map in the world is not."""
    return transforms.connects(optical_frame, frame) and transforms.is_still_between(
        optical_frame, frame
    )


def _only(
    pool: Sequence[Topic], what: str, flag: str, notes: list[str], unreadable: str = ""
) -> Topic:
    filled = [item for item in pool if item.count]
    if not filled:
        advice = f". {unreadable}" if unreadable else f"; choose one with {flag}"
        raise BagError(f"the bag holds no {what} topic with messages{advice}")
    if len(filled) > 1:
        raise BagError(f"{_listing(f'several {what} topics', filled)}. Choose with {flag} TOPIC")
    if len(pool) > 1:
        notes.append(f"empty {what} topics are ignored")
    return filled[0]


def _named(pool: Sequence[Topic], name: str, flag: str) -> Topic:
    for item in pool:
        if item.name in (name, f"/{name}"):
            return item
    near = difflib.get_close_matches(name, [item.name for item in pool], n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise BagError(f"{flag} {name}: no such topic. {_listing('Candidates', pool)}.{hint}")


def _listing(what: str, topics: Sequence[Topic]) -> str:
    if not topics:
        return f"{what}: none"
    return f"{what}: {', '.join(map(_described, topics))}"


def _described(topic: Topic) -> str:
    size = f", {topic.size[1]}x{topic.size[0]} pixels" if topic.size else ""
    return f"{topic.name} ({topic.count} messages{size}, frame '{topic.frame_id}')"
