# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""The sensor of a frame, by name: simulated with its flaws, or points of the clean truth."""

from __future__ import annotations

from dataclasses import replace

from depth_completion_core.data.sample import DataError, Sample
from depth_completion_core.data.sampling.sparsify import Sparsifier, sparsified
from depth_completion_core.world.render import RenderedFrames
from depth_completion_core.world.scene_sampling import frame_generator
from depth_completion_core.world.sensors.measuring import measure
from depth_completion_core.world.sensors.sensor_setup import (
    SENSOR_KINDS,
    SensorSetup,
    draw_setup,
    with_amount,
)

_PART = 2  # of a frame's random numbers: the scene has the first, its photograph the second


class FrameSensor:
    """Measures frames of one seed.

    Args:
        name: any, one of SENSOR_KINDS, or what :class:`Sparsifier` reads, as uniform:500.
        amount: amount of a sensor, see :func:`with_amount`; 0 for a random one.
        seed: of the world.

    Raises:
        DataError: there is no such sensor, or it cannot have this amount.
    """

    def __init__(self, name: str, amount: int, seed: int) -> None:
        self._name, self._amount, self._seed = name, amount, seed
        is_simulated = name == "any" or name in SENSOR_KINDS
        self._sparsifier = None if is_simulated else Sparsifier.from_text(name)
        _check_amount(name, amount)

    def __call__(self, sample: Sample, frames: RenderedFrames, number: int) -> Sample:
        """The sample with sparse depth.

        Args:
            sample: with its truth.
            frames: the same frame alone, rendered.
            number: of the frame in the world.
        """
        if self._sparsifier is not None:
            return sparsified(sample, self._sparsifier, seed=self._seed)
        random = frame_generator(self._seed, number, _PART)
        setup = draw_setup(random, self._name, frames.scenes[0].kind)
        setup = with_amount(setup, self._amount) if self._amount else setup
        return replace(sample, sparse=measure(frames, 0, setup, random))


def _check_amount(sensor: str, amount: int) -> None:
    """Raise DataError where a sensor cannot have this amount."""
    if not amount:
        return
    if sensor not in SENSOR_KINDS:
        raise DataError(
            f"the amount {amount} is that of one sensor, but the sensor is '{sensor}'; give one of "
            f"{', '.join(SENSOR_KINDS)}"
        )
    try:
        with_amount(SensorSetup(kind=sensor), amount)
    except ValueError as error:
        raise DataError(str(error)) from error
