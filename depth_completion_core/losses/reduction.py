# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""What the sum over an image's pixels is divided by; apart, for settings need no torch."""

from __future__ import annotations

from typing import Literal

Reduction = Literal["all_pixels", "valid_pixels"]
"""all_pixels: the sum over valid pixels by the number of all pixels, as the authors' PyTorch
release; valid_pixels: by the number of valid ones, as their TensorFlow release."""
