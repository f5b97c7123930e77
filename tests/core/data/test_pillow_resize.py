# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depth_completion_core.data.layers.pillow_resize import resize_bilinear
from tests.core.data.written_files import random_image

_SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.floats(0.2, 1.0))


@given(size=_SIZES, seed=st.integers(0, 99))
def test_same_bytes_and_floats_as_pillow(size: tuple[int, int, float], seed: int) -> None:
    Image = pytest.importorskip("PIL.Image")
    width, height, scale = max(size[:2]), min(size[:2]), size[2]
    # As torchvision resizes to a shorter side: the other one is cut to an integer.
    new_height = max(1, int(height * scale))
    new_width = new_height * width // height
    image = random_image(seed, height, width)
    depth = np.random.default_rng(seed).uniform(0, 10, (height, width)).astype(np.float32)

    def by_pillow(array: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        resized = Image.fromarray(array).resize((new_width, new_height), Image.Resampling.BILINEAR)
        return np.asarray(resized)

    for ours, theirs in (
        (resize_bilinear(image, height=new_height, width=new_width), by_pillow(image)),
        (resize_bilinear(depth, height=new_height, width=new_width), by_pillow(depth)),
    ):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_halving_is_a_mean_with_weights_1_3_3_1() -> None:
    depth = np.random.default_rng(0).uniform(0, 10, (12, 16)).astype(np.float32)
    weights = np.array([1, 3, 3, 1]) / 8
    expected = weights @ depth[3:7, 5:9].astype(np.float64) @ weights
    assert resize_bilinear(depth, height=6, width=8)[2, 3] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("size", [(5, 7), (11, 3), (30, 40)])
def test_constant_images_stay_constant(size: tuple[int, int]) -> None:
    height, width = size
    image = np.full((10, 14, 3), 201, dtype=np.uint8)
    assert np.all(resize_bilinear(image, height=height, width=width) == 201)


def test_same_size_changes_nothing() -> None:
    image = random_image(3, 9, 13)
    np.testing.assert_array_equal(resize_bilinear(image, height=9, width=13), image)


def test_other_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="uint8 or float32, got float64"):
        resize_bilinear(np.zeros((4, 4)), height=2, width=2)  # type: ignore[type-var]
