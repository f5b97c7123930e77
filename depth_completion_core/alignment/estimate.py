# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Time offset and small rotation between lidar and camera, or the reason why they are not known.

Both are estimated together, because under a steady turn the one looks like the other. The position
of the lidar is taken as right.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from depth_completion_core.alignment.alignment_frame import AlignmentFrame
from depth_completion_core.alignment.estimates import (
    Alignment,
    AlignmentLimits,
    RotationEstimate,
    TimeOffsetEstimate,
)
from depth_completion_core.alignment.motion import Motion, motion_of
from depth_completion_core.alignment.moving_edges import KNOT_NS, MovingEdges, moving_edges
from depth_completion_core.alignment.score import PITCH, ROLL, TIME, YAW, AlignmentScore
from depth_completion_core.alignment.search import Peak, find_peaks
from depth_completion_core.geometry.transform_buffer import TransformError
from depth_completion_core.geometry.transforms import Float64Array

_FEWEST_FRAMES = 8
_FEWEST_EDGES = 40  # of a frame, on the mean
_LOWEST_SCORE = 0.15  # of an edge: aligned scenes give 0.2 to 0.5, mismatched images under 0.1
_HIGHEST_RIVAL = 0.85  # a second place this good is another possible answer
_CLEAR_LEAD = 1.64  # standard errors over the frames
_COVERAGE = 2.0  # uncertainties are so many standard deviations
# What all frames share and their scatter cannot show: outlines of round things differ between the
# two viewpoints, and edges between lines are placed to a fraction of their step.
_SHARED_ERROR_DEG = 0.05
_SHARED_ERROR_PER_LINE_STEP = 0.08
_LINE_STEP_ERROR = 0.28  # uniform over a step; it averages out over different views only
_SHARED_ERROR_MS = 2.5


def estimate_alignment(
    frames: Sequence[AlignmentFrame], limits: AlignmentLimits | None = None
) -> Alignment:
    """Estimate both from the same frames.

    Twenty frames, spread over ten seconds in which the rig turns both ways or passes near things,
    take two seconds; the time offset needs fewer, and the rotation of a lidar of 32 lines or less
    more.

    Args:
        frames: all of one camera. Those whose motion is not known for ``time_ms`` before and after
            are left out.
        limits: how far is searched, and how good an answer must be.

    Raises:
        ValueError: the frames are of several cameras.
    """
    limits = limits or AlignmentLimits()
    if len({frame.camera for frame in frames}) > 1:
        raise ValueError("the frames come from several cameras; estimate one camera at a time")
    usable, edges = _with_edges(frames, limits)
    unknown = _why_too_little(len(frames), edges)
    if unknown:
        return _nothing_known(unknown)
    score = AlignmentScore(usable, edges)
    motion = motion_of(score)
    free = [PITCH, YAW, ROLL] + ([TIME] if motion.is_seen else [])
    peaks = find_peaks(score, _largest(limits), free)
    return _judged(score, peaks, motion, limits)


def _largest(limits: AlignmentLimits) -> Float64Array:
    return np.array([*[limits.rotation_deg] * 3, limits.time_ms])


def _with_edges(
    frames: Sequence[AlignmentFrame], limits: AlignmentLimits
) -> tuple[list[AlignmentFrame], list[MovingEdges]]:
    knots = int(np.ceil(limits.time_ms * 1e6 / KNOT_NS)) + 1
    usable, edges = [], []
    for frame in frames:
        try:
            edges.append(moving_edges(frame, knots))
        except TransformError:
            continue
        usable.append(frame)
    return usable, edges


def _why_too_little(frame_count: int, edges: Sequence[MovingEdges]) -> str:
    if len(edges) < _FEWEST_FRAMES:
        left_out = frame_count - len(edges)
        why = f" ({left_out} more have no known transform or motion)" if left_out else ""
        return f"only {len(edges)} frames can be used{why}; {_FEWEST_FRAMES} or more are needed"
    mean = sum(len(item.positions) for item in edges) / len(edges)
    if mean < _FEWEST_EDGES:
        return (
            f"the lidar sees only {mean:.0f} points on outlines of things in the image, "
            f"{_FEWEST_EDGES} or more are needed"
        )
    return ""


def _judged(
    score: AlignmentScore, peaks: Sequence[Peak], motion: Motion, limits: AlignmentLimits
) -> Alignment:
    best = peaks[0]
    doubt = _why_ambiguous(score, peaks) or _why_outside(best, limits)
    uncertainty = _COVERAGE * _deviation(score, best, motion)
    return Alignment(
        time=_time(best, float(uncertainty[TIME]), doubt, motion, limits),
        rotation=_rotation(best, float(uncertainty[:TIME].max()), doubt, motion, limits),
    )


def _deviation(score: AlignmentScore, best: Peak, motion: Motion) -> Float64Array:
    """(4,) standard deviation of each parameter, with what the scatter of the frames hides."""
    views = score.view_count()
    variance = np.diag(best.covariance) * score.frame_count / views
    shared = np.array([*[_SHARED_ERROR_DEG] * 3, _SHARED_ERROR_MS])
    of_lines = max(_SHARED_ERROR_PER_LINE_STEP, _LINE_STEP_ERROR / np.sqrt(views))
    lines = np.array([of_lines, of_lines, 0.0, 0.0]) * score.line_step_deg
    # A time offset that is too small to be seen turns the points a little all the same.
    held = np.array([0.0 if motion.is_seen else motion.shift_deg] * 3 + [0.0])
    deviation: Float64Array = np.sqrt(variance + shared**2 + lines**2 + held**2)
    return deviation


def _why_ambiguous(score: AlignmentScore, peaks: Sequence[Peak]) -> str:
    best = float(peaks[0].scores.sum())
    if best < _LOWEST_SCORE * score.edge_count:
        return (
            "depth edges meet image edges nowhere within the search: the error is larger than "
            "what is searched, or image and sweep do not show the same"
        )
    for rival in peaks[1:]:
        lead = peaks[0].scores - rival.scores
        is_clear = lead.sum() > _CLEAR_LEAD * np.sqrt(float(lead @ lead))
        if float(rival.scores.sum()) > _HIGHEST_RIVAL * best or not is_clear:
            return "two different alignments fit almost equally well"
    return ""


def _why_outside(best: Peak, limits: AlignmentLimits) -> str:
    if (np.abs(best.parameters) >= _largest(limits)).any():
        return (
            f"the best fit lies beyond {limits.rotation_deg:g} deg or {limits.time_ms:g} ms, "
            "where the search ends"
        )
    return ""


def _time(
    best: Peak, uncertainty_ms: float, doubt: str, motion: Motion, limits: AlignmentLimits
) -> TimeOffsetEstimate:
    doubt = motion.why_not or doubt
    if not doubt and uncertainty_ms > limits.sure_ms:
        doubt = f"the frames agree only to {uncertainty_ms:.0f} ms; more motion or edges are needed"
    reason = f"one clear alignment, on which the frames agree to {uncertainty_ms:.0f} ms"
    return TimeOffsetEstimate(
        offset_ms=float(best.parameters[TIME]),
        uncertainty_ms=uncertainty_ms if motion.is_seen else float("inf"),
        is_sure=not doubt,
        reason=doubt or reason,
    )


def _rotation(
    best: Peak, uncertainty_deg: float, doubt: str, motion: Motion, limits: AlignmentLimits
) -> RotationEstimate:
    doubt = (motion.why_not if motion.is_seen else "") or doubt
    if not doubt and uncertainty_deg > limits.sure_deg:
        doubt = (
            f"the frames and the spacing of the lidar's lines leave {uncertainty_deg:.2f} deg; "
            "more edges at all heights are needed"
        )
    reason = f"one clear alignment, on which the frames agree to {uncertainty_deg:.2f} deg"
    if not motion.is_seen:
        reason += ", with the time stamps taken as right"
    return RotationEstimate(
        pitch_deg=float(best.parameters[PITCH]),
        yaw_deg=float(best.parameters[YAW]),
        roll_deg=float(best.parameters[ROLL]),
        uncertainty_deg=uncertainty_deg,
        is_sure=not doubt,
        reason=doubt or reason,
    )


def _nothing_known(reason: str) -> Alignment:
    unknown = float("inf")
    return Alignment(
        time=TimeOffsetEstimate(
            offset_ms=0.0, uncertainty_ms=unknown, is_sure=False, reason=reason
        ),
        rotation=RotationEstimate(
            roll_deg=0.0,
            pitch_deg=0.0,
            yaw_deg=0.0,
            uncertainty_deg=unknown,
            is_sure=False,
            reason=reason,
        ),
    )
