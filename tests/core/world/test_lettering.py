# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""Letters can be told apart, and look as they were asked for."""

from __future__ import annotations

import itertools
import string

import numpy as np
import pytest

from depth_completion_core.world.looks.lettering import letter
from depth_completion_core.world.looks.textures import _LETTERS


def test_every_letter_of_the_patterns_is_another_one() -> None:
    drawn = {
        character: letter(character, 40.0, 3.0, 0.0)
        for character in _LETTERS
        if character not in string.ascii_lowercase
    }
    for (_, one), (_, other) in itertools.combinations(drawn.items(), 2):
        assert np.abs(one - other).sum() > 40.0  # of some 1000 pixels
    for ink in drawn.values():
        assert ink.min() == 0.0
        assert ink.max() == 1.0
        assert 0.02 < ink.mean() < 0.5


@pytest.mark.parametrize("height", [8.0, 20.0, 84.0])
def test_letters_are_as_high_and_thick_as_asked_for(height: float) -> None:
    for thickness in (1.0, 2.0):
        ink = letter("T", height, thickness, 0.0)
        inked = np.nonzero(ink.max(axis=1) > 0.5)[0]
        assert abs((inked[-1] - inked[0]) - height) <= thickness + 1
        stem = ink[len(ink) // 2].sum()
        assert stem == pytest.approx(thickness, abs=0.3)


def test_small_letters_are_low_and_slanted_ones_lean_right() -> None:
    first = {text: np.nonzero(letter(text, 40.0, 2.0, 0.0).max(axis=1))[0][0] for text in "Tt"}
    assert first["t"] - first["T"] == pytest.approx(0.28 * 40.0, abs=1.5)
    leaning = letter("T", 40.0, 2.0, 0.25)
    top, foot = (np.average(np.arange(leaning.shape[1]), weights=leaning[row]) for row in (2, 36))
    assert top - foot == pytest.approx(0.25 * 34.0, abs=2.0)


def test_no_letter_no_ink() -> None:
    with pytest.raises(KeyError):
        letter("@", 20.0, 1.0, 0.0)
