# SPDX-FileCopyrightText: The depth_completion_ros authors
# SPDX-License-Identifier: Apache-2.0
"""A world of synthetic rooms and streets, rendered with exact depth on any device.

>>> frames = render_frames(WorldConfig(), seed=0, indices=[0, 1])
>>> frames.image.shape, frames.depth.shape
"""
