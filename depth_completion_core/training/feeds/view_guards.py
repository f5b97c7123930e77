# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Whether images around a frame can be compared with it: other pictures, of one drive, near it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from depth_completion_core.data.sample import Sample
from depth_completion_core.frame import View
from depth_completion_core.geometry.transforms import Float64Array

_SMALLEST_JUMP = 0.25  # metres; poses of odometry are corrected by less now and then
_HARDEST = 20.0  # m/s^2, twice gravity: what drives, walks or flies changes speed more slowly
_SMALLEST_TURN_DEG, _FASTEST_TURN_DEG = 10.0, 720.0  # the latter a second
_WIDEST_DEG = 120.0  # between optical axes: beyond, no usual camera sees the same things
# Where times are not known: metres by which two steps differ, and as a share of their lengths.
_LARGEST_CHANGE, _MOST_OF_BOTH = 10.0, 0.8
_LONGEST_GAP_S, _TIMES_THE_OTHER_GAP = 10.0, 10.0
_STANDS = 0.5  # metres; who stands still for minutes has good neighbours all the same


class _Step(NamedTuple):
    """From a frame to a view, in time and in the frame's own axes.

    Attributes:
        seconds: negative for earlier views; NaN where times are not known.
        place: (3,) of the camera then, metres; NaN where that is not known.
        degrees: that it turned, likewise; ``axis_degrees``, its optical axis alone.
    """

    seconds: float
    place: Float64Array
    degrees: float
    axis_degrees: float

    @property
    def metres(self) -> float:
        """That it moved."""
        return float(np.linalg.norm(self.place))


def unfit_view(sample: Sample, views: Sequence[View], *, with_motion: bool) -> str:
    """What is wrong with the images that a loss would compare, after "it has"; '' for nothing.

    Args:
        sample: with its own image and time.
        views: that are compared with it.
        with_motion: whether the known motion between them is used.
    """
    for view in views:
        if np.array_equal(view.image, sample.image):
            return f"the same picture again at {view.offset:+d}"
        order = (view.stamp_ns - sample.stamp_ns) * view.offset
        if view.stamp_ns and sample.stamp_ns and order <= 0:
            return f"an image at {view.offset:+d} that was not taken {_when(view.offset)}"
    steps = [_step(sample, view) for view in views]
    if _is_torn(steps):
        return "images around it of another recording or another place"
    if not with_motion:
        return ""
    if any(step.axis_degrees > _WIDEST_DEG for step in steps):
        return "images around it that look elsewhere"
    return "a jump in its poses" if _jumps(steps) else ""


def _step(sample: Sample, view: View) -> _Step:
    is_timed = bool(view.stamp_ns and sample.stamp_ns)
    seconds = (view.stamp_ns - sample.stamp_ns) / 1e9 if is_timed else np.nan
    if view.view_from_target is None:
        return _Step(seconds, np.full(3, np.nan), np.nan, np.nan)
    target_from_view = view.view_from_target.inverse()
    rotation = target_from_view.rotation
    cosines = np.clip([(np.trace(rotation) - 1.0) / 2.0, rotation[2, 2]], -1.0, 1.0)
    degrees, axis_degrees = np.degrees(np.arccos(cosines)).tolist()
    return _Step(seconds, target_from_view.translation, degrees, axis_degrees)


def _is_torn(steps: Sequence[_Step]) -> bool:
    """Whether one view is minutes away and the other is not, and the camera did not wait there."""
    by_gap = sorted(steps, key=lambda step: abs(step.seconds))
    gaps = [abs(step.seconds) for step in by_gap]
    if len(gaps) < 2 or not np.isfinite(gaps).all():
        return False
    is_torn = gaps[-1] > max(_LONGEST_GAP_S, _TIMES_THE_OTHER_GAP * gaps[0])
    return is_torn and not by_gap[-1].metres < _STANDS


def _jumps(steps: Sequence[_Step]) -> bool:
    """Whether no camera moves as the poses say."""
    known = [step for step in steps if np.isfinite(step.metres)]
    if any(_spins(step) for step in known):
        return True
    return any(_differ(one, other) for one, other in pairwise(known))


def _differ(one: _Step, other: _Step) -> bool:
    """Whether the camera cannot have changed its speed so between two steps."""
    if not np.isfinite([one.seconds, other.seconds]).all():
        change = float(np.linalg.norm(one.place + other.place))
        return change > max(_LARGEST_CHANGE, _MOST_OF_BOTH * (one.metres + other.metres))
    difference = one.place / one.seconds - other.place / other.seconds
    change, seconds = float(np.linalg.norm(difference)), _mean_gap(one, other)
    return change * seconds > _SMALLEST_JUMP and change > _HARDEST * seconds


def _mean_gap(one: _Step, other: _Step) -> float:
    return (abs(one.seconds) + abs(other.seconds)) / 2.0


def _spins(step: _Step) -> bool:
    """Whether nothing turns so fast; not known without times."""
    if not np.isfinite(step.seconds):
        return False
    return step.degrees > max(_SMALLEST_TURN_DEG, _FASTEST_TURN_DEG * abs(step.seconds))


def _when(offset: int) -> str:
    return "before it" if offset < 0 else "after it"
