# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the cloud is where the set-up says, or turned by quarter turns, or inverted.

The check is made for faults that cost the whole result: a body frame where the optical one belongs,
extrinsics the wrong way round, a lidar that looks behind. Small errors are estimated by
:func:`~depth_completion_core.alignment.estimate.estimate_alignment`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from depth_completion_core.alignment.alignment_frame import AlignmentFrame
from depth_completion_core.alignment.edge_scene import (
    EdgeAgreement,
    EdgeScene,
    Place,
    agreement,
    quick_score,
)
from depth_completion_core.alignment.ground import Ground, misplaced_ground
from depth_completion_core.diagnosis.findings import Finding
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.geometry.transforms import Float64Array, RigidTransform

_MOST_SCENES = 6
_TRIED_CLOSER = 4
_HARDLY_ANY = 0.002  # share of the points in view
_MANY = 0.05
_CLEAR_LEAD = 2.0
_COMMON = 3  # suspicions, the first ones
_FARTHEST_APART = 20.0  # metres, two sensors of one robot
_HINTED, _HINTED_SCORE = 2.0, 0.05  # enough where the ground says so, too
_BELOW = 0.7  # cosine
_FAR_MORE = 5.0  # times the share of points in view

_OPTICAL_FROM_BODY = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])
_HALF_TURN_ABOUT_Z = np.diag([-1.0, -1.0, 1.0])


class Suspicion(NamedTuple):
    """Where the cloud may be instead.

    Attributes:
        place: camera from points, out of the one that the set-up says.
        cause: in words.
        remedy: what to do.
    """

    place: Place
    cause: str
    remedy: str


def as_said(camera_from_points: RigidTransform) -> RigidTransform:
    """The place that the set-up says."""
    return camera_from_points


def edge_scenes(frames: Sequence[AlignmentFrame], most: int = _MOST_SCENES) -> list[EdgeScene]:
    """A few of the frames, evenly spread, with their edges; those without a known place go."""
    scenes = []
    stride = max(-(-len(frames) // most), 1)
    for frame in frames[::stride]:
        try:
            scenes.append(EdgeScene(frame))
        except TransformError:
            continue
    return scenes


def placement_findings(scenes: Sequence[EdgeScene], subject: str) -> list[Finding]:
    """What is wrong with the place of the clouds; empty where nothing is, or nothing is known.

    Args:
        scenes: of one camera and one lidar.
        subject: the two, as the user knows them.
    """
    with_points = [scene for scene in scenes if len(scene.points)]
    if not with_points:
        return []
    share = _share(with_points, as_said)
    if share < _HARDLY_ANY:
        return list(_out_of_view(with_points, share, subject))
    said = agreement(with_points, as_said)
    if said.is_seen:
        return []
    ground = misplaced_ground(with_points)
    if ground is not None:
        return [_ground_finding(with_points, said, ground, subject)]
    for item in _best(with_points):
        found = agreement(with_points, item.place)
        if _explains(item, found, with_points, share) and found.score > _CLEAR_LEAD * said.score:
            return [
                Finding(
                    severity="error",
                    subject=f"{subject}, placement",
                    found="depth edges meet the edges of the image not where the set-up says, but "
                    f"clearly where they would be if {item.cause}",
                    remedy=item.remedy,
                )
            ]
    return []


def _explains(
    item: Suspicion, found: EdgeAgreement, scenes: Sequence[EdgeScene], share: float
) -> bool:
    """Whether edges agree beyond chance; less is asked of a common cause that shows far more."""
    if found.is_clear:
        return True
    is_common = item in _SUSPICIONS[:_COMMON]
    return is_common and found.is_seen and _share(scenes, item.place) > _FAR_MORE * share


def _ground_finding(
    scenes: Sequence[EdgeScene], said: EdgeAgreement, ground: Ground, subject: str
) -> Finding:
    """A camera may be mounted on its side or head: only edges tell that it is not."""
    turns = [item for item in _LIDAR_TURNS if _lowers(item, scenes[0], ground)]
    best = max(turns, key=lambda item: quick_score(scenes, item.place))
    found = agreement(scenes, best.place)
    is_sure = found.contrast > _HINTED and found.score > max(
        _CLEAR_LEAD * said.score, _HINTED_SCORE
    )
    if not is_sure:
        best = max(turns, key=lambda item: _forward(item, scenes[0]))
    return Finding(
        severity="error" if is_sure else "warning",
        subject=f"{subject}, placement",
        found=f"by the extrinsics the ground, a plane with {100 * ground.share:.0f} % of the "
        f"points, lies {ground.where} the camera; it would lie below if {best.cause}"
        f"{', and edges agree' if is_sure else ''}",
        remedy=f"{best.remedy}. Only for a camera that is mounted on its side or upside down, "
        "nothing is wrong",
    )


def _lowers(item: Suspicion, scene: EdgeScene, ground: Ground) -> bool:
    """Whether the ground lies below when the cloud is there."""
    return bool((_turn_of(item, scene) @ ground.direction)[1] > _BELOW)


def _forward(item: Suspicion, scene: EdgeScene) -> float:
    """How much of the optical axis stays where it is."""
    return float(_turn_of(item, scene)[2, 2])


def _turn_of(item: Suspicion, scene: EdgeScene) -> Float64Array:
    said = scene.camera_from_points
    turn: Float64Array = item.place(said).rotation @ said.rotation.T
    return turn


def _out_of_view(scenes: Sequence[EdgeScene], share: float, subject: str) -> Iterator[Finding]:
    shares = [_share(scenes, item.place) for item in _SUSPICIONS]
    # Named causes come first: a cause that is common goes before one that shows more points.
    enough = max(_MANY, 0.3 * max(shares))
    likely = next(
        (item for item, at in zip(_SUSPICIONS, shares, strict=True) if at >= enough), None
    )
    found = (
        "no point lies in the image"
        if share == 0
        else f"only {100 * share:.2f} % of the points lie in the image"
    )
    apart = float(max(np.linalg.norm(scene.camera_from_points.translation) for scene in scenes))
    if apart > _FARTHEST_APART:
        yield Finding(
            severity="error",
            subject=f"{subject}, placement",
            found=f"{found}, and the two sensors would be {apart:.4g} m apart",
            remedy="translations in TF and in files of extrinsics are in metres: is this one in "
            "millimetres?",
        )
        return
    if likely is None:
        yield Finding(
            severity="error",
            subject=f"{subject}, placement",
            found=found,
            remedy="the camera looks elsewhere than the extrinsics say: is the frame_id of the "
            "images the optical frame (z forward), and that of the points the sensor's own?",
        )
        return
    would = shares[_SUSPICIONS.index(likely)]
    yield Finding(
        severity="error",
        subject=f"{subject}, placement",
        found=f"{found}; {100 * would:.0f} % would, if {likely.cause}",
        remedy=likely.remedy,
    )


def _best(scenes: Sequence[EdgeScene]) -> list[Suspicion]:
    """The suspicions with the highest scores; among them, common causes come first."""
    scores = [quick_score(scenes, item.place) for item in _SUSPICIONS]
    highest = sorted(range(len(scores)), key=lambda index: -scores[index])[:_TRIED_CLOSER]
    return [_SUSPICIONS[index] for index in sorted(highest) if scores[index] > 0]


def _share(scenes: Sequence[EdgeScene], place: Place) -> float:
    return float(np.mean([scene.share_in_view(place) for scene in scenes]))


def _suspicions() -> Iterator[Suspicion]:
    """The common causes, then all other quarter turns of either sensor."""
    yield Suspicion(
        _camera_turned(_OPTICAL_FROM_BODY),
        "the frame of the images were a body frame (x forward)",
        "give the images' frame_id the optical frame (z forward, x right), which most drivers call "
        "..._optical_frame; or publish the optical frame under this name",
    )
    yield Suspicion(
        lambda camera_from_points: camera_from_points.inverse(),
        "the extrinsics were inverted",
        "the transform must take points of the cloud's frame to the camera's optical frame: invert "
        "it, or swap parent and child",
    )
    yield Suspicion(
        _cloud_turned(_HALF_TURN_ABOUT_Z),
        "the lidar were turned by half a turn about its z axis",
        "the clouds lie behind the camera: check the yaw of the lidar's mount, and its driver's "
        "axes",
    )
    named = (_OPTICAL_FROM_BODY, _HALF_TURN_ABOUT_Z)
    for turn in _quarter_turns():
        if not any(np.array_equal(turn, other) for other in named[1:]):
            yield Suspicion(
                _cloud_turned(turn),
                f"the lidar were turned by {_in_words(turn)}",
                "check the rotation of the lidar's mount, and the axes of its driver",
            )
        if not any(np.array_equal(turn, other) for other in named[:1]):
            yield Suspicion(
                _camera_turned(turn),
                f"the optical frame of the images were turned by {_in_words(turn)}",
                "check the rotation of the camera's mount, and whether the frame_id of the images "
                "is the optical frame (z forward, x right)",
            )


def _quarter_turns() -> Iterator[Float64Array]:
    """The 23 rotations, other than none, that take axes to axes."""
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            turn = np.zeros((3, 3))
            turn[range(3), order] = signs
            if np.linalg.det(turn) > 0 and not np.array_equal(turn, np.eye(3)):
                yield turn


def _in_words(turn: Float64Array) -> str:
    x, y, z, w = RigidTransform(turn, np.zeros(3)).quaternion_xyzw
    angle = round(float(np.degrees(2 * np.arccos(np.clip(w, -1.0, 1.0)))))
    vector = np.array([x, y, z])
    axis = " ".join(f"{number:.0f}" for number in vector / np.abs(vector).max() + 0.0)
    return f"{angle} deg about its axis ({axis})"


def _camera_turned(turn: Float64Array) -> Place:
    rotation = RigidTransform(turn, np.zeros(3))
    return lambda camera_from_points: rotation @ camera_from_points


def _cloud_turned(turn: Float64Array) -> Place:
    rotation = RigidTransform(turn, np.zeros(3))
    return lambda camera_from_points: camera_from_points @ rotation


_SUSPICIONS = tuple(_suspicions())
_LIDAR_TURNS = tuple(item for item in _SUSPICIONS if "the lidar" in item.cause)
